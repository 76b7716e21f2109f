"""How sure one can be of a difference between two models on the same rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from studio.events import Measure

RESAMPLES = 2000


def compare_means(
    name: str, base: Sequence[float], tuned: Sequence[float], *, better: str = "higher", unit: str = "share"
) -> Measure:
    """A measure of two means over the same items, with a paired bootstrap interval of the difference."""
    ones = [1.0] * len(base)
    return compare_rates(name, base, tuned, ones, better=better, unit=unit)


def compare_rates(
    name: str,
    base: Sequence[float],
    tuned: Sequence[float],
    weights: Sequence[float],
    *,
    better: str = "lower",
    unit: str = "nats",
) -> Measure:
    """As `compare_means`, for sums over items divided by the items' weights (loss per token)."""
    a, b, w = (np.asarray(x, dtype=np.float64) for x in (base, tuned, weights))
    low, high = _interval(b - a, w)
    total = float(w.sum())
    return Measure(name, float(a.sum()) / total, float(b.sum()) / total, low, high, better, unit, len(a))


def _interval(differences: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    """The middle 95 % of the difference over resampled items (Efron's percentile bootstrap)."""
    chosen = np.random.default_rng(0).integers(0, len(weights), (RESAMPLES, len(weights)))
    samples = differences[chosen].sum(axis=1) / weights[chosen].sum(axis=1)
    low, high = np.percentile(samples, [2.5, 97.5])
    return float(low), float(high)
