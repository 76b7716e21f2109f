"""Scores and differences in words, with units and no more digits than mean something."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, log10

from studio.catalogue import Phrase, Value, joined, listed, phrase
from studio.evaluate.power import detectable_share, detectable_spread, rows_to_settle
from studio.evaluate.scoring import ENOUGH
from studio.evaluate.statistics import wilson
from studio.events import ContestantScore, Difference, Score
from studio.words import counted

_NAMED = 3
"""Measures that are named in one clause; of more it is said how many."""


def headline_figures(title: str, score: Score, who: str) -> Phrase:
    """The score and that of the baseline: as a count of right answers where each row is right or wrong."""
    reached = {each.contestant: each for each in score.scores}
    was, now = _right(score, score.scores[0]), _right(score, reached.get(who))
    if was is None or now is None or was == now:
        return phrase("verdict.from_to", title=title, **_both(score, who))
    if now > was:
        return phrase("verdict.up", right=now, count=score.count, was=was)
    return phrase("verdict.down", right=now, count=score.count, was=was)


def _right(score: Score, reached: ContestantScore | None) -> int | None:
    """How many rows are right; None where rows are not right or wrong, or it is not known of them."""
    if reached is None or reached.low is None or score.unit != "share" or score.better != "higher":
        return None
    rows = round(reached.value * score.count)
    whole = abs(reached.value * score.count - rows) < 1e-6
    counted_so = score.clusters or abs(wilson(reached.value, score.count)[0] - reached.low) < 1e-9
    return rows if whole and counted_so else None


def of_a_move(title: str, score: Score, difference: Difference) -> Phrase:
    """A clear difference."""
    code = "verdict.rose" if difference.value > 0 else "verdict.fell"
    return phrase(code, title=title, **_figures(score, difference))


def of_many_tests(title: str, score: Score, difference: Difference, tests: int) -> Phrase:
    """A difference that would be clear if it were the only one that was looked for."""
    together = counted(tests, "test")
    return phrase("verdict.open_beside", title=title, tests=together, **_figures(score, difference))


def of_no_difference(title: str, score: Score, difference: Difference) -> Phrase:
    """An unclear difference, with what so many rows can show and how many would settle it."""
    shown = difference.detectable
    if shown is None:
        return phrase("verdict.open", title=title, **_figures(score, difference))
    rows = rows_to_settle(difference.value, shown, score.count)
    settles = phrase("verdict.settles", rows=_round(rows)) if rows else phrase("verdict.settles_never")
    return phrase(
        "verdict.open_shows",
        title=title,
        shown=_amount(score.unit, shown),
        settles=settles,
        **_figures(score, difference),
    )


def of_nothing(title: str, score: Score | None, who: str) -> Phrase:
    """Why nothing can be said."""
    if score is None or not score.reason:
        return phrase("verdict.nothing", title=title)
    if score.of(who) is None:
        return phrase("verdict.missing", title=title, reason=score.reason)
    return phrase("verdict.few", title=title, reason=score.reason, **_both(score, who))


def cost(title: Value, score: Score, difference: Difference) -> Phrase:
    """What was lost, in figures."""
    both = _both(score, difference.contestant)
    return phrase("verdict.cost_figure", title=title, range=_range(score.unit, difference), **both)


def beside(
    lost: Sequence[Value],
    kept: Sequence[Value],
    unknown: Sequence[Value],
    better: Sequence[Value],
    worse: Sequence[Value],
) -> Phrase | None:
    """One sentence of what became of the other measures; None where there are none."""
    clauses = [
        phrase("verdict.cost", figures=named(lost)) if lost else None,
        phrase("verdict.kept", titles=named(kept)) if kept else None,
        phrase("verdict.not_known", titles=named(unknown)) if unknown else None,
        phrase("verdict.also_better", titles=named(better)) if better else None,
        phrase("verdict.also_worse", titles=named(worse)) if worse else None,
    ]
    said = [each for each in clauses if each]
    return phrase("verdict.beside", clauses=joined(said)) if said else None


def named(titles: Sequence[Value]) -> Value:
    """The first titles, and how many more there are."""
    if len(titles) <= _NAMED:
        return listed(titles)
    first, *rest = titles[: _NAMED - 1]
    for each in rest:
        first = phrase("list.more", one=first, other=each)
    return phrase("list.rest", names=first, more=len(titles) - _NAMED + 1)


def can_show(
    count: int,
    noun: str = "row",
    *,
    unit: str = "share",
    clusters: int = 0,
    changing: float | None = None,
    spread: float | None = None,
) -> Phrase:
    """What so many rows can show at all, before any is measured.

    Rows in `clusters` count as one each. `changing` is the share of answers that change, where it is known of
    an earlier evaluation, and `spread` the standard deviation of the rows' differences, of other units.
    """
    rows, independent = counted(count, noun), clusters or count
    shown = _shown_by(independent, unit, changing, spread) if independent >= ENOUGH else None
    if shown is None:
        return phrase("power.shows_nothing", rows=rows, enough=ENOUGH)
    if clusters:
        groups = counted(clusters, "independent group")
        return phrase("power.shows_groups", rows=rows, groups=groups, shown=shown)
    return phrase("power.shows", rows=rows, shown=shown)


def _shown_by(count: int, unit: str, changing: float | None, spread: float | None) -> Value | None:
    if unit == "share":
        found = detectable_share(count) if changing is None else detectable_share(count, changing)
        return None if found is None else _amount(unit, found)
    if spread is None:
        return phrase("verdict.spreads", spreads=f"{detectable_spread(count):.2f}")
    return _amount(unit, detectable_spread(count, spread))


def _figures(score: Score, difference: Difference) -> dict[str, Value]:
    both = _both(score, difference.contestant)
    return {**both, "rows": counted(score.count, "row"), "range": _range(score.unit, difference)}


def _both(score: Score, who: str) -> dict[str, Value]:
    """The baseline's score and another's, with as many digits as tell them apart."""
    was, now = score.scores[0].value, score.of(who) or 0.0
    digits = _digits(score.unit, abs(now - was) or abs(now))
    return {"was": value(score.unit, was, digits), "now": value(score.unit, now, digits)}


def _digits(unit: str, apart: float) -> int:
    """Decimals that tell two values so far apart from each other: of shares in points, none from one up."""
    if apart == 0:
        return 0 if unit == "share" else 2
    if unit == "share":
        return 0 if apart >= 0.00995 else 1 if apart >= 0.000995 else 2
    return 2 if apart >= 0.02 else min(4, 1 - floor(log10(apart)))


_UNITS = {"seconds": " s", "tokens": " tokens", "bits": " bits"}


def value(unit: str, number: float, digits: int = 2, sign: str = "") -> str:
    """A figure with its unit: 87 %, 2.31, 1.20 s. Nothing is below zero by less than is shown."""
    if unit == "share":
        return f"{_shown_as(100 * number, digits, sign)} %"
    return f"{_shown_as(number, digits, sign)}{_UNITS.get(unit, '')}"


def _shown_as(number: float, digits: int, sign: str) -> str:
    return f"{round(number, digits) + 0.0:{sign}.{digits}f}"


def _range(unit: str, difference: Difference) -> Phrase:
    """The interval; where it leaves zero out, with digits that show so."""
    low, high = difference.low, difference.high
    nearest = min(abs(low), abs(high)) if low * high > 0 else high - low
    digits = _digits(unit, min(high - low, nearest))
    if unit == "share":
        ends = [_shown_as(100 * each, digits, "+") for each in (low, high)]
        return phrase("verdict.range_points", low=ends[0], high=ends[1])
    return phrase("verdict.range", low=value(unit, low, digits, "+"), high=value(unit, high, digits, "+"))


def _amount(unit: str, amount: float) -> Value:
    """How large a difference is, without a sign."""
    if unit != "share":
        return value(unit, amount, _digits(unit, amount))
    points = _shown_as(100 * amount, _digits(unit, amount), "")
    return phrase("verdict.point") if points == "1" else phrase("verdict.points", points=points)


def _round(rows: int) -> int:
    """A number of rows in two digits, as it is an estimate."""
    step: int = 10 ** max(0, len(str(rows)) - 2)
    return -(-rows // step) * step
