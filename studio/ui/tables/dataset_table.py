"""A dataset's rows with their filters, their search, and a filter by length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QSpinBox,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from studio.events import DatasetRead, ExampleRow
from studio.ui.plain import tip
from studio.ui.tables.chips import FilterChips
from studio.ui.tables.dataset import COLUMNS, FILTERS, DatasetModel, Entry
from studio.ui.tables.delegates import CellDelegate
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel, note

_MOST = 10_000_000


class LengthFilter(QAction):
    """A mark at the end of a search field; it opens two fields, and takes the accent while it filters."""

    changed_to = Signal(int, int)  # fewest, most (0: no limit)

    def __init__(self, theme: Theme, field: QLineEdit) -> None:
        super().__init__(field)
        self._theme, self._field = theme, field
        self.fewest, self.most = _spin("Any"), _spin("Any")
        self.clear = Button("Any length", "quiet")
        self.popup = QMenu(field)
        action = QWidgetAction(self.popup)
        action.setDefaultWidget(self._form())
        self.popup.addAction(action)
        field.addAction(self, QLineEdit.ActionPosition.TrailingPosition)
        self.triggered.connect(self._open)
        self.fewest.valueChanged.connect(self._change)
        self.most.valueChanged.connect(self._change)
        self.clear.clicked.connect(self.reset)
        theme.changed.connect(self._tint)
        self._tint()

    def _form(self) -> QWidget:
        form = QWidget()
        grid = QGridLayout(form)
        grid.setContentsMargins(12, 10, 12, 10)
        grid.setHorizontalSpacing(10)
        for row, (text, spin) in enumerate((("At least", self.fewest), ("At most", self.most))):
            label = PlainLabel(text)
            label.setBuddy(spin)
            grid.addWidget(label, row, 0)
            grid.addWidget(spin, row, 1)
        grid.addWidget(self.clear, 2, 1)
        return form

    def limits(self) -> tuple[int, int]:
        """The fewest and the most tokens; 0 where there is no limit."""
        return self.fewest.value(), self.most.value()

    def reset(self) -> None:
        """Let every length through again."""
        self.fewest.setValue(0)
        self.most.setValue(0)

    def _open(self) -> None:
        corner = QPoint(self._field.width() - self.popup.sizeHint().width(), self._field.height() + 4)
        self.popup.popup(self._field.mapToGlobal(corner))
        self.fewest.setFocus()

    def _change(self) -> None:
        self._tint()
        self.changed_to.emit(*self.limits())

    def _tint(self) -> None:
        fewest, most = self.limits()
        self.setIcon(self._theme.icon("sliders-horizontal", "accent" if fewest or most else "dim"))
        bounds = [f"at least {fewest:,}" if fewest else "", f"at most {most:,}" if most else ""]
        said = " and ".join(filter(None, bounds))
        self.setToolTip(tip(f"Shown: rows of {said} tokens" if said else "Filter by length"))


def _spin(nothing: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(0, _MOST)
    spin.setSpecialValueText(nothing)
    spin.setSuffix(" tokens")
    spin.setGroupSeparatorShown(True)
    spin.setKeyboardTracking(False)
    spin.setMinimumWidth(120)
    return spin


_ROW_HEIGHT = 32


class RowsView(QTableView):
    """Home and End go to the first and the last row, as in a list."""

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        rows = {
            QAbstractItemView.CursorAction.MoveHome: 0,
            QAbstractItemView.CursorAction.MoveEnd: self.model().rowCount() - 1,
        }
        if action not in rows:
            return super().moveCursor(action, modifiers)
        return self.model().index(rows[action], max(0, self.currentIndex().column()))


def rows_view(
    theme: Theme, model: QAbstractItemModel, titles: Sequence[str], widths: Mapping[str, int]
) -> QTableView:
    """A view of rows one below the other; columns without a width share the room that is left."""
    view = RowsView()
    view.setObjectName("rows")
    view.setModel(model)
    view.setItemDelegate(CellDelegate(theme, view))
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setMouseTracking(True)
    view.setTabKeyNavigation(False)
    view.setAccessibleName("Examples")
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(_ROW_HEIGHT)
    head = view.horizontalHeader()
    head.setHighlightSections(False)
    head.setMinimumSectionSize(40)
    for place, title in enumerate(titles):
        mode = QHeaderView.ResizeMode
        head.setSectionResizeMode(place, mode.Fixed if title in widths else mode.Stretch)
        if title in widths:
            view.setColumnWidth(place, widths[title])
    head.setSortIndicatorClearable(True)
    head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    return view


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
