"""The headline and the verdict: what the measure chosen before the start says, and what was lost meanwhile.

Under a headline stand several tests, and of models that are alike at most one in twenty may be called
anything else. So the primary measure and all costs (general text, capabilities, refusals) share 5 % by
weighted Holm: 3.5 % are the primary measure's and 1 % is that of the costs together, which are tested for
having become worse, three quarters of it for measures as a whole and a quarter for parts of them; what is
found clear passes its part on to the rest. Half a per cent stays unspent, as t
is only nearly exact on few rows. The other measures are cited under a Holm of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from studio.catalogue import Phrase, Value, phrase, worded
from studio.evaluate import sentences
from studio.evaluate.statistics import LEVEL, holm
from studio.events import MEASURED, NOT_RUN, TOO_FEW, Difference, Score

MAIN_SHARE, COST_SHARE = 0.7, 0.2
"""Of the 5 % that a headline may be wrong, the parts with which the primary measure and the costs begin."""
WHOLES = 0.75
"""Of the costs' part, what goes to measures as a whole; parts of them (a kind of question) have the rest."""


class Described(Protocol):
    """What the verdict has to know of a measure."""

    @property
    def title(self) -> str: ...
    @property
    def cost(self) -> bool: ...


@dataclass(frozen=True)
class _Tested:
    """One difference that was tested beside others; `p` is adjusted for those."""

    score: Score
    difference: Difference
    p: float

    @property
    def direction(self) -> str:
        return self.score.direction(self.difference) if self.p <= 1 - LEVEL else "unclear"


@dataclass(frozen=True)
class _Evidence:
    """The scores of an evaluation, as a headline looks at them."""

    scores: Sequence[Score]
    measures: Mapping[str, Described]
    primary: str

    @property
    def main(self) -> Score | None:
        return next((each for each in self.scores if each.measure == self.primary and not each.part), None)

    @property
    def costs(self) -> list[Score]:
        """What must not become worse, whole and in parts."""
        return [each for each in self.scores if each.measure != self.primary and self._is_cost(each)]

    @property
    def others(self) -> list[Score]:
        """What else is cited: each measure as a whole."""
        known = [each for each in self.scores if each.measure in self.measures and not each.part]
        return [each for each in known if each.measure != self.primary and not self._is_cost(each)]

    def title(self, score: Score) -> Value:
        title = self.measures[score.measure].title
        return phrase("verdict.part", title=title, part=worded(score.part)) if score.part else title

    def _is_cost(self, score: Score) -> bool:
        return score.measure in self.measures and self.measures[score.measure].cost


def judge(
    scores: Sequence[Score],
    measures: Mapping[str, Described],
    primary: str,
    contestants: Mapping[str, str],
) -> tuple[Phrase, tuple[Phrase, ...]]:
    """The headline, and at most two sentences under it, which say the figures in words.

    `contestants` has the titles by their keys, the baseline first. Of several it is about one: the one that
    is clearly best in the primary measure, else one that is clearly worse or has lost something, else the
    first; all are tested together.
    """
    evidence = _Evidence(scores, measures, primary)
    challengers = list(contestants)[1:]
    main, costs = _headline_tests(evidence, challengers)
    who = _shown(challengers, main, costs)
    lost = [each for each in costs.get(who, []) if each.direction == "worse"]
    headline = _headline(evidence, main.get(who), lost, who)
    if len(challengers) > 1:
        headline = phrase("verdict.of", headline=headline, contestant=contestants[who])
    tests = len(main) + sum(map(len, costs.values()))
    first = _first(evidence, main.get(who), who, tests)
    second = _second(evidence, costs.get(who, []), who)
    return headline, (first, second) if second else (first,)


def _headline_tests(
    evidence: _Evidence, challengers: Sequence[str]
) -> tuple[dict[str, _Tested], dict[str, list[_Tested]]]:
    """The primary measure and the costs of every challenger, tested together."""
    main = _pairs([evidence.main] if evidence.main else [], challengers)
    costs = _pairs(evidence.costs, challengers)
    ps = [pair[1].p for pair in main] + [_p_of_loss(*pair) for pair in costs]
    weights = [MAIN_SHARE / len(main) for _ in main] + _weights_of_costs(costs)
    adjusted = holm(
        [*ps, 1.0], [*weights, 1 - MAIN_SHARE - (COST_SHARE if any(weights[len(main) :]) else 0.0)]
    )
    tested = [_Tested(*pair, p) for pair, p in zip(main + costs, adjusted, strict=False)]
    by_challenger: dict[str, list[_Tested]] = {who: [] for who in challengers}
    for each in tested[len(main) :]:
        by_challenger[each.difference.contestant].append(each)
    return {each.difference.contestant: each for each in tested[: len(main)]}, by_challenger


