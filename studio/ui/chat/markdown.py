"""Markdown of an answer as a document in which nothing is fetched, obeyed or hidden."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QColor,
    QFont,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFragment,
)

from studio.ui.theme import Theme, fixed_font

MOST_CHARACTERS = 20_000
"""A longer text is shown as it is written: its layout would keep the window waiting."""
_MOST_CELLS = 60
_READ = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})")
_LINE_HEIGHT = 118.0
_INDENT = 20
_HEADINGS = (20, 18, 16, 15, 15, 15)
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


def is_readable(text: str) -> bool:
    """Whether a text is laid out as Markdown at all: not if it is very long, or one very wide table."""
    return len(text) <= MOST_CHARACTERS and all(line.count("|") <= _MOST_CELLS for line in text.split("\n"))


def write_markdown(document: QTextDocument, text: str, theme: Theme) -> None:
    """Lay a text out as Markdown, in the theme's colours.

    HTML in it is text. Pictures are the text that asks for them, so no address is ever opened; links are
    marked, and open nothing by themselves. The lines of a paragraph stay lines, as models mean them.
    """
    document.setIndentWidth(_INDENT)
    document.setMarkdown(prepared(text), _READ)
    _unpicture(document)
    cursor = QTextCursor(document)
    cursor.beginEditBlock()
    block = document.begin()
    while block.isValid():
        _dress(QTextCursor(block), block, theme)
        block = block.next()
    cursor.endEditBlock()


def prepared(text: str) -> str:
    """The text as its reader takes it: line ends kept, and no part of it taken for the file's own head.

    Pictures without a name are text here already, as the reader would leave them out.
    """
    lines, fence = [], ""
    for line in text.replace("\r\n", "\n").replace("\x00", "␀").split("\n"):
        found = _FENCE.match(line)
        if found and not fence:
            fence = found[1]
        elif found and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        breaks = not fence and line.strip() and not found
        lines.append(f"{line.rstrip()}  ".replace("![]", "!\\[]") if breaks else line)
    return "\n" + "\n".join(lines)


def links_in(document: QTextDocument) -> list[str]:
    """The addresses that a document links to, each once."""
    found = [piece.charFormat().anchorHref() for _, piece in _fragments(document)]
    return list(dict.fromkeys(filter(None, found)))


def opens_outside(address: str) -> bool:
    """Whether a link leads to a page of the web or to a mail: nothing else is ever opened."""
    return QUrl(address).scheme().lower() in ("http", "https", "mailto")


def _fragments(document: QTextDocument) -> Iterator[tuple[QTextBlock, QTextFragment]]:
    block = document.begin()
    while block.isValid():
        pieces = block.begin()
        while not pieces.atEnd():
            yield block, pieces.fragment()
            pieces += 1
        block = block.next()


def _unpicture(document: QTextDocument) -> None:
    """Write what asks for a picture in its place."""
    asked = []
    for _, piece in _fragments(document):
        if piece.charFormat().isImageFormat():
            image = piece.charFormat().toImageFormat()
            alt = str(image.property(QTextFormat.Property.ImageAltText) or "")
            asked.append((piece.position(), piece.length(), f"![{alt}]({image.name()})"))
    for place, length, words in reversed(asked):
        cursor = QTextCursor(document)
        cursor.setPosition(place)
        cursor.setPosition(place + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(words * length, QTextCharFormat())


def _dress(cursor: QTextCursor, block: QTextBlock, theme: Theme) -> None:
    """Give a paragraph our spacing and its words our fonts and colours."""
    shape, tokens = QTextBlockFormat(), theme.tokens
    is_code = _is_code(block)
    shape.setLineHeight(100.0 if is_code else _LINE_HEIGHT, _PROPORTIONAL)
    if is_code:
        shape.setBackground(QColor(tokens.hover))
        shape.setNonBreakableLines(False)
        shape.setTopMargin(0 if _is_code(block.previous()) else 8)
        shape.setBottomMargin(0)
    elif block.textList() is not None:
        shape.setTopMargin(2)
        shape.setBottomMargin(2)
    elif cursor.currentTable() is None:
        shape.setTopMargin(0 if block.blockNumber() == 0 else 8)
        shape.setBottomMargin(0)
    cursor.mergeBlockFormat(shape)
    for place, length, look in _looks(block, theme, is_code):
        cursor.setPosition(place)
        cursor.setPosition(place + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(look)


def _is_code(block: QTextBlock) -> bool:
    """Whether a paragraph is a line of a program."""
    shape = block.blockFormat()
    marks = (QTextFormat.Property.BlockCodeFence, QTextFormat.Property.BlockCodeLanguage)
    return block.isValid() and any(shape.hasProperty(mark) for mark in marks)


def _looks(block: QTextBlock, theme: Theme, is_code: bool) -> list[tuple[int, int, QTextCharFormat]]:
    tokens, level = theme.tokens, block.blockFormat().headingLevel()
    looks, pieces = [], block.begin()
    while not pieces.atEnd():
        piece = pieces.fragment()
        old, look = piece.charFormat(), QTextCharFormat()
        if is_code or old.fontFixedPitch():
            look.setFont(
                fixed_font(13), QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly
            )
            if not is_code:
                look.setBackground(QColor(tokens.hover))
        elif level:
            look.setProperty(QTextFormat.Property.FontPixelSize, _HEADINGS[min(level, 6) - 1])
            look.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
            look.setFontWeight(QFont.Weight.DemiBold)
        if old.isAnchor():
            look.setForeground(QColor(tokens.accent))
            look.setFontUnderline(True)
            look.setToolTip("")
        looks.append((piece.position(), piece.length(), look))
        pieces += 1
    return looks
