"""What a pane shows when there is nothing, when something failed, while it works, and when it asks."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QWidget

from studio.language import tr
from studio.ui.widgets.button import Button, Icon, IconButton
from studio.ui.widgets.label import PlainLabel, WrapLabel
from studio.ui.widgets.layout import add, column, row
from studio.ui.widgets.style import set_property, show_progress


class ConfirmBar(QFrame):
    """Hidden until it asks; `confirmed` when the person agrees."""

    confirmed = Signal()

    def __init__(self, agree: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setProperty("tone", "bad")
        self._text = WrapLabel()
        self.agree, self.cancel = Button(agree, "danger"), Button(tr("Cancel"))
        mark = Icon("triangle-alert", 16, "text")
        row(mark, (self._text, 1), self.cancel, self.agree, on=self, inside=(14, 9, 10, 9))
        self.cancel.clicked.connect(self.hide)
        self.agree.clicked.connect(self._on_agreed)
        self.hide()

    def ask(self, question: str) -> None:
        self._text.setText(question)
        self.show()
        self.cancel.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _on_agreed(self) -> None:
        self.hide()
        self.confirmed.emit()


ICONS = {"bad": "circle-alert", "warn": "triangle-alert", "good": "circle-check", "dim": "info"}


class Notice(QFrame):
    """A sentence that stays until it is closed or replaced; `tone` is dim, good, warn or bad."""

    shown = Signal()
    closed = Signal()
    chosen = Signal(str)  # the key of its button, which closes it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._text, self._cause = WrapLabel(), ""
        self._icons = {tone: Icon(name, 16, "text") for tone, name in ICONS.items()}
        self.action, self._key = Button("", "link"), ""
        self.action.clicked.connect(self._choose)
        close = IconButton("x", tr("Close this message"))
        close.clicked.connect(self.close_message)
        row(*self._icons.values(), (self._text, 1), self.action, close, on=self, inside=(14, 9, 8, 9))
        self.hide()

    def text(self) -> str:
        return self._text.text()

    def show_message(
        self, text: str, tone: str = "bad", action: str = "", key: str = "", cause: str = ""
    ) -> None:
        """Show a sentence in place of the one before, and a button that announces `key`, if it is named.

        It is closed when its `cause` has ended, if it has one.
        """
        self._key, self._cause = key, cause
        self.action.setText(action)
        self.action.setAccessibleName(action)
        self.action.setVisible(bool(action))
        for name, icon in self._icons.items():
            icon.setVisible(name == tone)
        set_property(self, "tone", tone)
        self._text.setText(text)
        self.setAccessibleName(text)
        self.show()
        self.shown.emit()

    def close_message(self) -> None:
        self.hide()
        self.closed.emit()

    def end(self, cause: str) -> None:
        """Close the message if this was its cause."""
        if cause == self._cause and not self.isHidden():
            self.close_message()

    def _choose(self) -> None:
        self.close_message()
        self.chosen.emit(self._key)


WIDTH = 440
CENTRED = Qt.AlignmentFlag.AlignHCenter


class _State(QWidget):
    """A column in the middle of the area, a little above its centre."""

    def __init__(self) -> None:
        super().__init__()
        middle = QWidget()
        middle.setFixedWidth(WIDTH)
        self.column = column(on=middle)
        outer = column(..., (middle, CENTRED), ..., on=self, gap=0)
        outer.setStretch(0, 2)
        outer.setStretch(2, 3)

    def _add_words(self, icon: str, title: str, text: str, tone: str) -> None:
        add(self.column, (Icon(icon, 32, tone), CENTRED), 6)
        for words, role, shade in ((title, "state-title", ""), (text, "", "dim")):
            label = WrapLabel(words, role, shade)
            label.setAlignment(CENTRED)
            self.column.addWidget(label)
            label.setVisible(bool(words))  # only now: by itself it would be a window
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)

    def _add_buttons(self, *buttons: Button) -> None:
        add(self.column, 10, row(..., *buttons, ...))


class EmptyState(_State):
    """One sentence that teaches, and the button that begins."""

    chosen = Signal()
    second_chosen = Signal()
    third_chosen = Signal()

    def __init__(
        self,
        icon: str,
        title: str,
        text: str,
        button_text: str | None = None,
        second_button_text: str | None = None,
        link_text: str | None = None,
    ) -> None:
        super().__init__()
        self._add_words(icon, title, text, "faint")
        buttons = []
        if button_text:
            buttons.append(Button(button_text, "primary"))
            buttons[-1].clicked.connect(self.chosen)
        if second_button_text:
            buttons.insert(0, Button(second_button_text))
            buttons[0].clicked.connect(self.second_chosen)
        if buttons:
            self._add_buttons(*buttons)
        if link_text:
            self.add_link(link_text).clicked.connect(self.third_chosen)

    def add_link(self, text: str) -> Button:
        """Another way to begin, below the others."""
        link = Button(text, "link")
        add(self.column, 6, (link, CENTRED))
        return link


class FailedState(_State):
    """What happened, and the button that puts it right."""

    chosen = Signal()

    def __init__(self, title: str, text: str, button_text: str | None = None) -> None:
        super().__init__()
        self._add_words("triangle-alert", title, text, "dim")
        if button_text:
            button = Button(button_text, "primary")
            button.clicked.connect(self.chosen)
            self._add_buttons(button)


class BusyState(_State):
    """Progress in words and a bar, and a button that stops it."""

    stop_requested = Signal()

    def __init__(self, text: str, can_stop: bool = True) -> None:
        super().__init__()
        self._text = WrapLabel(text, "state-title")
        self._text.setAlignment(CENTRED)
        self._detail = PlainLabel("")
        self._detail.setAlignment(CENTRED)
        self._detail.setProperty("tone", "dim")
        self._bar = QProgressBar()
        show_progress(self._bar, 0, None)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(text)
        add(self.column, self._text, self._bar, self._detail)
        self._stop = Button(tr("Stop"), icon="square")
        self._stop.clicked.connect(self.stop_requested)
        if can_stop:
            self._add_buttons(self._stop)

    def set_progress(self, done: int, total: int | None) -> None:
        """How far it has come; with no total the bar only moves."""
        show_progress(self._bar, done, total)
        self._detail.setText(
            tr("{done:,} of {total:,}", done=done, total=total) if total else (f"{done:,}" if done else "")
        )
