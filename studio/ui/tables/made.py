"""Made rows as a table: what a person says of each, what it asks and answers, and where it comes from."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from studio.events import MadeRow
from studio.ui.plain import tip
from studio.ui.tables.dataset import BADGE, STRUCK, TONE, one_line

Index = QModelIndex | QPersistentModelIndex

COLUMNS = ("State", "Prompt", "Answer", "From")
FILTERS = {
    "all": ("pending", "accepted", "edited", "added", "rejected"),
    "pending": ("pending",),
    "accepted": ("accepted", "edited", "added"),
    "rejected": ("rejected",),
}
"""Which states each filter lets through."""
BADGES = {
    "pending": ("Pending", "dim"),
    "accepted": ("Accepted", "good"),
    "edited": ("Edited", "accent"),
    "rejected": ("Rejected", "bad"),
    "added": ("In the dataset", "dim"),
}
_TONES = {"Prompt": "text", "Answer": "dim", "From": "faint"}
_ALIGNMENT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class MadeModel(QAbstractTableModel):
    """Holds rows by number, and shows those whose state the filter lets through, in their order."""

    counts_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[int, MadeRow] = {}
        self._shown: list[int] = []
        self._filter = "all"
        self._files: set[str] = set()
        self._states = Counter[str]()

    def set_rows(self, rows: Iterable[MadeRow]) -> None:
        self.beginResetModel()
        self._rows = {row.row: row for row in rows}
        self._files = {_file(row) for row in self._rows.values()}
        self._states = Counter(row.state for row in self._rows.values())
        self._shown = [number for number in sorted(self._rows) if self._passes(number)]
        self.endResetModel()
        self.counts_changed.emit()

    def show(self, kind: str) -> None:
        """Let through the rows of one of FILTERS."""
        self._filter = kind
        self.set_rows(self._rows.values())

    def put(self, row: MadeRow) -> None:
        """Take in a row, new or changed."""
        number = row.row
        if (before := self._rows.get(number)) is not None:
            self._states[before.state] -= 1
        self._states[row.state] += 1
        self._files.add(_file(row))
        place = bisect_left(self._shown, number)
        is_shown = self._shown[place : place + 1] == [number]
        passes = row.state in FILTERS[self._filter]
        if is_shown and not passes:
            self.beginRemoveRows(QModelIndex(), place, place)
            del self._shown[place]
            self._rows[number] = row
            self.endRemoveRows()
        elif passes and not is_shown:
            self.beginInsertRows(QModelIndex(), place, place)
            self._shown.insert(place, number)
            self._rows[number] = row
            self.endInsertRows()
        else:
            self._rows[number] = row
            if is_shown:
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(COLUMNS) - 1))
        self.counts_changed.emit()

    def row(self, place: int) -> MadeRow:
        return self._rows[self._shown[place]]

    def by_number(self, number: int) -> MadeRow | None:
        return self._rows.get(number)

    def place_of(self, number: int) -> int | None:
        """Where a row is shown; None while the filter hides it."""
        place = bisect_left(self._shown, number)
        return place if self._shown[place : place + 1] == [number] else None

    def shown(self) -> Sequence[MadeRow]:
        """The rows that the filter lets through."""
        return [self._rows[number] for number in self._shown]

    def next_pending(self, number: int) -> int:
        """The first row to judge after this one, else before it, else itself."""
        pending = [each for each in self._shown if self._rows[each].state == "pending" and each != number]
        after = (each for each in pending if each > number)
        return next(after, pending[0] if pending else number)

    def counts(self) -> dict[str, int]:
        """How many rows each filter lets through."""
        return {kind: sum(self._states[state] for state in through) for kind, through in FILTERS.items()}

    def accepted(self) -> int:
        """How many rows could be added to the dataset now."""
        return self._states["accepted"] + self._states["edited"]

    def _passes(self, number: int) -> bool:
        return self._rows[number].state in FILTERS[self._filter]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _ALIGNMENT
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        row, column = self.row(index.row()), COLUMNS[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _ALIGNMENT
        if column == "State":
            return BADGES[row.state] if role == BADGE else None
        if role == Qt.ItemDataRole.DisplayRole:
            return one_line(self._text(row, column))
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(self._text(row, column)[:1500])
        if role == TONE:
            return "faint" if row.state == "rejected" else _TONES[column]
        if role == STRUCK:
            return row.state == "rejected" and column != "From"
        return None

    def _text(self, row: MadeRow, column: str) -> str:
        return {"Prompt": row.prompt, "Answer": row.answer, "From": self._place(row)}[column]

    def _place(self, row: MadeRow) -> str:
        """Where a row comes from; of a single document only the place in it."""
        file = _file(row)
        return row.source.removeprefix(f"{file}, ") if file and len(self._files) == 1 else row.source


def _file(row: MadeRow) -> str:
    """The document a row comes from, where it comes from one."""
    return row.source.partition(", ")[0] if row.passage else ""
