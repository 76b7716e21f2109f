"""Generated rows as a table in which letters are commands: texts, origin, and what a person says of each."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from studio.events import MadeRow
from studio.ui.plain import tip
from studio.ui.tables.dataset import BADGE, STRUCK, TONE, one_line
from studio.ui.tables.delegates import CellDelegate
from studio.ui.theme import Theme

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
_ROW_HEIGHT = 32
_WIDTHS = {"State": 116, "From": 168}
_ANSWER_WIDTH, _FROM_WIDTH = 400, 620


def command_of(event: QKeyEvent) -> str:
    """What a key asks to be done with the rows; empty for keys that mean something else."""
    key, with_ = Qt.Key(event.key()), event.modifiers()
    if with_ == _ALL and key == Qt.Key.Key_A:
        return "accept_all"
    return KEYS.get(key, "") if not with_ & ~_WITHOUT else ""


class MadeTable(QTableView):
    """Emits the row the person comes to stand on, and the commands that keys mean."""

    row_chosen = Signal(object)  # MadeRow
    commanded = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.rows = MadeModel()
        self.setObjectName("rows")
        self.setModel(self.rows)
        self.setItemDelegate(CellDelegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setAccessibleName("Made rows")
        self.setMinimumHeight(96)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setSectionsClickable(False)
        for place, title in enumerate(COLUMNS):
            fixed = title in _WIDTHS
            mode = QHeaderView.ResizeMode.Fixed if fixed else QHeaderView.ResizeMode.Stretch
            head.setSectionResizeMode(place, mode)
            if fixed:
                self.setColumnWidth(place, _WIDTHS[title])
        self.selectionModel().currentRowChanged.connect(self._announce)

    def current(self) -> MadeRow | None:
        index = self.currentIndex()
        return self.rows.row(index.row()) if index.isValid() else None

    def choose(self, number: int) -> None:
        """Stand on a row by its number, if it is shown; else where one stands, or on the first."""
        place = self.rows.place_of(number)
        if place is None and (self.currentIndex().isValid() or not self.rows.rowCount()):
            return
        self.selectRow(place or 0)
        self.scrollTo(self.rows.index(place or 0, 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the prompts take the room of what can be read below."""
        super().resizeEvent(event)
        width = event.size().width()
        self.setColumnHidden(COLUMNS.index("Answer"), width < _ANSWER_WIDTH)
        self.setColumnHidden(COLUMNS.index("From"), width < _FROM_WIDTH)
        self.scrollTo(self.currentIndex())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if command := command_of(event):
            self.commanded.emit(command)
        else:
            super().keyPressEvent(event)

    def _announce(self, current: QModelIndex) -> None:
        if current.isValid():
            self.row_chosen.emit(self.rows.row(current.row()))
