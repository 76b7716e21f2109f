"""The values of a plot in words: a table in the plot's place, and a file that other programs read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QTableView

from studio.language import tr
from studio.ui.plots.style import CurveStyle

type PlotValues = Sequence[Sequence[float | None]]
"""A row for every x: x itself, then the value of each curve there, or None."""
type Index = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 24


def write_csv(path: Path, columns: Sequence[str], values: PlotValues) -> None:
    """Write all values with the columns' names on top; no value is an empty cell. Raises OSError."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([f"{x:.17g}", *rest] for x, *rest in values)


class ValuesTable(QTableView):
    """The values as a plot's crosshair would say them, the latest on top."""

    def __init__(self, style: CurveStyle) -> None:
        super().__init__()
        self._model = _ValuesModel(style)
        self.setModel(self._model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setAccessibleName(tr("{name}: values, the latest first", name=style.name))
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setHighlightSections(False)

    def show_values(self, columns: Sequence[str], values: PlotValues) -> None:
        """Show these in place of the ones before; where one has scrolled to stays."""
        place = self.verticalScrollBar().value()
        self._model.take(columns, values)
        self.verticalScrollBar().setValue(place)


class _ValuesModel(QAbstractTableModel):
    def __init__(self, style: CurveStyle) -> None:
        super().__init__()
        self._style = style
        self._columns: Sequence[str] = ()
        self._values: PlotValues = ()

    def take(self, columns: Sequence[str], values: PlotValues) -> None:
        self.beginResetModel()
        self._columns, self._values = columns, values
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._values)

    def columnCount(self, parent: Index | None = None) -> int:
        return len(self._columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        value = self._values[-1 - index.row()][index.column()]
        if value is None:
            return ""
        return self._style.words(value) if index.column() else f"{value:,.0f}"

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return self._columns[section] if role == Qt.ItemDataRole.DisplayRole else None
