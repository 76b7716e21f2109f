"""A row of words, one of which is on: which page is shown."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QWidget

from studio.ui.widgets.button import Button


class Tabs(QWidget):
    """Tabs given as (key, title). Emits the key of the one that the person turns to."""

    chosen = Signal(str)

    def __init__(self, pages: Sequence[tuple[str, str]], role: str = "tab") -> None:
        super().__init__()
        self._titles = dict(pages)
        self._buttons: dict[str, Button] = {}
        group = QButtonGroup(self)
        row = QHBoxLayout(self)
        inside = 2 if role == "segment" else 0
        row.setContentsMargins(inside, inside, inside, inside)
        row.setSpacing(2)
        self.setProperty("role", f"{role}s")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        for key, title in pages:
            button = self._buttons[key] = Button(title, role)
            button.setCheckable(True)
            button.clicked.connect(self._announce)
            group.addButton(button)
            row.addWidget(button)
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
