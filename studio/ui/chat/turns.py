"""One example as the conversation that its author wrote."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea

from studio.events import Turn
from studio.language import tr
from studio.ui.widgets.label import PlainLabel, WrapLabel, note
from studio.ui.widgets.layout import add, clear, column, row
from studio.ui.widgets.style import empty_layout

_MOST_TURNS = 60
_MOST_CHARACTERS = 20_000
_INDENT = 28
_NAMES = {
    "system": tr("System"),
    "user": tr("User"),
    "assistant": tr("Assistant"),
    "tool": tr("Tool"),
    "rejected": tr("Rejected answer"),
    "text": tr("Text"),
}


class TurnBlock(QFrame):
    """One message in a block of its own, under the name of who says it."""

    def __init__(self, turn: Turn) -> None:
        super().__init__()
        self.setObjectName("turn")
        self.setProperty("who", turn.role)
        self.name = PlainLabel(_NAMES.get(turn.role, turn.role.capitalize()))
        self.name.setProperty("role", "section")
        self.words = WrapLabel(turn.text[:_MOST_CHARACTERS] or tr("(empty)"))
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setAccessibleName(f"{self.name.text()}: {turn.text[:200]}")
        lines = column(self.name, self.words, on=self, inside=(11, 8, 11, 9), gap=3)
        if len(turn.text) > _MOST_CHARACTERS:
            add(lines, note(tr("and {value:,} more characters", value=len(turn.text) - _MOST_CHARACTERS)))


class TurnView(QScrollArea):
    """Who says what, from top to bottom; answers stand in from the right, questions from the left."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[TurnBlock] = []
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("The example as a conversation"))
        self._column = column(inside=(0, 0, 4, 0))
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setWidget(clear(self._column))

    def set_turns(self, turns: Sequence[Turn]) -> None:
        """Show these instead of those before."""
        empty_layout(self._column)
        self.blocks = [TurnBlock(turn) for turn in turns[:_MOST_TURNS]]
        several = len(turns) > 1
        for block in self.blocks:
            asks = block.property("who") in ("user", "tool")
            inside = (_INDENT if asks else 0, 0, 0 if asks or not several else _INDENT, 0)
            self._column.addLayout(row(block, inside=inside))
        if len(turns) > _MOST_TURNS:
            self._column.addWidget(note(tr("and {value:,} more turns", value=len(turns) - _MOST_TURNS)))
        self.verticalScrollBar().setValue(0)
