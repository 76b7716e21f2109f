"""A dataset's rows with their filters, their search and their order: held in memory, or paged from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QGridLayout,
    QLineEdit,
    QStackedWidget,
    QWidget,
)

from studio.catalogue import worded
from studio.events import DatasetRead, ExampleRow
from studio.language import tr
from studio.ui.tables.chips import FilterChips
from studio.ui.tables.dataset import FILTERS, DatasetModel, Entry
from studio.ui.tables.delegates import dress_rows
from studio.ui.tables.editable import ANSWER, MARK, PROMPT, REJECTED, EditableModel, RowsView
from studio.ui.tables.large import LargeRow, LargeTableModel
from studio.ui.tables.length_filter import LengthFilter
from studio.ui.tables.model import TableModel
from studio.ui.theme import Theme
from studio.ui.widgets.label import note
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.timing import Debounce

_SEARCH_MILLISECONDS = 150
_EDIT_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
_BOTH_TEXTS_WIDTH = 340


class ExamplesTable[Model: TableModel[Any]](QWidget):
    """Chips, a search field and the rows. A narrow one puts what does not fit beside each other below."""

    search_width = 220

    def __init__(
        self, theme: Theme, model: Model, filters: Sequence[tuple[str, str]], *extra: QWidget
    ) -> None:
        super().__init__()
        self._theme, self.model = theme, model
        self.chips, self.search, self.view = FilterChips(filters), QLineEdit(), RowsView()
        self.search.setObjectName("search")
        self.search.setPlaceholderText(tr("Search rows"))
        self.search.setAccessibleName(tr("Search prompts and answers"))
        self.search.setClearButtonEnabled(True)
        self._search_icon = QAction(self.search)
        self.search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        dress_rows(self.view, theme, model, tr("Examples"))
        self._head = head = self.view.horizontalHeader()
        head.setMinimumSectionSize(40)
        head.setSortIndicatorClearable(True)
        head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._pause = Debounce(self, _SEARCH_MILLISECONDS, self.ask)
        self.search.textChanged.connect(self._pause.trigger)
        to_rows = QShortcut(QKeySequence(Qt.Key.Key_Down), self.search, self.view.setFocus)
        to_rows.setContext(Qt.ShortcutContext.WidgetShortcut)
        self.chips.chosen.connect(self.ask)
        self._nothing = note(tr("No row passes this filter."))
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.changed.connect(self._tint_icon)
        self._tint_icon()
        self._lay_out(extra)

    def ask(self) -> None:
        """Show the rows that the chips and the search ask for."""
        raise NotImplementedError

    def _tint_icon(self) -> None:
        self._search_icon.setIcon(self._theme.icon("search"))

    def _lay_out(self, extra: Sequence[QWidget]) -> None:
        self._searching = QWidget()
        row((self.search, 1), *extra, on=self._searching)
        self._above = QGridLayout()
        self._above.setSpacing(10)
        self._above.setColumnStretch(1, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._nothing)
        column(self._above, (self._stack, 1), on=self, gap=10)
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Give the search a row of its own, and prompts the room of answers, where the table is narrow."""
        width = self.width()
        self.chips.fit(width)
        below = width - self.chips.width_in_one_row() < self.search_width
        self._above.addWidget(self.chips, 0, 0, 1, 2 if below else 1)
        self._above.addWidget(self._searching, int(below), int(not below), 1, 2 if below else 1)
        self.view.setColumnHidden(ANSWER, width < _BOTH_TEXTS_WIDTH)


