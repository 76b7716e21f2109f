"""A question before something is lost, in the window's own look."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from studio.ui.widgets.button import Button
from studio.ui.widgets.label import WrapLabel

_WIDTH = 440


class QuestionDialog(QDialog):
    """Accepted when the person agrees; Return and Escape leave things as they are."""

    def __init__(self, question: str, more: str, agree: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(agree)
        self.setFixedWidth(_WIDTH)
        self.agree, self.cancel = Button(agree, "danger"), Button("Cancel")
        self.agree.setAutoDefault(False)
        self.cancel.setDefault(True)
        self.agree.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.agree)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(WrapLabel(question, "state-title"))
        column.addWidget(WrapLabel(more, tone="dim"))
        column.addSpacing(4)
        column.addLayout(buttons)
        self.cancel.setFocus()
