"""The window as the self-test looks it over: built, drawn where nobody sees it, told of in lines of JSON."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QLibraryInfo, QPluginLoader, QPoint, QSize, qVersion
from PySide6.QtGui import QColor, QFontDatabase, QImage, QPixmap
from PySide6.QtWidgets import QApplication

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.catalogue import listed
from studio.child_process import Parent
from studio.errors import StudioError
from studio.language import tr
from studio.paths import Paths
from studio.selftest.faults import fault_of
from studio.settings import Settings
from studio.ui.icons import NAMES, svg
from studio.ui.theme import Theme
from studio.ui.window import MainWindow

_FONTS = ("Inter", "JetBrains Mono")
"""What ships with the app; a Mac has fonts of its own for it."""
_SIZE = 16
_IN_SIDEBAR = QPoint(4, -4)
_SHADES = 4
"""Colours that a pane has at least when there is something in it."""
_MODES = ("light", "dark")
_PICTURE = re.compile(r"url\(([^)]+)\)")

type _Said = tuple[str, dict[str, Any]]


def main(arguments: list[str]) -> int:
    """Say of the style, the icons and the panes what is found; the home is the one argument."""
    parent = Parent()
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QApplication(["studio"])
    application.setApplicationName("Tuning Studio")
    theme = Theme(application)
    parts: dict[str, Callable[[], _Said]] = {
        "style": lambda: _style(application, theme),
        "icons": lambda: _icons(theme),
        "panes": lambda: _panes(theme, Path(arguments[0])),
    }
    for name, look in parts.items():
        parent.report(json.dumps({name: _looked(look)}))
    sys.stdout.flush()
    os._exit(0)  # Qt has nothing to save, and what it takes down need not be waited for


def _looked(look: Callable[[], _Said]) -> dict[str, Any]:
    try:
        detail, figures = look()
    except Exception as error:  # noqa: BLE001  # whatever is broken is what is told
        return {"failed": fault_of(error).plain()}
    return {"detail": detail, "figures": figures}


def _style(application: QApplication, theme: Theme) -> _Said:
    theme.apply(application)
    families = set(QFontDatabase.families())
    if sys.platform == "darwin":
        _check_platform_plugin()
    elif missing := [name for name in _FONTS if name not in families]:
        raise StudioError("selftest.no_fonts", names=listed(missing))
    pictures = sorted(set(_PICTURE.findall(application.styleSheet())))
    if not pictures:
        raise StudioError("selftest.damaged_file", file="resources/styles/studio.qss")
    if unread := [Path(file).name for file in pictures if QPixmap(file).isNull()]:
        raise StudioError("selftest.no_marks", names=listed(unread))
    sheet = len(application.styleSheet())
    figures = {
        "qt": qVersion(),
        "characters": sheet,
        "pictures": len(pictures),
        "font": application.font().family(),
    }
    return tr(
        "Qt {version}, {sheet:,} characters of style, {pictures} pictures",
        version=qVersion(),
        sheet=sheet,
        pictures=len(pictures),
    ), figures


def _check_platform_plugin() -> None:
    """Raise StudioError where what opens windows on a Mac cannot be loaded: here nothing is opened by it."""
    plugins = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath))
    loader = QPluginLoader(str(plugins / "platforms" / "libqcocoa.dylib"))
    if not loader.load():
        raise StudioError("selftest.no_plugin", fault=loader.errorString())


def _icons(theme: Theme) -> _Said:
    empty = [name for name in NAMES if not _is_drawn(theme, name)]
    if empty:
        raise StudioError("selftest.no_icons", names=listed(empty))
    return tr("{count} icons drawn", count=len(NAMES)), {"icons": len(NAMES)}


def _is_drawn(theme: Theme, name: str) -> bool:
    try:
        svg(name, theme.tokens.dim)  # where there is none, it is missed before anything is painted on
        drawn = theme.icon(name).pixmap(QSize(_SIZE, _SIZE)).toImage()
    except OSError:
        return False
    return any(drawn.pixelColor(x, y).alpha() for x in range(drawn.width()) for y in range(drawn.height()))


def _panes(theme: Theme, home: Path) -> _Said:
    window = make_window(theme, Settings())
    studio = Studio(Paths.under(home), theme, Settings(), window)
    window.show()
    window.blockSignals(True)  # panes that come to the front would have work begin
    keys = list(vars(studio.panes))
    for mode in _MODES:
        theme.set_mode(mode)
        for key in keys:
            window.show_pane(key)
            QApplication.processEvents()
            _check_picture(window, theme, key)
    size = f"{window.width()} by {window.height()}"
    return tr("{count} panes drawn, light and dark, {size}", count=len(keys), size=size), {
        "panes": keys,
        "size": size,
    }


def _check_picture(window: MainWindow, theme: Theme, key: str) -> None:
    picture = window.grab().toImage()
    place = QPoint(_IN_SIDEBAR.x(), picture.height() + _IN_SIDEBAR.y())
    found, wanted = picture.pixelColor(place), QColor(theme.tokens.side)
    if found != wanted:
        raise StudioError("selftest.no_style", part="sidebar", found=found.name(), wanted=wanted.name())
    if len(_shades(window.pane(key).grab().toImage())) < _SHADES:
        raise StudioError("selftest.blank", part=key)


def _shades(picture: QImage) -> set[int]:
    return {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}