class EditableTable[Model: EditableModel[Any]](ExamplesTable[Model]):
    """Enter edits the answer, or the cell clicked last; Delete leaves a row out, or restores it."""

    edited = Signal(int, str, str)  # line, field, its new text
    delete_toggled = Signal(int)  # line

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._has_marks = self._has_changes = False
        self.model.edited.connect(self.edited)
        self.view.installEventFilter(self)

    def set_changes(
        self, changes: Mapping[tuple[int, str], str], edited: frozenset[int], deleted: frozenset[int]
    ) -> None:
        """Show what was changed by hand."""
        self.model.set_changes(changes, edited, deleted)
        self._has_changes = bool(edited or deleted)
        self.show_marks(self._has_marks)

    def show_format(self, format: str) -> None:
        """Give columns room that have something to show: plain text has no prompt, only pairs two answers."""
        self.model.is_text = format == "text"
        self.view.setColumnHidden(PROMPT, format == "text")
        self.view.setColumnHidden(REJECTED, format != "preference")

    def show_marks(self, has_marks: bool) -> None:
        """Give marks room where a row has one."""
        self._has_marks = has_marks
        self.view.setColumnHidden(MARK, not (has_marks or self._has_changes))

    def is_example(self, row: Any) -> bool:
        """Whether a row can train."""
        raise NotImplementedError

    def edit_cell(self, index: QModelIndex) -> None:
        """Let a person change a text."""
        self.view.edit(index)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        index = self.view.currentIndex()
        row = self.model.rows[index.row()] if index.isValid() else None
        if watched is self.view and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _EDIT_KEYS and row is not None:
                column = index.column() if self.model.field_of(row, index.column()) else ANSWER
                self.edit_cell(index.siblingAtColumn(column))
                return True
            if row and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.is_example(row):
                self.delete_toggled.emit(row.line)
                return True
        return super().eventFilter(watched, event)


class DatasetTable(EditableTable[DatasetModel]):
    """The rows of a dataset in memory. Emits the entry that the person comes to stand on."""

    entry_chosen = Signal(object)  # ExampleRow | Problem

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, DatasetModel(), [(kind, worded(kind).capitalize()) for kind in FILTERS])
        self.lengths = LengthFilter(theme, self.search)
        self.lengths.changed_to.connect(self.ask)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.view.setSortingEnabled(True)
        self.view.selectionModel().currentRowChanged.connect(self._announce)
        self._shown = ""  # the path of the dataset
        self._late: DatasetRead | None = None  # what waits for the end of an edit
        self._after_edit = Debounce(self, 0, self._take_late)
        self.view.itemDelegate().closeEditor.connect(self._after_edit.trigger)

    def _take_late(self) -> None:
        if self._late is not None:
            self.set_dataset(self._late)

    def set_dataset(self, dataset: DatasetRead) -> None:
        """Show the rows and stand on the line where the person stood, else on the first.

        While a cell of the same dataset is edited, they wait: what is typed is not lost.
        """
        if self.view.is_editing() and self._shown == dataset.path:
            self._late = dataset
            return
        self._shown, self._late = dataset.path, None
        line = current.line if (current := self.current()) else 0
        self.model.set_dataset(dataset)
        self.show_format(dataset.format)
        attention = self.model.counts()["attention"]
        self.chips.set_counts({"attention": attention})
        self.show_marks(attention > 0)
        self._settle(line)

    def is_example(self, row: Entry) -> bool:
        return isinstance(row, ExampleRow)

    def current(self) -> Entry | None:
        index = self.view.currentIndex()
        return self.model.rows[index.row()] if index.isValid() else None

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

    def ask(self) -> None:
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
            self.entry_chosen.emit(self.model.rows[current.row()])


LARGE_FILTERS = (("all", tr("All")), ("good", tr("Good")), ("warnings", tr("Attention")), ("bad", tr("Bad")))
_SORTS = {0: "line", MARK: "state", MARK + 1: "characters"}
_REST_MILLISECONDS = 40
_PADDING = 9
_ZEROS = str.maketrans("123456789", "000000000")


