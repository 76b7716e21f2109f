"""A dataset's rows with their filters and search."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.events import DatasetRead, ExampleRow
from studio.ui.tables.chips import FilterChips
from studio.ui.tables.dataset import COLUMNS, FILTERS, DatasetModel, Entry
from studio.ui.tables.length_filter import LengthFilter
from studio.ui.tables.rows_view import rows_view
from studio.ui.theme import Theme
from studio.ui.widgets.label import note

_SEARCH_MILLISECONDS = 150
_SEARCH_WIDTH = 220
_BOTH_TEXTS_WIDTH = 480
_ANSWER, _BADGE = ([column.title for column in COLUMNS].index(title) for title in ("Answer", ""))
_WIDTHS = {"Line": 56, "": 108, "Tokens": 72}


class DatasetTable(QWidget):
    """Chips, a search field and the table. Emits the entry that the person comes to stand on."""

    entry_chosen = Signal(object)  # ExampleRow | Problem
    edited = Signal(int, str, str)  # line, field, its new text
    delete_toggled = Signal(int)  # line

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = DatasetModel(self)
        self.model.edited.connect(self.edited)
        self.chips = FilterChips([(kind, kind.capitalize()) for kind in FILTERS])
        self.chips.chosen.connect(self._filter)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search rows")
        self.search.setAccessibleName("Search prompts and answers")
        self.search.setClearButtonEnabled(True)
        self._search_icon = QAction(self.search)
        self.search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        self.lengths = LengthFilter(theme, self.search)
        self.lengths.changed_to.connect(self._filter)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_SEARCH_MILLISECONDS)
        self._pause.timeout.connect(self._filter)
        self.search.textChanged.connect(self._pause.start)
        self.view = rows_view(theme, self.model, [column.title for column in COLUMNS], _WIDTHS)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.view.setSortingEnabled(True)
        self.view.selectionModel().currentRowChanged.connect(self._announce)
        self.view.installEventFilter(self)
        self._nothing = note("No row passes this filter.")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._theme = theme
        theme.changed.connect(self._tint_icon)
        self._tint_icon()
        self._lay_out()

    def _tint_icon(self) -> None:
        self._search_icon.setIcon(self._theme.icon("search"))

    def _lay_out(self) -> None:
        self._above = QGridLayout()
        self._above.setSpacing(10)
        self._above.setColumnStretch(1, 1)
        self._above.addWidget(self.chips, 0, 0)
        self._above.addWidget(self.search, 0, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(self._above)
        column.addWidget(self._stack, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the search field takes a row of its own, and prompts the room of answers."""
        super().resizeEvent(event)
        self.chips.fit(event.size().width())
        if event.size().width() - self.chips.width_in_one_row() < _SEARCH_WIDTH:
            self._above.addWidget(self.chips, 0, 0, 1, 2)
            self._above.addWidget(self.search, 1, 0, 1, 2)
        else:
            self._above.addWidget(self.chips, 0, 0)
            self._above.addWidget(self.search, 0, 1)
        self.view.setColumnHidden(_ANSWER, event.size().width() < _BOTH_TEXTS_WIDTH)

    def set_dataset(self, dataset: DatasetRead) -> None:
        """Show the rows and stand on the line where the person stood, else on the first."""
        line = current.line if (current := self.current()) else 0
        self.model.set_dataset(dataset)
        attention = self.model.counts()["attention"]
        self.chips.set_counts({"attention": attention})
        self.view.setColumnHidden(_BADGE, not attention)
        self._settle(line)

    def set_changes(self, changes: Mapping[tuple[int, str], str], deleted: frozenset[int]) -> None:
        """Show what was changed by hand."""
        self.model.set_changes(changes, deleted)
        marked = bool(changes or deleted or self.model.counts()["attention"])
        self.view.setColumnHidden(_BADGE, not marked)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter edits the answer, or the cell clicked last; Delete leaves a row out, or restores it."""
        if watched is self.view and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            entry = self.current()
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and entry is not None:
                index = self.view.currentIndex()
                column = index.column() if self.model.field_of(index.column()) else _ANSWER
                self.view.edit(index.siblingAtColumn(column))
                return True
            if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and isinstance(entry, ExampleRow):
                self.delete_toggled.emit(entry.line)
                return True
        return super().eventFilter(watched, event)

    def current(self) -> Entry | None:
        index = self.view.currentIndex()
        return self.model.entry(index.row()) if index.isValid() else None

    def choose_line(self, line: int) -> None:
        """Stand on a line of the file; a filter or search that hides it is taken back."""
        if self.model.row_of(line) is None:
            self.search.clear()
            self.lengths.reset()
            self._pause.stop()
            self.chips.choose("all")
        row = self.model.row_of(line)
        if row is not None:
            self.view.selectRow(row)
            self.view.scrollTo(self.model.index(row, 0), QAbstractItemView.ScrollHint.PositionAtCenter)

    def _filter(self) -> None:
        line = current.line if (current := self.current()) else 0
        self.model.show(kind=self.chips.current, search=self.search.text(), lengths=self.lengths.limits())
        self._settle(line)

    def _settle(self, line: int) -> None:
        rows = self.model.rowCount()
        self._stack.setCurrentWidget(self.view if rows else self._nothing)
        if rows:
            self.view.selectRow(self.model.row_of(line) or 0)

    def _announce(self, current: QModelIndex) -> None:
        if current.isValid():
            self.entry_chosen.emit(self.model.entry(current.row()))
