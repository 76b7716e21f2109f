"""Token lengths as bars under a maximum length that can be dragged."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen

from studio.ui.plots.histogram import Histogram, bin_lengths, nice_step
from studio.ui.theme import Theme, body_font

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
        super().__init__(theme, "Token lengths", "tokens")
        self._lengths: tuple[int, ...] = ()
        self._is_dragging = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_KEY_MILLISECONDS)
        self._rest.timeout.connect(self._choose)
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
            f"{len(self._lengths):,} examples, {over:,} longer than the limit of {limit:,} tokens"
        )
        self.update()

    def limit_x(self) -> float:
        """Where the line stands, in pixels from the left."""
        area = self.plot_area()
        return min(max(self.x_of(self._limit + self._aside, area), area.left()), area.right())

    @property
    def _aside(self) -> int:
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
        text = f"limit {self._limit:,}" + (" →" if beyond else "")
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
        self._rest.start()

    def _number_at(self, x: float) -> int:
        """The number at a place; right of the bars it doubles every few pixels."""
        area, bins = self.plot_area(), self._bins
        if x > area.right():
            return round(bins.end * 2 ** ((x - area.right()) / _DOUBLING))
        per_pixel = nice_step((bins.end - bins.start) / max(area.width(), 1), 1)
        number = bins.start + (x - area.left()) / area.width() * (bins.end - bins.start)
        return per_pixel * round(number / per_pixel) - self._aside

    def _move(self, limit: int) -> None:
        self.set_limit(min(max(limit, LOWEST), HIGHEST))
        self.limit_dragged.emit(self._limit)

    def _choose(self) -> None:
        self._rest.stop()
        self.limit_chosen.emit(self._limit)
