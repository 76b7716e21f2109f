"""A task that is waited for: how far it is, and a button that stops it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.events import Progress
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel
from studio.ui.widgets.progress_strip import ProgressStrip

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
