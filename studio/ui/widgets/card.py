"""The card: a title on the left, its current value on the right, and a body below."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame

from studio.ui.widgets.label import ElidedLabel, PlainLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.style import set_property


class Card(QFrame):
    """A surface with 16 pixels inside; put widgets in `body`, and extra ones in the head with `head`."""

    def __init__(self, title: str = "", value: str = "") -> None:
        super().__init__()
        self.setObjectName("card")
        self._title, self._value = PlainLabel(title), ElidedLabel(value)
        self._title.setProperty("role", "title")
        self._title.setTextFormat(Qt.TextFormat.PlainText)
        self._value.setProperty("tone", "dim")
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.head, self.body = row(self._title, (self._value, 1), gap=12), column()
        self._column = column(self.head, (self.body, 1), on=self, inside=(16, 13, 16, 14))
        self._show_head()

    def title(self) -> str:
        return self._title.text()

    def value(self) -> str:
        return self._value.text()

    def set_title(self, title: str) -> None:
        self._title.setText(title)
        self._show_head()

    def set_value(self, text: str, tone: str = "dim") -> None:
        """The current value, in dim, good, warn or bad."""
        if text != self._value.text():
            self._value.setText(text)
        set_property(self._value, "tone", tone)
        self._show_head()

    def _show_head(self) -> None:
        self._title.setVisible(bool(self._title.text()))
        self._value.setVisible(bool(self._title.text() or self._value.text()))
        self._column.setSpacing(10 if self._title.text() or self._value.text() else 0)
