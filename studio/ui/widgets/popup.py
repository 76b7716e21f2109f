"""Lists and menus that open over the window: round as cards are, and drawn by the style sheet alone.

A popup is a window of its own, whose corners show what is behind it only where it is told to be see-through;
Fusion's own frame around a combo box's list would be drawn over it in pieces.
"""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionComboBox,
    QStyleOptionViewItem,
    QStylePainter,
    QWidget,
)

from studio.ui.plain import tip

_FLAGS = Qt.WindowType.FramelessWindowHint | Qt.WindowType.NoDropShadowWindowHint
_HEIGHT, _LINE_HEIGHT = 28, 9


class Combo(QComboBox):
    """A choice from a list; the wheel scrolls what it stands in, and never the choice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_round = False

    def showPopup(self) -> None:
        if not self._is_round:  # its list is a window, made when it is needed first
            self._is_round = True
            self.setView(QListView())
            self.setItemDelegate(_Entries(self))
            _see_through(self.view().window())
        super().showPopup()
        frame = self.view().parentWidget()
        if isinstance(frame, QFrame):
            frame.setFrameShape(QFrame.Shape.NoFrame)  # which Fusion gives it again whenever it opens

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class ElidedCombo(Combo):
    """A choice whose long entries end in an ellipsis; its list and its tooltip have all of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.currentTextChanged.connect(self._explain)

    def paintEvent(self, event: QPaintEvent) -> None:
        """As the style paints it, but what does not fit is told of."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        style, part = QStyle.ComplexControl.CC_ComboBox, QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(style, option, part, self).width() - 2
        option.currentText = self.fontMetrics().elidedText(
            option.currentText, Qt.TextElideMode.ElideRight, room
        )
        painter = QStylePainter(self)
        painter.drawComplexControl(style, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def _explain(self, text: str) -> None:
        self.setToolTip(tip(text))


class Menu(QMenu):
    """A menu with round corners."""

    def __init__(self, parent: QWidget | None = None, title: str = "") -> None:
        super().__init__(title, parent)
        _see_through(self)


class _Entries(QStyledItemDelegate):
    """Entries as the style sheet draws them, and separators as lines."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), _LINE_HEIGHT if _is_line(index) else _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        if not _is_line(index):
            super().paint(painter, option, index)
            return
        rect = option.rect
        painter.setPen(option.palette.color(QPalette.ColorRole.Midlight))
        painter.drawLine(rect.left() + 6, rect.center().y(), rect.right() - 6, rect.center().y())


def _is_line(index: QModelIndex | QPersistentModelIndex) -> bool:
    """Whether a combo box's entry is a separator, as Qt marks it."""
    return bool(index.data(Qt.ItemDataRole.AccessibleDescriptionRole) == "separator")


def _see_through(window: QWidget) -> None:
    window.setWindowFlags(window.windowFlags() | _FLAGS)
    window.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
