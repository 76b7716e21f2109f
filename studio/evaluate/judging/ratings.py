"""Answers rated by rubrics: what is asked, whether the judge can rate at all, and the change in per cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from studio.catalogue import Phrase, phrase
from studio.evaluate.judging.judge import JudgeQuestion, JudgeReply
from studio.evaluate.judging.rubrics import SHIPPED, Rubric, rating, shipped_rubric
from studio.evaluate.judging.trust import CONSISTENCY, READABLE, groups_of, like_a_coin
from studio.evaluate.scoring import scored
from studio.evaluate.statistics import ratio, wilson
from studio.events import INCOMPATIBLE, MEASURED, TOO_FEW, ContestantScore, Figure, Score
from studio.words import percent

CONTROLS = 30
"""Questions by which it is seen whether the judge can rate at all."""

CONTROL = "control"
"""The part that says how often the ideal answer got more than the ideal answer to another question."""


@dataclass(frozen=True)
class RatedItem:
    """One request with what every contestant answered, by its key, the baseline first."""

    id: str
    request: str
    answers: Mapping[str, str]
    ideal: str = ""
    cluster: Hashable = ""


@dataclass(frozen=True)
class Ratings:
    """What a judge said: `given` of each rubric and contestant, a rating per item; `controls`, in pairs."""

    given: Mapping[str, Mapping[str, Sequence[float | None]]]
    controls: Sequence[tuple[float | None, float | None]]


def rating_questions(rubrics: Sequence[Rubric], items: Sequence[RatedItem]) -> list[JudgeQuestion]:
    """All that a judge has to be asked: of each answer by each rubric; then the controls."""
    asked = [
        rubric.question(item.request, answer, item.ideal)
        for item in items
        for answer in item.answers.values()
        for rubric in rubrics
    ]
    return [*asked, *(question for pair in _controls(items) for question in pair)]


def requests_for(rows: int, contestants: int, own_rubrics: int = 0) -> int:
    """How often a judge is asked at most, of pairs and by rubrics: told before there is any answer."""
    in_pairs = 2 * rows * (contestants - 1)
    return in_pairs + (len(SHIPPED) + own_rubrics) * rows * contestants + 2 * min(rows, CONTROLS)


def ratings(rubrics: Sequence[Rubric], items: Sequence[RatedItem], replies: Sequence[JudgeReply]) -> Ratings:
    """The replies to `rating_questions`, in that order, as numbers."""
    each = iter([rating(reply) for reply in replies])
    given: dict[str, dict[str, list[float | None]]] = {rubric.key: defaultdict(list) for rubric in rubrics}
    for item in items:
        for who in item.answers:
            for rubric in rubrics:
                given[rubric.key][who].append(next(each))
    rest = list(each)
    return Ratings(given, list(zip(rest[::2], rest[1::2], strict=True)))


def _controls(items: Sequence[RatedItem]) -> Iterator[tuple[JudgeQuestion, JudgeQuestion]]:
    """The ideal answer to a question, and that to the next one, as answers to it; no reference is shown."""
    relevance = shipped_rubric("relevance")
    able = [item for item in items if item.ideal]
    for item, other in list(zip(able, able[1:] + able[:1], strict=True))[:CONTROLS]:
        if item.ideal.strip() != other.ideal.strip():
            yield (
                relevance.question(item.request, item.ideal),
                relevance.question(item.request, other.ideal),
            )


def rubric_scores(
    measure: str,
    rubrics: Sequence[Rubric],
    items: Sequence[RatedItem],
    found: Ratings,
    titles: Mapping[str, str],
) -> Iterator[Score | Figure]:
    """A score for each rubric, the control, and the table of changes; reasons where the judge cannot rate.

    `titles` has what every contestant is called, by its key, the baseline first.
    """
    baseline, *challengers = titles
    refused = _no_figures(found)
    clusters = [item.cluster for item in items]
    measured = []
    for rubric in rubrics:
        if refused:
            state, reason = refused
            yield Score(measure, rubric.key, state, reason, "score", "higher")
            continue
        given = found.given[rubric.key]
        score = scored(measure, given, unit="score", part=rubric.key, clusters=clusters, baseline=baseline)
        yield score
        if score.state == MEASURED:
            measured.append(rubric)
    yield control_score(measure, found.controls, challengers)
    if measured:
        yield rubric_table(measure, measured, items, found, titles)


def _no_figures(found: Ratings) -> tuple[str, Phrase] | None:
    """The state and the reason where the judge's ratings mean nothing; None where they may."""
    given = [each for of in found.given.values() for row in of.values() for each in row]
    unread = given.count(None)
    if unread > (1 - READABLE) * len(given):
        return INCOMPATIBLE, phrase("judge.unreadable_ratings", unread=unread, count=len(given))
    above, count = _above(found.controls)
    if not count:
        return None
    if above / count < CONSISTENCY:
        told, needed = percent(above / count), percent(CONSISTENCY)
        return INCOMPATIBLE, phrase(
            "judge.blind_to_content", above=f"{above:g}", count=count, share=told, needed=needed
        )
    if like_a_coin(above, count):
        return TOO_FEW, phrase("judge.few_controls", above=f"{above:g}", count=count)
    return None


