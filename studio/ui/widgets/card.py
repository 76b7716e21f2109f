"""The card: a title on the left, its current value on the right, and a body below; and pairs to put in it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from studio.ui.widgets.label import ElidedLabel, PlainLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.style import empty_layout, set_property


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


class PairList(QWidget):
    """Names at the left, values at the right; where room is short the values are cut, or the names."""

    def __init__(self, cuts_names: bool = False) -> None:
        super().__init__()
        self._cuts_names = cuts_names
        self.setProperty("role", "clear")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 10, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0 if cuts_names else 1, 1)

    def show_pairs(self, pairs: Sequence[tuple[str, str]], heads: Sequence[str] = ()) -> None:
        """Show these; the names that are `heads` stand over those that follow them."""
        empty_layout(self._grid)
        for place, (name, value) in enumerate(pairs):
            cut = ElidedLabel(name if self._cuts_names else value, Qt.TextElideMode.ElideMiddle)
            left, right = (cut, PlainLabel(value)) if self._cuts_names else (PlainLabel(name), cut)
            if name in heads:
                left.setProperty("role", "title")
            else:
                left.setProperty("tone", "dim")
            right.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._grid.addWidget(left, place, 0)
            self._grid.addWidget(right, place, 1)
        self._grid.setRowStretch(len(pairs), 1)
