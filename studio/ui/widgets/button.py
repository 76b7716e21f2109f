"""Buttons, switches, and icons that fetch their colour from the palette again when the theme changes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from studio.ui import icons
from studio.ui.plain import keyless, tip
from studio.ui.widgets.style import set_property

TONE_OF_ROLE = {"primary": "on_fill", "plain": "text", "danger": "text"}
REFRESHING = (QEvent.Type.StyleChange, QEvent.Type.PaletteChange)


GAP = 4
"""Pixels between a button's icon and its text, beyond what the style leaves."""


def _tinted(name: str, tone: str, gap: int = 0) -> QIcon:
    faint = QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText).name()
    return icons.icon(name, icons.tone_colour(tone).name(), faint, gap=gap)


class Button(QPushButton):
    """`role` is plain, primary, danger, quiet, link or chip; `icon` the name of a Lucide icon."""

    def __init__(
        self, text: str, role: str = "plain", icon: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(keyless(text), parent)
        self._icon = icon
        self.setProperty("role", role)
        self.setIconSize(QSize(16 + GAP, 16))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # as on a Mac: a click leaves no focus ring
        self.setAccessibleName(text)
        self._retint()

    def text(self) -> str:
        return super().text().replace("&&", "&")

    def setText(self, text: str) -> None:
        super().setText(keyless(text))

    def set_role(self, role: str) -> None:
        set_property(self, "role", role)
        self._retint()

    def set_icon(self, name: str | None) -> None:
        self._icon = name
        self._retint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in REFRESHING:
            self._retint()

    def _retint(self) -> None:
        if self._icon:
            self.setIcon(_tinted(self._icon, TONE_OF_ROLE.get(self.property("role"), "dim"), GAP))


class IconButton(QToolButton):
    """A small button that shows only an icon; `label` is its tooltip and what a screen reader says."""

    def __init__(self, icon: str, label: str, parent: QWidget | None = None, *, size: int = 20) -> None:
        super().__init__(parent)
        self._icon = icon
        self.setIconSize(QSize(15, 15))
        self.setFixedSize(max(size, 24), size)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(tip(label))
        self.setAccessibleName(label)
        self._retint()

    def set_icon(self, name: str) -> None:
        self._icon = name
        self._retint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in REFRESHING:
            self._retint()

    def _retint(self) -> None:
        self.setIcon(_tinted(self._icon, "dim"))


class PickButton(Button):
    """Looks like a field, shows what was picked elsewhere, and leads there."""

    def __init__(self, text: str, arrow: str = "chevron-right") -> None:
        super().__init__(text, "pick")
        self._arrow = Icon(arrow, 14, parent=self)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style paints it, but a long name ends in an ellipsis."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.width() - 36
        option.text = self.fontMetrics().elidedText(option.text, Qt.TextElideMode.ElideRight, room)
        QStylePainter(self).drawControl(QStyle.ControlElement.CE_PushButton, option)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrow.move(self.width() - 14 - 7, (self.height() - 14) // 2)


class Icon(QWidget):
    """An icon of `size` pixels in a tone of the palette: text, dim, faint or accent."""

    def __init__(self, name: str, size: int = 16, tone: str = "dim", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._tone = name, tone
        self.setFixedSize(size, size)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        size = round(self.width() * self.devicePixelRatioF())
        painter = QPainter(self)
        colour = icons.tone_colour(self._tone).name()
        painter.drawPixmap(self.rect(), icons.pixmap(self._name, colour, size))


_WIDE, _HIGH = 34, 20


class Switch(QAbstractButton):
    """On or off: a knob at the right in the accent colour, or at the left in grey."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setCheckable(True)
        self.setFixedSize(_WIDE, _HIGH)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:
        return QSize(_WIDE, _HIGH)

    def paintEvent(self, event: QPaintEvent) -> None:
        palette, on = self.palette(), self.isChecked()
        track = palette.color(QPalette.ColorRole.Accent if on else QPalette.ColorRole.PlaceholderText)
        track.setAlphaF((1.0 if on else 0.55) * (1.0 if self.isEnabled() else 0.45))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(palette.color(QPalette.ColorRole.Accent))
            painter.drawRoundedRect(QRectF(0.5, 0.5, _WIDE - 1, _HIGH - 1), _HIGH / 2, _HIGH / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(track)
        painter.drawRoundedRect(QRectF(2, 2, _WIDE - 4, _HIGH - 4), _HIGH / 2 - 2, _HIGH / 2 - 2)
        painter.setBrush(QColor("white"))
        painter.drawEllipse(QRectF(_WIDE - 16 if on else 4, 4, 12, 12))
