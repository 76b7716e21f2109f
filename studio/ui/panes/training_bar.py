"""The forecast as a picture: what takes how much of this machine's memory, and where it ends."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from studio import words
from studio.events import Forecasted
from studio.ui.theme import Theme

PARTS = (
    ("weights", "Weights", "accent"),
    ("adapters", "Trained", "second"),
    ("optimizer", "Optimizer", "good"),
    ("activations", "Activations", "third"),
    ("head", "Head and loss", "faint"),
)
"""What memory is taken for: the forecast's field, its name, and the token of its colour."""
BAR, MARK = 12, 3


def parts_of(forecast: Forecasted) -> list[tuple[str, str, int]]:
    """Name, colour token and bytes of each part. Parts that do not coincide add up to more than the peak."""
    return [(title, token, getattr(forecast, name)) for name, title, token in PARTS]


class MemoryBar(QWidget):
    """Stacked parts on a track as long as the limit; past it, the limit is a line across."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._forecast: Forecasted | None = None
        self.setFixedHeight(BAR + 2 * MARK)
        self.setAccessibleName("Memory")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, BAR + 2 * MARK)

    def show_forecast(self, forecast: Forecasted | None) -> None:
        self._forecast = forecast
        said = (
            "; ".join(f"{title} {words.memory(size)}" for title, _, size in parts_of(forecast))
            if forecast
            else ""
        )
        self.setAccessibleDescription(said)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, forecast = self._theme.tokens, self._forecast
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(0, MARK, self.width(), BAR)
        shape = QPainterPath()
        shape.addRoundedRect(track, 4, 4)
        painter.fillPath(shape, QColor(tokens.line))
        if forecast is None:
            return
        scale = self.width() / max(forecast.limit, forecast.peak, 1)
        painter.setClipPath(shape)
        self._paint_parts(painter, forecast, scale)
        painter.setClipping(False)
        if forecast.peak > forecast.limit:
            x = forecast.limit * scale
            painter.setPen(QPen(QColor(tokens.panel), 4))
            painter.drawLine(round(x), 0, round(x), self.height())
            painter.setPen(QPen(QColor(tokens.text), 2))
            painter.drawLine(round(x), 0, round(x), self.height())

    def _paint_parts(self, painter: QPainter, forecast: Forecasted, scale: float) -> None:
        """Side by side up to the peak; what does not coincide with the peak is drawn as much smaller."""
        parts = parts_of(forecast)
        total = sum(size for *_, size in parts)
        scale *= min(1.0, forecast.peak / max(total, 1))
        left = 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        for _, token, size in parts:
            width = size * scale
            if width <= 0:
                continue
            painter.fillRect(QRectF(left, MARK, width, BAR), QColor(getattr(self._theme.tokens, token)))
            left += width
            painter.fillRect(QRectF(left - 0.5, MARK, 1, BAR), QColor(self._theme.tokens.panel))


class Swatch(QWidget):
    """A small square in a part's colour, beside its name."""

    def __init__(self, theme: Theme, token: str) -> None:
        super().__init__()
        self._theme, self._token = theme, token
        self.setFixedSize(8, 8)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(self._theme.tokens, self._token)))
        painter.drawRoundedRect(self.rect(), 2, 2)
