"""Answers rated by rubrics: what is asked, what the ratings come to, and the change in per cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from studio.catalogue import Phrase
from studio.evaluate.judging.controls import unreadable
from studio.evaluate.judging.judge import JudgeQuestion, JudgeReply
from studio.evaluate.judging.rubrics import Rubric, rating
from studio.evaluate.judging.trust import groups_of
from studio.evaluate.scoring import scored
from studio.evaluate.statistics import ratio
from studio.events import MEASURED, Figure, Score
from studio.language import tr


@dataclass(frozen=True)
class RatedItem:
    """One request with what every contestant answered, by its key, the baseline first."""

    id: str
    request: str
    answers: Mapping[str, str]
    ideal: str = ""
    cluster: Hashable = ""


type Ratings = Mapping[str, Mapping[str, Sequence[float | None]]]
"""Of each rubric and contestant, by their keys, a rating per item; None for one that cannot be read."""


def rating_questions(rubrics: Sequence[Rubric], items: Sequence[RatedItem]) -> list[JudgeQuestion]:
    """All that a judge has to be asked: of each answer by each rubric."""
    return [
        rubric.question(item.request, answer, item.ideal)
        for item in items
        for answer in item.answers.values()
        for rubric in rubrics
    ]


def ratings(rubrics: Sequence[Rubric], items: Sequence[RatedItem], replies: Sequence[JudgeReply]) -> Ratings:
    """The replies to `rating_questions`, in that order, as numbers."""
    each = iter([rating(reply) for reply in replies])
    given: dict[str, dict[str, list[float | None]]] = {rubric.key: defaultdict(list) for rubric in rubrics}
    for item in items:
        for who in item.answers:
            for rubric in rubrics:
                given[rubric.key][who].append(next(each))
    return given


def rubric_scores(
    measure: str,
    rubrics: Sequence[Rubric],
    items: Sequence[RatedItem],
    found: Ratings,
    titles: Mapping[str, str],
    refused: tuple[str, Phrase] | None = None,
) -> Iterator[Score | Figure]:
    """A score for each rubric, and the table of changes; one with the reason where the judge is `refused`.

    `titles` has what every contestant is called, by its key, the baseline first.
    """
    refused = refused or unreadable([each for of in found.values() for row in of.values() for each in row])
    if refused:
        state, reason = refused
        yield Score(measure, "", state, reason, "score", "higher")
        return
    clusters = [item.cluster for item in items]
    measured = []
    for rubric in rubrics:
        score = scored(
            measure,
            found[rubric.key],
            unit="score",
            part=rubric.key,
            clusters=clusters,
            baseline=next(iter(titles)),
        )
        yield score
        if score.state == MEASURED:
            measured.append(rubric)
    if measured:
        yield rubric_table(measure, measured, items, found, titles)


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
        given = found[rubric.key]
        for who in challengers:
            moved = change(given[baseline], given[who], clusters)
            means = [round(each, 2) for each in (moved.before, moved.after)]
            percents = [round(each, 1) for each in (moved.value, moved.low, moved.high)]
            name = f"{rubric.title}, {titles[who]}" if len(challengers) > 1 else rubric.title
            rows.append([name, *means, *percents, moved.rows])
    rated = "Rating" if len(challengers) > 1 else titles[challengers[0]]
    heads = [tr("Rubric"), titles[baseline], rated, tr("Change in %"), tr("From"), tr("To"), tr("Rows")]
    return Figure(measure, "rubrics", "table", tr("Rubrics"), {"heads": heads, "rows": rows})
