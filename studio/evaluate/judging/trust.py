"""How far a judge can be trusted: its biases as figures, and below which consistency it has no say at all."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from studio.catalogue import Phrase, phrase
from studio.evaluate.judging.judge import Judge
from studio.evaluate.judging.pairs import FIRST, LOST, TIED, WON, PairVerdict
from studio.evaluate.statistics import numbered, wilson
from studio.events import INCOMPATIBLE, MEASURED, TOO_FEW, ContestantScore, Figure, Score
from studio.language import tr

CONSISTENCY = 0.6
"""The share of its preferences that a judge must keep when the answers change places, or there is no verdict.

A coin that names one answer or the other keeps half of them, and GPT-4 kept 65 % of its verdicts in the study
that made judges known (Zheng et al., 2023, table 2): a judge has to be nearer to that one than to the coin.
So that a lucky coin does not pass, the interval of the share must lie above one half as well.
"""

READABLE = 0.8
"""The share of pairs whose verdicts must be readable: with more left out, the rest is a selection."""

_COIN = 0.5

type Groups = NDArray[np.intp] | None
"""Which cluster each row is in; None where each stands for itself."""

type Verdicts = Sequence[PairVerdict]
type _Counted = Callable[[Verdicts], tuple[int, int]]
"""Of how many something is true, and of how many it could be."""


def no_verdict(verdicts: Verdicts) -> tuple[str, Phrase] | None:
    """The state and the reason where the judge of these pairs has no say; None where it has one.

    Of pairs that were all the same nobody was asked, and they are ties whoever judges.
    """
    asked = _asked(verdicts)
    if not asked:
        return None
    unread, count = _unreadable(verdicts)
    if unread > (1 - READABLE) * count:
        return INCOMPATIBLE, phrase("judge.unreadable", unread=unread, count=count)
    kept, preferred = _consistent(verdicts)
    if not preferred:
        return TOO_FEW, phrase("judge.only_ties", count=count)
    share = kept / preferred
    if share < CONSISTENCY:
        told, needed = whole_percent(share), whole_percent(CONSISTENCY)
        return INCOMPATIBLE, phrase(
            "judge.inconsistent", kept=kept, count=preferred, share=told, needed=needed
        )
    if like_a_coin(kept, preferred):
        return TOO_FEW, phrase("judge.like_a_coin", kept=kept, count=preferred)
    return None


def whole_percent(share: float) -> str:
    """A share as it is told of a few dozen pairs: 62 %."""
    return f"{100 * share:.0f} %"


def like_a_coin(count: float, of: int) -> bool:
    """Whether so many of so few could be chance: Wilson's interval of the share reaches down to one half."""
    return wilson(count / of, of)[0] <= _COIN


def bias_panel(
    measure: str, verdicts: Mapping[str, Verdicts], judge: Judge, families: Mapping[str, str]
) -> Iterator[Score]:
    """A score for each bias, of every challenger's pairs; whatever comes of the verdict, these are shown.

    `families` says whose model each contestant is. Shares come with Wilson's interval.
    """
    for part, counted in _PANEL.items():
        yield _share_of(measure, part, counted, verdicts)
    scores = [ContestantScore(who, float(_related(judge.family, own))) for who, own in families.items()]
    if not scores:
        yield Score(measure, _SAME_FAMILY, TOO_FEW, phrase("judge.nothing_counted"), "share", "neither")
        return
    related = any(each.value for each in scores)
    reason = phrase("judge.same_family", judge=judge.name) if related else ""
    yield Score(measure, _SAME_FAMILY, MEASURED, reason, "share", "neither", len(scores), 0, tuple(scores))


def _related(judge: str, contestant: str) -> bool:
    return bool(judge) and judge == contestant


