"""The scores of an evaluation as a table: measures in their groups, the parts of each below it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Qt

from studio.evaluate.score_text import difference_text, value_text
from studio.events import MEASURED, Difference, Score
from studio.language import tr
from studio.ui.plain import tip
from studio.ui.tables.model import ROW, Index, TableColumn, TableModel
from studio.ui.tables.score_words import (
    MeasureWords,
    difference_of,
    reach_of,
    scale_of,
    title_of,
    told_of,
    verdict_of,
)

NAME, VALUE, DIFFERENCE, INTERVAL, VERDICT = "name", "value", "difference", "interval", "verdict"
_FOLDS_FROM = 4
"""So many parts of a measure are folded away at first."""


@dataclass(frozen=True)
class ScoreSide:
    """One evaluation in the table: what it is called, who is compared with its baseline, and its scores."""

    title: str = ""
    contestants: tuple[tuple[str, str], ...] = ()
    compared: str = ""
    scores: Mapping[tuple[str, str], Score] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoreRow:
    """A heading (no measure), a measure, or a part of one; with the score of each side, where it has one."""

    title: str
    measure: str = ""
    part: str = ""
    help: str = ""
    scores: tuple[Score | None, ...] = ()
    folded: int = 0
    """So many parts are folded away below it."""
    unfolded: bool = False
    waits: str = ""
    """What is said of it where it is still to be measured."""

    @property
    def score(self) -> Score | None:
        """The first side's score, else what another one found."""
        return next((score for score in self.scores if score is not None), None)

    def difference(self, side: int, contestant: str) -> Difference | None:
        """How far a contestant of a side is from its baseline; None where nothing was measured."""
        score = self.scores[side] if side < len(self.scores) else None
        return difference_of(score, contestant) if score is not None and score.state == MEASURED else None


@dataclass(frozen=True, eq=False)
class ScoreColumn(TableColumn[ScoreRow]):
    """A column and what it shows: of which side, and of which contestant."""

    kind: str = NAME
    side: int = 0
    contestant: str = ""