def control_score(
    measure: str, controls: Sequence[tuple[float | None, float | None]], challengers: Sequence[str]
) -> Score:
    """How often the judge rated the ideal answer above one to another question; equal ratings are a half.

    A judge that cannot tell these apart cannot tell two good answers apart.
    """
    above, count = _above(controls)
    if not count:
        return Score(measure, CONTROL, TOO_FEW, phrase("judge.unchecked"), "share", "neither")
    share, interval = above / count, wilson(above / count, count)
    scores = tuple(ContestantScore(who, share, *interval) for who in challengers)
    return Score(measure, CONTROL, MEASURED, "", "share", "neither", count, 0, scores)


def _above(controls: Sequence[tuple[float | None, float | None]]) -> tuple[float, int]:
    pairs = [(own, other) for own, other in controls if own is not None and other is not None]
    return sum(1.0 if own > other else 0.5 if own == other else 0.0 for own, other in pairs), len(pairs)


@dataclass(frozen=True)
class RatingChange:
    """How much higher the mean rating is than the baseline's, in per cent, with its interval at 95 %.

    `before` and `after` are the two means over the rows that have both.
    """

    before: float
    after: float
    value: float
    low: float
    high: float
    rows: int


def change(
    base: Sequence[float | None], other: Sequence[float | None], clusters: Sequence[Hashable] = ()
) -> RatingChange:
    """The change from one to the other over the same rows, by the linearized ratio of their means."""
    rows = zip(base, other, clusters or [""] * len(base), strict=True)
    both = [(a, b, cluster) for a, b, cluster in rows if a is not None and b is not None]
    before, after = (np.array([row[side] for row in both]) for side in (0, 1))
    found = ratio(after, before, groups_of([cluster for *_, cluster in both]))
    value, low, high = (100 * (side - 1) for side in (found.value, found.low, found.high))
    return RatingChange(float(before.mean()), float(after.mean()), value, low, high, len(both))


def rubric_table(
    measure: str,
    rubrics: Sequence[Rubric],
    items: Sequence[RatedItem],
    found: Ratings,
    titles: Mapping[str, str],
) -> Figure:
    """The table "Rubrics": of each rubric and challenger the mean ratings, and the change with its interval.

    `titles` has what every contestant is called, by its key, the baseline first.
    """
    baseline, *challengers = titles
    clusters = [item.cluster for item in items]
    rows: list[list[str | float]] = []
    for rubric in rubrics:
        given = found.given[rubric.key]
        for who in challengers:
            moved = change(given[baseline], given[who], clusters)
            means = [round(each, 2) for each in (moved.before, moved.after)]
            percents = [round(each, 1) for each in (moved.value, moved.low, moved.high)]
            rows.append([rubric.title, titles[who], *means, *percents, moved.rows])
    heads = ["Rubric", "Contestant", titles[baseline], "Rating", "Change in %", "From", "To", "Rows"]
    return Figure(measure, "rubrics", "table", "Rubrics", {"heads": heads, "rows": rows})
