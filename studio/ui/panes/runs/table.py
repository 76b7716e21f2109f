"""The table of runs: its columns as data, the model that shows them, and the view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from studio import words
from studio.runs.store import RunSummary
from studio.ui.form.model_picker import model_title
from studio.ui.plain import tip
from studio.ui.theme import Theme

Index = QModelIndex | QPersistentModelIndex
SORT_ROLE = Qt.ItemDataRole.UserRole
NAME_ROLE = Qt.ItemDataRole.UserRole + 1
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
NEVER = float("inf")
TONES = {
    "running": "accent",
    "done": "good",
    "stopped": "dim",
    "failed": "bad",
    "interrupted": "warn",
    "damaged": "bad",
}


def exact_match(run: RunSummary) -> str:
    """The share of exact answers before and after, or a dash before the first evaluation."""
    if run.base_exact is None or run.tuned_exact is None:
        return "—"
    return f"{run.base_exact:.0%} → {run.tuned_exact:.0%}".replace("%", " %")


def when(moment: datetime) -> str:
    """A date as a table shows it: 21 Nov, 08:31."""
    return f"{moment.day} {moment:%b, %H:%M}"


@dataclass(frozen=True)
class Column:
    """A column: its head, a cell's words, what it sorts by (None: the words), and its width in pixels."""

    title: str
    words: Callable[[RunSummary], str]
    sort: Callable[[RunSummary], float] | None = None
    width: int = 90
    is_number: bool = False
    from_width: int = 0  # left out of tables narrower than this


COLUMNS = (
    Column("Name", lambda run: run.name, width=170),
    Column("State", lambda run: run.state, width=100),
    Column("Sweep", lambda run: run.sweep or "—", width=120, from_width=900),
    Column("Model", lambda run: model_title(run.model), width=110, from_width=960),
    Column("Dataset", lambda run: PurePath(run.dataset).stem, width=110, from_width=840),
    Column("Steps", lambda run: f"{run.step:,} of {run.steps:,}", lambda run: run.step, 126, True),
    Column(
        "Best loss",
        lambda run: words.loss(run.best_loss),
        lambda run: NEVER if run.best_loss is None else run.best_loss,
        84,
        True,
    ),
    Column(
        "Exact match",
        exact_match,
        lambda run: -1.0 if run.tuned_exact is None else run.tuned_exact,
        112,
        True,
    ),
    Column("Date", lambda run: when(run.created), lambda run: run.created.timestamp(), 128, True),
)
DATE = len(COLUMNS) - 1
SWEEP = next(number for number, column in enumerate(COLUMNS) if column.title == "Sweep")


class RunsModel(QAbstractTableModel):
    """Runs as rows; numbers sort as numbers."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.runs: list[RunSummary] = []
        theme.changed.connect(self._repaint)

    def set_runs(self, runs: Sequence[RunSummary]) -> None:
        self.beginResetModel()
        self.runs = list(runs)
        self.endResetModel()

    def run(self, name: str) -> RunSummary | None:
        return next((run for run in self.runs if run.name == name), None)

    def names_of_sweep(self, sweep: str) -> list[str]:
        """The runs that belong to a sweep."""
        return [run.name for run in self.runs if sweep and run.sweep == sweep]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title
        return _alignment(COLUMNS[section]) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = 0) -> Any:
        run, column = self.runs[index.row()], COLUMNS[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.words(run)
            case Qt.ItemDataRole.ToolTipRole:
                return tip(run.message if column.title == "State" and run.message else column.words(run))
            case Qt.ItemDataRole.TextAlignmentRole:
                return _alignment(column)
            case Qt.ItemDataRole.ForegroundRole if column.title == "State":
                return QColor(getattr(self._theme.tokens, TONES.get(run.state, "dim")))
            case _ if role == SORT_ROLE:
                return column.sort(run) if column.sort else column.words(run).lower()
            case _ if role == NAME_ROLE:
                return run.name
        return None

    def _repaint(self) -> None:
        if self.runs:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.runs) - 1, DATE))


def _alignment(column: Column) -> Qt.AlignmentFlag:
    return RIGHT if column.is_number else LEFT


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
