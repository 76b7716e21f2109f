"""Text on screen: labels that wrap or cut with a tooltip, key figures, badges."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from studio.ui.plain import tip
from studio.ui.widgets.layout import column
from studio.ui.widgets.style import set_property


class PlainLabel(QLabel):
    """Text that is shown as it is, whatever is written in it."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)


class ElidedLabel(PlainLabel):
    """One line of text, cut with an ellipsis where it does not fit; then the tooltip has all of it."""

    def __init__(self, text: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(text)
        self._mode = mode
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        return QSize(min(40, super().sizeHint().width()), super().sizeHint().height())

    def setText(self, text: str) -> None:
        super().setText(text)
        self._explain()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._explain()

    def shown_text(self) -> str:
        """What fits: the text itself or its beginning with an ellipsis."""
        return self.fontMetrics().elidedText(self.text(), self._mode, self.contentsRect().width())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(self.alignment().value), self.shown_text())

    def _explain(self) -> None:
        cut = self.shown_text() != self.text()
        self.setToolTip(tip(self.text() if cut else ""))


class WrapLabel(PlainLabel):
    """Text that wraps; the height it asks for follows the width it was given, so nothing is cut."""

    def __init__(self, text: str = "", role: str = "", tone: str = "") -> None:
        super().__init__(text)
        self.setWordWrap(True)
        self.setProperty("role", role)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def hasHeightForWidth(self) -> bool:
        return False

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.heightForWidth(self.width()))

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.heightForWidth(self.width()))

    def set_tone(self, tone: str) -> None:
        set_property(self, "tone", tone)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self.updateGeometry()


class KeyFigure(QWidget):
    """A large number over a small caption."""

    def __init__(self, value: str = "", caption: str = "") -> None:
        super().__init__()
        self._value, self._caption = ElidedLabel(value), ElidedLabel(caption)
        self._value.setProperty("role", "figure")
        self._caption.setProperty("role", "caption")
        column(self._value, self._caption, on=self, gap=1)

    def set_value(self, value: str) -> None:
        self._value.setText(value)

    def set_caption(self, caption: str) -> None:
        self._caption.setText(caption)

    def value(self) -> str:
        return self._value.text()


class Badge(PlainLabel):
    """A word on a coloured pill; `tone` is dim, good, warn, bad or accent."""

    def __init__(self, text: str = "", tone: str = "dim") -> None:
        super().__init__(text)
        self.setProperty("role", "badge")
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)


def dim(text: str) -> PlainLabel:
    """A label in the second level of text."""
    label = PlainLabel(text)
    label.setProperty("tone", "dim")
    return label


def note(text: str) -> WrapLabel:
    """A wrapped label in the third level of text, 12 px."""
    return WrapLabel(text, role="note")


def title(text: str) -> PlainLabel:
    """A semibold label, 13 px: the head of a card or a section within one."""
    label = PlainLabel(text)
    label.setProperty("role", "title")
    return label
