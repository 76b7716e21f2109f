"""A text in the shades of a number for each of its tokens."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QHelpEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QTextEdit, QToolTip, QWidget

from studio.language import tr
from studio.ui.plain import tip
from studio.ui.plots.style import three_digits
from studio.ui.theme import Theme, fixed_font
from studio.ui.widgets.label import note
from studio.ui.widgets.layout import column
from studio.ui.widgets.popup import Combo

_LINE_PERCENT = 140
STRONGEST = 0.5
"""Of a tint, so that text on it stays legible."""


class ShadedText(QTextEdit):
    """Tokens on a tint: of the accent for what is above zero, of the second colour for what is below."""

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self._theme = theme
        self._texts: Sequence[str] = ()
        self._values: Sequence[float | None] = ()
        self._unit, self._most = "", 0.0
        self._starts: list[int] = []
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setAccessibleName(title)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        theme.changed.connect(self._draw)

    def show_tokens(
        self, texts: Sequence[str], values: Sequence[float | None], unit: str, most: float = 0.0
    ) -> None:
        """Show these, a value for each; the strongest shade is that of `most`, or of the largest value."""
        self._texts, self._values, self._unit, self._most = texts, values, unit, most
        self._draw()

    def words_of(self, place: int) -> str:
        """A token and its value in words."""
        value = self._values[place] if place < len(self._values) else None
        told = tr("no value") if value is None else f"{value:+.3g} {self._unit}".strip()
        return f"{self._texts[place]!r}\n{told}"

    def token_at(self, point: QPoint) -> int:
        """The place of the token under a point; -1 beside them."""
        cursor = self.cursorForPosition(point)
        if not self._texts or not self.cursorRect(cursor).adjusted(-12, -2, 12, 2).contains(point):
            return -1
        place = cursor.position() - (self.cursorRect(cursor).left() > point.x())
        return bisect_right(self._starts, place) - 1

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            place = self.token_at(event.pos())
            QToolTip.showText(event.globalPos(), tip(self.words_of(place)) if place >= 0 else "", self)
            return True
        return super().viewportEvent(event)

    def _draw(self) -> None:
        most = self._most or max((abs(value) for value in self._values if _is_number(value)), default=0.0)  # type: ignore[arg-type]
        self._starts = []
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for place, text in enumerate(self._texts):
            self._starts.append(cursor.position())
            value = self._values[place] if place < len(self._values) else None
            cursor.insertText(text.replace("\r", "␍").replace("\x00", "␀"), self._look(value, most))
        spaced = QTextBlockFormat()
        spaced.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)
        cursor.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _look(self, value: float | None, most: float) -> QTextCharFormat:
        tokens, look, font = self._theme.tokens, QTextCharFormat(), fixed_font()
        font.setFeature(QFont.Tag("calt"), 0)
        look.setFont(font, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly)
        look.setForeground(QColor(tokens.text))
        if value is not None and math.isfinite(value) and value and most:
            tone = "second" if value < 0 else "accent"
            look.setBackground(QColor(tokens.tint(tone, STRONGEST * abs(value) / most)))
        return look


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


class TokenShades(QWidget):
    """A shaded text, which of its series is shown where there are several, and what the shades mean."""

    def __init__(self, theme: Theme, title: str, data: Mapping[str, Any]) -> None:
        super().__init__()
        self._data = data
        self.text, self.choice = ShadedText(theme, title), Combo()
        self.choice.setAccessibleName(tr("{title}: what is shown", title=title))
        for each in data.get("series", ()):
            self.choice.addItem(str(each.get("name", "")))
        self.choice.setVisible(self.choice.count() > 1)
        self.choice.currentIndexChanged.connect(self._show)
        self._legend = note("")
        self.text.setMinimumHeight(130)
        column(self.choice, (self.text, 1), self._legend, on=self)
        self._show()

    def _show(self) -> None:
        series = self._data.get("series", ())
        place = max(self.choice.currentIndex(), 0)
        values = series[place].get("values", ()) if place < len(series) else ()
        unit = str(self._data.get("unit", ""))
        self.text.show_tokens([str(each) for each in self._data.get("texts", ())], values, unit)
        finite = [value for value in values if _is_number(value)]
        if finite:
            low, high = three_digits(min(finite)), three_digits(max(finite))
            below = tr("Orange is below zero, blue above. ") if min(finite) < 0 else ""
            self._legend.setText(
                tr("{below}From {low} to {high} {unit}.", below=below, low=low, high=high, unit=unit).replace(
                    " .", "."
                )
            )
