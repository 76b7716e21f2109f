"""Draws the application's icon, and what is behind it in the disk image: `icon.py OUT`.

The mark is a loss that falls and settles at a knob, over the rails of a mixing desk's sliders. Small sizes
have fewer and thicker lines.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QGuiApplication,
    QImage,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
)

SIZES = (16, 32, 64, 128, 256, 512, 1024)
CODES = (
    *((b"ic11", 32), (b"ic12", 64), (b"ic07", 128), (b"ic13", 256), (b"ic08", 256)),
    *((b"ic14", 512), (b"ic09", 512), (b"ic10", 1024)),
)
"""What Apple's icon files call a PNG of so many pixels; 16 points are the 32 pixels of their double."""

TOP, BOTTOM = QColor("#2f6bff"), QColor("#1b1f5e")
LINE, DOT, RAIL = QColor("#ffffff"), QColor("#ffb547"), QColor(255, 255, 255, 70)
WINDOW = 660, 400
"""Of the disk image, in points: the places of its two icons are in `dmg.py`."""


def icon(size: int) -> QImage:
    """The icon in so many pixels a side: on Apple's grid the tile is 824 of 1024, at x = 100."""
    image = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 1024, size / 1024)
    _tile(painter, small=size <= 32)
    _mark(painter, small=size <= 32)
    painter.end()
    return image


def _tile(painter: QPainter, *, small: bool) -> None:
    box = QRectF(100, 100, 824, 824)
    if small:  # the margin would eat two of sixteen pixels
        box = QRectF(64, 64, 896, 896)
    else:
        for spread in range(14, 0, -2):  # a soft shadow, as other icons have
            painter.setBrush(QColor(0, 0, 0, 7))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(
                box.translated(0, 10).adjusted(-spread, -spread, spread, spread), 192, 192
            )
    fill = QLinearGradient(box.topLeft(), box.bottomRight())
    fill.setColorAt(0, TOP)
    fill.setColorAt(1, BOTTOM)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(box, 185, 185)


def _mark(painter: QPainter, *, small: bool) -> None:
    thick = 104 if small else 62
    if not small:
        painter.setPen(_round_pen(RAIL, 22))
        for x in (292, 512, 732):
            painter.drawLine(QPointF(x, 262), QPointF(x, 762))
    curve = QPainterPath(QPointF(236, 288))
    curve.cubicTo(QPointF(330, 700), QPointF(440, 716), QPointF(596, 706))
    curve.cubicTo(QPointF(676, 700), QPointF(740, 690), QPointF(792, 688))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_round_pen(LINE, thick))
    painter.drawPath(curve)
    radius = 140 if small else 96
    painter.setPen(QPen(BOTTOM, 0 if small else 34))
    painter.setBrush(DOT)
    painter.drawEllipse(QPointF(732 if not small else 740, 690), radius, radius)


def _round_pen(color: QColor, width: float) -> QPen:
    return QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def icns(images: dict[int, QImage]) -> bytes:
    """An icon file of Apple's: a head, and the pictures as PNG, each under its code."""
    parts = b"".join(_chunk(code, _png(images[size])) for code, size in CODES)
    return _chunk(b"icns", parts)


def _chunk(code: bytes, content: bytes) -> bytes:
    return code + struct.pack(">I", len(content) + 8) + content


def _png(image: QImage) -> bytes:
    held = QByteArray()
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")
    return bytes(held.data())


def background(scale: int) -> QImage:
    """What the disk image shows behind the application and the folder that it is dragged to."""
    width, height = WINDOW
    image = QImage(width * scale, height * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(QColor("#f4f5f8"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(_round_pen(QColor("#8b93a7"), 5))
    painter.drawLine(QPointF(285, 180), QPointF(373, 180))
    painter.drawPolyline([QPointF(357, 164), QPointF(374, 180), QPointF(357, 196)])
    font = QFont()
    font.setPixelSize(15)
    painter.setFont(font)
    painter.setPen(QColor("#3c4358"))
    said = "Drag Tuning Studio into the Applications folder"
    painter.drawText(QRectF(0, 322, width, 30), Qt.AlignmentFlag.AlignCenter, said)
    painter.end()
    return image


def main() -> int:
    """Write the PNGs, the .icns and the two sizes of the background."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    application = QGuiApplication(sys.argv[:1])
    images = {size: icon(size) for size in SIZES}
    for size, image in images.items():
        image.save(str(out / f"{size}.png"))
    (out / "studio.icns").write_bytes(icns(images))
    background(1).save(str(out / "background.png"))
    background(2).save(str(out / "background@2x.png"))
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
