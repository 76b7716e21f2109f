"""How far something is: a bar over a line of words."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from studio.events import Progress
from studio.ui.widgets.label import ElidedLabel


def progress_words(progress: Progress) -> str:
    """12 of 40 MB downloaded; where nothing is counted, only what is done."""
    if progress.total:
        return f"{progress.done:,} of {progress.total:,} {progress.what}"
    return f"{progress.done:,} {progress.what}" if progress.done else f"{progress.what}…"


class ProgressStrip(QWidget):
    """With no total the bar only moves."""

    def __init__(self) -> None:
        super().__init__()
        self.bar, self.said = QProgressBar(), ElidedLabel()
        self.bar.setTextVisible(False)
        self.said.setProperty("tone", "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.bar)
        column.addWidget(self.said)

    def show_progress(self, progress: Progress) -> None:
        self.bar.setRange(0, progress.total or 0)
        self.bar.setValue(progress.done)
        self.bar.setAccessibleName(progress_words(progress))
        self.said.setText(progress_words(progress))

    def rest(self, words: str) -> None:
        """Stop moving, and say why."""
        self.bar.setRange(0, max(self.bar.maximum(), 1))
        self.said.setText(words)
