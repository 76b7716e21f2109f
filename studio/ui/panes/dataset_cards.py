"""The cards of a dataset's rows beside the example: what needs attention."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy

from studio.events import DatasetRead
from studio.ui.tables.problem_list import ProblemList
from studio.ui.tables.problems import group_problems
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card


class ProblemsCard(Card):
    """Every kind of problem, with a way to its rows."""

    line_chosen = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__("What needs attention")
        self._has_groups, self._is_aside = True, False
        self.list = ProblemList(theme)
        self.list.line_chosen.connect(self.line_chosen)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setProperty("role", "clear")
        scroll.setWidget(self.list)
        self.body.addWidget(scroll, 1)

    def set_aside(self, is_aside: bool) -> None:
        """Whether there is no room for it now."""
        self._is_aside = is_aside
        self.setVisible(self._has_groups and not is_aside)

    def show_dataset(self, dataset: DatasetRead) -> None:
        groups = group_problems(dataset)
        self.list.set_groups(groups)
        lost = {line for group in groups if group.severity == "error" for line in group.lines if line > 0}
        lost -= {row.line for row in dataset.rows}
        fine = "every row can train" if groups else ""
        self.set_value(f"{len(lost):,} cannot train" if lost else fine, "bad" if lost else "good")
        self._has_groups = bool(groups)
        self.setVisible(self._has_groups and not self._is_aside)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
