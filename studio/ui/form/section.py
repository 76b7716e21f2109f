"""A part of the form that folds away: a head that says how much was changed in it, and its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from studio.language import tr
from studio.ui.form.row import FieldRow
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel, note
from studio.ui.widgets.layout import column
from studio.ui.widgets.style import hairline, set_property


class SectionHead(Button):
    """A title behind a chevron; at the right, what is to be known while it is folded."""

    def __init__(self, title: str) -> None:
        super().__init__(title, "section", "chevron-right")
        self.setCheckable(True)
        self._summary = PlainLabel("", self)
        self._summary.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def summary(self) -> str:
        return self._summary.text()

    def set_summary(self, text: str, tone: str) -> None:
        self._summary.setText(text)
        set_property(self._summary, "tone", tone)
        self.setAccessibleDescription(text)
        self._place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        self._summary.adjustSize()
        size = self._summary.size()
        self._summary.move(self.width() - size.width() - 4, (self.height() - size.height()) // 2)


class FormSection(QWidget):
    """Builds its rows when it is first unfolded, so that a form with many fields comes at once."""

    built = Signal()

    def __init__(self, title: str, build: Callable[[], Sequence[FieldRow]]) -> None:
        super().__init__()
        self.head = SectionHead(title)
        self.rows: list[FieldRow] = []
        self._build = build
        self._body: QWidget | None = None
        self._reason = ""
        self._note = note("")
        self._note.hide()
        self._column = column(hairline(), self.head, self._note, on=self, gap=2)
        self.head.toggled.connect(self._on_toggled)

    def is_open(self) -> bool:
        return self.head.isChecked()

    def set_open(self, open_: bool) -> None:
        self.head.setChecked(open_)

    def show_state(self, changed: int, has_problem: bool, reason: str) -> None:
        """How many fields are changed, whether one is bad, and why none of them applies, if none does."""
        self._reason = reason
        if has_problem:
            self.head.set_summary(tr("Fix a field"), "bad")
        elif reason:
            self.head.set_summary(tr("not used"), "faint")
        else:
            self.head.set_summary(tr("{changed} changed", changed=changed) if changed else "", "accent")
        self._note.setText(reason)
        self._note.setVisible(bool(reason) and self.is_open())

    def build(self) -> None:
        """Make the rows, if they are not there yet; Tab goes from the head to them and on."""
        if self._body is not None:
            return
        self._body = QWidget()
        self.rows = list(self._build())
        column(*self.rows, on=self._body, inside=(0, 4, 0, 12))
        self._body.setVisible(False)
        self._column.addWidget(self._body)
        before: QWidget = self.head
        for row in self.rows:
            for widget in row.tab_stops():
                self.setTabOrder(before, widget)
                before = widget
        self.built.emit()

    def _on_toggled(self, shown: bool) -> None:
        self.build()
        self.head.set_icon("chevron-down" if shown else "chevron-right")
        if self._body is not None:
            self._body.setVisible(shown)
        self._note.setVisible(bool(self._reason) and shown)
