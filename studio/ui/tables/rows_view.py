"""The table of a dataset's rows, whatever model is behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from studio.ui.tables.delegates import CellDelegate
from studio.ui.theme import Theme

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
