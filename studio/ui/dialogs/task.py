"""A task that is waited for, with a button that stops it; and a question before something is lost."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from studio.events import Progress
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import ElidedLabel, PlainLabel, WrapLabel


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


_WAIT_MILLISECONDS = 300
_WIDTH = 440


class TaskDialog(QDialog):
    """Appears only when the task takes longer than a moment; closing it stops the task."""

    stop_requested = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setFixedWidth(_WIDTH)
        head = PlainLabel(title)
        head.setProperty("role", "state-title")
        self.progress = ProgressStrip()
        self.progress.show_progress(Progress("Beginning", 0))
        self.stop = Button("Stop", icon="square")
        self.stop.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(14)
        column.addWidget(head)
        column.addWidget(self.progress)
        column.addLayout(buttons)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.timeout.connect(self.open)
        self._wait.start(_WAIT_MILLISECONDS)

    def finish(self) -> None:
        """Go away: the task is over."""
        self._wait.stop()
        self.accept()

    def reject(self) -> None:
        self._wait.stop()
        self.stop_requested.emit()
        super().reject()


class QuestionDialog(QDialog):
    """Accepted when the person agrees; Return and Escape leave things as they are."""

    def __init__(self, question: str, more: str, agree: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(agree)
        self.setFixedWidth(_WIDTH)
        self.agree, self.cancel = Button(agree, "danger"), Button("Cancel")
        self.agree.setAutoDefault(False)
        self.cancel.setDefault(True)
        self.agree.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.agree)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(WrapLabel(question, "state-title"))
        column.addWidget(WrapLabel(more, tone="dim"))
        column.addSpacing(4)
        column.addLayout(buttons)
        self.cancel.setFocus()
