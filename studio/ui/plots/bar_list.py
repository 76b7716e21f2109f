"""Named counts as bars below each other."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.language import tr
from studio.ui.plain import tip
from studio.ui.theme import Theme, body_font

_ROW = 28
_MOST = 40


class BarList(QWidget):
    """One row for each (name, count, tone): its name, its count and share, and a bar below them."""

    def __init__(self, theme: Theme, title: str) -> None:
        super().__init__()
        self._theme = theme
        self._bars: tuple[tuple[str, int, str], ...] = ()
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(4 * _ROW)
        theme.changed.connect(self.update)

    def set_bars(self, bars: Sequence[tuple[str, int, str]]) -> None:
        """Show these; tones are the names of theme tokens."""
        self._bars = tuple(bars[:_MOST])
        self.setAccessibleDescription(", ".join(f"{name}: {count:,}" for name, count, _ in bars))
        self.setToolTip(tip("\n".join(f"{name}: {count:,}" for name, count, _ in bars[:_MOST])))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 4 * _ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = sum(count for _, count, _ in self._bars) or 1
        room = max(self.height() // _ROW, 1)
        shown = self._bars if len(self._bars) <= room else self._bars[: room - 1]
        for place, (name, count, tone) in enumerate(shown):
            self._paint_bar(painter, QRectF(0, place * _ROW, self.width(), _ROW), name, count, whole, tone)
        if len(shown) < len(self._bars):
            painter.setFont(body_font(12))
            painter.setPen(QColor(self._theme.tokens.faint))
            text = tr("and {value:,} more", value=len(self._bars) - len(shown))
            painter.drawText(QRectF(0, len(shown) * _ROW, self.width(), 18), text)

    def _paint_bar(
        self, painter: QPainter, box: QRectF, name: str, count: int, whole: int, tone: str
    ) -> None:
        tokens = self._theme.tokens
        painter.setFont(body_font(12))
        metrics = painter.fontMetrics()
        share = f"{count:,}  ·  {100 * count / whole:.0f} %"
        words = box.adjusted(0, 0, 0, -8)
        painter.setPen(QColor(tokens.dim))
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
        room = int(box.width() - metrics.horizontalAdvance(share) - 12)
        painter.setPen(QColor(tokens.text))
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        track = QRectF(box.left(), box.top() + 20, box.width(), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.line))
        painter.drawRoundedRect(track, 2, 2)
        if count:
            painter.setBrush(QColor(getattr(tokens, tone)))
            track.setWidth(max(box.width() * count / whole, 4))
            painter.drawRoundedRect(track, 2, 2)
