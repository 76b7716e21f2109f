"""What so many rows can show at all, and how many would settle what is unclear."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from studio.evaluate.distributions import normal_quantile, sign_p, t_quantile
from studio.evaluate.statistics import LEVEL, Floats

POWER = 0.8
"""How often a difference of the size said is found: the custom (Cohen, 1988)."""
CHANGING = 0.1
"""The share of answers that is taken to change, either way, where it has not been measured."""
MOST_ROWS = 1_000_000
"""More rows than this are no help to anyone."""
_MANY = 300  # rows, from which the exact sums take longer than they tell
_Z = normal_quantile((1 + LEVEL) / 2)


def detectable(error: float, freedom: float) -> float:
    """The smallest difference found four times of five at this standard error (Bloom, 1995; Miller 2024)."""
    if math.isinf(freedom):
        return (_Z + normal_quantile(POWER)) * error
    return (t_quantile((1 + LEVEL) / 2, freedom) + t_quantile(POWER, freedom)) * error


def detectable_spread(count: int, spread: float = 1.0) -> float:
    """The same before any row is measured, from how much their differences vary (standard deviation)."""
    return detectable(spread / math.sqrt(count), count - 1)


@lru_cache(maxsize=256)
def detectable_share(count: int, changing: float = CHANGING) -> float | None:
    """The smallest difference of two shares that McNemar's exact test finds four times of five.

    `changing` is the share of rows whose answers change from right to wrong or back; where the difference
    is larger than that, all that changes is taken to change for the better. None where the rows are too few
    for any. By the binomial distribution of the changes and of their directions, or for many rows by the
    normal one (Connor, 1987).
    """
    if count > _MANY:
        return _detectable_by_normal(count, changing)
    if _found(count, 1.0, 1.0) < POWER:
        return None
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        if _found(count, middle, max(changing, middle)) < POWER:
            low = middle
        else:
            high = middle
    return high


def _detectable_by_normal(count: int, changing: float) -> float:
    sure, often, difference = _Z, normal_quantile(POWER), 0.0
    for _ in range(50):
        changed = max(changing, difference)
        spread = math.sqrt(max(0.0, changed - difference**2))
        difference = (sure * math.sqrt(changed) + often * spread) / math.sqrt(count)
    return min(1.0, difference)


def _found(count: int, difference: float, changing: float) -> float:
    """How often the exact test calls the difference clear, over how many rows change and which way."""
    often = _binomial(count, changing)
    up = (1 + difference / changing) / 2
    return float(sum(often[m] * _clear(int(m), up) for m in np.flatnonzero(often > 1e-9)))


def _clear(changes: int, up: float) -> float:
    """How often so many changes are clearly for the better, each being so with this chance."""
    return float(_binomial(changes, up)[_fewest_clear(changes) :].sum())


@lru_cache(maxsize=1024)
def _fewest_clear(changes: int) -> int:
    """How many of the changes must go one way to be a clear difference; one more than all if never."""
    other = 0
    while 2 * other <= changes and sign_p(changes - other, other) < 1 - LEVEL:
        other += 1
    return changes - other + 1


def _binomial(count: int, chance: float) -> Floats:
    """How likely each number of successes is, from none to all."""
    if chance >= 1:
        return np.append(np.zeros(count), 1.0)
    k, logs = np.arange(count + 1), _log_factorials(count)
    ways = logs[count] - logs - logs[::-1]
    found: Floats = np.exp(ways + k * math.log(chance) + (count - k) * math.log1p(-chance))
    return found


@lru_cache(maxsize=1024)
def _log_factorials(count: int) -> Floats:
    return np.array([math.lgamma(k + 1) for k in range(count + 1)])


def rows_to_settle(difference: float, shown: float, count: int) -> int | None:
    """How many rows would find this difference four times of five, where `count` find one like `shown`.

    An interval shrinks with the root of the rows. None for no difference, or more than MOST_ROWS.
    """
    if difference == 0:
        return None
    rows = count * (shown / difference) ** 2
    return max(count + 1, math.ceil(rows)) if rows <= MOST_ROWS else None
