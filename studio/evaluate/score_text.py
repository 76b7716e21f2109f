"""Figures of scores as every table writes them: values with their units, differences with a sign."""

from __future__ import annotations

import math

from studio.events import Difference

MINUS = "−"  # noqa: RUF001
DASH = "—"
"""What stands where there is no figure."""

_DIGITS = {"nats": 3, "bits": 3, "ratio": 2, "score": 2, "seconds": 2, "tokens": 0}
_UNITS = {"nats": " nats", "bits": " bits", "seconds": " s", "tokens": " tokens"}
_SAID = ("seconds", "tokens")
"""Units that stand beside each value; those of losses are said once, in the row's scale."""


def value_text(value: float | None, unit: str) -> str:
    """A value with its unit: a share in per cent, a loss with three digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    if unit == "share":
        return f"{100 * value:.{0 if abs(value) >= 0.1 or not value else 1}f} %"
    text = f"{value:,.{_digits(value, unit)}f}{_UNITS[unit] if unit in _SAID else ''}"
    return text.replace("-", MINUS)


def difference_text(value: float, unit: str) -> str:
    """A difference with its sign; of shares in percentage points, without their name."""
    if not math.isfinite(value):
        return DASH
    if not value:
        return "0"
    if unit == "share":
        text = f"{100 * value:+.{0 if abs(value) >= 0.0995 else 1}f}"
    else:
        text = f"{value:+,.{_digits(value, unit)}f}"
    return text.replace("-", MINUS)


def unit_of_difference(unit: str) -> str:
    """What is written behind a difference: points for shares, else the unit itself where it has a name."""
    return " points" if unit == "share" else _UNITS.get(unit, "")


def interval_text(difference: Difference, unit: str) -> str:
    """The interval of a difference: +65 to +82 points."""
    ends = (difference_text(bound, unit) for bound in (difference.low, difference.high))
    return f"{' to '.join(ends)}{unit_of_difference(unit)}"


def _digits(value: float, unit: str) -> int:
    digits = _DIGITS.get(unit, 2)
    if digits and value and abs(value) < 10.0**-digits:
        return digits + 2
    return digits if abs(value) < 1000 or unit in _DIGITS else 0
