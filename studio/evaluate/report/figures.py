"""Figures in words: a value or a difference with its unit, as tables and reports write it."""

from __future__ import annotations

MINUS = "−"  # noqa: RUF001
_DIGITS = {"nats": 3, "ratio": 2, "score": 2, "seconds": 2, "tokens": 1, "bits": 3}


def value_text(value: float, unit: str) -> str:
    """A value with its unit: a share in per cent, a loss with three digits."""
    if unit == "share":
        return f"{100 * value:.1f} %"
    return f"{value:,.{_DIGITS.get(unit, 3)}f}".replace("-", MINUS)


def difference_text(value: float, unit: str) -> str:
    """A difference with its sign; of shares in percentage points."""
    text = f"{100 * value:+.1f}" if unit == "share" else f"{value:+,.{_DIGITS.get(unit, 3)}f}"
    return text.replace("-", MINUS)
