"""A row of words, one of which is on: which page is shown; and a line of keys and what they do."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QWidget

from studio.ui.plain import tip
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel
from studio.ui.widgets.layout import add, row


def key_name(keys: str) -> str:
    """A shortcut as this system writes it: ⇧⌘A, or Ctrl+Shift+A."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


class KeyHints(QWidget):
    """Hints given as (action, key, words), the least needed last: it goes where there is no room.

    Emits the action that was clicked.
    """

    chosen = Signal(str)

    def __init__(self, hints: Sequence[tuple[str, str, str]]) -> None:
        super().__init__()
        self.buttons: dict[str, Button] = {}
        self._row = row(on=self, gap=2)
        for place, (action, key, words) in enumerate(hints):
            if place:
                self._row.addSpacing(6)
            self._last = cap = PlainLabel(key_name(key))
            cap.setProperty("role", "key")
            button = self.buttons[action] = Button(words, "hint")
            button.setToolTip(tip(f"{words} ({cap.text()})"))
            button.setObjectName(action)
            button.clicked.connect(self._announce)
            add(self._row, cap, button)
        add(self._row, ...)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        last = list(self.buttons.values())[-1]
        for widget in (self._last, last):
            widget.show()
        fits = self._row.sizeHint().width() <= event.size().width()
        for widget in (self._last, last):
            widget.setVisible(fits)

    def _announce(self) -> None:
        sender = self.sender()
        self.chosen.emit(sender.objectName() if sender is not None else "")


class Tabs(QWidget):
    """Tabs given as (key, title). Emits the key of the one that the person turns to."""

    chosen = Signal(str)

    def __init__(self, pages: Sequence[tuple[str, str]], role: str = "tab") -> None:
        super().__init__()
        self._titles = dict(pages)
        self._buttons: dict[str, Button] = {}
        group = QButtonGroup(self)
        inside = 2 if role == "segment" else 0
        self.setProperty("role", f"{role}s")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        for key, title in pages:
            button = self._buttons[key] = Button(title, role)
            button.setCheckable(True)
            button.clicked.connect(self._announce)
            group.addButton(button)
        row(*self._buttons.values(), on=self, inside=(inside,) * 4, gap=2)
        self._buttons[pages[0][0]].setChecked(True)

    @property
    def current(self) -> str:
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def button(self, key: str) -> Button:
        return self._buttons[key]

    def choose(self, key: str) -> None:
        """Turn to a page as a click would."""
        self._buttons[key].click()

    def set_count(self, key: str, count: int) -> None:
        """Write a count behind a tab's title; none for zero."""
        self._buttons[key].setText(f"{self._titles[key]}  {count:,}" if count else self._titles[key])

    def _announce(self) -> None:
        self.chosen.emit(self.current)
