"""The table of runs: its columns as data, the model that shows them, and the view."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QAbstractItemModel, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from studio import words
from studio.catalogue import worded
from studio.language import tr
from studio.runs.store import RunSummary
from studio.ui.form.model_picker import model_title
from studio.ui.tables.delegates import dress
from studio.ui.tables.model import ROW, Index, TableColumn, TableModel
from studio.ui.theme import Theme

NEVER = float("inf")
SOUGHT = ROW + 1
"""The role of what a search looks through."""

_EDIT = int(Qt.ItemDataRole.EditRole)

Column = TableColumn[RunSummary]
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


def recipe_value(run: RunSummary, group: str, name: str) -> float | None:
    """A number of the run's recipe; None where it has none."""
    part = run.recipe.get(group)
    value = part.get(name) if isinstance(part, dict) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _figure(
    title: str,
    of: Callable[[RunSummary], float | None],
    text: Callable[[float], str],
    width: int,
    from_width: int = 0,
) -> Column:
    """A column of numbers, with a dash where a run has none; these sort last."""

    def text_of(run: RunSummary) -> str:
        value = of(run)
        return "—" if value is None else text(value)

    def key(run: RunSummary) -> float:
        value = of(run)
        return NEVER if value is None else value

    return TableColumn(title, text_of, key, True, width=width, from_width=from_width)


def _sweep_of(run: RunSummary) -> str:
    """The sweep or staged recipe that a run belongs to, and which stage of it it is."""
    return f"{run.sweep}, {run.stage}" if run.stage else run.sweep or "—"


COLUMNS: tuple[Column, ...] = (
    TableColumn(
        tr("Name"), lambda run: run.name, tip=lambda run: "\n\n".join(filter(None, (run.name, run.notes)))
    ),
    TableColumn(
        tr("State"),
        lambda run: worded(run.state),
        tone=lambda run: TONES.get(run.state, "dim"),
        tip=lambda run: run.message or worded(run.state),
        width=92,
    ),
    TableColumn(tr("Sweep"), _sweep_of, width=120, from_width=900),
    TableColumn(tr("Model"), lambda run: model_title(run.model), width=100, from_width=1180),
    TableColumn(tr("Dataset"), lambda run: PurePath(run.dataset).stem, width=100, from_width=740),
    _figure(tr("Rate"), lambda run: run.learning_rate, words.rate, width=76, from_width=880),
    _figure(
        tr("Rank"), lambda run: recipe_value(run, "lora", "rank"), "{:g}".format, width=58, from_width=800
    ),
    _figure(
        tr("Seed"), lambda run: recipe_value(run, "loop", "seed"), "{:g}".format, width=58, from_width=1260
    ),
    TableColumn(
        tr("Steps"),
        lambda run: tr("{step:,} of {steps:,}", step=run.step, steps=run.steps),
        lambda run: run.step,
        True,
        width=112,
    ),
    _figure(tr("Tokens"), lambda run: run.tokens or None, words.short_count, width=74, from_width=1030),
    _figure(tr("Time"), lambda run: run.seconds or None, words.duration, width=86, from_width=960),
    _figure(tr("Best loss"), lambda run: run.best_loss, words.loss, width=84),
    TableColumn(
        tr("Exact match"),
        exact_match,
        lambda run: -1.0 if run.tuned_exact is None else run.tuned_exact,
        right=True,
        width=108,
    ),
    TableColumn(
        tr("Date"), lambda run: words.when(run.created), lambda run: run.created.timestamp(), True, width=116
    ),
)
DATE = len(COLUMNS) - 1
SWEEP = next(number for number, column in enumerate(COLUMNS) if column.title == tr("Sweep"))


class RunsModel(TableModel[RunSummary]):
    """Runs as rows; numbers sort as numbers."""

    tips_are_texts = True
    renamed = Signal(str, str)  # a run's name, and the one that was typed

    def __init__(self, theme: Theme) -> None:
        super().__init__(COLUMNS, theme=theme)

    def cell(self, row: RunSummary, place: int, role: int) -> Any:
        if role == SOUGHT:
            return "\n".join(
                (row.name, row.notes, worded(row.state), row.sweep, model_title(row.model), row.dataset)
            )
        if role == _EDIT:
            return row.name
        return super().cell(row, place, role)

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() == 0 else flags

    def setData(self, index: Index, value: Any, role: int = int(Qt.ItemDataRole.EditRole)) -> bool:
        """Announce the name that was typed; the list is read again once the run has it."""
        run = self.rows[index.row()]
        if role == _EDIT and str(value).strip() not in ("", run.name):
            self.renamed.emit(run.name, str(value))
        return False

    def run(self, name: str) -> RunSummary | None:
        return next((run for run in self.rows if run.name == name), None)

    def names_of_sweep(self, sweep: str) -> list[str]:
        """The runs that belong to a sweep."""
        return [run.name for run in self.rows if sweep and run.sweep == sweep]


class RunsTable(QTableView):
    """Leaves out the columns that a narrow window has no room for; the details show them.

    Return and a double click open a run, F2 edits its name, Delete wants it gone.
    """

    opened = Signal()
    delete_wanted = Signal()

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
        dress(self, tr("Runs"))
        self.doubleClicked.connect(self.opened)
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

    def rename(self) -> None:
        """Let the person type another name for the current run."""
        rows = self.selectionModel().selectedRows()
        if len(rows) == 1:
            self.setCurrentIndex(rows[0])
            self.edit(rows[0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.state() is QAbstractItemView.State.EditingState:
            return  # a field passes on the key that ended it
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.opened.emit()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.delete_wanted.emit()
            case Qt.Key.Key_F2:
                self.rename()
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        taken = COLUMNS[SWEEP].width if self._has_sweeps else 0
        for number, column in enumerate(COLUMNS):
            needed = column.from_width + (taken if column.from_width and number != SWEEP else 0)
            hidden = self.viewport().width() < needed or (number == SWEEP and not self._has_sweeps)
            self.setColumnHidden(number, hidden)
