"""An answer as Markdown, as it is written, or word by word beside another one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, Qt, QUrl, Signal
from PySide6.QtGui import QMouseEvent

from studio.ui.chat.comparison import ComparedText, WordRun
from studio.ui.chat.markdown import is_readable, links_in, write_markdown
from studio.ui.theme import Theme

MARKDOWN, PLAIN = "markdown", "plain"
_MOST_REWRITTEN = 4_000
"""Up to so many characters Markdown is laid out anew with every piece that comes, above it at the end."""


class ShownAnswer(ComparedText):
    """Shows an answer while it grows and when it is whole; a link is announced, and opens nothing."""

    link_clicked = Signal(str)

    def __init__(self, theme: Theme, name: str) -> None:
        self._text, self._how, self._differs = "", PLAIN, False
        super().__init__(theme, name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # keys can select and copy it
        self.viewport().setMouseTracking(True)

    def written(self) -> str:
        """The answer as the model wrote it."""
        return self._text

    def show_answer(self, text: str, how: str) -> None:
        """Show all of an answer, as Markdown or plain."""
        self._text, self._how, self._differs = text, how, False
        self._draw()

    def add(self, piece: str) -> None:
        """More of the answer has come."""
        self._text += piece
        if self._how == MARKDOWN and not self._differs and len(self._text) <= _MOST_REWRITTEN:
            self._draw()
        else:
            self.append_text(piece)

    def show_text(self, stretches: Sequence[WordRun], tone: str) -> None:
        self._differs = True
        super().show_text(stretches, tone)

    def links(self) -> list[str]:
        """Where the answer links to."""
        return links_in(self.document()) if self._is_markdown else []

    def loadResource(self, type: int, name: QUrl | str) -> QByteArray:
        """Nothing that an answer names is ever opened: without an answer Qt would read the file itself."""
        return QByteArray()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        over = bool(self.anchorAt(event.position().toPoint()))
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        address = self.anchorAt(event.position().toPoint())
        if address and not self.textCursor().hasSelection():
            self.link_clicked.emit(address)

    @property
    def _is_markdown(self) -> bool:
        return self._how == MARKDOWN and not self._differs and is_readable(self._text)

    def _draw(self) -> None:
        if self._differs:
            super()._draw()
        elif self._is_markdown:
            write_markdown(self.document(), self._text, self._theme)
            self._grow()
        else:
            self.clear()
            self.append_text(self._text)
