"""The verdict in words: a headline, and a sentence with the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence

from studio.events import ENOUGH, Measure

EXACT, OVERLAP = "Exact match", "Word overlap"
VALIDATION, GENERAL = "Validation loss", "General text loss"


def judge(measures: Sequence[Measure]) -> tuple[str, str]:
    """(headline, sentence) for a comparison: better, worse, no clear difference, or too few to tell."""
    by_name = {measure.name: measure for measure in measures}
    return _headline(by_name), " ".join(_sentence(measure) for measure in measures if measure.name != OVERLAP)


def _headline(by_name: dict[str, Measure]) -> str:
    deciding = [by_name[n] for n in (EXACT, OVERLAP, VALIDATION) if n in by_name]
    clear = next((m for m in deciding if m.verdict in ("better", "worse")), None)
    if clear is None:
        few = any(m.verdict == "too few" for m in deciding)
        return "Too few to tell" if few else "No clear difference"
    word = "Better" if clear.verdict == "better" else "Worse"
    general = by_name.get(GENERAL)
    cost = ", at some cost" if word == "Better" and general and general.verdict == "worse" else ""
    if clear.name == EXACT:
        right = round(clear.tuned * clear.count)
        was = round(clear.base * clear.count)
        return f"{word}{cost}: {right} of {clear.count} right, {'up' if right > was else 'down'} from {was}"
    return f"{word}{cost}: {clear.name.lower()} {_value(clear, clear.base)} → {_value(clear, clear.tuned)}"


def _sentence(measure: Measure) -> str:
    both = f"{_value(measure, measure.base)} and {_value(measure, measure.tuned)}"
    if measure.verdict == "unclear":
        few = f", on only {measure.count}" if measure.count < ENOUGH else ""
        return f"{measure.name}: no clear difference ({both}{few})."
    if measure.verdict == "too few":
        return (
            f"{measure.name}: too few to tell ({both}, on only {measure.count}; it takes {ENOUGH} or more)."
        )
    moved = "rose" if measure.difference > 0 else "fell"
    return (
        f"{measure.name} {moved} from {_value(measure, measure.base)} to {_value(measure, measure.tuned)} "
        f"({_range(measure)} at 95 %)."
    )


def _value(measure: Measure, value: float) -> str:
    return f"{value:.0%}".replace("%", " %") if measure.unit == "share" else f"{value:.2f}"


def _range(measure: Measure) -> str:
    if measure.unit == "share":
        return f"{100 * measure.low:+.0f} to {100 * measure.high:+.0f} points"
    return f"{measure.low:+.2f} to {measure.high:+.2f}"