def _share_of(measure: str, part: str, counted: _Counted, verdicts: Mapping[str, Verdicts]) -> Score:
    found = {who: counted(each) for who, each in verdicts.items()}
    scores = [
        ContestantScore(who, true / count, *wilson(true / count, count))
        for who, (true, count) in found.items()
        if count
    ]
    count = sum(count for _, count in found.values())
    if not scores:
        return Score(measure, part, TOO_FEW, phrase("judge.nothing_counted"), "share", "neither")
    better = "higher" if part == CONSISTENT else "neither"
    return Score(measure, part, MEASURED, "", "share", better, count, 0, tuple(scores))


def groups_of(clusters: Sequence[Hashable]) -> Groups:
    """Which cluster each row is in, by number; None where each stands for itself."""
    groups = numbered(clusters)
    return groups if len(groups) and int(groups.max()) + 1 < len(groups) else None


def _asked(verdicts: Verdicts) -> list[PairVerdict]:
    return [each for each in verdicts if not each.same]


def _readable(verdicts: Verdicts) -> list[PairVerdict]:
    return [each for each in _asked(verdicts) if each.readable]


def _consistent(verdicts: Verdicts) -> tuple[int, int]:
    """Of the pairs in which an answer was preferred at least once, those in which both orders prefer it.

    Calling a pair a tie twice keeps no preference: a judge that knows no other word would seem steady.
    """
    preferred = [each for each in _readable(verdicts) if {each.base_first, each.challenger_first} != {TIED}]
    return sum(each.consistent for each in preferred), len(preferred)


def _first(verdicts: Verdicts) -> tuple[int, int]:
    slots = [slot for each in _asked(verdicts) for slot in each.slots()]
    return slots.count(FIRST), len(slots)


def _longer(verdicts: Verdicts) -> tuple[int, int]:
    decided = [each for each in _readable(verdicts) if each.outcome in (WON, LOST) and each.longer_by]
    return sum((each.outcome == WON) == (each.longer_by > 0) for each in decided), len(decided)


def _tied(verdicts: Verdicts) -> tuple[int, int]:
    found = _readable(verdicts)
    return sum(each.outcome == TIED for each in found), len(found)


def _unreadable(verdicts: Verdicts) -> tuple[int, int]:
    found = _asked(verdicts)
    return sum(not each.readable for each in found), len(found)


def _same(verdicts: Verdicts) -> tuple[int, int]:
    return sum(each.same for each in verdicts), len(verdicts)


CONSISTENT = "position_consistency"

_PANEL: dict[str, _Counted] = {
    CONSISTENT: _consistent,
    "first_slot": _first,
    "longer_wins": _longer,
    "ties": _tied,
    "unparsable": _unreadable,
    "equal_answers": _same,
}

_SAME_FAMILY = "same_family"

SIGNS = {
    CONSISTENT: (tr("Keeps its choice"), "100 %"),
    "first_slot": (tr("Prefers the first"), "50 %"),
    "longer_wins": (tr("Prefers the longer"), "50 %"),
    "ties": (tr("Ties"), "any"),
    "unparsable": (tr("Unreadable"), "0 %"),
    "equal_answers": (tr("Equal answers"), "any"),
    _SAME_FAMILY: (tr("Same family"), "no"),
}
"""What each figure of the panel is called in a narrow table, and what it is of a fair judge."""


def bias_table(measure: str, panel: Sequence[Score], judge: Judge, titles: Mapping[str, str]) -> Figure:
    """The panel as a table: each sign of a bias for each challenger, beside that of a fair judge."""
    rows = []
    for score in panel:
        name, fair = SIGNS[score.part]
        shown = _shown(score.part)
        rows.append([name, *(shown(score.of(who)) for who in titles), fair])
    heads = [tr("Sign"), *titles.values(), tr("Fair judge")]
    code = "judge.read_at_logits" if judge.alone else "judge.asked_for_reasons"
    return Figure(measure, "biases", "table", phrase(code, judge=judge.name), {"heads": heads, "rows": rows})


def _shown(part: str) -> Callable[[float | None], str]:
    if part == _SAME_FAMILY:
        return lambda value: "unknown" if value is None else "yes" if value else "no"
    return lambda value: "none" if value is None else whole_percent(value)
