"""What the window says of a score: its verdict, its state, its scale, and all that is known of it."""

from __future__ import annotations

import math
from typing import Protocol

from studio.catalogue import worded
from studio.evaluate.score_text import MINUS, difference_text, interval_text, unit_of_difference
from studio.events import FAILED, INCOMPATIBLE, MEASURED, NOT_RUN, TOO_FEW, Difference, Score
from studio.language import tr

_BETTER = {"higher": tr("higher is better"), "lower": tr("lower is better")}

VERDICTS = {
    "better": (tr("Better"), "good"),
    "worse": (tr("Worse"), "bad"),
    "unclear": (tr("No difference shown"), "dim"),
}
STATES = {
    NOT_RUN: (tr("Not run"), "dim"),
    FAILED: (tr("Failed"), "bad"),
    INCOMPATIBLE: (tr("Incompatible"), "dim"),
    TOO_FEW: (tr("Too few"), "warn"),
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
    return (tr("Higher") if difference.low > 0 else tr("Lower"), "text")


def difference_of(score: Score, contestant: str) -> Difference | None:
    """How far a contestant is from the baseline, where that was found."""
    return next((each for each in score.differences if each.contestant == contestant), None)


def scale_of(score: Score) -> str:
    """What a row counts: how many rows stand behind it, in which unit, and which way is better."""
    parts = []
    if score.count:
        parts.append(f"{score.count:,} {'row' if score.count == 1 else 'rows'}")
        if score.clusters:
            parts[-1] += tr(" in {clusters:,} groups", clusters=score.clusters)
    if score.unit in ("nats", "bits", "seconds", "tokens"):
        parts.append(score.unit)
    parts.append(_BETTER.get(score.better, ""))
    return " · ".join(filter(None, parts))


def span_text(score: Score, reach: float) -> tuple[str, str]:
    """What stands at the left and the right end of an interval's scale: right is better."""
    most = f"{100 * reach if score.unit == 'share' else reach:,.10g}"
    left, right = ("+", MINUS) if score.better == "lower" else (MINUS, "+")
    return f"{left}{most}", f"{right}{most}{unit_of_difference(score.unit)}"


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
        lines.append(
            tr("Difference, 95 % interval: {interval} (p = {p:.2g}).", interval=interval, p=difference.p)
        )
        if difference.detectable:
            seen = difference_text(difference.detectable, score.unit).lstrip("+")
            lines.append(
                tr(
                    "So many rows show a difference of {seen}{unit_of_difference} or more.",
                    seen=seen,
                    unit_of_difference=unit_of_difference(score.unit),
                )
            )
        if difference.correlation is not None:
            lines.append(
                tr("Correlation over the rows: {correlation:.2f}.", correlation=difference.correlation)
            )
    return "\n".join(filter(None, lines))


def title_of(key: str) -> str:
    """A key as words, where nothing better is known: position_consistency, Position consistency."""
    words = worded(key.replace(".", " ")).strip()
    return f"{words[:1].upper()}{words[1:]}"
