"""How well a model's probabilities over choices agree with how often they are right.

Brier score and log loss are proper scores: honest probabilities are best. The expected calibration error (Guo
et al., 2017) is looked at beside them, in bins of equal mass; with few questions it is above zero even for
perfect calibration, so its value under that is simulated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from studio.evaluate.statistics import Floats

BINS = 10
_SIMULATIONS = 1000


@dataclass(frozen=True)
class Bin:
    """Questions of like confidence: how many, their mean confidence, and the share that is right."""

    count: int
    confidence: float
    right: float


@dataclass(frozen=True)
class Choosing:
    """What one model makes of multiple choice questions: `probabilities` of the choices of each, [choices],
    and the place of the right one.
    """

    probabilities: tuple[Floats, ...]
    answers: tuple[int, ...]

    @property
    def brier(self) -> list[float]:
        """Per question the squared distance to the truth, summed over the choices: 0 to 2 (Brier, 1950)."""
        return [
            float(((p - (np.arange(len(p)) == answer)) ** 2).sum())
            for p, answer in zip(self.probabilities, self.answers, strict=True)
        ]

    @property
    def log_loss(self) -> list[float]:
        """Per question -log of the right choice's probability, in nats."""
        pairs = zip(self.probabilities, self.answers, strict=True)
        return [float(-np.log(max(p[answer], np.finfo(np.float64).tiny))) for p, answer in pairs]

    @property
    def right(self) -> list[bool]:
        """Per question whether the likeliest choice is the right one."""
        pairs = zip(self.probabilities, self.answers, strict=True)
        return [int(p.argmax()) == answer for p, answer in pairs]

    @property
    def confidence(self) -> list[float]:
        """Per question the probability of the likeliest choice."""
        return [float(p.max()) for p in self.probabilities]


def choosing(log_likelihoods: Sequence[Sequence[float]], answers: Sequence[int]) -> Choosing:
    """From log p of every choice, [questions][choices], to probabilities over each question's choices."""
    return Choosing(tuple(map(_shares, log_likelihoods)), tuple(answers))


def _shares(log_likelihoods: Sequence[float]) -> Floats:
    likely = np.asarray(log_likelihoods, dtype=np.float64)
    raised = np.exp(likely - likely.max())
    shares: Floats = raised / raised.sum()
    return shares


def bins_of(confidence: Sequence[float], right: Sequence[bool], bins: int = BINS) -> tuple[Bin, ...]:
    """The questions in bins of equal mass by their confidence, the least sure first; none is empty."""
    order = np.argsort(np.asarray(confidence), kind="stable")
    sure, kept = np.asarray(confidence)[order], np.asarray(right, dtype=np.float64)[order]
    parts = [part for part in np.array_split(np.arange(len(order)), bins) if len(part)]
    return tuple(Bin(len(part), float(sure[part].mean()), float(kept[part].mean())) for part in parts)


def calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = BINS) -> float:
    """The mean distance between confidence and the share that is right, over bins of equal mass."""
    found = bins_of(confidence, right, bins)
    total = sum(each.count for each in found)
    return sum(each.count * abs(each.confidence - each.right) for each in found) / total


def error_if_perfect(
    confidence: Sequence[float], seed: int = 0, bins: int = BINS
) -> tuple[float, float, float]:
    """(mean, low, high): that error of a model of this confidence that is right just so often, simulated.

    `low` and `high` hold the middle 95 % of the simulations.
    """
    sure = np.sort(np.asarray(confidence, dtype=np.float64))
    drawn = np.random.default_rng(seed).random((_SIMULATIONS, len(sure))) < sure
    parts = [part for part in np.array_split(np.arange(len(sure)), bins) if len(part)]
    apart = np.abs(np.stack([(drawn[:, part] - sure[part]).sum(axis=1) for part in parts]))
    errors = apart.sum(axis=0) / len(sure)
    low, high = np.percentile(errors, [2.5, 97.5])
    return float(errors.mean()), float(low), float(high)
