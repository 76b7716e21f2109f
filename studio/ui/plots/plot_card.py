"""A card that holds a curve, or says what will be there as long as there is none."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QStackedWidget

from studio.ui.plots.keys import Key, KeyLabel
from studio.ui.plots.lazy import LazyCurve
from studio.ui.plots.style import CurveStyle
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel


class PlotCard(Card):
    """`curve` speaks like a CurvePlot; `set_waiting` tells whether the sentence stands in its place."""

    def __init__(self, theme: Theme, style: CurveStyle, waiting: str, least_height: int = 90) -> None:
        super().__init__(style.name)
        self.curve = LazyCurve(theme, style)
        self._keys = KeyLabel(theme)
        self._keys.hide()
        self.head.addWidget(self._keys, 1)
        self._waiting = WrapLabel(waiting, role="waiting")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._waiting)
        self._stack.addWidget(self.curve)
        self._stack.setMinimumHeight(least_height)
        self.body.addWidget(self._stack, 1)

    def value(self) -> str:
        return self._keys.text() if self._keys.isVisibleTo(self) else super().value()

    def set_value(self, text: str, tone: str = "dim") -> None:
        """The current value; a screen reader, which cannot see the curve, is told it too."""
        super().set_value(text, tone)
        self._keys.hide()
        self.curve.setAccessibleDescription(text)

    def set_keys(self, keys: Sequence[Key]) -> None:
        """The current values of several curves, each behind its colour."""
        self.set_value("")
        self._value.hide()
        self._keys.set_keys(keys)
        self._keys.show()
        self.curve.setAccessibleDescription(self._keys.text())

    def set_waiting(self, waiting: bool) -> None:
        self._stack.setCurrentWidget(self._waiting if waiting else self.curve)

    def clear(self) -> None:
        """No curve, no value, the sentence again."""
        self.curve.clear()
        self.set_value("")
        self.set_waiting(True)
