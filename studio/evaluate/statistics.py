"""Intervals and tests for what models score on the same rows, each with its source.

Two models on the same rows are compared row by row (Miller, "Adding error bars to evals", 2024,
arXiv 2411.00640): what counts is how much the differences vary, not how much the scores do. Rows that
belong together (of one document, one dialogue) are no independent evidence, and are summed up into
clusters before anything is said of their spread.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from studio.evaluate.distributions import normal_quantile, sign_p, t_p, t_quantile

type Floats = NDArray[np.float64]

LEVEL = 0.95
FEWEST_CLUSTERS = 10
"""With fewer clusters no interval keeps its level whatever they are like (Cameron and Miller, 2015)."""

_NOISE = 1e-12  # of the value: what rounding leaves of equal differences
_Z = normal_quantile((1 + LEVEL) / 2)


@dataclass(frozen=True)
class Estimate:
    """A figure with its standard error, degrees of freedom, interval at 95 %, and p of its being zero.

    `least` is the smallest p that the rows that differ at all could have given.
    """

    value: float
    error: float
    freedom: float
    low: float
    high: float
    p: float
    least: float = 0.0


def averaged(values: Sequence[Any] | Floats) -> Floats:
    """One figure a row: where a row has several samples, their mean (Miller 2024, section 3.2).

    A row without a value (None, or no samples) is not a number.
    """
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return values.astype(np.float64)
    return np.array([_average(each) for each in values], dtype=np.float64)


def _average(value: Any) -> float:
    if isinstance(value, Sequence | np.ndarray):
        return float(np.mean(value)) if len(value) else math.nan
    return math.nan if value is None else float(value)


def numbered(clusters: Sequence[Hashable]) -> NDArray[np.intp]:
    """Which cluster each row is in, from zero; a row that names none ("" or None) is one of its own."""
    known: dict[Hashable, int] = {}
    names = (("row", i) if name in (None, "") else ("cluster", name) for i, name in enumerate(clusters))
    return np.array([known.setdefault(name, len(known)) for name in names], dtype=np.intp)


def grouped(values: Floats, groups: NDArray[np.intp] | None) -> Floats:
    """The sum of the values in each cluster; the values themselves where there are none."""
    return values if groups is None else np.bincount(groups, weights=values)


def ratio(
    sums: ArrayLike, weights: ArrayLike | None = None, groups: NDArray[np.intp] | None = None
) -> Estimate:
    """The sum of `sums` over that of `weights` (a loss per token), or the mean of rows that weigh alike.

    The linearized ratio (Cochran, Sampling Techniques, 1977, chapter 6; Miller 2024 for rows and clusters)
    with the correction CR2 for few rows or clusters (Bell and McCaffrey, 2002): a row that weighs h of all
    has its squared residual divided by 1 - h, and the degrees of freedom are Satterthwaite's for it. Where
    all weigh alike that is the t interval with n - 1 or C - 1 degrees of freedom.
    """
    rows = np.asarray(sums, dtype=np.float64)
    weighed = np.ones_like(rows) if weights is None else np.asarray(weights, dtype=np.float64)
    return _ratio(grouped(rows, groups), grouped(weighed, groups))


def _ratio(sums: Floats, weights: Floats) -> Estimate:
    whole = float(weights.sum())
    value = float(sums.sum()) / whole
    if len(sums) < 2:
        return Estimate(value, math.inf, 1, -math.inf, math.inf, 1.0)
    parts = weights / whole
    left = np.maximum(1 - parts, 1e-12)
    error = math.sqrt(float(((sums - value * weights) ** 2 / left).sum())) / whole
    return _interval(value, error, _freedom(parts, left))


def _freedom(parts: Floats, left: Floats) -> float:
    """Satterthwaite's degrees of freedom of the variance that CR2 estimates (Bell and McCaffrey, 2002)."""
    shared = parts**2 / left
    return 1 / float((parts**2).sum() + shared.sum() ** 2 - (shared**2).sum())


def _interval(value: float, error: float, freedom: float) -> Estimate:
    """The t interval and test; without any spread the value itself, of which zero is sure or impossible."""
    reach = t_quantile((1 + LEVEL) / 2, freedom) * error
    p = t_p(value / error, freedom) if error > 0 else float(value == 0)
    return Estimate(value, error, freedom, value - reach, value + reach, p)


def wilson(share: float, count: float, quantile: float = _Z) -> tuple[float, float]:
    """The interval of a share of `count` independent rows (Wilson, 1927)."""
    square = quantile**2 / count
    centre = (share + square / 2) / (1 + square)
    reach = quantile * math.sqrt(max(0.0, share * (1 - share) / count + square / count / 4)) / (1 + square)
    return max(0.0, min(share, centre - reach)), min(1.0, max(share, centre + reach))


