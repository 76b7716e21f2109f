"""How tables look: rows of one line, text with a tone, and marks in rounded tints."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QRegion, QTextCursor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPlainTextEdit,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from studio.language import tr
from studio.ui.tables.model import ASIDE, BADGE, LENT, REASON, STRUCK, TONE, TableModel
from studio.ui.theme import Theme, ThemeColours, body_font

_PADDING = 8
_PILL_HEIGHT = 20
_EDITOR_WIDTH, _EDITOR_HEIGHT = 300, 112
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def pill_width(text: str) -> float:
    return QFontMetricsF(body_font(11, strong=True)).horizontalAdvance(text) + 2 * _PADDING


def paint_pill(
    painter: QPainter, corner: QPointF, text: str, tokens: ThemeColours, tone: str, *, struck: bool = False
) -> None:
    """A word on a rounded tint of its own colour, from its top left corner; like a Badge."""
    painter.save()
    box = QRectF(corner.x(), corner.y(), pill_width(text), _PILL_HEIGHT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.hover if tone == "dim" else tokens.tint(tone)))
    painter.drawRoundedRect(box, 8, 8)
    painter.setPen(QColor(getattr(tokens, tone)))
    font = body_font(11, strong=True)
    font.setStrikeOut(struck)
    painter.setFont(font)
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
            self._paint_text(painter, box, index, text)
        elif index.data(LENT) and (before := self._beside(index, -1)) is not None:
            self._paint_text(painter, box, before, before.data(Qt.ItemDataRole.DisplayRole) or "")
        painter.restore()

    def _beside(self, index: QModelIndex | QPersistentModelIndex, step: int) -> QModelIndex | None:
        """The cell that is seen next to this one; None where it is the first or the last."""
        head = self._view.horizontalHeader()
        place = head.visualIndex(index.column()) + step
        while 0 <= place < head.count() and head.isSectionHidden(head.logicalIndex(place)):
            place += step
        return index.sibling(index.row(), head.logicalIndex(place)) if 0 <= place < head.count() else None

    def _paint_text(
        self, painter: QPainter, box: QRectF, index: QModelIndex | QPersistentModelIndex, text: str
    ) -> None:
        """Paint what `box` has of a cell's text, which the cell behind it may lend its room."""
        whole, after = QRectF(self._view.visualRect(index)), self._beside(index, 1)
        if after is not None and after.data(LENT):
            whole = whole.united(QRectF(self._view.visualRect(after)))
        inner = whole.adjusted(_PADDING, 0, -_PADDING, 0)
        painter.setClipRect(box)
        inner.setRight(inner.right() - self._paint_aside(painter, inner, index.data(ASIDE) or ""))
        painter.setPen(QColor(getattr(self._theme.tokens, index.data(TONE) or "text")))
        if index.data(STRUCK):
            struck = painter.font()
            struck.setStrikeOut(True)
            painter.setFont(struck)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.drawText(inner, int(index.data(Qt.ItemDataRole.TextAlignmentRole)), shown)

    def _paint_aside(self, painter: QPainter, inner: QRectF, aside: str) -> float:
        """Paint faint words at the end of a cell; returns the width that they take of it."""
        if not aside:
            return 0
        painter.setPen(QColor(self._theme.tokens.faint))
        painter.drawText(inner, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), aside)
        return painter.fontMetrics().horizontalAdvance(aside) + _PADDING

    def _paint_reason(
        self, painter: QPainter, box: QRectF, index: QModelIndex | QPersistentModelIndex, reason: str
    ) -> None:
        """Paint this cell's part of a text that runs across the spanned columns."""
        cells = (index.sibling(index.row(), place) for place in range(index.model().columnCount()))
        spanned = QRegion()
        for cell in cells:
            if cell.data(REASON):
                spanned += self._view.visualRect(cell)
        whole = QRectF(spanned.boundingRect()).adjusted(_PADDING, 0, -_PADDING, 0)
        painter.setClipRect(box)
        painter.setPen(QColor(self._theme.tokens.bad))
        shown = painter.fontMetrics().elidedText(reason, Qt.TextElideMode.ElideRight, int(whole.width()))
        painter.drawText(whole, int(Qt.AlignmentFlag.AlignVCenter.value), shown)

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        editor = QPlainTextEdit(parent)
        editor.setProperty("role", "field")
        editor.setAcceptDrops(False)
        title = index.model().headerData(index.column(), Qt.Orientation.Horizontal)
        editor.setAccessibleName(tr("{title} of the row", title=title))
        editor.setToolTip(tr("Enter keeps the text, Shift+Enter begins a new line, Esc leaves it as it was."))
        return editor

    def setEditorData(self, editor: QWidget, index: QModelIndex | QPersistentModelIndex) -> None:
        if isinstance(editor, QPlainTextEdit) and editor.toPlainText() == "":
            editor.setPlainText(index.data(Qt.ItemDataRole.EditRole))
            editor.moveCursor(QTextCursor.MoveOperation.End)

    def setModelData(
        self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        if isinstance(editor, QPlainTextEdit):
            model.setData(index, editor.toPlainText())

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Several lines high, over the rows below, or above where the table ends."""
        whole = self._view.viewport().rect()
        box = QRect(option.rect)
        box.setHeight(min(_EDITOR_HEIGHT, whole.height()))
        box.setWidth(min(max(box.width(), _EDITOR_WIDTH), whole.width()))
        box.moveRight(min(box.right(), whole.right()))
        box.moveBottom(min(box.bottom(), whole.bottom()))
        editor.setGeometry(box)

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        """Enter keeps the text; with Shift it begins a new line."""
        if isinstance(editor, QPlainTextEdit) and isinstance(event, QKeyEvent):
            enter = event.type() == QEvent.Type.KeyPress and event.key() in _ENTER
            if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.commitData.emit(editor)
                self.closeEditor.emit(editor)
                return True
        return super().eventFilter(editor, event)


ROW_HEIGHT = 32


def dress(view: QTableView, name: str, row_height: int = ROW_HEIGHT) -> None:
    """Let a table look like all others: no grid, one line a row, and a head that stays as it is."""
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setAccessibleName(name)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(row_height)
    view.horizontalHeader().setHighlightSections(False)


def dress_rows(view: QTableView, theme: Theme, model: TableModel[Any], name: str) -> None:
    """Let a table show a model's rows, one at a time chosen; columns without a width share the room."""
    dress(view, name)
    view.setObjectName("rows")
    view.setModel(model)
    view.setItemDelegate(CellDelegate(theme, view))
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setMouseTracking(True)
    head, mode = view.horizontalHeader(), QHeaderView.ResizeMode
    for place, column in enumerate(model.columns):
        head.setSectionResizeMode(place, mode.Fixed if column.width else mode.Stretch)
        if column.width:
            view.setColumnWidth(place, column.width)
