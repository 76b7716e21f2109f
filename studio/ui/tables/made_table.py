"""The view on made rows: a table in which letters are commands."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from studio.events import MadeRow
from studio.ui.tables.delegates import CellDelegate
from studio.ui.tables.made import COLUMNS, MadeModel
from studio.ui.theme import Theme

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