def clustered_wilson(right: Floats, groups: NDArray[np.intp]) -> tuple[float, float]:
    """Wilson's interval at the number of independent rows that would be as sure (Korn and Graubard, 1998).

    Where all rows are alike nothing tells them from copies of one another: each cluster is one row.
    """
    found = ratio(right, groups=groups)
    alone = found.value * (1 - found.value)
    clusters = int(groups.max()) + 1
    count = min(max(alone / found.error**2, clusters), len(right)) if found.error > 0 else clusters
    return wilson(found.value, count, t_quantile((1 + LEVEL) / 2, clusters - 1))


def paired_shares(differences: Floats) -> Estimate:
    """The difference of two shares on the same rows, from differences of -1, 0 and 1 per row.

    The interval is Bonett and Price's (2012): that of Agresti and Min (2005), with one row added to each
    kind of change instead of a half, because at 20 rows of which few change theirs covers 88 %. The test is
    McNemar's, exact (binomial). Where the test leaves a difference open, the interval reaches to zero.
    """
    count = len(differences)
    up, down = int((differences > 0).sum()), int((differences < 0).sum())
    more = count + 2
    centre = (up - down) / more
    error = math.sqrt(max(0.0, (up + down + 2) / more - centre**2) / more)
    low, high = centre - _Z * error, centre + _Z * error
    found = Estimate((up - down) / count, error, math.inf, low, high, 1.0)
    return bounded(_at(found, low, high, sign_p(up, down), sign_p(up + down, 0)), 1.0)


def clustered_shares(differences: Floats, groups: NDArray[np.intp]) -> Estimate:
    """`paired_shares` where rows belong together: the clustered t interval, two clusters of change added.

    Each added cluster weighs as much as those in which something changed do on the average, one whole
    cluster among them. So few changes, or none at all, are no certainty.
    """
    sums, sizes = grouped(differences, groups), grouped(np.ones_like(differences), groups)
    changed = sums[sums != 0] ** 2
    added = math.sqrt(
        (float((sizes**2).sum() / sizes.sum()) ** 2 + float(changed.sum())) / (1 + len(changed))
    )
    wider = _ratio(np.append(sums, [added, -added]), np.append(sizes, [added, added]))
    found = replace(wider, value=float(differences.mean()))
    return bounded(_at(found, wider.low, wider.high, wider.p, 0.0 if len(changed) else 1.0), 1.0)


def paired(
    differences: Floats,
    weights: Floats | None = None,
    groups: NDArray[np.intp] | None = None,
    largest: float = 0.0,
) -> Estimate:
    """The mean difference of two scores on the same rows, or that per weight, by `ratio`.

    Where some rows (or clusters) do not differ at all, no test is surer than one by the signs of the k that
    do, whose smallest p is 2^(1 - k); t would take a handful of them for proof. Where all differ alike or
    not at all, at most 3 in n are otherwise (the rule of three; Hanley and Lippman-Hand, 1983), by `largest`.
    """
    found, sums = ratio(differences, weights, groups), grouped(differences, groups)
    moved, count = int((sums != 0).sum()), len(sums)
    if count > 1 and found.error <= _NOISE * abs(found.value):
        reach = largest * min(1.0, 3 / count)
        least = sign_p(moved, 0)
        return _at(found, found.value - reach, found.value + reach, least, least)
    least = sign_p(moved, 0) if moved < count else 0.0
    return _at(found, found.low, found.high, max(found.p, least), least)


def _at(found: Estimate, low: float, high: float, p: float, least: float) -> Estimate:
    """The estimate with another interval, that leaves zero out only where the test does."""
    if p >= 1 - LEVEL:
        low, high = min(low, 0.0), max(high, 0.0)
    return replace(found, low=min(low, found.value), high=max(high, found.value), p=p, least=least)


def bounded(found: Estimate, largest: float) -> Estimate:
    """The estimate of what cannot go beyond `largest`, either way."""
    return replace(found, low=max(found.low, -largest), high=min(found.high, largest))


def correlation(one: Floats, other: Floats) -> float | None:
    """Pearson's correlation over the rows, what comparing row by row was worth; None of constants."""
    one, other = one - one.mean(), other - other.mean()
    spread = math.sqrt(float((one**2).sum()) * float((other**2).sum()))
    return float((one * other).sum()) / spread if spread > 0 else None


def holm(ps: Sequence[float], weights: Sequence[float] | None = None) -> list[float]:
    """The p of each when all are looked at together (Holm, 1979; with weights as in his section 3).

    What weighs nothing is not looked at: its p is 1.
    """
    weighed = [1.0] * len(ps) if weights is None else weights
    tested = [i for i, weight in enumerate(weighed) if weight > 0]
    adjusted, left, highest = [1.0] * len(ps), sum(weighed), 0.0
    for i in sorted(tested, key=lambda i: ps[i] / weighed[i]):
        highest = max(highest, min(1.0, ps[i] * left / weighed[i]))
        adjusted[i] = highest
        left -= weighed[i]
    return adjusted