class LargeTable(EditableTable[LargeTableModel]):
    """The rows of a file too big to hold. Emits what is asked of them, and the number of the row stood on."""

    query_changed = Signal(dict)
    row_chosen = Signal(int)
    search_width = 300

    def __init__(self, theme: Theme) -> None:
        self.whole = QCheckBox(tr("Whole rows"))
        super().__init__(theme, LargeTableModel(), LARGE_FILTERS, self.whole)
        self._pause.setInterval(2 * _SEARCH_MILLISECONDS)
        self.search.setToolTip(
            tr("Searches their beginnings, which is quick; Whole rows searches all of the file.")
        )
        self.whole.setToolTip(tr("Search all of every row, as the file has it. This takes longer."))
        self.whole.toggled.connect(self.ask)
        self._rest = Debounce(self, _REST_MILLISECONDS, self._announce)
        self.view.selectionModel().currentRowChanged.connect(self._rest.trigger)
        self._head.setSectionsClickable(True)
        self._head.setSortIndicatorShown(True)
        self._head.sortIndicatorChanged.connect(self.ask)
        self._wanted = QPersistentModelIndex()
        self.view.doubleClicked.connect(self.edit_cell)

    def set_whole(self, line: int, texts: Mapping[str, str]) -> None:
        """The texts of the row that is stood on, all of them: a cell that is to be edited is opened now."""
        self.model.set_whole(line, texts)
        wanted, self._wanted = self._wanted, QPersistentModelIndex()
        if wanted.isValid() and wanted.row() == self.view.currentIndex().row():
            self.view.edit(self.model.index(wanted.row(), wanted.column()))

    def is_example(self, row: LargeRow) -> bool:
        return row.state != 2

    def edit_cell(self, index: QModelIndex) -> None:
        """Edit a cell: at once, or when its row has been read whole."""
        if self.model.flags(index) & Qt.ItemFlag.ItemIsEditable:
            self.view.edit(index)
        elif self.model.field_of(self.model.rows[index.row()], index.column()):
            self._wanted = QPersistentModelIndex(index)

    def query(self) -> dict[str, Any]:
        """What is asked for now; empty when it is every row in the order of the file."""
        sort = _SORTS.get(self._head.sortIndicatorSection(), "")
        asked = {"state": self.chips.current, "search": self.search.text().strip(), "sort": sort}
        if asked == {"state": "all", "search": "", "sort": ""}:
            return {}
        down = self._head.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        return {**asked, "whole": self.whole.isChecked(), "descending": down}

    def ask(self) -> None:
        self._pause.stop()
        self.query_changed.emit(self.query())

    def show_rows(self) -> None:
        """Show the rows there are and stand on one of them, or say that none passes what is asked."""
        asked = bool(self.query()) and not self.model.rowCount()
        self._stack.setCurrentWidget(self._nothing if asked else self.view)
        self.stand_on_first()

    def stand_on_first(self) -> None:
        """Choose the first row unless one is chosen."""
        if not self.view.currentIndex().isValid() and self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(0, 0))

    def choose_row(self, number: int) -> None:
        """Stand on a row of the file; a filter, a search or an order is taken back."""
        if self.query():
            self.search.clear()
            self._head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self.chips.choose("all")
            self.ask()
        index = self.model.index(number, 0)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def set_counts(self, counts: Mapping[str, int], expected: int) -> None:
        """Write how many rows there are of each state; marks get room when there is one.

        `expected` is the number of rows there may be in the end.
        """
        self.chips.set_counts(counts)
        self.chips.set_offered({key for key, count in counts.items() if count} | {"all", self.chips.current})
        self.show_marks(counts["warnings"] + counts["bad"] > 0)
        digits = self.view.fontMetrics().horizontalAdvance(f"{expected:,}".translate(_ZEROS))
        self.view.setColumnWidth(0, max(self.model.columns[0].width, digits + 2 * _PADDING))
        self.fit()

    def _announce(self) -> None:
        index = self.view.currentIndex()
        row = self.model.rows[index.row()] if index.isValid() else None
        if row is not None:
            self.row_chosen.emit(row.number)
