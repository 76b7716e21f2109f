"""The card below the curves: the log, the sample answers, and what was prepared, one at a time."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QButtonGroup, QGridLayout, QPlainTextEdit, QStackedWidget, QWidget

from studio import words
from studio.events import Advice, Event, Log, Prepared, Probed, Rewards, Sampled, Saved, Skipped, Validated
from studio.language import tr
from studio.ui.panes.training.remedies import spoken
from studio.ui.panes.training.watch import SampleList
from studio.ui.theme import fixed_font
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, PlainLabel, note
from studio.ui.widgets.layout import scrolled
from studio.ui.widgets.style import empty_layout
from studio.ui.widgets.timing import Throttle

LOG_LINES = 5000
WRITE_MILLISECONDS = 150


def log_line(event: Event) -> str:
    """What the log says of an event, or nothing for those that only plots show."""
    match event:
        case Log():
            return tr("Warning: {text}", text=event.text) if event.level == "warning" else event.text
        case Prepared():
            return tr(
                "{trainable_parameters:,} of {total_parameters:,} parameters train, {read}, {steps:,} steps",
                trainable_parameters=event.trainable_parameters,
                total_parameters=event.total_parameters,
                read=event.read,
                steps=event.steps,
            )
        case Skipped():
            again = tr(", {in_a_row} in a row", in_a_row=event.in_a_row) if event.in_a_row > 1 else ""
            return tr(
                "Warning: step {step:,}: the update was skipped, {reason}{again}",
                step=event.step,
                reason=event.reason,
                again=again,
            )
        case Probed():
            return tr("step {step:,}: general text loss {loss:.4f}", step=event.step, loss=event.loss)
        case Rewards(part="validation"):
            right = words.percent(event.accuracy)
            return tr(
                "step {step:,}: margin {margin:+.3f}, {right} of {pairs:,} pairs right",
                step=event.step,
                margin=event.margin,
                right=right,
                pairs=event.pairs,
            )
        case Advice():
            return tr(
                "step {step:,}: {name}. {evidence} {spoken}",
                step=event.step,
                name=event.name,
                evidence=event.evidence,
                spoken=spoken(event.remedy),
            )
        case Validated():
            best = tr(", best so far") if event.best else ""
            return tr(
                "step {step:,}: validation loss {loss:.4f}{best}", step=event.step, loss=event.loss, best=best
            )
        case Saved():
            return tr("step {step:,}: saved {folder}", step=event.step, folder=event.folder)
    return ""


class RunLog(QPlainTextEdit):
    """The last 5,000 lines; they can be selected and copied."""

    def __init__(self) -> None:
        super().__init__()
        self._pending: list[str] = []
        self._timer = Throttle(self, WRITE_MILLISECONDS, self._write)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setMaximumBlockCount(LOG_LINES)
        self.setFont(fixed_font(12))
        self.setAccessibleName(tr("Log of the run"))
        self.setPlaceholderText(tr("The log appears here."))
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
        if self._pending:
            self._timer.trigger()

    def _write(self) -> None:
        if self._pending:
            bar = self.verticalScrollBar()
            follows = bar.value() >= bar.maximum() - 1
            self.appendPlainText("\n".join(self._pending[-LOG_LINES:]))
            self._pending.clear()
            if follows:
                bar.setValue(bar.maximum())


class RunTabs(Card):
    """What a run says in words: line by line, in samples, and in numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.log, self.samples, self.details = RunLog(), SampleList(), RunFacts()
        self._stack = QStackedWidget()
        self._tabs = QButtonGroup(self)
        self._buttons: dict[str, Button] = {}
        for index, (title, widget) in enumerate(self._pages().items()):
            self._stack.addWidget(widget)
            button = self._buttons[title] = Button(title, "tab")
            button.setCheckable(True)
            self._tabs.addButton(button, index)
            self.head.insertWidget(index, button)
        self.head.setSpacing(2)
        self._column.setSpacing(8)
        self._tabs.idClicked.connect(self._stack.setCurrentIndex)
        self._buttons[tr("Log")].setChecked(True)
        self._copy = IconButton("copy", tr("Copy the whole log"))
        self._copy.clicked.connect(self._copy_log)
        self.head.addStretch(1)
        self.head.addWidget(self._copy)
        self._stack.currentChanged.connect(self._on_turned)
        self._stack.setMinimumHeight(72)
        self.body.addWidget(self._stack, 1)

    def turn_to(self, title: str) -> None:
        """Show Log, Samples or Details."""
        self._buttons[title].click()

    def clear(self) -> None:
        for page in (self.log, self.samples, self.details):
            page.clear()
        self._count()

    def log_event(self, event: Event) -> None:
        self.log.add(log_line(event))

    def add_sample(self, sampled: Sampled) -> None:
        self.samples.add(sampled)
        self._count()

    def show_prepared(self, prepared: Prepared) -> None:
        """The run begins, or goes on: samples of what it does again go."""
        self.samples.cut(prepared.first_step)
        self.details.show_prepared(prepared)

    def _pages(self) -> dict[str, QWidget]:
        return {tr("Log"): self.log, tr("Samples"): self.samples, tr("Details"): scrolled(self.details)}

    def _count(self) -> None:
        rounds = len(self.samples.steps())
        self._buttons[tr("Samples")].setText(
            tr("Samples  {rounds}", rounds=rounds) if rounds else tr("Samples")
        )

    def _on_turned(self, index: int) -> None:
        self._copy.setVisible(index == 0)

    def _copy_log(self) -> None:
        QApplication.clipboard().setText(self.log.text())


