"""The dataset pane: what is in a file, what is wrong with it, and how the model reads each example."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.events import DatasetRead, ExampleRow, Problem, Progress, Rendered
from studio.ui.panes.dataset_cards import ExampleCard, LengthsCard, ProblemsCard
from studio.ui.tables.dataset import Entry
from studio.ui.tables.dataset_table import DatasetTable
from studio.ui.tables.problems import as_sentence
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.states import BusyState, EmptyState, FailedState

FORMATS = (
    "JSON Lines, JSON, CSV, Parquet or text. Instruction, chat, prompt and completion, classification, "
    "preference or plain text: the format is recognised."
)
_SIDE_WIDTH = 312
_REST_MILLISECONDS = 40


class DatasetPane(Pane):
    """Shows one dataset. Knows nothing of files or tokenizers."""

    open_requested = Signal()
    sample_requested = Signal()
    train_requested = Signal()
    stop_requested = Signal()
    example_chosen = Signal(int)  # line

    def __init__(self, theme: Theme) -> None:
        super().__init__("Dataset")
        self._dataset: DatasetRead | None = None
        self._busy: BusyState | None = None
        self._open = self.header.add_button("Open…", icon="folder-open")
        self._open.clicked.connect(self.open_requested)
        self._train = self.header.add_button("Train on this", role="primary")
        self._train.clicked.connect(self.train_requested)
        self.table = DatasetTable(theme)
        self.table.entry_chosen.connect(self._show_entry)
        self.example = ExampleCard(theme)
        self.lengths = LengthsCard(theme)
        self.problems = ProblemsCard(theme)
        self.problems.line_chosen.connect(self.table.choose_line)
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(_REST_MILLISECONDS)
        self._asking.timeout.connect(self._ask)
        self._lay_out()
        self.show_empty()

    def _lay_out(self) -> None:
        rows = Card()
        rows.body.addWidget(self.table)
        side = QWidget()
        side.setMinimumWidth(_SIDE_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self.example, 5)
        column.addWidget(self.lengths)
        column.addWidget(self.problems, 3)
        both = QHBoxLayout()
        both.setSpacing(14)
        both.addWidget(rows, 5)
        both.addWidget(side, 3)
        self.content.addLayout(both)

    def show_empty(self) -> None:
        state = EmptyState("database", "Drop a dataset here", FORMATS, "Try the sample", "Choose a file…")
        state.chosen.connect(self.sample_requested)
        state.second_chosen.connect(self.open_requested)
        self._show_only("Dataset", "The examples that a model learns from.", state)

    def show_busy(self, path: str) -> None:
        self._busy = BusyState(f"Reading {Path(path).name}")
        self._busy.stop_requested.connect(self.stop_requested)
        self._show_only(Path(path).stem, "Every row is read, checked and turned into tokens.", self._busy)

    def show_progress(self, progress: Progress) -> None:
        if self._busy is not None:
            self._busy.set_progress(progress.done, progress.total)

    def show_failure(self, sentence: str) -> None:
        state = FailedState("This dataset could not be read", sentence, "Choose another file…")
        state.chosen.connect(self.open_requested)
        self._show_only("Dataset", "", state)

    def _show_only(self, title: str, subtitle: str, state: QWidget) -> None:
        self.header.set_title(title)
        self.header.set_subtitle(subtitle)
        self._train.hide()
        self._open.hide()
        self.show_state(state)

    def show_dataset(self, dataset: DatasetRead) -> None:
        self._dataset, self._busy = dataset, None
        self.show_state(None)
        self._train.show()
        self._open.show()
        self._train.setEnabled(any(row.split == "train" for row in dataset.rows))
        self.header.set_title(dataset.name)
        self.lengths.show_dataset(dataset)
        self.problems.show_dataset(dataset)
        self.example.show_nothing("No row can train.")
        self.table.set_dataset(dataset)
        self.header.set_subtitle(self._facts(dataset))

    def _facts(self, dataset: DatasetRead) -> str:
        counts = self.table.model.counts()
        attention = counts["attention"]
        splits = " / ".join(f"{counts[split]:,} {split}" for split in ("train", "validation", "test"))
        needing = f"{attention:,} row{' needs' if attention == 1 else 's need'} attention"
        parts = [f"{len(dataset.rows):,} examples", dataset.format, needing if attention else "", splits]
        return " · ".join(part for part in parts if part)

    def show_example(self, rendered: Rendered) -> None:
        """Show an example's tokens, unless the person has moved on to another row."""
        entry = self.table.current()
        if isinstance(entry, ExampleRow) and entry.line == rendered.line:
            self.example.show_tokens(entry, rendered)

    def _show_entry(self, entry: Entry) -> None:
        if isinstance(entry, Problem):
            self.example.show_nothing(as_sentence(entry.reason), f"Line {entry.line:,} cannot train")
        else:
            self.example.expect(entry)
            self._asking.start()

    def _ask(self) -> None:
        """Ask for the tokens of the row on which the person came to rest."""
        if isinstance(entry := self.table.current(), ExampleRow):
            self.example_chosen.emit(entry.line)
