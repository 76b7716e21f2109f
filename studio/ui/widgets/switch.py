"""A switch for what is either on or off."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QAbstractButton, QWidget

WIDTH, HEIGHT = 34, 20


class Switch(QAbstractButton):
    """On or off: a knob at the right in the accent colour, or at the left in grey."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFixedSize(WIDTH, HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette, on = self.palette(), self.isChecked()
        track = palette.color(QPalette.ColorRole.Accent if on else QPalette.ColorRole.PlaceholderText)
        track.setAlphaF((1.0 if on else 0.55) * (1.0 if self.isEnabled() else 0.45))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(palette.color(QPalette.ColorRole.Accent))
            painter.drawRoundedRect(QRectF(0.5, 0.5, WIDTH - 1, HEIGHT - 1), HEIGHT / 2, HEIGHT / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(track)
        painter.drawRoundedRect(QRectF(2, 2, WIDTH - 4, HEIGHT - 4), HEIGHT / 2 - 2, HEIGHT / 2 - 2)
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QRectF(WIDTH - 16 if on else 4, 4, 12, 12))
