"""The type: the system's own on a Mac; the bundled Inter and JetBrains Mono where there is none to trust."""

from __future__ import annotations

import sys

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

from studio.paths import resource

BODY = 13


def use_body_font(app: QApplication) -> None:
    """Give the application its font: 13 px with tabular figures."""
    font = QFont(app.font())
    if sys.platform != "darwin":
        for file in sorted(resource("fonts").glob("*.[ot]tf")):
            QFontDatabase.addApplicationFont(str(file))
        font = QFont("Inter")
    font.setPixelSize(BODY)
    font.setFeature(QFont.Tag("tnum"), 1)
    app.setFont(font)


def fixed_font(size: int = 12) -> QFont:
    """The font of tokens and logs, `size` pixels high."""
    if sys.platform == "darwin":
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    else:
        font = QFont("JetBrains Mono")
        font.setStyleHint(QFont.StyleHint.Monospace)
    font.setPixelSize(size)
    return font


def body_font(size: int = BODY, *, strong: bool = False) -> QFont:
    """The application's font in another size, for what is painted in code."""
    font = QFont(QApplication.font())
    font.setPixelSize(size)
    if strong:
        font.setWeight(QFont.Weight.DemiBold)
    return font
