"""Numbers as bars, with an optional limit on them. Painted directly: no plot library to load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.ui.plain import tip
from studio.ui.theme import Theme, body_font

MOST_BARS = 40
_FAR = 4


@dataclass(frozen=True)
class Bins:
    """Counts of numbers in bins of `width` from `start`; the last bin may hold everything larger."""

    start: int
    width: int
    counts: tuple[int, ...]
    open_ended: bool = False

    @property
    def end(self) -> int:
        return self.start + self.width * len(self.counts)

    def label(self, bin_index: int, unit: str = "tokens") -> str:
        low = self.start + bin_index * self.width
        if self.open_ended and bin_index == len(self.counts) - 1:
            return f"{low:,} {unit} and more"
        return f"{low:,} {unit}" if self.width == 1 else f"{low:,} to {low + self.width - 1:,} {unit}"


def nice_step(span: float, parts: int) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that divides `span` into at most `parts` steps."""
    wanted = max(span / max(parts, 1), 1.0)
    magnitude = 10 ** math.floor(math.log10(wanted))
    return int(next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= wanted))


def bin_lengths(lengths: Sequence[int], limit: int = 0, most: int = MOST_BARS) -> Bins:
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


def bin_shares(shares: Sequence[float], width: int = 5) -> Bins:
    """Shares from 0 to 1 in bins of `width` hundredths; all of them are there, also empty ones."""
    counts = [0] * (100 // width)
    for share in shares:
        counts[min(int(100 * share / width), len(counts) - 1)] += 1
    return Bins(0, width, tuple(counts))


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
