"""Student's t, the normal and the binomial distribution, as far as intervals and tests need them.

Written out here because the app brings no library of statistics; the tests hold them to scipy's.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY, _EXACT = 1e-300, 1e-15


def normal_quantile(level: float) -> float:
    """Below which value a standard normal variable stays with this chance, 0 < level < 1."""
    return _NORMAL.inv_cdf(level)


def t_p(t: float, freedom: float) -> float:
    """How often Student's t is at least as far from zero, either way (Abramowitz and Stegun, 26.7.1)."""
    if math.isinf(t):
        return 0.0
    whole = freedom + t * t
    return _incomplete_beta(freedom / 2, 0.5, freedom / whole, t * t / whole)


@lru_cache(maxsize=4096)
def t_quantile(level: float, freedom: float) -> float:
    """Below which value Student's t stays with this chance, 0 < level < 1.

    Newton's method from the first terms of Cornish and Fisher's expansion: above zero the distribution is
    concave, so from the second step on the steps come near from one side and never pass it.
    """
    if level < 0.5:
        return -t_quantile(1 - level, freedom)
    z, log_height = normal_quantile(level), _log_height(freedom)
    t = z + (z**3 + z) / (4 * freedom)
    for _ in range(200):
        density = math.exp(log_height - (freedom + 1) / 2 * math.log1p(t * t / freedom))
        step = (t_p(t, freedom) / 2 - (1 - level)) / density
        t += step
        if abs(step) <= 1e-12 * (1 + t):
            break
    return t


def _log_height(freedom: float) -> float:
    """The logarithm of the density of Student's t at zero."""
    half = freedom / 2
    return math.lgamma(half + 0.5) - math.lgamma(half) - math.log(math.pi * freedom) / 2


def sign_p(one: int, other: int) -> float:
    """The exact two-sided p of a fair coin that fell so often on one side and on the other (binomial)."""
    count = one + other
    cases = term = 1
    for k in range(1, min(one, other) + 1):
        term = term * (count - k + 1) // k
        cases += term
    return min(1.0, 2 * cases / (1 << count))


def _incomplete_beta(a: float, b: float, x: float, left: float) -> float:
    """The regularized incomplete beta function at x = 1 - left, by Lentz's fraction (DLMF 8.17.22)."""
    if x == 0 or left == 0:
        return float(left == 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, left, x)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(left)
    return math.exp(front) * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    product = d
    for m in range(1, 500):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _away(1 + even * d), _away(1 + even / c)
        product *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _away(1 + odd * d), _away(1 + odd / c)
        product *= c * d
        if abs(c * d - 1) < _EXACT:
            break
    return product


def _away(value: float) -> float:
    """The value, kept from zero, by which is divided."""
    return value if abs(value) > _TINY else _TINY
