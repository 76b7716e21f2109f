"""Bars of several series beside each other, such as kinds of failures before and after; painted directly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.language import tr
from studio.ui.plain import tip
from studio.ui.plots.style import three_digits
from studio.ui.theme import Theme, body_font
from studio.ui.tokens import hue

_MANY, _MORE = 12, 20
"""Of more labels than this only those with a value are shown, and the others are counted in a line."""
_BAR, _BETWEEN, _GROUP_GAP, _KEYS, _LABEL_MOST = 11, 2, 12, 24, 170
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


class GroupBars(QWidget):
    """Lying bars, one group for each label, one bar in it for each series; its value stands at its end."""

    def __init__(self, theme: Theme, title: str, data: Mapping[str, Any]) -> None:
        super().__init__()
        self._theme = theme
        self._series = [
            (str(each.get("name", "")), [_number(value) for value in each.get("values", ())])
            for each in data.get("series", ())
        ]
        labels = [str(label) for label in data.get("x", ())]
        shown = [n for n in range(len(labels)) if any(_at(values, n) for _, values in self._series)]
        shown = shown if len(labels) > _MANY else list(range(len(labels)))
        self._labels: Sequence[str] = [labels[place] for place in shown]
        self._series = [(name, [_at(values, n) for n in shown]) for name, values in self._series]
        self._left_out = [label for place, label in enumerate(labels) if place not in shown]
        self._unit = str(data.get("unit", ""))
        self._most = (
            max((abs(v) for _, values in self._series for v in values if v is not None), default=0) or 1
        )
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(self._height())
        self.setAccessibleName(title)
        told = [self.words_of(n) for n in range(len(self._labels))]
        self.setAccessibleDescription("; ".join([*told, *(f"{label}: 0" for label in self._left_out)]))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, self._height())

    def words_of(self, place: int) -> str:
        """One label's values in words."""
        told = [f"{name} {self._told(values, place)}" for name, values in self._series]
        return f"{self._labels[place]}: {', '.join(told)} {self._unit}".strip()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = int((event.position().y() - _KEYS) // self._group())
        inside = event.position().y() >= _KEYS and place < len(self._labels)
        words = self.words_of(place) if inside else ", ".join(self._left_out)
        shown = tip(words) if event.position().y() >= _KEYS else ""
        QToolTip.showText(event.globalPosition().toPoint(), shown, self)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        QToolTip.hideText()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(body_font(11))
        metrics = painter.fontMetrics()
        self._paint_keys(painter)
        widest = max((metrics.horizontalAdvance(label) for label in self._labels), default=0)
        left = min(widest, _LABEL_MOST, self.width() // 3) + 10
        room = self.width() - left - 56
        for place, label in enumerate(self._labels):
            top = _KEYS + place * self._group()
            bars = len(self._series) * (_BAR + _BETWEEN)
            painter.setPen(QColor(self._theme.tokens.dim))
            shown = metrics.elidedText(label, Qt.TextElideMode.ElideRight, left - 8)
            painter.drawText(QRectF(0, top, left - 10, bars), _RIGHT, shown)
            for number, (_, values) in enumerate(self._series):
                value = values[place] if place < len(values) else None
                box = QRectF(left, top + number * (_BAR + _BETWEEN), room, _BAR)
                self._paint_bar(painter, box, value, number, self._told(values, place))
        if self._left_out:
            painter.setPen(QColor(self._theme.tokens.faint))
            below = QRectF(0, _KEYS + len(self._labels) * self._group(), self.width(), _MORE)
            painter.drawText(below, _LEFT, tr("and {count:,} more, all 0", count=len(self._left_out)))

    def _paint_bar(
        self, painter: QPainter, box: QRectF, value: float | None, number: int, words: str
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        width = 0.0 if value is None else abs(value) / self._most * box.width()
        if width:
            painter.setBrush(QColor(hue(self._theme.tokens, number)))
            painter.drawRoundedRect(QRectF(box.left(), box.top(), max(width, 2), box.height()), 2, 2)
        painter.setPen(QColor(self._theme.tokens.faint))
        painter.drawText(QRectF(box.left() + width + 6, box.top() - 2, 54, box.height() + 4), _LEFT, words)

    def _paint_keys(self, painter: QPainter) -> None:
        x = 0.0
        for number, (name, _) in enumerate(self._series):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(hue(self._theme.tokens, number)))
            painter.drawEllipse(QPointF(x + 4, 8), 4, 4)
            painter.setPen(QColor(self._theme.tokens.dim))
            wide = painter.fontMetrics().horizontalAdvance(name)
            painter.drawText(QRectF(x + 13, 0, wide + 4, 16), _LEFT, name)
            x += wide + 30
        painter.setPen(QColor(self._theme.tokens.faint))
        painter.drawText(QRectF(x, 0, self.width() - x, 16), _RIGHT, self._unit)

    def _told(self, values: Sequence[float | None], place: int) -> str:
        value = values[place] if place < len(values) else None
        if value is None:
            return "—"
        if self._unit in ("share", "%"):
            return f"{100 * value:.0f} %" if self._unit == "share" else f"{value:.0f} %"
        return three_digits(value)

    def _group(self) -> int:
        return max(len(self._series), 1) * (_BAR + _BETWEEN) + _GROUP_GAP

    def _height(self) -> int:
        return _KEYS + len(self._labels) * self._group() + (_MORE if self._left_out else 0)


def _at(values: Sequence[float | None], place: int) -> float | None:
    return values[place] if place < len(values) else None


def _number(value: Any) -> float | None:
    """A value that can be drawn; None for what JSON had no number for."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
