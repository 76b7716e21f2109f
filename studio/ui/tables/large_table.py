"""The rows of a file too big to hold, with filters, a search and an order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.ui.tables.chips import FilterChips
from studio.ui.tables.dataset_table import rows_view
from studio.ui.tables.large import LARGE_COLUMNS, LargeTableModel
from studio.ui.theme import Theme
from studio.ui.widgets.label import note

LARGE_FILTERS = (("all", "All"), ("good", "Good"), ("warnings", "Attention"), ("bad", "Bad"))
_SEARCH_MILLISECONDS = 300
_REST_MILLISECONDS = 40
_ANSWER, _MARK = ([column.title for column in LARGE_COLUMNS].index(title) for title in ("Answer", ""))
_WIDTHS = {"Line": 56, "": 108, "Characters": 96}
_LEAST_LINE_WIDTH, _PADDING = 56, 9
_ZEROS = str.maketrans("123456789", "000000000")
_SEARCH_WIDTH = 300
_BOTH_TEXTS_WIDTH = 480


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
        self.search.setPlaceholderText("Search rows")
        self.search.setToolTip(
            "Searches their beginnings, which is quick; Whole rows searches all of the file."
        )
        self.search.setAccessibleName("Search")
        self.search.setClearButtonEnabled(True)
        self._search_icon = QAction(self.search)
        self.search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        self.whole = QCheckBox("Whole rows")
        self.whole.setToolTip("Search all of every row, as the file has it. This takes longer.")
        self.whole.toggled.connect(self._announce)
        self._pause = self._timer(_SEARCH_MILLISECONDS, self._announce)
        self.search.textChanged.connect(self._pause.start)
        self._rest = self._timer(_REST_MILLISECONDS, self._announce_row)
        self.view = rows_view(theme, self.model, [column.title for column in LARGE_COLUMNS], _WIDTHS)
        self.view.selectionModel().currentRowChanged.connect(self._rest.start)
        head = self.view.horizontalHeader()
        head.setSectionsClickable(True)
        head.setSortIndicatorShown(True)
        head.sortIndicatorChanged.connect(self._announce)
        self._nothing = note("No row passes this filter.")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._theme = theme
        theme.changed.connect(self._tint_icon)
        self._tint_icon()
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
        self._searching = QHBoxLayout()
        self._searching.setSpacing(10)
        self._searching.addWidget(self.search, 1)
        self._searching.addWidget(self.whole)
        self._above = QGridLayout()
        self._above.setSpacing(10)
        self._above.setColumnStretch(1, 1)
        self._above.addWidget(self.chips, 0, 0)
        self._above.addLayout(self._searching, 0, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self._nothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(self._above)
        column.addWidget(self._stack, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As in the small table: what does not fit beside each other stands below each other."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = self.width()
        self.chips.fit(width)
        below = width - self.chips.width_in_one_row() < _SEARCH_WIDTH
        self._above.removeItem(self._searching)
        self._above.addWidget(self.chips, 0, 0, 1, 2 if below else 1)
        self._above.addLayout(self._searching, int(below), 0 if below else 1, 1, 2 if below else 1)
        self.view.setColumnHidden(_ANSWER, width < _BOTH_TEXTS_WIDTH)

    def show_rows(self) -> None:
        """Show the rows there are and stand on one of them, or say that none passes what is asked."""
        asked = bool(self.query()) and not self.model.rowCount()
        self._stack.setCurrentWidget(self._nothing if asked else self.view)
        self.stand_on_first()

    def _tint_icon(self) -> None:
        self._search_icon.setIcon(self._theme.icon("search"))

    def _announce(self) -> None:
        self._pause.stop()
        self.query_changed.emit(self.query())

    def _announce_row(self) -> None:
        row = self.model.row(self.view.currentIndex().row()) if self.view.currentIndex().isValid() else None
        if row is not None:
            self.row_chosen.emit(row.number)

    def set_counts(self, counts: Mapping[str, int], expected: int) -> None:
        """Write how many rows there are of each state; marks get room when there is one.

        `expected` is the number of rows there may be in the end.
        """
        self.chips.set_counts(counts)
        self.chips.set_offered({key for key, count in counts.items() if count} | {"all", self.chips.current})
        self.view.setColumnHidden(_MARK, not (counts["warnings"] or counts["bad"]))
        digits = self.view.fontMetrics().horizontalAdvance(f"{expected:,}".translate(_ZEROS))
        width = max(_LEAST_LINE_WIDTH, digits + 2 * _PADDING)
        if self.view.columnWidth(0) != width:
            self.view.setColumnWidth(0, width)
        self._fit()

    def stand_on_first(self) -> None:
        """Choose the first row unless one is chosen."""
        if not self.view.currentIndex().isValid() and self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(0, 0, QModelIndex()))
