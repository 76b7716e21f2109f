"""The page of a dataset's rows: the table, the chosen example beside it, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QVBoxLayout, QWidget

from studio.events import DatasetRead, ExampleRow, Problem, Rendered
from studio.ui.panes.dataset.cards import ProblemsCard
from studio.ui.panes.dataset.example import ExampleCard
from studio.ui.tables.dataset import Entry
from studio.ui.tables.dataset_table import DatasetTable
from studio.ui.tables.problems import as_sentence
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.pane import GAP

_SIDE_WIDTH = 348
_NARROW = 720
_REST_MILLISECONDS = 40


class RowsPage(QWidget):
    """Emits the line of the example on which the person comes to rest."""

    example_chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.table = DatasetTable(theme)
        self.table.entry_chosen.connect(self._show_entry)
        self.example = ExampleCard(theme)
        self.problems = ProblemsCard(theme)
        self.problems.line_chosen.connect(self.table.choose_line)
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(_REST_MILLISECONDS)
        self._asking.timeout.connect(self._ask)
        self._lay_out()

    def _lay_out(self) -> None:
        rows = Card()
        rows.body.addWidget(self.table)
        self._side = side = QWidget()
        side.setMinimumWidth(_SIDE_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.example, 5)
        column.addWidget(self.problems, 3)
        self._both = both = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(GAP)
        both.addWidget(rows, 5)
        both.addWidget(side, 3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the example stands below the table, and the problems on the page of health."""
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW
        direction = QBoxLayout.Direction
        self._both.setDirection(direction.TopToBottom if narrow else direction.LeftToRight)
        self.problems.set_aside(narrow)

    def show_dataset(self, dataset: DatasetRead) -> None:
        self.problems.show_dataset(dataset)
        self.example.show_nothing("" if dataset.rows else "No row can train.")
        self.table.set_dataset(dataset)

    def show_changes(self, changes: Mapping[tuple[int, str], str], deleted: frozenset[int]) -> None:
        """Show what was changed by hand; the tokens beside stay those of the file, and it is said."""
        self.table.set_changes(changes, deleted)
        if isinstance(entry := self.table.current(), ExampleRow) and self.example.has_example:
            self.example.expect(entry, edited=self.table.model.is_changed(entry.line))

    def show_failure(self, sentence: str) -> None:
        """Say why the rows cannot be rendered; what they hold stays."""
        self._asking.stop()
        self.example.show_nothing(sentence, "Not rendered", "bad")

    def show_example(self, rendered: Rendered) -> None:
        """Show an example's tokens, unless the person has moved on to another row."""
        entry = self.table.current()
        if isinstance(entry, ExampleRow) and entry.line == rendered.line:
            self.example.show_example(entry, rendered, edited=self.table.model.is_changed(entry.line))

    def _show_entry(self, entry: Entry) -> None:
        if isinstance(entry, Problem):
            self.example.show_nothing(as_sentence(entry.reason), f"Line {entry.line:,} cannot train")
        else:
            self.example.expect(entry, edited=self.table.model.is_changed(entry.line))
            self._asking.start()

    def _ask(self) -> None:
        """Ask for the tokens of the row on which the person came to rest."""
        if isinstance(entry := self.table.current(), ExampleRow):
            self.example_chosen.emit(entry.line)
