"""What ended a run or kept it from beginning, in full, with the buttons that help."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame

from studio.language import tr
from studio.ui.widgets.button import Button, Icon
from studio.ui.widgets.flow import Flow
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.style import empty_layout

COPY = tr("Copy Details")


class FailureCard(QFrame):
    """A sentence and what helps; hidden while there is nothing to say."""

    chosen = Signal(str)  # the key of a button
    copy_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.setProperty("tone", "bad")
        self._text = WrapLabel()
        self.buttons: list[Button] = []
        self._flow = Flow(gap=8)
        mark = (Icon("circle-alert", 16, "text"), Qt.AlignmentFlag.AlignTop)
        body = column(self._text, self._flow, gap=8)
        row(mark, (body, 1), on=self, inside=(14, 10, 14, 10))
        self.hide()

    def text(self) -> str:
        """What is said."""
        return "" if self.isHidden() else self._text.text()

    def show_failure(self, sentence: str, helps: Sequence[tuple[str, str]]) -> None:
        """Say what failed, and offer what helps: a title and a key each."""
        self.clear()
        self._text.setText(sentence)
        for title, key in helps:
            button = Button(title)
            button.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self.buttons.append(button)
        copy = Button(COPY, "link")
        copy.clicked.connect(self.copy_requested)
        for each in (*self.buttons, copy):
            self._flow.addWidget(each)
        self.setAccessibleName(sentence)
        self.show()

    def clear(self) -> None:
        """There is nothing to say any more."""
        self.hide()
        empty_layout(self._flow)
        self.buttons = []
