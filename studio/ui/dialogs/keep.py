"""An answer on its way into a file: read once more, and corrected, before it is kept as a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import QPlainTextEdit, QWidget

from studio.language import tr
from studio.ui.dialogs.dialog import Dialog
from studio.ui.widgets.label import PlainLabel, WrapLabel
from studio.ui.widgets.layout import Item

_WIDTH, _LINES = 620, 5
_EMPTY = tr("{} is empty. Nothing can be learned from that.")
_EQUAL = tr("Both answers are the same by now. A pair needs a better and a worse one.")


@dataclass(frozen=True)
class KeptPart:
    """A text of a row: the field it goes into, what it is called here, and what it says so far."""

    field: str
    caption: str
    text: str


class KeepDialog(Dialog):
    """Shows the texts of a row, each of which can be changed; agreed to only where all say something."""

    def __init__(self, heading: str, text: str, parts: Sequence[KeptPart], parent: QWidget | None = None):
        super().__init__(heading, text, tr("Add to a file…"), parent, width=_WIDTH)
        self._parts = tuple(parts)
        self.fields: dict[str, QPlainTextEdit] = {}
        self.problem = WrapLabel(role="error")
        body: list[Item] = []
        for part in self._parts:
            body += [self._caption(part), self._field(part)]
        self.fill(*body, self.problem)
        self._check()
        self.fields[self._parts[-1].field].setFocus()

    def values(self) -> dict[str, str]:
        """The texts as they stand, by their fields."""
        return {name: field.toPlainText() for name, field in self.fields.items()}

    def _caption(self, part: KeptPart) -> PlainLabel:
        caption = PlainLabel(part.caption)
        caption.setProperty("role", "caption")
        return caption

    def _field(self, part: KeptPart) -> QPlainTextEdit:
        field = self.fields[part.field] = QPlainTextEdit(part.text)
        field.setAccessibleName(part.caption)
        field.setTabChangesFocus(True)
        field.setProperty("role", "field")
        field.setFixedHeight(field.fontMetrics().lineSpacing() * _LINES + 18)
        field.textChanged.connect(self._check)
        return field

    def _check(self) -> None:
        """Say what keeps the row from being one."""
        values = self.values()
        if len(values) < len(self._parts):
            return
        empty = [part.caption for part in self._parts if not values[part.field].strip()]
        pair = [values[name].strip() for name in ("chosen", "rejected") if name in values]
        words = _EMPTY.format(empty[0]) if empty else ""
        if not words and len(pair) == 2 and pair[0] == pair[1]:
            words = _EQUAL
        self.problem.setText(words)
        self.problem.setVisible(bool(words))
        self.agree.setEnabled(not words)