class ScoresModel(TableModel[ScoreRow]):
    """Holds the scores of one evaluation, or of two beside each other."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent=parent)
        self._measures: Sequence[MeasureWords] = ()
        self._groups: Mapping[str, str] = {}
        self._toggled: set[str] = set()
        self._waiting: frozenset[str] = frozenset()
        self._word = ""
        self.sides: tuple[ScoreSide, ...] = (ScoreSide(),)

    def set_measures(self, measures: Sequence[MeasureWords], groups: Mapping[str, str]) -> None:
        """What there is to measure, in the order of the table, and what its groups are called."""
        self._measures, self._groups = tuple(measures), groups
        self._fill()

    def set_sides(self, *sides: ScoreSide) -> None:
        """Show these evaluations."""
        self.sides = sides
        self._fill()

    def set_waiting(self, measures: Collection[str], word: str = tr("Waiting")) -> None:
        """What is still to be measured, and what is said of it."""
        self._waiting, self._word = frozenset(measures), word
        self._fill()

    def toggle(self, measure: str) -> None:
        """Fold or unfold the parts of a measure."""
        self._toggled ^= {measure}
        self._fill()

    def reach(self, row: ScoreRow) -> float:
        """Half the width of a row's scale, which all its sides share."""
        found = (row.difference(place, side.compared) for place, side in enumerate(self.sides))
        return reach_of(*filter(None, found))

    def cell(self, row: ScoreRow, place: int, role: int) -> Any:
        if role == Qt.ItemDataRole.AccessibleTextRole:
            column = self.columns[place]
            return f"{row.title}: {column.text(row)}" if place and row.measure else row.title
        return super().cell(row, place, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        row: ScoreRow | None = index.data(ROW)
        if row is not None and not row.measure:
            return Qt.ItemFlag.ItemIsEnabled
        return super().flags(index)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.ToolTipRole and orientation == Qt.Orientation.Horizontal:
            return tip(self.columns[section].title)
        return super().headerData(section, orientation, role)

    def _fill(self) -> None:
        self.set_rows(list(self._rows()), _columns(self.sides))

    def _rows(self) -> Iterable[ScoreRow]:
        known = {measure.key: measure for measure in self._measures}
        order = [*known, *(key for side in self.sides for key, _ in side.scores if key not in known)]
        groups: dict[str, list[str]] = {group: [] for group in self._groups}
        for key in dict.fromkeys(order):
            if key in self._waiting or any(key == each for side in self.sides for each, _ in side.scores):
                groups.setdefault(known[key].group if key in known else "", []).append(key)
        for group, keys in groups.items():
            if keys:
                yield ScoreRow(self._groups.get(group, title_of(group) or tr("Others")))
            for key in keys:
                yield from self._rows_of(key, known.get(key))

    def _rows_of(self, key: str, words: MeasureWords | None) -> Iterable[ScoreRow]:
        title, help_ = (words.title, words.help) if words else (title_of(key), "")
        found = (part for side in self.sides for measure, part in side.scores if measure == key)
        parts = [part for part in dict.fromkeys(found) if part]
        whole = self._scores(key, "")
        is_open = (len(parts) < _FOLDS_FROM or not any(whole)) != (key in self._toggled)
        waits = key in self._waiting and not parts and not any(whole)
        yield ScoreRow(title, key, "", help_, whole, len(parts), is_open, self._word if waits else "")
        for part in parts if is_open else ():
            yield ScoreRow(part_title(part), key, part, help_, self._scores(key, part))

    def _scores(self, key: str, part: str) -> tuple[Score | None, ...]:
        return tuple(side.scores.get((key, part)) for side in self.sides)


def _columns(sides: Sequence[ScoreSide]) -> tuple[ScoreColumn, ...]:
    columns = [ScoreColumn(tr("Measure"), lambda row: row.title, tip=_tip_of(sides), kind=NAME)]
    if len(sides) == 1:
        columns += [_value(0, key, title) for key, title in sides[0].contestants]
    for place, side in enumerate(sides):
        columns += _difference_columns(place, side, side.title if len(sides) > 1 else "")
    return tuple(columns)


def _value(side: int, contestant: str, title: str) -> ScoreColumn:
    def text(row: ScoreRow) -> str:
        score = row.scores[side] if row.measure and side < len(row.scores) else None
        if score is None or score.state != MEASURED:
            return ""
        return value_text(score.of(contestant), score.unit)

    return ScoreColumn(title, text, right=True, width=80, kind=VALUE, side=side, contestant=contestant)


def _difference_columns(place: int, side: ScoreSide, title: str) -> list[ScoreColumn]:
    who, told = side.compared, _tip_of((side,), place)

    def text(row: ScoreRow) -> str:
        difference, score = row.difference(place, who), row.score
        if difference is None or score is None:
            return ""
        return difference_text(difference.value, score.unit) + (" points" if score.unit == "share" else "")

    def verdict(row: ScoreRow) -> tuple[str, str] | None:
        score = row.scores[place] if row.measure and place < len(row.scores) else None
        if score is None:
            return (row.waits, "dim") if row.waits else None
        return verdict_of(score, who)

    def said(row: ScoreRow) -> str:
        return (verdict(row) or ("", ""))[0]

    columns = [
        ScoreColumn(
            title or tr("Difference"),
            text,
            right=True,
            width=120 if title else 100,
            tip=told,
            kind=DIFFERENCE,
            side=place,
            contestant=who,
        ),
        ScoreColumn(
            tr("Worse ◂  ▸ Better") if title else tr("Worse ◂ 95 % interval ▸ Better"),
            width=180 if title else 204,
            tip=told,
            kind=INTERVAL,
            side=place,
            contestant=who,
        ),
    ]
    if not title:  # beside each other, the sides of the bars say it
        columns.append(
            ScoreColumn(
                "", said, badge=verdict, width=136, tip=told, kind=VERDICT, side=place, contestant=who
            )
        )
    return columns


def part_title(part: str) -> str:
    """What a part is called: one of ours in words, one from data as it is written there."""
    return title_of(part) if part.replace("_", "").isalnum() and part.islower() else part


def _tip_of(sides: Sequence[ScoreSide], place: int = 0) -> Any:
    def describe(row: ScoreRow) -> str:
        score = row.scores[place] if place < len(row.scores) else None
        words = f"{row.title}\n{row.help}".strip() if row.measure else ""
        if score is None:
            return words
        return told_of(score, sides[0].compared, f"{words}\n{scale_of(score)}".strip())

    return describe
