"""Scores of an evaluation in words: values with their units, differences with their sign, states."""

from __future__ import annotations

import math
from typing import Protocol

from studio.events import FAILED, INCOMPATIBLE, MEASURED, NOT_RUN, TOO_FEW, Difference, Score

MINUS = "−"  # noqa: RUF001
_DIGITS = {"nats": 3, "bits": 3, "ratio": 2, "score": 2, "seconds": 2, "tokens": 0}
_UNITS = {"nats": " nats", "bits": " bits", "seconds": " s", "tokens": " tokens"}
_SEEN = {"share": " points", **_UNITS}
_BETTER = {"higher": "higher is better", "lower": "lower is better"}

VERDICTS = {
    "better": ("Better", "good"),
    "worse": ("Worse", "bad"),
    "unclear": ("No difference shown", "dim"),
}
STATES = {
    NOT_RUN: ("Not run", "dim"),
    FAILED: ("Failed", "bad"),
    INCOMPATIBLE: ("Incompatible", "dim"),
    TOO_FEW: ("Too few", "warn"),
}
"""What stands in place of a verdict, and its tone."""


class MeasureWords(Protocol):
    """What the window says of a measure: the registry's own words."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def help(self) -> str: ...
    @property
    def group(self) -> str: ...
    @property
    def suites(self) -> tuple[str, ...]: ...
    @property
    def primary(self) -> bool: ...


def value_text(value: float | None, unit: str) -> str:
    """A value with its unit: a share in per cent, a loss with three digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "—"
    if unit == "share":
        return f"{100 * value:.{0 if abs(value) >= 0.1 or not value else 1}f} %"
    text = f"{value:,.{_digits(value, unit)}f}{_UNITS.get(unit, '') if unit in ('seconds', 'tokens') else ''}"
    return text.replace("-", MINUS)


def difference_text(value: float, unit: str) -> str:
    """A difference with its sign; of shares in percentage points, without their name."""
    if not math.isfinite(value):
        return "—"
    if not value:
        return "0"
    if unit == "share":
        text = f"{100 * value:+.{0 if abs(value) >= 0.0995 else 1}f}"
    else:
        text = f"{value:+,.{_digits(value, unit)}f}"
    return text.replace("-", MINUS)


def interval_text(difference: Difference, unit: str) -> str:
    """The interval of a difference: +65 to +82 points."""
    ends = (difference_text(bound, unit) for bound in (difference.low, difference.high))
    return f"{' to '.join(ends)}{' points' if unit == 'share' else _UNITS.get(unit, '')}"


def verdict_of(score: Score, contestant: str) -> tuple[str, str]:
    """The last word on a contestant in one measure, and its tone: a state where nothing was measured."""
    if score.state != MEASURED:
        return STATES.get(score.state, (title_of(score.state), "dim"))
    difference = difference_of(score, contestant)
    if difference is None:
        return ("", "dim")
    if score.better in _BETTER:
        return VERDICTS[score.direction(difference)]
    if difference.low <= 0 <= difference.high:
        return VERDICTS["unclear"]
    return ("Higher" if difference.low > 0 else "Lower", "text")


def difference_of(score: Score, contestant: str) -> Difference | None:
    """How far a contestant is from the baseline, where that was found."""
    return next((each for each in score.differences if each.contestant == contestant), None)


def scale_of(score: Score) -> str:
    """What a row counts: how many rows stand behind it, in which unit, and which way is better."""
    parts = []
    if score.count:
        parts.append(f"{score.count:,} {'row' if score.count == 1 else 'rows'}")
        if score.clusters:
            parts[-1] += f" in {score.clusters:,} groups"
    if score.unit in ("nats", "bits", "seconds", "tokens"):
        parts.append(score.unit)
    parts.append(_BETTER.get(score.better, ""))
    return " · ".join(filter(None, parts))


def span_text(score: Score, reach: float) -> tuple[str, str]:
    """What stands at the left and the right end of an interval's scale: right is better."""
    most = f"{100 * reach if score.unit == 'share' else reach:,.10g}"
    left, right = ("+", MINUS) if score.better == "lower" else (MINUS, "+")
    return f"{left}{most}", f"{right}{most}{_SEEN.get(score.unit, '')}"


def reach_of(*differences: Difference) -> float:
    """Half the width of the scale that holds all these: 1, 2 or 5 times a power of ten."""
    ends = [abs(end) for each in differences for end in (each.low, each.high, each.value)]
    most = max((end for end in ends if math.isfinite(end)), default=0.0)
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most))
    return power * next(factor for factor in (1, 2, 5, 10) if power * factor >= most * 0.999)


def told_of(score: Score, contestant: str, help_: str) -> str:
    """All that is known of a row: what it means, its interval, and what could have been seen."""
    lines = [help_]
    if score.reason:
        reason = str(score.reason)
        lines.append(f"{reason[:1].upper()}{reason[1:].rstrip('.')}.")
    difference = difference_of(score, contestant)
    if difference is not None:
        interval = interval_text(difference, score.unit)
        lines.append(f"Difference, 95 % interval: {interval} (p = {difference.p:.2g}).")
        if difference.detectable:
            seen = difference_text(difference.detectable, score.unit).lstrip("+")
            lines.append(f"So many rows show a difference of {seen}{_SEEN.get(score.unit, '')} or more.")
        if difference.correlation is not None:
            lines.append(f"Correlation over the rows: {difference.correlation:.2f}.")
    return "\n".join(filter(None, lines))


def title_of(key: str) -> str:
    """A key as words, where nothing better is known: position_consistency, Position consistency."""
    words = key.replace("_", " ").replace(".", " ").strip()
    return f"{words[:1].upper()}{words[1:]}"


def _digits(value: float, unit: str) -> int:
    digits = _DIGITS.get(unit, 2)
    if digits and value and abs(value) < 10.0**-digits:
        return digits + 2
    return digits if abs(value) < 1000 or unit in _DIGITS else 0
