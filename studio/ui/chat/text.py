"""Text that grows with what is streamed into it, and a field that grows with what is typed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QSizePolicy, QTextEdit, QWidget

from studio.language import tr

_MOST_LINES = 5
_LINE_HEIGHT = 118.0
"""Of running text, in per cent."""


class GrowingText(QTextEdit):
    """Plain text as high as it needs to be: selectable, wraps anywhere, never scrolls by itself."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.document().setDocumentMargin(0)
        self._spacing = QTextBlockFormat()
        self._spacing.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)

    def append_text(self, text: str, look: QTextCharFormat | None = None) -> None:
        """Add to the end, in a look of its own if one is given; only the last paragraph is laid out again."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        if cursor.atStart():
            cursor.setBlockFormat(self._spacing)
        cursor.insertText(text, look or QTextCharFormat())

    def _grow(self) -> None:
        height = max(round(self.document().size().height()), self.fontMetrics().lineSpacing())
        if height != self.height():
            self.setFixedHeight(height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._grow()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class PromptField(QPlainTextEdit):
    """Where a prompt is typed: Enter sends, Shift+Enter starts a line, up to five lines are seen at once.

    Where it is not one that `sends`, Enter starts a line, too.
    """

    submitted = Signal()
    left = Signal()  # Escape was pressed

    def __init__(self, placeholder: str, parent: QWidget | None = None, *, sends: bool = True) -> None:
        super().__init__(parent)
        self._sends = sends
        self.setProperty("role", "field")
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(tr("Prompt"))
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
            self.left.emit()
        elif not is_enter:
            super().keyPressEvent(event)
        elif not self._sends or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.insertPlainText("\n")  # Qt's own would be a line separator, which is not what models read
            self.ensureCursorVisible()
        else:
            self.submitted.emit()

    def _height(self) -> int:
        lines = min(max(int(self.document().size().height()), 1), _MOST_LINES)
        padding = self.height() - self.viewport().height() if self.isVisible() else 2
        margins = 2 * int(self.document().documentMargin())
        return lines * self.fontMetrics().lineSpacing() + margins + padding

    def _grow(self) -> None:
        self.updateGeometry()
        lines = self.document().size().height()
        shown = (
            Qt.ScrollBarPolicy.ScrollBarAsNeeded
            if lines > _MOST_LINES
            else Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        )
        self.setVerticalScrollBarPolicy(shown)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self._height())

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self._height())
