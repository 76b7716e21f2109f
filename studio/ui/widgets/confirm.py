"""A question inside the window, answered by one of two buttons."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from studio.ui.widgets.button import Button, Icon
from studio.ui.widgets.label import WrapLabel


class ConfirmBar(QFrame):
    """Hidden until it asks; `confirmed` when the person agrees."""

    confirmed = Signal()

    def __init__(self, agree: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self.setProperty("tone", "bad")
        self._text = WrapLabel()
        self.agree, self.cancel = Button(agree, "danger"), Button("Cancel")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 9, 10, 9)
        row.setSpacing(10)
        row.addWidget(Icon("triangle-alert", 16, "text"))
        row.addWidget(self._text, 1)
        row.addWidget(self.cancel)
        row.addWidget(self.agree)
        self.cancel.clicked.connect(self.hide)
        self.agree.clicked.connect(self._on_agreed)
        self.hide()

    def ask(self, question: str) -> None:
        self._text.setText(question)
        self.show()
        self.cancel.setFocus()

    def _on_agreed(self) -> None:
        self.hide()
        self.confirmed.emit()
