"""Markdown of other people, shown as text: no HTML, no pictures, nothing fetched, links only told of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QEvent, QUrl, Signal
from PySide6.QtGui import QPalette, QTextBlock, QTextCharFormat, QTextCursor, QTextDocument, QTextFormat
from PySide6.QtWidgets import QFrame, QTextBrowser, QWidget

from studio.words import visible

MOST = 60_000
"""So many characters of a text are shown: a card with all its tables may be as long as a book."""

_FRONT = re.compile(r"\A\s*---\n.*?\n---\s*(\n|\Z)", re.DOTALL)
_CODE = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`)", re.DOTALL)
_TAGS = re.compile(
    r"<!--.*?-->|</?(?:a|b|br|center|code|details|div|em|font|h[1-6]|hr|i|iframe|img|li|ol|p|picture|script"
    r"|source|span|strong|style|sub|summary|sup|svg|table|tbody|td|th|thead|tr|u|ul|video)\b[^>]*>",
    re.DOTALL | re.IGNORECASE,
)
_FEATURES = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
_ALT = QTextFormat.Property.ImageAltText.value
_LARGER = QTextFormat.Property.FontSizeAdjustment.value
_FENCE = QTextFormat.Property.BlockCodeFence.value
_OPENED = ("http", "https")
_ROOM = 5
"""Pixels over and under a paragraph."""


class MarkdownView(QTextBrowser):
    """Shows a text; emits the address of a web page whose link was chosen, and opens nothing itself."""

    page_requested = Signal(str)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(2)
        self.anchorClicked.connect(self._announce)

    def show_markdown(self, text: str) -> None:
        """Show this text from its beginning; what it says about itself before that is left out."""
        self._text = text
        shown = _without_tags(visible(_FRONT.sub("", text, count=1)))
        cut = len(shown) > MOST
        self.document().setMarkdown(f"{shown[:MOST]}\n\n…" if cut else shown, _FEATURES)
        self._dress()
        self.verticalScrollBar().setValue(0)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Nothing: whatever a text asks for stays where it is."""
        return None

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._text:
            self.show_markdown(self._text)  # its links have the colour of the look before

    def _dress(self) -> None:
        """Links in the theme's colour, headings no larger than the window's, words in place of pictures."""
        self._space()
        link = self.palette().color(QPalette.ColorRole.Link)
        for start, length, look, heading in reversed(list(self._pieces())):
            cursor = QTextCursor(self.document())
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            if look.isImageFormat():
                told = str(look.property(_ALT) or "")
                cursor.insertText(f"[{told}]" if told else "", QTextCharFormat())
                continue
            change = QTextCharFormat()
            if look.isAnchor():
                change.setForeground(link)
            if heading:
                change.setProperty(_LARGER, max(2 - heading, 0))
            cursor.mergeCharFormat(change)

    def _space(self) -> None:
        """Room between paragraphs, and a tint behind code."""
        block = self.document().begin()
        while block.isValid():
            cursor, form = QTextCursor(block), block.blockFormat()
            if form.hasProperty(_FENCE):
                form.setBackground(self.palette().color(QPalette.ColorRole.AlternateBase))
            elif cursor.currentTable() is None and cursor.currentList() is None:
                form.setTopMargin(_ROOM * 2 if form.headingLevel() else _ROOM)
                form.setBottomMargin(_ROOM)
            cursor.setBlockFormat(form)
            block = block.next()

    def _pieces(self) -> Iterator[tuple[int, int, QTextCharFormat, int]]:
        """Where the pieces of the text are that look otherwise, and the level of the heading they are in."""
        block: QTextBlock = self.document().begin()
        while block.isValid():
            heading = block.blockFormat().headingLevel()
            piece = block.begin()
            while not piece.atEnd():
                look = piece.fragment().charFormat()
                if heading or look.isAnchor() or look.isImageFormat():
                    yield piece.fragment().position(), piece.fragment().length(), look, heading
                piece += 1
            block = block.next()

    def _announce(self, link: QUrl) -> None:
        if link.scheme() in _OPENED:
            self.page_requested.emit(link.toString())


def _without_tags(text: str) -> str:
    """The text without the tags that cards are laid out with, which would be shown as they are written."""
    parts = _CODE.split(text)
    return "".join(part if place % 2 else _TAGS.sub("", part) for place, part in enumerate(parts))
