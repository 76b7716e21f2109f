"""One example, token by token, as the model reads it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QMimeData, QPoint, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextOption,
)
from PySide6.QtWidgets import QTextEdit, QToolTip, QWidget

from studio.events import Piece
from studio.language import tr
from studio.ui.plain import tip
from studio.ui.theme import Theme, fixed_font

_LINE_PERCENT = 125
LEGEND = tr("Green is trained. Violet is special. The rest is read, not learned. Struck through is cut.")


class TokenView(QTextEdit):
    """Shows pieces in their order: trained tinted, special in chips, cut struck, ends of line seen."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._pieces: tuple[Piece, ...] = ()
        self._rows: dict[int, int] = {}  # the first piece of each of several rows, and its number
        self._starts: list[int] = []
        self._stops: list[int] = []
        self._under_mouse = -1
        self.setObjectName("tokenView")
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setAcceptRichText(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Tokens of the example"))
        self.document().setDocumentMargin(0)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        option = self.document().defaultTextOption()
        option.setFlags(QTextOption.Flag.ShowLineAndParagraphSeparators)
        self.document().setDefaultTextOption(option)
        self.viewport().setMouseTracking(True)
        theme.changed.connect(self._draw)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return self._pieces

    def text(self) -> str:
        """Exactly the text that the pieces spell."""
        return "".join(piece.text for piece in self._pieces)

    def set_pieces(self, pieces: Sequence[Piece], rows: Sequence[int] = ()) -> None:
        """Show these; `rows` are the numbers of pieces in the rows that they make, where they are several."""
        self._pieces = tuple(pieces)
        self._rows = {sum(rows[:index]): index + 1 for index in range(len(rows))}
        self._draw()
        self.verticalScrollBar().setValue(0)

    def piece_at(self, position: QPoint) -> int:
        """The index of the piece under a point of the viewport; -1 where there is none."""
        cursor = self.cursorForPosition(position)
        if not self._pieces or not self.cursorRect(cursor).adjusted(-12, -2, 12, 2).contains(position):
            return -1
        place = cursor.position()
        if self.cursorRect(cursor).left() > position.x():
            place -= 1
        index = bisect_right(self._starts, place) - 1
        return index if index < 0 or place <= self._stops[index] else -1

    def _draw(self) -> None:
        """Write every piece with its look; the cursor says where it starts, for Qt counts in UTF-16."""
        looks = {key: self._look(*key) for key in _LOOKS}
        self._under_mouse, self._starts, self._stops = -1, [], []
        self.setExtraSelections([])
        self.clear()
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for index, piece in enumerate(self._pieces):
            if index in self._rows:
                head = tr("Row {rows:,} of {count:,}\n", rows=self._rows[index], count=len(self._rows))
                cursor.insertText(("\n\n" if index else "") + head, self._heading())
            if piece.special and index:
                cursor.insertText(SEAM, looks[False, False, False])
            self._starts.append(cursor.position())
            cursor.insertText(_drawn(piece), looks[piece.trained, piece.special, piece.cut])
            self._stops.append(cursor.position())
        spaced = QTextBlockFormat()
        spaced.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)
        cursor.endEditBlock()

    def _heading(self) -> QTextCharFormat:
        """The look of what stands above a row."""
        look = QTextCharFormat()
        look.setForeground(QColor(self._theme.tokens.dim))
        look.setFontWeight(QFont.Weight.DemiBold)
        return look

    def _look(self, trained: bool, special: bool, cut: bool) -> QTextCharFormat:
        tokens = self._theme.tokens
        look, font = QTextCharFormat(), fixed_font()
        font.setFeature(QFont.Tag("calt"), 0)  # <|im_start|> stays what it is
        look.setFont(font, QTextCharFormat.FontPropertiesInheritanceBehavior.FontPropertiesSpecifiedOnly)
        look.setForeground(QColor(tokens.third if special else tokens.text if trained else tokens.dim))
        if trained and not special:
            look.setBackground(QColor(tokens.tint("good", 0.22)))
        if cut:
            look.setForeground(QColor(tokens.faint))
            look.clearBackground()
            look.setFontStrikeOut(True)
        return look

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tokens, seen = self._theme.tokens, self.viewport().rect()
        first = bisect_right(self._starts, self.cursorForPosition(QPoint(0, 0)).position()) - 1
        for index in range(max(first, 0), len(self._pieces)):
            piece = self._pieces[index]
            if not piece.special or piece.cut:
                continue
            box = self._box(index)
            if box.top() > seen.bottom():
                break
            tone = "good" if piece.trained else "third"
            painter.setPen(QColor(tokens.tint(tone, 0.55)))
            painter.setBrush(QColor(tokens.tint(tone, 0.22 if piece.trained else 0.14)))
            painter.drawRoundedRect(box, 4, 4)
        painter.end()
        super().paintEvent(event)

    def _box(self, index: int) -> QRectF:
        """Where a token stands; of one that is broken over two lines, its end."""
        cursor, end = QTextCursor(self.document()), self._ends(index)
        cursor.setPosition(self._starts[index])
        begin = self.cursorRect(cursor)
        cursor.setPosition(end)
        after = self.cursorRect(cursor)
        left = begin.left() if begin.top() == after.top() else 0
        return QRectF(left, after.top(), after.left() - left, after.height()).adjusted(-1.5, 0.5, 1.5, -0.5)

    def _ends(self, index: int) -> int:
        return self._stops[index]

    def _mark(self, index: int) -> None:
        """Tint the token under the mouse more strongly, so that its borders show."""
        if index == self._under_mouse:
            return
        self._under_mouse = index
        marks = []
        if index >= 0:
            mark = QTextEdit.ExtraSelection()
            cursor = QTextCursor(self.document())
            cursor.setPosition(self._starts[index])
            cursor.setPosition(self._ends(index), QTextCursor.MoveMode.KeepAnchor)
            mark.cursor = cursor
            mark.format.setBackground(QColor(self._theme.tokens.tint("accent", 0.4)))
            marks.append(mark)
        self.setExtraSelections(marks)

    def createMimeDataFromSelection(self) -> QMimeData:
        """What is selected of the pieces, as they spell it."""
        chosen, copied = self.textCursor(), QMimeData()
        begin, end = chosen.selectionStart(), chosen.selectionEnd()
        copied.setText("".join(self._spelled(index, begin, end) for index in range(len(self._pieces))))
        return copied

    def _spelled(self, index: int, begin: int, end: int) -> str:
        """What of a piece stands between two places of the document."""
        start, stop, piece = self._starts[index], self._stops[index], self._pieces[index]
        if begin <= start and stop <= end:
            return piece.text
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(max(begin, start), stop))
        cursor.setPosition(max(min(end, stop), start), QTextCursor.MoveMode.KeepAnchor)
        return cursor.selection().toPlainText().replace(JOINER, "" if piece.special else JOINER)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._mark(self.piece_at(event.position().toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._mark(-1)

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            index = self.piece_at(event.pos())
            QToolTip.showText(
                event.globalPos(), tip(describe(self._pieces[index])) if index >= 0 else "", self
            )
            return True
        return super().viewportEvent(event)


_LOOKS = [
    (trained, special, cut) for trained in (True, False) for special in (True, False) for cut in (True, False)
]


def describe(piece: Piece) -> str:
    """A token in words: its id, its text with invisible characters written out, and what happens to it."""
    fate = "cut" if piece.cut else "trained" if piece.trained else tr("read, not learned")
    kind = "special, " if piece.special else ""
    return tr("Token {id:,} · {text!r}\n{kind}{fate}", id=piece.id, text=piece.text, kind=kind, fate=fate)


JOINER = "\u2060"
"""Nothing to see; a line is never broken beside it."""

SEAM = "\u200b"
"""Nothing to see; a line may be broken at it."""

_BREAKS = re.compile(r"(?<=\W)(?=.)|(?<=.)(?=\W)")


def _drawn(piece: Piece) -> str:
    """A piece as the document holds it: a special one stays whole where a line ends."""
    return _BREAKS.sub(JOINER, piece.text) if piece.special else _drawable(piece.text)


def _drawable(text: str) -> str:
    """The text with characters that a document would swallow shown as their pictures."""
    return text.replace("\r\n", "␍\n").replace("\r", "␍").replace("\x00", "␀")
