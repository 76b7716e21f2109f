"""The table of runs as a view: how it sorts, chooses, and leaves out what a narrow window has no room for."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from studio.ui.panes.runs_table import COLUMNS, DATE, SWEEP

ROW_HEIGHT = 32


class RunsTable(QTableView):
    """Leaves out the columns that a narrow window has no room for; the details show them."""

    def __init__(self) -> None:
        super().__init__()
        self._has_sweeps = False

    def show_model(self, order: QAbstractItemModel) -> None:
        """Show these runs, the newest first."""
        self.setModel(order)
        self.setSortingEnabled(True)
        self.sortByColumn(DATE, Qt.SortOrder.DescendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # runs of one sweep differ at the end
        self.setAccessibleName("Runs")
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setMinimumSectionSize(60)
        for number, column in enumerate(COLUMNS):
            self.setColumnWidth(number, column.width)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def show_sweeps(self, has_sweeps: bool) -> None:
        """Whether there is a column for sweeps; it takes its room from the others that may be left out."""
        self._has_sweeps = has_sweeps
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        taken = COLUMNS[SWEEP].width if self._has_sweeps else 0
        for number, column in enumerate(COLUMNS):
            needed = column.from_width + (taken if column.from_width and number != SWEEP else 0)
            hidden = self.viewport().width() < needed or (number == SWEEP and not self._has_sweeps)
            self.setColumnHidden(number, hidden)
