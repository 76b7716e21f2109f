"""What else could stand at a place of an answer: the likeliest tokens of each reader, to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
)

from studio.events import LikelyToken, TokenRead
from studio.language import tr
from studio.ui.theme import Theme, body_font, fixed_font

PART = "\ufffd"
"""What stands for bytes that are no whole character."""
_ID, _SHARE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_NARROW, _HEIGHT = 76, 23
_ENTERS = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True)
class TokenReader:
    """A contestant that an answer is shown beside: its place among the readers, or why it is none of them."""

    title: str
    place: int = -1
    why_not: str = ""


def visible(text: str) -> str:
    """A token's text in which nothing hides: ends of line as arrows, what cannot be seen as boxes."""
    if not text:
        return "·"
    told = text.replace("\r", "␍").replace("\n", "↵\n")
    return "".join(c if c.isprintable() or c in "\n\t" else " " if c.isspace() else "□" for c in told)


def spelled(token: LikelyToken) -> str:
    """A token on one line, its spaces seen: "␣Oslo"."""
    if not token.text:
        return tr("token {id:,}", id=token.id)
    if PART in token.text:
        return tr("{text} part of a character", text=token.text)
    told = visible(token.text).replace("\n", "").replace("\t", "⇥").replace(" ", "␣")
    return tr("{told}  ends the answer", told=told) if token.ends else told


def share(probability: float) -> str:
    """A probability in few characters: 83.1 %, or < 0.1 %."""
    return "< 0.1 %" if probability < 0.001 else f"{100 * probability:.1f} %"


class _Lines(QStyledItemDelegate):
    """Lines with room around their text; behind the number of a probability a bar that is as wide."""

    def __init__(self, theme: Theme, view: QTreeWidget) -> None:
        super().__init__(view)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(super().sizeHint(option, index).width(), _HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        value = index.data(_SHARE)
        if value is not None:
            box = QRectF(option.rect).adjusted(0, 4, 0, -4)
            box.setLeft(box.right() - box.width() * value)
            painter.fillRect(box, QColor(self._theme.tokens.tint("accent", 0.28)))
        super().paint(painter, option, index)


class LikelyTokens(QTreeWidget):
    """Under each reader's name its likeliest tokens; a click or Return takes one."""

    taken = Signal(int)  # a token's id

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setAccessibleName(tr("Likeliest tokens"))
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegate(_Lines(theme, self))
        self.header().setStretchLastSection(False)
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        self.header().resizeSection(1, _NARROW)
        self.itemClicked.connect(self._take)

    def show_token(self, token: TokenRead, readers: Sequence[TokenReader]) -> None:
        """Show what could stand in a token's place; the token itself stands out."""
        kept = self.verticalScrollBar().value()
        self.clear()
        for reader in readers:
            self._add_head(reader)
            for each in token.likely[reader.place] if reader.place >= 0 else ():
                self._add(each, is_own=each.id == token.id)
        self.verticalScrollBar().setValue(kept)

    def enter(self) -> None:
        """Let the keys choose among them, from the first."""
        able = (self.topLevelItem(place) for place in range(self.topLevelItemCount()))
        first = next((each for each in able if each is not None and _can_be_taken(each)), None)
        if first is not None:
            self.setCurrentItem(first)
            self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTERS:
            self._take(self.currentItem())
        else:
            super().keyPressEvent(event)

    def _add_head(self, reader: TokenReader) -> None:
        for place, words in enumerate(filter(None, (reader.title, reader.why_not))):
            item = QTreeWidgetItem(self, [words])
            item.setFirstColumnSpanned(True)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setFont(0, body_font(12, strong=not place))
            item.setForeground(0, QColor(self._theme.tokens.dim))

    def _add(self, token: LikelyToken, *, is_own: bool) -> None:
        item = QTreeWidgetItem(self, [spelled(token), share(token.probability)])
        font = fixed_font()
        font.setBold(is_own)
        item.setFont(0, font)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(0, _ID, token.id)
        item.setData(1, _SHARE, token.probability)
        if is_own or token.ends:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        if is_own or token.ends:
            tokens = self._theme.tokens
            item.setForeground(0, QColor(tokens.accent if is_own else tokens.dim))

    def _take(self, item: QTreeWidgetItem | None) -> None:
        if item is not None and _can_be_taken(item):
            self.taken.emit(item.data(0, _ID))


def _can_be_taken(item: QTreeWidgetItem) -> bool:
    return bool(item.flags() & Qt.ItemFlag.ItemIsSelectable)
