"""Numbers as bars, with an optional limit on them. Painted directly: no plot library to load."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from studio.language import tr
from studio.ui.plain import tip
from studio.ui.theme import Theme, body_font
from studio.ui.widgets.timing import Debounce

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
            return tr("{low:,} {unit} and more", low=low, unit=unit)
        return (
            f"{low:,} {unit}"
            if self.width == 1
            else tr("{low:,} to {value:,} {unit}", low=low, value=low + self.width - 1, unit=unit)
        )


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
            margin = max((right - left - _WIDEST) / 2, 0.5)
            bar_box = QRectF(left + margin, area.bottom() - height, right - left - 2 * margin, height)
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
            shown = f"{bins.label(bar, self._unit)}: {examples:,} {self._counted}{plural}"
            QToolTip.showText(event.globalPosition().toPoint(), tip(shown), self)
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._hovered = -1
        self.update()


LOWEST, HIGHEST = 8, 131_072
_GRIP = 8
_DOUBLING = 40
_KEY_MILLISECONDS = 700
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_PageDown: -10, Qt.Key.Key_PageUp: 10}


class LimitHistogram(Histogram):
    """Drag the line or its name, or use the arrow keys. A limit right of the bars waits at their edge."""

    limit_dragged = Signal(int)  # while it moves
    limit_chosen = Signal(int)  # where it was let go

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, tr("Token lengths"), "tokens")
        self._lengths: tuple[int, ...] = ()
        self._is_dragging = False
        self._rest = Debounce(self, _KEY_MILLISECONDS, self._choose)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def limit(self) -> int:
        return self._limit

    def set_lengths(self, lengths: Sequence[int], limit: int) -> None:
        self._lengths = tuple(lengths)
        self.set_bins(bin_lengths(lengths, limit))
        self.set_limit(limit)

    def set_limit(self, limit: int) -> None:
        """Move the line; the bars stay."""
        self._limit = limit
        over = sum(length > limit for length in self._lengths)
        self._any_over = over > 0
        self.setAccessibleDescription(
            tr(
                "{count:,} examples, {over:,} longer than the limit of {limit:,} tokens",
                count=len(self._lengths),
                over=over,
                limit=limit,
            )
        )
        self.update()

    def limit_x(self) -> float:
        """Where the line stands, in pixels from the left."""
        area = self.plot_area()
        return min(max(self.x_of(self._limit + self._offset, area), area.left()), area.right())

    @property
    def _offset(self) -> int:
        """Where every length has a bar, the line stands behind the bar of the limit."""
        return int(self._bins.width == 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._bins.counts and self._limit:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_limit(painter, self.plot_area())

    def _paint_limit(self, painter: QPainter, area: QRectF) -> None:
        x, beyond = self.limit_x(), self._limit > self._bins.end
        text = tr("limit {limit:,}", limit=self._limit) + (" →" if beyond else "")
        strong = self._is_dragging or self.hasFocus()
        painter.setPen(QPen(self._colour("bad"), 2 if strong else 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, 18), QPointF(x, area.bottom()))
        painter.setFont(body_font(11, strong=True))
        width = painter.fontMetrics().horizontalAdvance(text) + 14
        box = QRectF(min(max(x - width / 2, area.left()), area.right() - width), 0, width, 18)
        painter.setPen(self._colour("bad") if strong else Qt.PenStyle.NoPen)
        painter.setBrush(self._wash())
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setPen(self._colour("bad"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _wash(self) -> str:
        return self._theme.tokens.tint("bad")

    def _is_near(self, event: QMouseEvent) -> bool:
        reach = 50 if event.position().y() <= 18 else _GRIP
        return bool(self._bins.counts) and abs(event.position().x() - self.limit_x()) <= reach

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._is_dragging = event.button() == Qt.MouseButton.LeftButton and self._is_near(event)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._is_dragging:
            super().mouseMoveEvent(event)
            near = self._is_near(event)
            self.setCursor(Qt.CursorShape.SplitHCursor if near else Qt.CursorShape.ArrowCursor)
            return
        self._move(self._number_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._is_dragging:
            self._is_dragging = False
            self.update()
            self._choose()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self._bins.counts:
            super().keyPressEvent(event)
            return
        self._move(min(self._limit, self._bins.end) + step * self._bins.width)
        self._rest.trigger()

    def _number_at(self, x: float) -> int:
        """The number at a place; right of the bars it doubles every few pixels."""
        area, bins = self.plot_area(), self._bins
        if x > area.right():
            return round(bins.end * 2 ** ((x - area.right()) / _DOUBLING))
        per_pixel = nice_step((bins.end - bins.start) / max(area.width(), 1), 1)
        number = bins.start + (x - area.left()) / area.width() * (bins.end - bins.start)
        return per_pixel * round(number / per_pixel) - self._offset

    def _move(self, limit: int) -> None:
        self.set_limit(min(max(limit, LOWEST), HIGHEST))
        self.limit_dragged.emit(self._limit)

    def _choose(self) -> None:
        self._rest.stop()
        self.limit_chosen.emit(self._limit)
