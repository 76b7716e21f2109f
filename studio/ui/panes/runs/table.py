"""The table of runs: its columns as data, the model that shows them, and the view."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath

from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from studio import words
from studio.runs.store import RunSummary
from studio.ui.form.model_picker import model_title
from studio.ui.tables.delegates import dress
from studio.ui.tables.model import TableColumn, TableModel
from studio.ui.theme import Theme

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


COLUMNS: tuple[TableColumn[RunSummary], ...] = (
    TableColumn("Name", lambda run: run.name, width=170),
    TableColumn(
        "State",
        lambda run: run.state,
        tone=lambda run: TONES.get(run.state, "dim"),
        tip=lambda run: run.message or run.state,
        width=100,
    ),
    TableColumn("Sweep", lambda run: run.sweep or "—", width=120, from_width=900),
    TableColumn("Model", lambda run: model_title(run.model), width=110, from_width=960),
    TableColumn("Dataset", lambda run: PurePath(run.dataset).stem, width=110, from_width=840),
    TableColumn("Steps", lambda run: f"{run.step:,} of {run.steps:,}", lambda run: run.step, True, width=126),
    TableColumn(
        "Best loss",
        lambda run: words.loss(run.best_loss),
        lambda run: NEVER if run.best_loss is None else run.best_loss,
        right=True,
        width=84,
    ),
    TableColumn(
        "Exact match",
        exact_match,
        lambda run: -1.0 if run.tuned_exact is None else run.tuned_exact,
        right=True,
        width=112,
    ),
    TableColumn("Date", lambda run: when(run.created), lambda run: run.created.timestamp(), True, width=128),
)
DATE = len(COLUMNS) - 1
SWEEP = next(number for number, column in enumerate(COLUMNS) if column.title == "Sweep")


class RunsModel(TableModel[RunSummary]):
    """Runs as rows; numbers sort as numbers."""

    tips_are_texts = True

    def __init__(self, theme: Theme) -> None:
        super().__init__(COLUMNS, theme=theme)

    def run(self, name: str) -> RunSummary | None:
        return next((run for run in self.rows if run.name == name), None)

    def names_of_sweep(self, sweep: str) -> list[str]:
        """The runs that belong to a sweep."""
        return [run.name for run in self.rows if sweep and run.sweep == sweep]


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
        dress(self, "Runs")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # runs of one sweep differ at the end
        head = self.horizontalHeader()
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
