"""The page of a dataset's rows: the table, the chosen example beside it, and what needs attention."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QSizePolicy, QWidget

from studio.events import DatasetRead, ExampleRow, Problem, Rendered
from studio.language import tr
from studio.ui.panes.dataset.example import ExampleCard
from studio.ui.tables.dataset import Entry
from studio.ui.tables.dataset_table import DatasetTable
from studio.ui.tables.problems import ProblemList, as_sentence, group_problems
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.layout import column, row, scrolled
from studio.ui.widgets.pane import GAP
from studio.ui.widgets.timing import Debounce

_SIDE_WIDTH = 348
_NARROW = 720
_REST_MILLISECONDS = 40


class ProblemsCard(Card):
    """Every kind of problem, with a way to its rows."""

    line_chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("What needs attention"))
        self._has_groups, self._is_narrow = True, False
        self.list = ProblemList(theme)
        self.list.line_chosen.connect(self.line_chosen)
        self.list.setProperty("role", "clear")
        self.body.addWidget(scrolled(self.list), 1)

    def set_narrow(self, is_narrow: bool) -> None:
        """Whether there is no room for it now."""
        self._is_narrow = is_narrow
        self.setVisible(self._has_groups and not is_narrow)

    def show_dataset(self, dataset: DatasetRead) -> None:
        groups = group_problems(dataset)
        self.list.set_groups(groups)
        lost = {line for group in groups if group.severity == "error" for line in group.lines if line > 0}
        lost -= {row.line for row in dataset.rows}
        fine = tr("every row can train") if groups else ""
        self.set_value(
            tr("{count:,} cannot train", count=len(lost)) if lost else fine, "bad" if lost else "good"
        )
        self._has_groups = bool(groups)
        self.setVisible(self._has_groups and not self._is_narrow)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)


class ExamplesPage(QWidget):
    """A table of examples beside the one on which the person stands, which a narrow window puts below."""

    def __init__(self, table: QWidget, example: ExampleCard) -> None:
        super().__init__()
        rows, side = Card(), QWidget()
        rows.body.addWidget(table)
        side.setMinimumWidth(_SIDE_WIDTH)
        self._side = column((example, 5), on=side, gap=GAP)
        self._both = row((rows, 5), (side, 3), gap=GAP)
        column((self._both, 1), on=self, gap=GAP)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        direction = QBoxLayout.Direction
        self._both.setDirection(direction.TopToBottom if self.is_narrow() else direction.LeftToRight)

    def is_narrow(self) -> bool:
        return self.width() < _NARROW


class RowsPage(ExamplesPage):
    """The rows of a dataset in memory. Emits the line of the example on which the person comes to rest."""

    example_chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        self.table, self.example, self.problems = DatasetTable(theme), ExampleCard(theme), ProblemsCard(theme)
        super().__init__(self.table, self.example)
        self._side.addWidget(self.problems, 3)
        self.table.entry_chosen.connect(self._show_entry)
        self.problems.line_chosen.connect(self.table.choose_line)
        self._asking = Debounce(self, _REST_MILLISECONDS, self._ask)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the problems are on the page of health only."""
        super().resizeEvent(event)
        self.problems.set_narrow(self.is_narrow())

    def show_dataset(self, dataset: DatasetRead) -> None:
        self.problems.show_dataset(dataset)
        self.example.show_nothing("" if dataset.rows else tr("No row can train."))
        self.table.set_dataset(dataset)

    def show_failure(self, sentence: str) -> None:
        """Say why the rows cannot be rendered; what they hold stays."""
        self._asking.stop()
        self.example.show_nothing(sentence, tr("Not rendered"), "bad")

    def show_example(self, rendered: Rendered) -> None:
        """Show an example's tokens, unless the person has moved on to another row."""
        entry = self.table.current()
        if isinstance(entry, ExampleRow) and entry.line == rendered.line:
            self.example.show_example(entry, rendered)

    def _show_entry(self, entry: Entry) -> None:
        if isinstance(entry, Problem):
            self.example.show_nothing(
                as_sentence(entry.reason), tr("Line {line:,} cannot train", line=entry.line)
            )
        else:
            self.example.expect(entry)
            self._asking.trigger()

    def _ask(self) -> None:
        """Ask for the tokens of the row on which the person came to rest."""
        if isinstance(entry := self.table.current(), ExampleRow):
            self.example_chosen.emit(entry.line)
