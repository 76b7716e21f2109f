"""Two evaluations beside each other: contestants that never met, on the rows that both were asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from studio.evaluate.scoring import scored
from studio.evaluate.store import EvaluationStore, KeptRows
from studio.events import Answered, Score

THIS, THAT = "this", "that"
"""The contestants of a score that lays one beside the other; `THAT` is the baseline."""


class Directed(Protocol):
    """What has to be known of a measure, to say which rows got worse."""

    @property
    def unit(self) -> str: ...
    @property
    def better(self) -> str: ...


@dataclass(frozen=True)
class OneSide:
    """What one contestant reached on each row, by the row's id; how rows weigh and belong together."""

    values: Mapping[str, float]
    weights: Mapping[str, float] = field(default_factory=dict)
    clusters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RowsBeside:
    """One measure of two evaluations: the score over the rows of both, and the rows that differ.

    `better` and `worse` are ids, those that differ most first; a measure without a direction has none.
    `alone` is how many rows only one of the two has.
    """

    score: Score
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    alone: int = 0


def beside(
    measure: str, this: OneSide, that: OneSide, *, unit: str, better: str, part: str = ""
) -> RowsBeside:
    """This against that on the rows of both, paired by their ids; NOT_RUN where they share none."""
    ids = [each for each in this.values if each in that.values]
    weights = _weights(ids, this, that)
    values = {
        who: [
            rows.values[each] * weight for each, weight in zip(ids, weights or [1.0] * len(ids), strict=True)
        ]
        for who, rows in ((THAT, that), (THIS, this))
    }
    clusters = [this.clusters.get(each, that.clusters.get(each, "")) for each in ids]
    score = scored(
        measure,
        values,
        unit=unit,
        better=better,
        part=part,
        weights=weights,
        clusters=clusters if any(clusters) else None,
        baseline=THAT,
    )
    gains = {each: _gain(this.values[each] - that.values[each], better) for each in ids}
    ordered = sorted(ids, key=lambda each: -abs(gains[each]))
    alone = len(this.values) + len(that.values) - 2 * len(ids)
    return RowsBeside(
        score,
        tuple(each for each in ordered if gains[each] > 0),
        tuple(each for each in ordered if gains[each] < 0),
        alone,
    )


def _weights(ids: Sequence[str], this: OneSide, that: OneSide) -> list[float] | None:
    """How the rows weigh where both evaluations say so, and the same."""
    if ids and all(this.weights.get(each) == that.weights.get(each) is not None for each in ids):
        return [this.weights[each] for each in ids]
    return None


def _gain(difference: float, better: str) -> float:
    return {"higher": difference, "lower": -difference}.get(better, 0.0)


def lay_beside(
    this: EvaluationStore,
    who: str,
    that: EvaluationStore,
    whom: str,
    measures: Mapping[str, Directed],
) -> list[RowsBeside]:
    """A contestant of one evaluation against one of another, in every measure that both kept rows of.

    Rows of one id that ask something else in the two are left out.
    """
    kept, other = this.all_rows(), that.all_rows()
    unlike = _asked_otherwise(this, that)
    found = []
    for (measure, part), rows in kept.items():
        like = other.get((measure, part))
        if like is None or measure not in measures or who not in rows.values or whom not in like.values:
            continue
        mine, theirs = _values_of(rows, who, unlike), _values_of(like, whom, unlike)
        known = measures[measure]
        found.append(beside(measure, mine, theirs, unit=known.unit, better=known.better, part=part))
    return found


def _values_of(rows: KeptRows, who: str, without: set[str]) -> OneSide:
    kept = [(each, place) for place, each in enumerate(rows.ids) if each not in without]
    values = {each: rows.values[who][place] for each, place in kept}
    weights = {each: rows.weights[place] for each, place in kept} if rows.weights else {}
    clusters = {each: rows.clusters[place] for each, place in kept} if rows.clusters else {}
    return OneSide(values, weights, clusters)


def _asked_otherwise(this: EvaluationStore, that: EvaluationStore) -> set[str]:
    """The ids under which the two asked different things."""
    mine, theirs = _asked(this), _asked(that)
    return {key[1] for key in mine.keys() & theirs.keys() if mine[key] != theirs[key]}


def _asked(store: EvaluationStore) -> dict[tuple[str, str], tuple[str, str]]:
    answered = (event for event in store.events() if isinstance(event, Answered))
    return {(each.task, each.id): (each.prompt, each.ideal) for each in answered}
