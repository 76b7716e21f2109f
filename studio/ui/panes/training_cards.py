"""The cards of the training pane: the model in numbers, how far the run is, and its log."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPlainTextEdit, QProgressBar

from studio import words
from studio.events import Event, Log, ModelCounted, Prepared, Saved, Step, Validated
from studio.ui.fonts import fixed_font
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import KeyFigure, note

LOG_LINES = 5000
WRITE_MILLISECONDS = 150
NO_MODEL = "Counted as soon as a model is chosen."


class ModelCard(Card):
    """How much of the model trains, what it weighs, and the learning rate that was chosen."""

    def __init__(self) -> None:
        super().__init__("Model")
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Share of parameters that train")
        self._words = note(NO_MODEL)
        self.body.addWidget(self._bar)
        self.body.addWidget(self._words)
        self._bar.hide()

    def show_count(self, count: ModelCounted) -> None:
        share = count.trainable_parameters / max(count.total_parameters, 1)
        self.set_value(f"{words.percent(share)} trains")
        self._bar.setValue(round(1000 * share))
        self._bar.show()
        trains, total = words.parameters(count.trainable_parameters), words.parameters(count.total_parameters)
        self._words.setText(
            f"{trains} of {total} parameters train. {words.file_size(count.weights_bytes)} of weights. "
            f"Learning rate {words.rate(count.learning_rate)}."
        )


class FiguresCard(Card):
    """Step, epoch, time left and learning rate; `written` a few times a second however fast steps come."""

    written = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._step, self._epoch = KeyFigure("—", "step"), KeyFigure("—", "epoch")
        self._left, self._rate = KeyFigure("—", "left"), KeyFigure("—", "learning rate")
        self._epochs = 0.0
        self._running = False
        self._latest: Step | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_MILLISECONDS)
        self._timer.timeout.connect(self._write)
        row = QHBoxLayout()
        row.setSpacing(20)
        for figure in (self._step, self._epoch, self._left, self._rate):
            row.addWidget(figure, 1)
        self.body.addLayout(row)

    def clear(self) -> None:
        self._timer.stop()
        self._latest = None
        for figure in (self._step, self._epoch, self._left, self._rate):
            figure.set_value("—")

    def set_running(self, running: bool) -> None:
        """Whether to show the time that is left, or the time it took."""
        self._running = running
        self._write()

    def show_step(self, step: Step, epochs: float) -> None:
        self._latest, self._epochs = step, epochs
        if not self._timer.isActive():
            self._timer.start()

    def _write(self) -> None:
        if (step := self._latest) is None:
            return
        self._step.set_value(f"{step.step:,}")
        self._step.set_caption(f"of {step.steps:,} steps")
        self._epoch.set_value(f"{step.epoch:.1f}")
        self._epoch.set_caption(f"of {self._epochs:g} epochs")
        self._left.set_caption("left" if self._running else "taken")
        self._left.set_value(words.duration(step.seconds_left if self._running else step.seconds))
        self._rate.set_value(words.rate(step.learning_rate))
        self.written.emit()


def log_line(event: Event) -> str:
    """What the log says of an event, or nothing for those that only plots show."""
    match event:
        case Log():
            return f"Warning: {event.text}" if event.level == "warning" else event.text
        case Prepared():
            return (
                f"{event.trainable_parameters:,} of {event.total_parameters:,} parameters train, "
                f"{event.train_examples:,} examples, {event.steps:,} steps"
            )
        case Validated():
            best = ", best so far" if event.best else ""
            return f"step {event.step:,}: validation loss {event.loss:.4f}{best}"
        case Saved():
            return f"step {event.step:,}: saved {event.folder}"
    return ""


class LogCard(Card):
    """The run in lines, the last 5,000 of them; they can be selected and copied."""

    def __init__(self) -> None:
        super().__init__("Log")
        self._pending: list[str] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WRITE_MILLISECONDS)
        self._timer.timeout.connect(self._write)
        self._lines = QPlainTextEdit()
        self._lines.setReadOnly(True)
        self._lines.setUndoRedoEnabled(False)
        self._lines.setMaximumBlockCount(LOG_LINES)
        self._lines.setFont(fixed_font(12))
        self._lines.setAccessibleName("Log of the run")
        self._lines.setPlaceholderText("What happens is written here.")
        self._lines.document().setDocumentMargin(0)
        self._lines.setMinimumHeight(38)
        copy = IconButton("copy", "Copy the whole log")
        copy.clicked.connect(self._copy)
        self.head.addWidget(copy)
        self.body.addWidget(self._lines, 1)

    def text(self) -> str:
        self._write()
        return self._lines.toPlainText()

    def clear(self) -> None:
        self._pending.clear()
        self._lines.clear()

    def add(self, *lines: str) -> None:
        """Write lines with the next redraw; empty ones are left out."""
        self._pending.extend(line for line in lines if line)
        if self._pending and not self._timer.isActive():
            self._timer.start()

    def _write(self) -> None:
        if self._pending:
            bar = self._lines.verticalScrollBar()
            follows = bar.value() >= bar.maximum() - 1
            self._lines.appendPlainText("\n".join(self._pending[-LOG_LINES:]))
            self._pending.clear()
            if follows:
                bar.setValue(bar.maximum())

    def _copy(self) -> None:
        QApplication.clipboard().setText(self.text())
