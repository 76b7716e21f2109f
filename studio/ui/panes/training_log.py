"""The run in lines."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPlainTextEdit

from studio import words
from studio.events import Advice, Event, Log, Prepared, Probed, Rewards, Saved, Skipped, Validated
from studio.ui.fonts import fixed_font

LOG_LINES = 5000
WRITE_MILLISECONDS = 150


def log_line(event: Event) -> str:
    """What the log says of an event, or nothing for those that only plots show."""
    match event:
        case Log():
            return f"Warning: {event.text}" if event.level == "warning" else event.text
        case Prepared():
            return (
                f"{event.trainable_parameters:,} of {event.total_parameters:,} parameters train, "
                f"{event.read}, {event.steps:,} steps"
            )
        case Skipped():
            again = f", {event.in_a_row} in a row" if event.in_a_row > 1 else ""
            return f"Warning: step {event.step:,}: the update was skipped, {event.reason}{again}"
        case Probed():
            return f"step {event.step:,}: loss on general text {event.loss:.4f}"
        case Rewards(part="validation"):
            right = words.percent(event.accuracy)
            return f"step {event.step:,}: margin {event.margin:+.3f}, {right} of {event.pairs:,} pairs right"
        case Advice():
            return f"step {event.step:,}: {event.name}. {event.evidence} {event.remedy}"
        case Validated():
            best = ", best so far" if event.best else ""
            return f"step {event.step:,}: validation loss {event.loss:.4f}{best}"
        case Saved():
            return f"step {event.step:,}: saved {event.folder}"
    return ""


class RunLog(QPlainTextEdit):
    """The last 5,000 lines; they can be selected and copied."""

    def __init__(self) -> None:
        super().__init__()
        self._pending: list[str] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_MILLISECONDS)
        self._timer.timeout.connect(self._write)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setMaximumBlockCount(LOG_LINES)
        self.setFont(fixed_font(12))
        self.setAccessibleName("Log of the run")
        self.setPlaceholderText("What happens is written here.")
        self.document().setDocumentMargin(0)
        self.setMinimumHeight(38)

    def text(self) -> str:
        """Every line, also those that are about to be written."""
        self._write()
        return self.toPlainText()

    def clear(self) -> None:
        self._pending.clear()
        super().clear()

    def add(self, *lines: str) -> None:
        """Write lines with the next redraw; empty ones are left out."""
        self._pending.extend(line for line in lines if line)
        if self._pending and not self._timer.isActive():
            self._timer.start()

    def _write(self) -> None:
        if self._pending:
            bar = self.verticalScrollBar()
            follows = bar.value() >= bar.maximum() - 1
            self.appendPlainText("\n".join(self._pending[-LOG_LINES:]))
            self._pending.clear()
            if follows:
                bar.setValue(bar.maximum())
