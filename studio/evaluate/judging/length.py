"""The win rate as if both answers were of one length: judges like long answers, and tuning changes length.

The minimal form of the length control of AlpacaEval (Dubois et al., 2024, arXiv 2404.04475), for one pair of
models and without the difficulty of the instructions:

    logit P(win) = theta + phi tanh(d / sd(d))        d: characters that the challenger's answer has more

read at d = 0, where it is the logistic function of theta.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.evaluate.distributions import t_p, t_quantile
from studio.evaluate.power import detectable
from studio.evaluate.statistics import LEVEL, grouped

type _Numbers = NDArray[np.float64]

RIDGE = 0.01
"""AlpacaEval's (C = 100): keeps theta finite where every answer won, and is worth a fiftieth of a vote."""

_STEPS = 100
_CLOSE = 1e-10


@dataclass(frozen=True)
class LengthControl:
    """The win rate at equal lengths with its interval at 95 %, and p of its being one half.

    `phi` is above 0 where longer answers won. `detectable` is how far from one half it would have had to be.
    """

    rate: float
    low: float
    high: float
    p: float
    phi: float
    detectable: float


def length_controlled(
    points: _Numbers, longer_by: _Numbers, groups: NDArray[np.intp] | None = None
) -> LengthControl:
    """The win rate at equal lengths, of points (1 a win, a half a tie, 0 a loss) per row.

    The interval is that of theta (the delta method with the sandwich variance, which knows of ties and
    clusters, and n or C degrees of freedom), taken through the logistic function. It is fitted with a win and
    a loss more at equal lengths, as intervals of paired shares are, so that a few rows are never certain.
    """
    design = np.column_stack([np.ones_like(points), _scaled(longer_by)])
    theta, phi = _fitted(design, points)
    wider, told = np.vstack([design, [[1.0, 0.0]] * 2]), np.append(points, [1.0, 0.0])
    centre = _fitted(wider, told)
    if groups is not None:
        groups = np.append(groups, [groups.max() + 1, groups.max() + 2])
    variance, count = _variance(wider, told, centre, groups)
    error = math.sqrt(variance)
    reach = t_quantile((1 + LEVEL) / 2, count - 2) * error
    value, low, high = map(float, _logistic(np.array([theta, centre[0] - reach, centre[0] + reach])))
    p = t_p(float(centre[0]) / error, count - 2)
    seen = float(_logistic(np.array(detectable(error, count - 2)))) - 0.5
    return LengthControl(value, min(low, value), max(high, value), p, float(phi), seen)


def _scaled(longer_by: _Numbers) -> _Numbers:
    spread = float(longer_by.std())
    return np.tanh(longer_by / spread) if spread > 0 else np.zeros_like(longer_by)


def _fitted(design: _Numbers, points: _Numbers) -> _Numbers:
    """Theta and phi, by Newton's method; the likelihood is concave, so halved steps always arrive."""
    found = np.zeros(2)
    for _ in range(_STEPS):
        step = np.linalg.solve(_curvature(design, found), _slope(design, points, found))
        scale = 1.0
        while _fit(design, points, found + scale * step) < _fit(design, points, found) and scale > _CLOSE:
            scale /= 2
        found = found + scale * step
        if np.abs(scale * step).max() < _CLOSE:
            break
    return found


def _fit(design: _Numbers, points: _Numbers, at: _Numbers) -> float:
    logits = design @ at
    return float((points * logits - np.logaddexp(0, logits)).sum() - RIDGE / 2 * (at @ at))


def _slope(design: _Numbers, points: _Numbers, at: _Numbers) -> _Numbers:
    found: _Numbers = design.T @ (points - _logistic(design @ at)) - RIDGE * at
    return found


def _curvature(design: _Numbers, at: _Numbers) -> _Numbers:
    chance = _logistic(design @ at)
    found: _Numbers = design.T @ (design * (chance * (1 - chance))[:, None]) + RIDGE * np.eye(2)
    return found


def _variance(
    design: _Numbers, points: _Numbers, at: _Numbers, groups: NDArray[np.intp] | None
) -> tuple[float, int]:
    """Of theta, H^-1 (sum over clusters of u u') H^-1; and how many rows or clusters it comes from."""
    scores = design * (points - _logistic(design @ at))[:, None]
    sums = np.column_stack([grouped(scores[:, column], groups) for column in range(2)])
    inverse = np.linalg.inv(_curvature(design, at))
    spread = inverse @ (sums.T @ sums) @ inverse
    return float(spread[0, 0]), len(sums)


def _logistic(logits: _Numbers) -> _Numbers:
    found: _Numbers = 0.5 * (1 + np.tanh(logits / 2))
    return found
