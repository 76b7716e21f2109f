"""How cells are painted: text with a tone, and marks in rounded tints."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from studio.ui.fonts import body_font
from studio.ui.tables.dataset import BADGE, COLUMNS, REASON, SPANNED, TONE
from studio.ui.theme import Theme, Tokens

_PADDING = 8
_PILL_HEIGHT = 20


def pill_width(text: str) -> float:
    return QFontMetricsF(body_font(11, strong=True)).horizontalAdvance(text) + 2 * _PADDING


def paint_pill(painter: QPainter, corner: QPointF, text: str, tokens: Tokens, tone: str) -> None:
    """A word on a rounded tint of its own colour, from its top left corner; like a Badge."""
    painter.save()
    box = QRectF(corner.x(), corner.y(), pill_width(text), _PILL_HEIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.hover if tone == "dim" else tokens.tint(tone)))
    painter.drawRoundedRect(box, 8, 8)
    painter.setPen(QColor(getattr(tokens, tone)))
    painter.setFont(body_font(11, strong=True))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


class CellDelegate(QStyledItemDelegate):
    """Paints one row as a line of text on a hairline; the selected row on a tint."""

    def __init__(self, theme: Theme, view: QTableView) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens, box = self._theme.tokens, QRectF(option.rect)
        painter.save()
        painter.setFont(option.font)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(tokens.tint("accent")))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(tokens.hover))
        painter.setPen(QColor(tokens.line))
        painter.drawLine(QPointF(box.left(), box.bottom() - 0.5), QPointF(box.right(), box.bottom() - 0.5))
        if mark := index.data(BADGE):
            corner = QPointF(box.left() + _PADDING, box.center().y() - _PILL_HEIGHT / 2)
            paint_pill(painter, corner, mark[0], tokens, mark[1])
        elif reason := index.data(REASON):
            self._paint_reason(painter, box, index, reason)
        elif text := index.data(Qt.ItemDataRole.DisplayRole):
            inner = box.adjusted(_PADDING, 0, -_PADDING, 0)
            painter.setPen(QColor(getattr(tokens, index.data(TONE) or "text")))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
            painter.drawText(inner, int(index.data(Qt.ItemDataRole.TextAlignmentRole)), shown)
        painter.restore()

    def _paint_reason(
        self, painter: QPainter, box: QRectF, index: QModelIndex | QPersistentModelIndex, reason: str
    ) -> None:
        """Paint this cell's part of a text that runs across the spanned columns."""
        places = [place for place, column in enumerate(COLUMNS) if column.title in SPANNED]
        first, last = (self._view.visualRect(index.sibling(index.row(), place)) for place in places)
        whole = QRectF(first.united(last)).adjusted(_PADDING, 0, -_PADDING, 0)
        painter.setClipRect(box)
        painter.setPen(QColor(self._theme.tokens.bad))
        shown = painter.fontMetrics().elidedText(reason, Qt.TextElideMode.ElideRight, int(whole.width()))
        painter.drawText(whole, int(Qt.AlignmentFlag.AlignVCenter.value), shown)
