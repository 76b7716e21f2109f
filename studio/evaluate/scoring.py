"""From what each contestant reached on the same rows to a Score: with intervals, tests, and a state."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.catalogue import Phrase, phrase
from studio.evaluate import statistics
from studio.evaluate.power import detectable
from studio.evaluate.statistics import FEWEST_CLUSTERS, Estimate, Floats
from studio.events import MEASURED, NOT_RUN, TOO_FEW, ContestantScore, Difference, Score
from studio.words import counted

ENOUGH = 6
"""Rows from which one can tell anything: with five, even five answers put right of five may be chance."""


@dataclass(frozen=True)
class _Rows:
    """The rows that all contestants have a value for, and how they weigh and belong together."""

    values: Mapping[str, Floats]
    weights: Floats | None
    groups: NDArray[np.intp] | None
    whether: bool  # each value says yes or no

    @property
    def count(self) -> int:
        return len(next(iter(self.values.values()), ()))

    @property
    def clusters(self) -> int:
        return 0 if self.groups is None else int(self.groups.max()) + 1


def scored(
    measure: str,
    values: Mapping[str, Sequence[Any]],
    *,
    unit: str = "share",
    better: str = "higher",
    part: str = "",
    weights: Sequence[float] | None = None,
    clusters: Sequence[Hashable] | None = None,
    baseline: str = "base",
) -> Score:
    """What every contestant reached, and how it differs from the baseline (the first where there is none).

    `values` has a figure per row for each contestant, in the same order of rows: a number, a bool, None
    where it has none (such a row counts for nobody), or the figures of several samples. With `weights`
    the figures are sums, of which the score is the total over the weights (loss per token). `clusters`
    names what each row belongs to. Fewer than ENOUGH rows, or FEWEST_CLUSTERS clusters, are too few.
    """
    rows = _rows(values, weights, clusters, unit)
    if not rows.count:
        none = phrase("score.no_rows")
        return Score(measure, part=part, state=NOT_RUN, reason=none, unit=unit, better=better)
    first = baseline if baseline in rows.values else next(iter(rows.values))
    few = _too_few(rows)
    return Score(
        measure,
        part=part,
        state=TOO_FEW if few else MEASURED,
        reason=few or "",
        unit=unit,
        better=better,
        count=rows.count,
        clusters=rows.clusters,
        scores=tuple(_reached(key, rows, unit) for key in rows.values),
        differences=_differences(first, rows, unit),
    )


def _rows(
    values: Mapping[str, Sequence[Any]],
    weights: Sequence[float] | None,
    clusters: Sequence[Hashable] | None,
    unit: str,
) -> _Rows:
    """The rows that count. Raises ValueError where the contestants do not have the same number of rows."""
    figures = {key: statistics.averaged(each) for key, each in values.items()}
    lengths = {len(each) for each in figures.values()}
    lengths |= {len(each) for each in (weights, clusters) if each is not None}
    if len(lengths) > 1:
        raise ValueError(f"rows of {sorted(lengths)} values cannot be compared row by row")
    there = np.ones(max(lengths, default=0), dtype=bool)
    for each in figures.values():
        there &= np.isfinite(each)
    if weights is not None:
        there &= np.asarray(weights, dtype=np.float64) > 0
    kept = {key: each[there] for key, each in figures.items()}
    weighed = None if weights is None else np.asarray(weights, dtype=np.float64)[there]
    whether = unit == "share" and weights is None and all(_whether(each) for each in kept.values())
    return _Rows(kept, weighed, _groups(clusters, there), whether)


def _groups(clusters: Sequence[Hashable] | None, there: NDArray[np.bool_]) -> NDArray[np.intp] | None:
    """Which cluster each row is in; None where each row is one of its own."""
    if clusters is None or not there.any():
        return None
    groups = statistics.numbered([name for name, kept in zip(clusters, there, strict=True) if kept])
    return groups if int(groups.max()) + 1 < len(groups) else None


def _whether(values: Floats) -> bool:
    return bool(((values == 0) | (values == 1)).all())


def _too_few(rows: _Rows) -> Phrase | None:
    if rows.count < ENOUGH:
        return phrase("score.few_rows", rows=counted(rows.count, "row"), enough=ENOUGH)
    if rows.groups is not None and rows.clusters < FEWEST_CLUSTERS:
        groups = counted(rows.clusters, "independent group")
        return phrase(
            "score.few_clusters", rows=counted(rows.count, "row"), groups=groups, enough=FEWEST_CLUSTERS
        )
    return None


def _reached(key: str, rows: _Rows, unit: str) -> ContestantScore:
    """The score of one contestant, with an interval where there is more than one row and cluster."""
    values, groups = rows.values[key], rows.groups
    found = statistics.ratio(values, rows.weights, groups)
    if not isfinite(found.error):
        return ContestantScore(key, found.value)
    if rows.whether:
        wilson = statistics.wilson(found.value, rows.count)
        low, high = wilson if groups is None else statistics.clustered_wilson(values, groups)
        return ContestantScore(key, found.value, low, high)
    if unit == "share":
        return ContestantScore(key, found.value, max(found.low, 0.0), min(found.high, 1.0))
    return ContestantScore(key, found.value, found.low, found.high)


def _differences(first: str, rows: _Rows, unit: str) -> tuple[Difference, ...]:
    """Every other contestant minus the first; none of a single row or cluster."""
    if rows.count < 2 or rows.clusters == 1:
        return ()
    return tuple(_difference(key, first, rows, unit) for key in rows.values if key != first)


def _difference(key: str, first: str, rows: _Rows, unit: str) -> Difference:
    one, other = rows.values[first], rows.values[key]
    found = _compared(other - one, rows, unit)
    together = statistics.correlation(one, other)
    shown = detectable(found.error, found.freedom) if found.error else None
    return Difference(key, found.value, found.low, found.high, found.p, together, shown, found.least)


def _compared(differences: Floats, rows: _Rows, unit: str) -> Estimate:
    if rows.whether and rows.groups is None:
        return statistics.paired_shares(differences)
    if rows.whether and rows.groups is not None:
        return statistics.clustered_shares(differences, rows.groups)
    if unit == "share":
        return statistics.bounded(statistics.paired(differences, rows.weights, rows.groups, 1.0), 1.0)
    largest = _range(rows) if rows.weights is None else 0.0
    return statistics.paired(differences, rows.weights, rows.groups, largest)


def _range(rows: _Rows) -> float:
    """How far apart the figures are that any contestant reached."""
    return max(float(each.max()) for each in rows.values.values()) - min(
        float(each.min()) for each in rows.values.values()
    )
