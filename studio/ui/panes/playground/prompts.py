"""The menu of a person's own prompts: chosen to be asked, kept, or forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.language import tr
from studio.ui.plain import keyless, tip
from studio.ui.widgets.popup import Menu

_MOST_SHOWN = 30
"""So many prompts are offered at most, for a menu is no list to scroll."""
_WIDE = 70
"""So many characters of a prompt stand in a menu."""
_KEEP = tr("Keep this prompt")


def menu_line(prompt: str) -> str:
    """A prompt as an entry of a menu: one line, and short."""
    line = " ".join(prompt.split())
    return line if len(line) <= _WIDE else f"{line[: _WIDE - 1]}…"


class PromptMenu(Menu):
    """Offers a person's own prompts, the newest first."""

    chosen = Signal(str)
    kept = Signal()  # what stands in the field, or was asked last
    forgotten = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("My prompts"))
        self.setToolTipsVisible(True)
        self.forget = Menu(self, tr("Forget"))
        self.offer(())

    def offer(self, prompts: Sequence[str]) -> None:
        """Offer these, instead of those before."""
        self.clear()
        self.keep = self.addAction(_KEEP)
        self.keep.triggered.connect(lambda: self.kept.emit())
        if not prompts:
            return
        self.addSeparator()
        for prompt in prompts[:_MOST_SHOWN]:
            action = self.addAction(keyless(menu_line(prompt)))
            action.setToolTip(tip(prompt[:500]))
            action.triggered.connect(partial(self.chosen.emit, prompt))
        self.addSeparator()
        self.forget.clear()
        for prompt in prompts[:_MOST_SHOWN]:
            action = self.forget.addAction(keyless(menu_line(prompt)))
            action.triggered.connect(partial(self.forgotten.emit, prompt))
        self.addMenu(self.forget)

    def set_keepable(self, keepable: bool) -> None:
        """Whether there is a prompt that could be kept."""
        self.keep.setEnabled(keepable)
