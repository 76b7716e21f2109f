"""The line that says how much was changed by hand, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel


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
