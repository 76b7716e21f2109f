"""The banner inside the window that says what went wrong, or right."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from studio.ui.widgets.button import Icon, IconButton
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.style import set_property

ICONS = {"bad": "circle-alert", "warn": "triangle-alert", "good": "circle-check", "dim": "info"}


class Notice(QFrame):
    """A sentence that stays until it is closed or replaced; `tone` is dim, good, warn or bad."""

    shown = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._text = WrapLabel()
        self._icons = {tone: Icon(name, 16, "text") for tone, name in ICONS.items()}
        close = IconButton("x", "Close this message")
        close.clicked.connect(self.close_message)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 8, 9)
        row.setSpacing(10)
        for icon in self._icons.values():
            row.addWidget(icon)
        row.addWidget(self._text, 1)
        row.addWidget(close)
        self.hide()

    def text(self) -> str:
        return self._text.text()

    def show_message(self, text: str, tone: str = "bad") -> None:
        """Show a sentence in place of the one before."""
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
