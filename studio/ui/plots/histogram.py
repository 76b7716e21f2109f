"""Numbers as bars, with an optional limit on them. Painted directly: no plot library to load."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.ui.fonts import body_font
from studio.ui.plain import tip
from studio.ui.plots.bins import Bins, bin_lengths, nice_step
from studio.ui.theme import Theme

_TARGET_TICKS = 5
_PIXELS_PER_TICK = 90
_HEIGHT = 112
_WIDEST = 48


class Histogram(QWidget):
    """Bars of `counted`; those beyond the limit, if there is one, in the warning colour.

    Hover tells a bar's count.
    """

    def __init__(self, theme: Theme, title: str, unit: str, counted: str = "example") -> None:
        super().__init__()
        self._theme, self._title, self._unit, self._counted = theme, title, unit, counted
        self._bins, self._limit, self._hovered = Bins(0, 1, ()), 0, -1
        self._any_over = False
        self.setMinimumHeight(_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName(title)
        theme.changed.connect(self.update)

    def set_numbers(self, numbers: Sequence[int]) -> None:
        """Show whole numbers in bins of a round width."""
        self.set_bins(bin_lengths(numbers))

    def set_bins(self, bins: Bins) -> None:
        self._bins = bins
        self.setAccessibleDescription(f"{sum(bins.counts):,} {self._counted}s")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, _HEIGHT)

    def plot_area(self) -> QRectF:
        """Where the bars stand."""
        metrics = QFontMetrics(body_font(11))
        left = metrics.horizontalAdvance(f"{self._highest():,}") + 8
        above = 20 if self._limit else 8
        return QRectF(left, above, self.width() - left - 4, self.height() - above - metrics.height() - 6)

    def _highest(self) -> int:
        most = max(self._bins.counts, default=0)
        step = nice_step(most, 2)
        return max(step * math.ceil(most / step), 1)

    def x_of(self, number: float, area: QRectF) -> float:
        """Where a number stands, in pixels from the left."""
        share = (number - self._bins.start) / (self._bins.end - self._bins.start)
        return area.left() + share * area.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._bins.counts:
            return
        painter = QPainter(self)
        painter.setFont(body_font(11))
        area = self.plot_area()
        self._paint_counts(painter, area)
        self._paint_bars(painter, area)
        self._paint_numbers(painter, area)

    def _colour(self, token: str) -> QColor:
        return QColor(getattr(self._theme.tokens, token))

    def _paint_counts(self, painter: QPainter, area: QRectF) -> None:
        highest = self._highest()
        step = nice_step(highest, 2)
        for count in range(0, highest + 1, step):
            y = area.bottom() - area.height() * count / highest
            painter.setPen(self._colour("line"))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._colour("faint"))
            box = QRectF(0, y - 8, area.left() - 8, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{count:,}")

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        bins, highest = self._bins, self._highest()
        for bar, count in enumerate(bins.counts):
            low = bins.start + bar * bins.width
            left, right = self.x_of(low, area), self.x_of(low + bins.width, area)
            height = max(area.height() * count / highest, 1.0 if count else 0.0)
            gathered = bins.open_ended and bar == len(bins.counts) - 1 and self._any_over
            over = self._limit and (low > self._limit or gathered)
            colour = self._colour("warn" if over else "accent")
            if bar == self._hovered:
                colour = colour.lighter(125)
            aside = max((right - left - _WIDEST) / 2, 0.5)
            bar_box = QRectF(left + aside, area.bottom() - height, right - left - 2 * aside, height)
            painter.fillRect(bar_box, colour)

    def _paint_numbers(self, painter: QPainter, area: QRectF) -> None:
        bins, metrics = self._bins, painter.fontMetrics()
        ticks = max(min(round(area.width() / _PIXELS_PER_TICK) + 1, 2 * _TARGET_TICKS), 2)
        step = nice_step(bins.end - bins.start, ticks)
        painter.setPen(self._colour("faint"))
        first = math.ceil(bins.start / step) * step
        for number in range(first, bins.end + 1, step):
            text = f"{number:,}"
            width = metrics.horizontalAdvance(text)
            middle = (self.x_of(number, area) + self.x_of(number + 1, area)) / 2
            x = (middle if bins.width == 1 else self.x_of(number, area)) - width / 2
            if x + width <= area.right() + width / 2:
                x = min(max(x, area.left()), area.right() - width)
                painter.drawText(QPointF(x, area.bottom() + metrics.ascent() + 5), text)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area, bins = self.plot_area(), self._bins
        share = (event.position().x() - area.left()) / max(area.width(), 1)
        bar = math.floor(share * len(bins.counts)) if bins.counts else -1
        self._hovered = bar if 0 <= bar < len(bins.counts) else -1
        if self._hovered >= 0:
            examples = bins.counts[bar]
            plural = "s" if examples != 1 else ""
            said = f"{bins.label(bar, self._unit)}: {examples:,} {self._counted}{plural}"
            QToolTip.showText(event.globalPosition().toPoint(), tip(said), self)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = -1
        self.update()