def _weights_of_costs(costs: Sequence[tuple[Score, Difference]]) -> list[float]:
    """How the costs share their part: three quarters for measures as a whole, a quarter for parts of them.

    What could not have been clear whichever way its rows went takes nothing from the others (Tarone, 1990).
    """
    able = [difference.least / 2 <= 1 - LEVEL for _, difference in costs]
    wholes = sum(each and not score.part for each, (score, _) in zip(able, costs, strict=True))
    parts = sum(able) - wholes
    of_wholes = COST_SHARE * (WHOLES if parts else 1.0) / max(1, wholes)
    of_parts = COST_SHARE * (1 - WHOLES if wholes else 1.0) / max(1, parts)
    shares = [of_parts if score.part else of_wholes for score, _ in costs]
    return [share if each else 0.0 for each, share in zip(able, shares, strict=True)]


def _pairs(scores: Sequence[Score], challengers: Sequence[str]) -> list[tuple[Score, Difference]]:
    """What can be tested: everything measured that has a direction."""
    measured = [each for each in scores if each.state == MEASURED and each.better in ("higher", "lower")]
    return [
        (score, each) for score in measured for each in score.differences if each.contestant in challengers
    ]


def _p_of_loss(score: Score, difference: Difference) -> float:
    """One-sided: how likely equals would have lost as much."""
    gained = (difference.value > 0) == (score.better == "higher") or difference.value == 0
    return 1 - difference.p / 2 if gained else difference.p / 2


def _shown(
    challengers: Sequence[str], main: Mapping[str, _Tested], costs: Mapping[str, Sequence[_Tested]]
) -> str:
    """The challenger that the headline is about."""
    better = [who for who, each in main.items() if each.direction == "better"]
    if better:
        sign = 1 if main[better[0]].score.better == "higher" else -1
        return max(better, key=lambda who: sign * main[who].difference.value)
    worse = [who for who, each in main.items() if each.direction == "worse"]
    lost = [who for who in challengers if any(each.direction == "worse" for each in costs.get(who, ()))]
    return next(iter([*worse, *lost, *challengers]), "")


def _headline(evidence: _Evidence, main: _Tested | None, lost: Sequence[_Tested], who: str) -> Phrase:
    title = _main_title(evidence)
    costs = sentences.named([evidence.title(each.score) for each in lost]) if lost else ""
    if main is None:
        few = evidence.main is not None and evidence.main.state == TOO_FEW
        if lost:
            code = "verdict.too_few_at_cost" if few else "verdict.not_measured_at_cost"
            return phrase(code, costs=costs, title=title)
        return phrase("verdict.too_few") if few else phrase("verdict.not_measured", title=title)
    if main.direction == "unclear":
        return phrase("verdict.lost", costs=costs, title=title) if lost else phrase("verdict.unclear")
    figures = sentences.headline_figures(title, main.score, who)
    if lost:
        code = "verdict.better_at_cost" if main.direction == "better" else "verdict.worse_at_cost"
        return phrase(code, costs=costs, figures=figures)
    return phrase("verdict.better" if main.direction == "better" else "verdict.worse", figures=figures)


def _main_title(evidence: _Evidence) -> str:
    known = evidence.measures.get(evidence.primary)
    return known.title if known else evidence.primary


def _first(evidence: _Evidence, main: _Tested | None, who: str, tests: int) -> Phrase:
    """What the primary measure says, in a sentence."""
    title = _main_title(evidence)
    if main is None:
        return sentences.of_nothing(title, evidence.main, who)
    if main.direction != "unclear":
        return sentences.of_a_move(title, main.score, main.difference)
    if main.score.direction(main.difference) != "unclear":
        return sentences.of_many_tests(title, main.score, main.difference, tests)
    return sentences.of_no_difference(title, main.score, main.difference)


def _second(evidence: _Evidence, costs: Sequence[_Tested], who: str) -> Phrase | None:
    """What was lost and what was not, and which other measures moved clearly; None where there is nothing."""
    lost = [each for each in costs if each.direction == "worse"]
    lost_from = {each.score.measure for each in lost}
    kept = [
        evidence.title(each.score)
        for each in costs
        if not each.score.part and each.score.measure not in lost_from
    ]
    told = {id(each.score) for each in costs}
    asked = [each for each in evidence.costs if each.state != NOT_RUN and not each.part]
    unknown = [evidence.title(each) for each in asked if id(each) not in told]
    others = _others(evidence, who)
    return sentences.beside(
        [sentences.cost(evidence.title(each.score), each.score, each.difference) for each in lost],
        kept,
        unknown,
        [evidence.title(each.score) for each in others if each.direction == "better"],
        [evidence.title(each.score) for each in others if each.direction == "worse"],
    )


def _others(evidence: _Evidence, who: str) -> list[_Tested]:
    pairs = _pairs(evidence.others, [who])
    adjusted = holm([difference.p for _, difference in pairs])
    return [_Tested(*pair, p) for pair, p in zip(pairs, adjusted, strict=True)]
