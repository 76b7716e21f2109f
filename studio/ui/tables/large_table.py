"""The rows of a file too big to hold, with filters, a search and an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from studio.ui.tables.chips import FilterChips
from studio.ui.tables.delegates import CellDelegate
from studio.ui.tables.large import LARGE_COLUMNS, LargeTableModel
from studio.ui.theme import Theme

LARGE_FILTERS = (("all", "All"), ("good", "Good"), ("warnings", "Look"), ("bad", "Bad"))
_ROW_HEIGHT = 32
_SEARCH_MILLISECONDS = 300
_REST_MILLISECONDS = 40
_MARK = [column.title for column in LARGE_COLUMNS].index("")
_WIDTHS = {"Line": 84, "": 108, "Characters": 96}


class LargeTable(QWidget):
    """Emits what is asked of the rows, as fields of a query, and the number of the row stood on."""

    query_changed = Signal(dict)
    row_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = LargeTableModel(self)
        self.chips = FilterChips(LARGE_FILTERS)
        self.chips.chosen.connect(self._announce)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search the beginnings of prompts and answers")
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self.whole = QCheckBox("Whole rows")
        self.whole.setToolTip("Search all of every row, as the file has it. This takes longer.")
        self.whole.toggled.connect(self._announce)
        self._pause = self._timer(_SEARCH_MILLISECONDS, self._announce)
        self.search.textChanged.connect(self._pause.start)
        self._rest = self._timer(_REST_MILLISECONDS, self._announce_row)
        self.view = _make_view(theme, self.model)
        self.view.selectionModel().currentRowChanged.connect(self._rest.start)
        self.view.horizontalHeader().sortIndicatorChanged.connect(self._announce)
        self._lay_out()

    def query(self) -> dict[str, Any]:
        """What is asked for now; empty when it is every row in the order of the file."""
        head = self.view.horizontalHeader()
        section = head.sortIndicatorSection()
        sort = LARGE_COLUMNS[section].sort if 0 <= section < len(LARGE_COLUMNS) else ""
        asked = {"state": self.chips.current, "search": self.search.text().strip(), "sort": sort}
        if asked == {"state": "all", "search": "", "sort": ""}:
            return {}
        down = head.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder
        return {**asked, "whole": self.whole.isChecked(), "descending": down}

    def _timer(self, milliseconds: int, slot: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def _lay_out(self) -> None:
        filters, searching = QHBoxLayout(), QHBoxLayout()
        filters.addWidget(self.chips)
        filters.addStretch(1)
        searching.setSpacing(10)
        searching.addWidget(self.search, 1)
        searching.addWidget(self.whole)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(filters)
        column.addLayout(searching)
        column.addWidget(self.view, 1)

    def _announce(self) -> None:
        self._pause.stop()
        self.query_changed.emit(self.query())

    def _announce_row(self) -> None:
        row = self.model.row(self.view.currentIndex().row()) if self.view.currentIndex().isValid() else None
        if row is not None:
            self.row_chosen.emit(row.number)

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Write how many rows there are of each state; marks get room when there is one."""
        self.chips.set_counts(counts)
        self.view.setColumnHidden(_MARK, not (counts["warnings"] or counts["bad"]))

    def stand_on_first(self) -> None:
        """Choose the first row unless one is chosen."""
        if not self.view.currentIndex().isValid() and self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(0, 0, QModelIndex()))


def _make_view(theme: Theme, model: LargeTableModel) -> QTableView:
    view = QTableView()
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
    head.setSectionsClickable(True)
    for place, column in enumerate(LARGE_COLUMNS):
        fixed = column.title in _WIDTHS
        head.setSectionResizeMode(
            place, QHeaderView.ResizeMode.Fixed if fixed else QHeaderView.ResizeMode.Stretch
        )
        if fixed:
            view.setColumnWidth(place, _WIDTHS[column.title])
    head.setSortIndicatorClearable(True)
    head.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    head.setSortIndicatorShown(True)
    return view
