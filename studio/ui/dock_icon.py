"""The app's icon in the Dock with a bar across it, while something long is being done."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileInfo, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication, QFileIconProvider

SIDE = 256
_BAR = QRectF(28, 186, 200, 34)
_TRACK, _RIM, _FILL = QColor(20, 20, 22, 215), QColor(255, 255, 255, 230), QColor("#5B8DEF")


def with_bar(base: QIcon, share: float) -> QIcon:
    """The icon with a bar that is filled from 0 to 1."""
    picture = QPixmap(SIDE, SIDE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    base.paint(painter, picture.rect())
    round_ = _BAR.height() / 2
    painter.setPen(QPen(_RIM, 4))
    painter.setBrush(_TRACK)
    painter.drawRoundedRect(_BAR, round_, round_)
    inside = _BAR.adjusted(6, 6, -6, -6)
    inside.setWidth(max(inside.height(), inside.width() * min(1.0, max(0.0, share))))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_FILL)
    painter.drawRoundedRect(inside, inside.height() / 2, inside.height() / 2)
    painter.end()
    return QIcon(picture)


class DockIcon:
    """Shows in the icon how far something is; without an icon of the app's own it shows nothing."""

    def __init__(self, app: QApplication) -> None:
        self._app, self._own = app, app.windowIcon()
        self._percent: int | None = None
        self._base: QIcon | None = None

    def show(self, share: float | None) -> None:
        """How far it is from 0 to 1; None takes the bar away."""
        percent = None if share is None else round(100 * share)
        if percent == self._percent:
            return
        self._percent = percent
        if percent is None:
            self._app.setWindowIcon(self._own)  # which on a Mac is none: the bundle's comes back
        elif not self._drawn_on().isNull():
            self._app.setWindowIcon(with_bar(self._drawn_on(), percent / 100))

    def _drawn_on(self) -> QIcon:
        """What the Dock shows by itself."""
        if self._base is None:
            self._base = _of_bundle() if self._own.isNull() else self._own
        return self._base


def _of_bundle() -> QIcon:
    """The icon of the bundle that this process runs from; none on other systems."""
    bundle = Path(QApplication.applicationDirPath()).parents[1:2]
    is_one = bool(bundle) and bundle[0].suffix == ".app"
    return QFileIconProvider().icon(QFileInfo(str(bundle[0]))) if is_one else QIcon()
