"""The cards beside a dataset's table: the chosen example, the lengths, the problems."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QStackedWidget

from studio.events import DatasetRead, ExampleRow, Rendered
from studio.ui.plots.histogram import Histogram
from studio.ui.tables.problem_list import ProblemList
from studio.ui.tables.problems import group_problems
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel, note
from studio.ui.widgets.token_view import LEGEND, TokenView

_TITLE = "As the model reads it"


class ExampleCard(Card):
    """The chosen example, token by token."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(_TITLE)
        self.tokens = TokenView(theme)
        self.reason = WrapLabel("")
        self.reason.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.tokens)
        self._stack.addWidget(self.reason)
        self._legend = note(LEGEND)
        self._legend.setWordWrap(True)
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self._legend)
        self.setMinimumHeight(180)

    def expect(self, row: ExampleRow) -> None:
        """Name the example that is on its way; the one before stays until it comes, so nothing flickers."""
        self.set_value(f"{row.tokens:,} tokens, {row.trained:,} trained", "dim")

    def show_tokens(self, row: ExampleRow, rendered: Rendered) -> None:
        self.expect(row)
        self.set_title(_TITLE)
        self.tokens.set_pieces(rendered.pieces)
        self._stack.setCurrentWidget(self.tokens)
        self._legend.show()

    def show_nothing(self, reason: str, title: str = _TITLE) -> None:
        """Say why there are no tokens to show."""
        self.set_title(title)
        self.set_value("", "dim")
        self.reason.setText(reason)
        self._stack.setCurrentWidget(self.reason)
        self._legend.hide()


class LengthsCard(Card):
    """How long the examples are, and how many the maximum length cuts or, as plain text, divides."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Token lengths")
        self.histogram = Histogram(theme)
        self.body.addWidget(self.histogram)

    def show_dataset(self, dataset: DatasetRead) -> None:
        limit = dataset.max_length
        lengths = [max(row.tokens, limit + row.cut) if row.cut else row.tokens for row in dataset.rows]
        cut = sum(row.cut > 0 for row in dataset.rows)
        divided = sum(row.tokens > limit for row in dataset.rows)
        said = f"{100 * cut / len(dataset.rows):.1f} % cut" if cut else "none cut"
        said += f", {divided:,} divided" if divided else ""
        self.set_value(f"limit {limit:,}: {said}", "warn" if cut else "dim")
        self.histogram.set_lengths(lengths, limit)


class ProblemsCard(Card):
    """Every kind of problem, with a way to its rows."""

    line_chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__("What needs attention")
        self.list = ProblemList(theme)
        self.list.line_chosen.connect(self.line_chosen)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setProperty("role", "clear")
        scroll.setWidget(self.list)
        self.body.addWidget(scroll, 1)

    def show_dataset(self, dataset: DatasetRead) -> None:
        groups = group_problems(dataset)
        self.list.set_groups(groups)
        lost = {line for group in groups if group.severity == "error" for line in group.lines if line > 0}
        lost -= {row.line for row in dataset.rows}
        fine = "every row can train" if groups else ""
        self.set_value(f"{len(lost):,} cannot train" if lost else fine, "bad" if lost else "good")
        self.setSizePolicy(
            QSizePolicy.Policy.Preferred,
            QSizePolicy.Policy.Expanding if groups else QSizePolicy.Policy.Maximum,
        )
