"""Token lengths as bars, with the maximum length as a line. Painted directly: no plot library to load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from studio.ui.fonts import body_font
from studio.ui.theme import Theme

_MOST_BARS = 40
_TARGET_TICKS = 5
_FAR = 4


@dataclass(frozen=True)
class Bins:
    """Counts of lengths in bins of `width` tokens from `start`; the last bin may hold everything longer."""

    start: int
    width: int
    counts: tuple[int, ...]
    open_ended: bool = False

    @property
    def end(self) -> int:
        return self.start + self.width * len(self.counts)

    def label(self, bin_index: int) -> str:
        low = self.start + bin_index * self.width
        if self.open_ended and bin_index == len(self.counts) - 1:
            return f"{low:,} tokens and more"
        return f"{low:,} tokens" if self.width == 1 else f"{low:,} to {low + self.width - 1:,} tokens"


def nice_step(span: float, parts: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that divides `span` into at most `parts` steps."""
    wanted = max(span / max(parts, 1), 1.0)
    magnitude = 10 ** math.floor(math.log10(wanted))
    return int(next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= wanted))


def bin_lengths(lengths: Sequence[int], limit: int = 0, most: int = _MOST_BARS) -> Bins:
    """Lengths in at most `most` bins of a round width; a long tail is gathered in the last bin.

    The tail keeps room for the limit where that is not far from what is usual.
    """
    if not lengths:
        return Bins(0, 1, ())
    ordered = sorted(lengths)
    usual = ordered[int(0.98 * (len(ordered) - 1))]
    open_ended = ordered[-1] > 2 * usual
    longest = ordered[-1]
    if open_ended:
        longest = max(int(1.25 * usual), int(1.1 * limit) if usual < limit < _FAR * usual else 0)
        longest = min(longest, ordered[-1])
    start = ordered[0] if longest - ordered[0] < ordered[0] else 0
    width = nice_step(longest - start + 1, most)
    start -= start % width
    counts = [0] * ((longest - start) // width + 1)
    for length in ordered:
        counts[min((length - start) // width, len(counts) - 1)] += 1
    return Bins(start, width, tuple(counts), open_ended)


class Histogram(QWidget):
    """Bars of token lengths; those beyond the limit in the warning colour. Hover tells a bar's count."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._bins, self._limit, self._hovered = Bins(0, 1, ()), 0, -1
        self._any_over = False
        self.setFixedHeight(124)
        self.setMouseTracking(True)
        theme.changed.connect(self.update)

    def set_lengths(self, lengths: Sequence[int], limit: int) -> None:
        self._bins, self._limit = bin_lengths(lengths, limit), limit
        over = sum(length > limit for length in lengths)
        self._any_over = over > 0
        self.setAccessibleName("Token lengths")
        self.setAccessibleDescription(
            f"{len(lengths):,} examples, {over:,} longer than the limit of {limit:,} tokens"
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, 124)

    def _plot_area(self) -> QRectF:
        metrics = QFontMetrics(body_font(11))
        left = metrics.horizontalAdvance(f"{self._highest():,}") + 8
        return QRectF(left, 16, self.width() - left - 4, self.height() - 16 - metrics.height() - 6)

    def _highest(self) -> int:
        most = max(self._bins.counts, default=0)
        step = nice_step(most, 2)
        return max(step * math.ceil(most / step), 1)

    def _x(self, tokens: float, area: QRectF) -> float:
        share = (tokens - self._bins.start) / (self._bins.end - self._bins.start)
        return area.left() + share * area.width()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._bins.counts:
            return
        painter = QPainter(self)
        painter.setFont(body_font(11))
        area = self._plot_area()
        self._paint_counts(painter, area)
        self._paint_bars(painter, area)
        self._paint_lengths(painter, area)
        if self._bins.start < self._limit < self._bins.end:
            self._paint_limit(painter, area)

    def _colour(self, token: str) -> QColor:
        return QColor(getattr(self._theme.tokens, token))

    def _paint_counts(self, painter: QPainter, area: QRectF) -> None:
        highest = self._highest()
        step = nice_step(highest, 2)
        for count in range(0, highest + 1, step):
            y = area.bottom() - area.height() * count / highest
            painter.setPen(QPen(self._colour("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(self._colour("faint"))
            box = QRectF(0, y - 8, area.left() - 8, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{count:,}")

    def _paint_bars(self, painter: QPainter, area: QRectF) -> None:
        bins, highest = self._bins, self._highest()
        for bar, count in enumerate(bins.counts):
            low = bins.start + bar * bins.width
            left, right = self._x(low, area), self._x(low + bins.width, area)
            height = max(area.height() * count / highest, 1.0 if count else 0.0)
            gathered = bins.open_ended and bar == len(bins.counts) - 1 and self._any_over
            colour = self._colour("warn" if low >= self._limit or gathered else "accent")
            if bar == self._hovered:
                colour = colour.lighter(125)
            painter.fillRect(QRectF(left + 0.5, area.bottom() - height, right - left - 1, height), colour)

    def _paint_lengths(self, painter: QPainter, area: QRectF) -> None:
        bins, metrics = self._bins, painter.fontMetrics()
        step = nice_step(bins.end - bins.start, _TARGET_TICKS)
        painter.setPen(self._colour("faint"))
        first = math.ceil(bins.start / step) * step
        for tokens in range(first, bins.end + 1, step):
            text = f"{tokens:,}"
            width = metrics.horizontalAdvance(text)
            x = min(max(self._x(tokens, area) - width / 2, area.left()), area.right() - width)
            painter.drawText(QPointF(x, area.bottom() + metrics.ascent() + 5), text)

    def _paint_limit(self, painter: QPainter, area: QRectF) -> None:
        x, text = self._x(self._limit, area), f"limit {self._limit:,}"
        painter.setPen(QPen(self._colour("bad"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        width = painter.fontMetrics().horizontalAdvance(text)
        painter.setPen(self._colour("bad"))
        painter.drawText(QPointF(min(max(x - width / 2, area.left()), area.right() - width), 11), text)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area, bins = self._plot_area(), self._bins
        share = (event.position().x() - area.left()) / max(area.width(), 1)
        bar = math.floor(share * len(bins.counts)) if bins.counts else -1
        self._hovered = bar if 0 <= bar < len(bins.counts) else -1
        if self._hovered >= 0:
            examples = bins.counts[bar]
            said = f"{bins.label(bar)}: {examples:,} example{'s' if examples != 1 else ''}"
            QToolTip.showText(event.globalPosition().toPoint(), said, self)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = -1
        self.update()