class RunFacts(QWidget):
    """What a run prepared, as names and values in two columns."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self._facts: dict[str, str] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 10, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(5)
        for column in (1, 4):
            self._grid.setColumnStretch(column, 1)
        self._grid.setColumnMinimumWidth(2, 16)
        self.clear()

    def facts(self) -> dict[str, str]:
        """What is shown: names and values."""
        return dict(self._facts)

    def clear(self) -> None:
        self._facts = {}
        self._write()

    def show_prepared(self, prepared: Prepared) -> None:
        """The sizes of the model, the data and the run."""
        parts = (prepared.train_examples, prepared.validation_examples, prepared.test_examples)
        facts = {
            tr("Parameters"): words.parameters(prepared.total_parameters),
            tr("Trained"): f"{prepared.trainable_parameters:,}",
            tr("Training examples"): f"{prepared.train_records or parts[0]:,}",
            tr("Rows of them"): f"{parts[0]:,}" if prepared.train_records not in (0, parts[0]) else "",
            tr("Validation, test"): f"{parts[1]:,}, {parts[2]:,}",
            tr("Left out, cut"): f"{prepared.skipped_examples:,}, {prepared.cut_examples:,}",
            tr("Learning rate"): words.rate(prepared.learning_rate),
            tr("Shapes of a step"): f"{prepared.shapes:,}" if prepared.shapes else "",
            tr("Prefix cache"): words.memory(prepared.prefix_bytes) if prepared.prefix_bytes else "",
        }
        self._facts.update({name: value for name, value in facts.items() if value})
        self._write()

    def show_skipped(self, count: int) -> None:
        self._facts[tr("Skipped updates")] = f"{count:,}"
        self._write()

    def _write(self) -> None:
        empty_layout(self._grid)
        if not self._facts:
            self._grid.addWidget(note(tr("The sizes of the run appear here when it starts.")), 0, 0, 1, 5)
        for index, (name, value) in enumerate(self._facts.items()):
            row, column = index // 2, 3 * (index % 2)
            label, shown = PlainLabel(name), ElidedLabel(value)
            label.setProperty("tone", "dim")
            shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(label, row, column)
            self._grid.addWidget(shown, row, column + 1)
        self._grid.setRowStretch(self._grid.rowCount(), 1)
