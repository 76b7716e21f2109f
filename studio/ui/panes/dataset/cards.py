"""Cards beside the rows of a dataset: what needs attention, and what was changed by hand."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QWidget

from studio.events import DatasetRead
from studio.ui.tables.problems import ProblemList, group_problems
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import PlainLabel


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


class EditsBar(QWidget):
    """Hidden while nothing was changed."""

    undo_requested = Signal()
    redo_requested = Signal()
    save_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.said = PlainLabel("")
        self.said.setProperty("tone", "accent")
        self.undo, self.redo = Button("Undo", "quiet"), Button("Redo", "quiet")
        self.save = Button("Save as dataset…", icon="save")
        self.undo.clicked.connect(self.undo_requested)
        self.redo.clicked.connect(self.redo_requested)
        self.save.clicked.connect(self.save_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        for widget in (self.said, self.undo, self.redo, self.save):
            row.addWidget(widget)
        self.show_count(0, can_redo=False)

    def show_count(self, edits: int, *, can_redo: bool) -> None:
        """How many changes are in force."""
        self.said.setText(f"{edits:,} edit{'s' if edits != 1 else ''}")
        self.undo.setEnabled(edits > 0)
        self.redo.setEnabled(can_redo)
        for widget in (self.said, self.save):
            widget.setVisible(edits > 0)
        self.setVisible(edits > 0 or can_redo)
