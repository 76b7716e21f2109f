"""The measures of an evaluation in words: base, tuned, their difference, and whether it is a difference."""

from __future__ import annotations

from dataclasses import dataclass

from studio.events import Measure

_VERDICTS = {
    "better": ("Better", "good"),
    "worse": ("Worse", "bad"),
    "unclear": ("Unclear", "dim"),
    "too few": ("Too few", "dim"),
}
_DIGITS = {"nats": 3, "ratio": 2}
MINUS = "−"  # noqa: RUF001


@dataclass(frozen=True)
class MeasureText:
    """One measure as a row of a table. `tone` is the theme's colour for the verdict."""

    name: str
    count: str
    base: str
    tuned: str
    difference: str
    interval: str
    verdict: str
    tone: str


def value_text(value: float, unit: str) -> str:
    """A value with its unit: a share in per cent, a loss with three digits, a perplexity with two."""
    if unit == "share":
        return f"{100 * value:.0f} %"
    return f"{value:,.{_DIGITS[unit]}f}".replace("-", MINUS)


def difference_text(value: float, unit: str) -> str:
    """A difference with its sign; of shares in percentage points."""
    text = f"{100 * value:+.0f}" if unit == "share" else f"{value:+,.{_DIGITS[unit]}f}"
    return text.replace("-", MINUS)


def describe(measure: Measure) -> MeasureText:
    """What a row says about a measure."""
    verdict, tone = _VERDICTS[measure.verdict]
    low, high = (difference_text(bound, measure.unit) for bound in (measure.low, measure.high))
    return MeasureText(
        name=measure.name,
        count=f"{measure.count:,}",
        base=value_text(measure.base, measure.unit),
        tuned=value_text(measure.tuned, measure.unit),
        difference=difference_text(measure.difference, measure.unit)
        + (" points" if measure.unit == "share" else ""),
        interval=f"{low} to {high}",
        verdict=verdict,
        tone=tone,
    )
