"""Lucide icons, one SVG each in resources/icons, tinted when they are loaded."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

from studio.paths import resource

NAMES = (
    *("activity", "arrow-down", "arrow-right", "arrow-up", "book-open", "bot", "chart-line", "check"),
    *("chevron-down", "chevron-left", "chevron-right", "chevron-up", "circle-alert", "circle-check"),
    *("circle-question-mark", "circle-stop", "circle-x", "clipboard-check", "columns-2", "copy", "cpu"),
    *("database", "download", "ellipsis", "external-link", "eye", "file", "file-down", "file-plus"),
    *("file-text", "filter", "flag", "flask-conical", "folder", "folder-open", "gauge", "hard-drive"),
    *("history", "inbox", "info", "layers", "lightbulb", "list-checks", "loader-circle"),
    *("message-square", "messages-square", "minus", "monitor", "moon", "pencil", "play", "plus"),
    *("refresh-cw", "rotate-ccw", "save", "scale", "search", "send", "server", "settings", "shuffle"),
    *("sliders-horizontal", "sparkles", "square", "sun", "thumbs-up", "trash-2", "trending-up"),
    *("triangle-alert", "upload", "user", "x"),
)
"""Every icon that ships with the app."""


@lru_cache(maxsize=128)
def svg(name: str, colour: str) -> bytes:
    """The text of an icon with its strokes in `colour`. Raises FileNotFoundError for an unknown name."""
    text = resource(f"icons/{name}.svg").read_text(encoding="utf-8")
    return text.replace("currentColor", colour).encode()


def pixmap(name: str, colour: str, size: int, gap: int = 0) -> QPixmap:
    """One icon of `size` physical pixels, with a `gap` of transparent ones at its right."""
    picture = QPixmap(size + gap, size)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg(name, colour))).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture


@lru_cache(maxsize=256)
def icon(name: str, colour: str, disabled: str = "", selected: str = "", gap: int = 0) -> QIcon:
    """An icon for 1x and 2x screens, `gap` pixels wider; `disabled` and `selected` colour those modes."""
    built = QIcon()
    modes = ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled), (QIcon.Mode.Selected, selected))
    for mode, shade in modes:
        for size in (16, 32) if shade else ():
            built.addPixmap(pixmap(name, shade, size, gap * size // 16), mode)
    return built


TONES = {
    "text": QPalette.ColorRole.WindowText,
    "dim": QPalette.ColorRole.Mid,
    "faint": QPalette.ColorRole.PlaceholderText,
    "accent": QPalette.ColorRole.Link,
    "on_fill": QPalette.ColorRole.BrightText,
}
"""Where the theme keeps a tone in the application's palette, for widgets that are not handed the theme."""


def tone_colour(tone: str) -> QColor:
    """The colour of a tone in the application's palette as the theme set it."""
    return QGuiApplication.palette().color(TONES[tone])
