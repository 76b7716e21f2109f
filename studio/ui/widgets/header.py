"""The head of a pane: what is there, the facts, and at most three buttons."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio.ui.widgets.button import Button
from studio.ui.widgets.label import ElidedLabel


class PaneHeader(QWidget):
    """A title with a line of facts below it, and buttons at the right; add the primary one last."""

    def __init__(self, title: str, subtitle: str = "") -> None:
        super().__init__()
        self._title, self._subtitle = ElidedLabel(title), ElidedLabel(subtitle)
        self._title.setProperty("role", "pane-title")
        self._subtitle.setProperty("tone", "dim")
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._subtitle)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(10)
        self._row.addLayout(words, 1)
        self.setMinimumHeight(48)

    def title(self) -> str:
        return self._title.text()

    def subtitle(self) -> str:
        return self._subtitle.text()

    def set_title(self, title: str) -> None:
        self._title.setText(title)

    def set_subtitle(self, subtitle: str) -> None:
        self._subtitle.setText(subtitle)

    def add_button(self, text: str, role: str = "plain", icon: str | None = None) -> Button:
        """A button to the right of those added before; `icon` is the name of a Lucide icon."""
        button = Button(text, role, icon)
        self._row.addWidget(button)
        return button

    def add_widget(self, widget: QWidget) -> None:
        """Anything else that belongs beside the buttons."""
        self._row.addWidget(widget)
