"""Where what is asked is written: the prompt below the conversation, the system prompt above it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from studio.language import tr
from studio.ui.chat.text import PromptField
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import PlainLabel, note
from studio.ui.widgets.layout import add, row


class AskCard(Card):
    """The prompt field with its buttons, and a line that says what is going on."""

    submitted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.prompt = PromptField(tr("Ask"))
        self.prompt.submitted.connect(self.send)
        self.prompt.textChanged.connect(self._settle)
        self.send_button = Button(tr("Send"), "primary")
        self.send_button.clicked.connect(self.send)
        self.stop_button = Button(tr("Stop"), "danger", "square")
        self.note = note("")
        self._busy = False
        low = Qt.AlignmentFlag.AlignBottom
        self.line = row((self.prompt, 1), (self.send_button, low), (self.stop_button, low))
        add(self.body, self.line, self.note)
        self.say("")
        self._settle()

    def send(self) -> None:
        """Send what stands in the field, unless there is nothing or an answer is still coming."""
        prompt = self.text()
        if prompt and not self._busy:
            self.prompt.clear()
            self.submitted.emit(prompt)

    def text(self) -> str:
        """What stands in the field."""
        return self.prompt.toPlainText().strip()

    def set_prompt(self, prompt: str) -> None:
        """Put a prompt into the field, ready to send or to change."""
        self.prompt.setPlainText(prompt)
        self.prompt.selectAll()
        self.prompt.setFocus()

    def set_busy(self, busy: bool) -> None:
        """Whether answers are coming, which can be stopped."""
        self._busy = busy
        self._settle()

    def say(self, text: str, tone: str = "") -> None:
        """A line below the field, or none."""
        self.note.setText(text)
        self.note.set_tone(tone)
        self.note.setVisible(bool(text))

    def _settle(self) -> None:
        self.send_button.setVisible(not self._busy)
        self.stop_button.setVisible(self._busy)
        self.send_button.setEnabled(bool(self.text()))


class SystemPrompt(QFrame):
    """Holds the system prompt; one that the person wrote is not replaced by what a run was trained with."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.field = PromptField(
            tr("None. What is written here stands before every conversation."), sends=False
        )
        self.field.setAccessibleName(tr("System prompt"))
        self.reset = Button(tr("Use the trained one"), "quiet")
        self.reset.clicked.connect(self._take_trained)
        self._trained = ""
        name = PlainLabel(tr("System prompt"))
        name.setProperty("role", "caption")
        row(name, (self.field, 1), self.reset, on=self, gap=10)
        self.field.textChanged.connect(self._on_edited)
        self._settle()

    def text(self) -> str:
        """The system prompt; nothing where there is none."""
        return self.field.toPlainText().strip()

    def set_trained(self, prompt: str) -> None:
        """A run was trained with this one, or none; it stands in the field unless another was written."""
        before, self._trained = self._trained, prompt
        if self.text() == before.strip():
            self._take_trained()
        self._settle()

    def _take_trained(self) -> None:
        self.field.setPlainText(self._trained)

    def _on_edited(self) -> None:
        self._settle()
        self.changed.emit()

    def _settle(self) -> None:
        self.reset.setVisible(self.text() != self._trained.strip())
        self.reset.setToolTip(
            tr("What the run was trained with") if self._trained else tr("It was trained with none")
        )
        self.reset.setText(tr("Use the trained one") if self._trained else tr("Clear"))
        self.reset.setAccessibleName(self.reset.text())
