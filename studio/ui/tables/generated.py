"""Generated rows as a table in which letters are commands: texts, origin, and what a person says of each."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QTableView

from studio.events import GeneratedRow
from studio.language import tr
from studio.ui.tables.delegates import dress_rows
from studio.ui.tables.model import STRUCK, TIP_CHARACTERS, TONE, TableColumn, TableModel, one_line
from studio.ui.theme import Theme

FILTERS = {
    "all": ("pending", "accepted", "edited", "added", "rejected"),
    "pending": ("pending",),
    "accepted": ("accepted", "edited", "added"),
    "rejected": ("rejected",),
}
"""Which states each filter lets through."""
BADGES = {
    "pending": (tr("Pending"), "dim"),
    "accepted": (tr("Accepted"), "good"),
    "edited": (tr("Edited"), "accent"),
    "rejected": (tr("Rejected"), "bad"),
    "added": (tr("In the dataset"), "dim"),
}
STATE, PROMPT, ANSWER, FROM = range(4)


class GeneratedRowsModel(TableModel[GeneratedRow]):
    """Holds rows by number, and shows those whose state the filter lets through, in their order."""

    counts_changed = Signal()

    def __init__(self) -> None:
        super().__init__(
            (
                TableColumn(tr("State"), badge=lambda row: BADGES[row.state], width=116),
                _text_column(tr("Prompt"), lambda row: row.prompt, "text"),
                _text_column(tr("Answer"), lambda row: row.answer, "dim"),
                _text_column(tr("From"), self._place, "faint", width=168),
            )
        )
        self._by_number: dict[int, GeneratedRow] = {}
        self.rows: list[GeneratedRow] = []
        self._filter = "all"
        self._files: set[str] = set()
        self._states = Counter[str]()

    def show_rows(self, rows: Iterable[GeneratedRow]) -> None:
        """Hold these rows instead."""
        self._by_number = {row.row: row for row in rows}
        self._files = {_file(row) for row in self._by_number.values()}
        self._states = Counter(row.state for row in self._by_number.values())
        ordered = (self._by_number[number] for number in sorted(self._by_number))
        self.set_rows([row for row in ordered if self._passes(row)])
        self.counts_changed.emit()

    def show(self, kind: str) -> None:
        """Let through the rows of one of FILTERS."""
        self._filter = kind
        self.show_rows(self._by_number.values())

    def put(self, row: GeneratedRow) -> None:
        """Take in a row, new or changed."""
        if (before := self._by_number.get(row.row)) is not None:
            self._states[before.state] -= 1
        self._states[row.state] += 1
        self._files.add(_file(row))
        self._by_number[row.row] = row
        self._show(row)
        self.counts_changed.emit()

    def _show(self, row: GeneratedRow) -> None:
        place = bisect_left(self.rows, row.row, key=_number)
        if self.place_of(row.row) is None:
            if self._passes(row):
                self.beginInsertRows(QModelIndex(), place, place)
                self.rows.insert(place, row)
                self.endInsertRows()
        elif self._passes(row):
            self.rows[place] = row
            self.dataChanged.emit(self.index(place, 0), self.index(place, FROM))
        else:
            self.beginRemoveRows(QModelIndex(), place, place)
            del self.rows[place]
            self.endRemoveRows()

    def by_number(self, number: int) -> GeneratedRow | None:
        return self._by_number.get(number)

    def place_of(self, number: int) -> int | None:
        """Where a row is shown; None while the filter hides it."""
        place = bisect_left(self.rows, number, key=_number)
        return place if place < len(self.rows) and self.rows[place].row == number else None

    def next_pending(self, number: int) -> int:
        """The first row to judge after this one, else before it, else itself."""
        pending = [row.row for row in self.rows if row.state == "pending" and row.row != number]
        after = (each for each in pending if each > number)
        return next(after, pending[0] if pending else number)

    def counts(self) -> dict[str, int]:
        """How many rows each filter lets through."""
        return {kind: sum(self._states[state] for state in through) for kind, through in FILTERS.items()}

    def accepted(self) -> int:
        """How many rows could be added to the dataset now."""
        return self._states["accepted"] + self._states["edited"]

    def cell(self, row: GeneratedRow, place: int, role: int) -> Any:
        rejected = row.state == "rejected"
        if role == STRUCK:
            return rejected and place in (PROMPT, ANSWER)
        return "faint" if role == TONE and rejected else super().cell(row, place, role)

    def _passes(self, row: GeneratedRow) -> bool:
        return row.state in FILTERS[self._filter]

    def _place(self, row: GeneratedRow) -> str:
        """Where a row comes from; of a single document only the place in it."""
        file = _file(row)
        return row.source.removeprefix(f"{file}, ") if file and len(self._files) == 1 else row.source


def _text_column(
    title: str, text: Callable[[GeneratedRow], str], tone: str, width: int = 0
) -> TableColumn[GeneratedRow]:
    def tip_of(row: GeneratedRow) -> str:
        return text(row)[:TIP_CHARACTERS]

    return TableColumn(title, lambda row: one_line(text(row)), tone=tone, tip=tip_of, width=width)


def _number(row: GeneratedRow) -> int:
    return row.row


def _file(row: GeneratedRow) -> str:
    """The document a row comes from, where it comes from one."""
    return row.source.partition(", ")[0] if row.passage else ""


KEYS = {
    Qt.Key.Key_A: "accept",
    Qt.Key.Key_Return: "accept",
    Qt.Key.Key_Enter: "accept",
    Qt.Key.Key_E: "edit",
    Qt.Key.Key_R: "reject",
    Qt.Key.Key_Backspace: "reject",
    Qt.Key.Key_Delete: "reject",
    Qt.Key.Key_U: "undo",
}
_ALL = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
_WITHOUT = Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.NoModifier
_ANSWER_WIDTH, _FROM_WIDTH = 400, 620


def command_of(event: QKeyEvent) -> str:
    """What a key asks to be done with the rows; empty for keys that mean something else."""
    key, with_ = Qt.Key(event.key()), event.modifiers()
    if with_ == _ALL and key == Qt.Key.Key_A:
        return "accept_all"
    return KEYS.get(key, "") if not with_ & ~_WITHOUT else ""


class GeneratedRowsTable(QTableView):
    """Emits the row the person comes to stand on, and the commands that keys mean."""

    row_chosen = Signal(object)  # MadeRow
    commanded = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.made = GeneratedRowsModel()
        dress_rows(self, theme, self.made, tr("Made rows"))
        self.setMinimumHeight(96)
        self.horizontalHeader().setSectionsClickable(False)
        self.selectionModel().currentRowChanged.connect(self._announce)

    def current(self) -> GeneratedRow | None:
        index = self.currentIndex()
        return self.made.rows[index.row()] if index.isValid() else None

    def choose(self, number: int) -> None:
        """Stand on a row by its number, if it is shown; else where one stands, or on the first."""
        place = self.made.place_of(number)
        if place is None and (self.currentIndex().isValid() or not self.made.rowCount()):
            return
        self.selectRow(place or 0)
        self.scrollTo(self.made.index(place or 0, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the prompts take the room of what can be read below."""
        super().resizeEvent(event)
        width = event.size().width()
        self.setColumnHidden(ANSWER, width < _ANSWER_WIDTH)
        self.setColumnHidden(FROM, width < _FROM_WIDTH)
        self.scrollTo(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if command := command_of(event):
            self.commanded.emit(command)
        else:
            super().keyPressEvent(event)

    def _announce(self, current: QModelIndex) -> None:
        if current.isValid():
            self.row_chosen.emit(self.made.rows[current.row()])
