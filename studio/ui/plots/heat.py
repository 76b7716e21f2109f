"""Numbers as a field of shades, such as layers by heads; painted directly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.language import tr
from studio.ui.plain import tip
from studio.ui.plots.style import three_digits
from studio.ui.theme import Theme, body_font
from studio.ui.tokens import mix

_LEFT_MOST, _BOTTOM, _LEGEND, _LEAST_ROW = 90, 20, 26, 14


class HeatMap(QWidget):
    """Values by two labels, the highest in the full accent; below zero in the second colour.

    A click on a cell announces its place.
    """

    cell_chosen = Signal(int, int)  # x, y

    def __init__(self, theme: Theme, title: str, data: Mapping[str, Any]) -> None:
        super().__init__()
        self._theme = theme
        self._x: Sequence[str] = [str(label) for label in data.get("x", ())]
        self._y: Sequence[str] = [str(label) for label in data.get("y", ())]
        self._values: Sequence[Sequence[float]] = data.get("values", ())
        self._unit = str(data.get("unit", ""))
        finite = [v for line in self._values for v in line if v is not None and math.isfinite(v)]
        self._most = max((abs(value) for value in finite), default=0.0)
        self._is_signed = any(value < 0 for value in finite)
        self._hovered: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(min(80 + _LEAST_ROW * len(self._y), 420))
        self.setAccessibleName(title)
        self.setAccessibleDescription(self._described(finite))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(300, max(200, self.minimumHeight()))

    def cell_at(self, point: QPointF) -> tuple[int, int] | None:
        """The place of the cell under a point, counted from 0; None beside them."""
        area = self._area()
        if not self._x or not self._y or not area.contains(point):
            return None
        x = int((point.x() - area.left()) / area.width() * len(self._x))
        y = int((point.y() - area.top()) / area.height() * len(self._y))
        return min(x, len(self._x) - 1), min(y, len(self._y) - 1)

    def words_of(self, x: int, y: int) -> str:
        """A cell in words."""
        value = self._values[y][x]
        told = tr("no value") if value is None else f"{three_digits(value)} {self._unit}".strip()
        return f"{self._y[y]}, {self._x[x]}: {told}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self.cell_at(event.position())
        if found != self._hovered:
            self._hovered = found
            self.setCursor(Qt.CursorShape.PointingHandCursor if found else Qt.CursorShape.ArrowCursor)
            self.update()
        QToolTip.showText(event.globalPosition().toPoint(), tip(self.words_of(*found)) if found else "", self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if (found := self.cell_at(event.position())) is not None:
            self.cell_chosen.emit(*found)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hovered = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = self._area()
        if self._x and self._y:
            self._paint_cells(painter, area)
            self._paint_labels(painter, area)
        self._paint_legend(painter, area)

    def _described(self, finite: Sequence[float]) -> str:
        if not finite:
            return tr("No values.")
        high = max(
            (
                (x, y)
                for y, line in enumerate(self._values)
                for x, value in enumerate(line)
                if value is not None
            ),
            key=lambda place: self._values[place[1]][place[0]],
        )
        return tr("Highest at {words_of}.", words_of=self.words_of(*high))

    def _area(self) -> QRectF:
        metrics = QFontMetrics(body_font(11))
        widest = max((metrics.horizontalAdvance(label) for label in self._y), default=0)
        left = min(widest, _LEFT_MOST) + 8
        return QRectF(left, 2, self.width() - left - 2, self.height() - _BOTTOM - _LEGEND - 2)

    def _colour(self, value: float | None) -> QColor:
        tokens = self._theme.tokens
        if value is None or not math.isfinite(value) or not self._most:
            return QColor(tokens.hover)
        share = abs(value) / self._most
        return QColor(mix(tokens.second if value < 0 else tokens.accent, tokens.panel, 0.04 + 0.96 * share))

    def _paint_cells(self, painter: QPainter, area: QRectF) -> None:
        wide, high = area.width() / len(self._x), area.height() / len(self._y)
        gap = 1 if min(wide, high) > 6 else 0
        for y, line in enumerate(self._values[: len(self._y)]):
            for x, value in enumerate(line[: len(self._x)]):
                box = QRectF(area.left() + x * wide, area.top() + y * high, wide - gap, high - gap)
                painter.fillRect(box, self._colour(value))
                if self._hovered == (x, y):
                    painter.setPen(QColor(self._theme.tokens.text))
                    painter.drawRect(box.adjusted(0.5, 0.5, -0.5, -0.5))

    def _paint_labels(self, painter: QPainter, area: QRectF) -> None:
        painter.setFont(body_font(11))
        painter.setPen(QColor(self._theme.tokens.faint))
        metrics = painter.fontMetrics()
        high, wide = area.height() / len(self._y), area.width() / len(self._x)
        every = max(1, math.ceil(14 / high))
        for place in range(0, len(self._y), every):
            middle = area.top() + (place + 0.5) * high
            box = QRectF(0, middle - 8, area.left() - 8, 16)
            shown = metrics.elidedText(self._y[place], Qt.TextElideMode.ElideRight, int(box.width()) + 1)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), shown)
        widest = max(metrics.horizontalAdvance(label) for label in self._x)
        every = max(1, math.ceil((widest + 10) / wide))
        for place in range(0, len(self._x), every):
            middle = area.left() + (place + 0.5) * wide
            box = QRectF(middle - widest / 2 - 4, area.bottom() + 3, widest + 8, 15)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._x[place])

    def _paint_legend(self, painter: QPainter, area: QRectF) -> None:
        """What the shades mean, at the foot."""
        painter.setFont(body_font(11))
        tokens, y = self._theme.tokens, self.height() - 12
        most = f"{three_digits(self._most)} {self._unit}".strip()
        least = f"-{three_digits(self._most)}".replace("-", "−") if self._is_signed else "0"  # noqa: RUF001
        right = QFontMetrics(body_font(11)).horizontalAdvance(most)
        left = QFontMetrics(body_font(11)).horizontalAdvance(least)
        bar = QRectF(area.right() - right - 8 - 96, y - 4, 96, 8)
        for step in range(24):
            share = step / 23
            value = self._most * (2 * share - 1 if self._is_signed else share)
            painter.fillRect(QRectF(bar.left() + 4 * step, bar.top(), 4, 8), self._colour(value))
        painter.setPen(QColor(tokens.faint))
        flags = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(QRectF(bar.right() + 7, y - 8, right + 4, 16), flags, most)
        painter.drawText(QRectF(bar.left() - left - 7, y - 8, left + 4, 16), flags, least)
