"""How the table of scores is painted: headings, two lines of words, intervals in which right is better."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTableView

from studio.events import MEASURED, Difference, Score
from studio.language import tr
from studio.ui.tables.delegates import dress, paint_pill
from studio.ui.tables.model import ROW, Index, Mark, TableColumn
from studio.ui.tables.score_words import scale_of, span_text, verdict_of
from studio.ui.tables.scores import DIFFERENCE, INTERVAL, NAME, VERDICT, ScoreColumn, ScoreRow, ScoresModel
from studio.ui.theme import Theme, body_font

ROW_HEIGHT, HEADING_HEIGHT, PART_HEIGHT = 44, 34, 34
_PADDING, _INDENT, _NAME_LEAST, _MORE_BAR = 8, 18, 166, 200
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_FOLDING = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


def better_side(score: Score, value: float) -> float:
    """A difference as it is drawn: to the right where it is better, whichever way the measure counts."""
    return -value if score.better == "lower" else value


class ScoreDelegate(QStyledItemDelegate):
    """Paints ScoreRows. Nothing measured is said across the row, in words."""

    def __init__(self, theme: Theme, view: QTableView, model: ScoresModel) -> None:
        super().__init__(view)
        self._theme, self._model, self._view = theme, model, view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row: ScoreRow = index.data(ROW)
        column = self._model.columns[index.column()]
        if not isinstance(column, ScoreColumn):
            return
        tokens, box = self._theme.tokens, QRectF(option.rect)
        painter.save()
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(tokens.tint("accent", 0.1)))
        elif row.measure and state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(tokens.hover))
        painter.setPen(QColor(tokens.line))
        painter.drawLine(QPointF(box.left(), box.bottom() - 0.5), QPointF(box.right(), box.bottom() - 0.5))
        painter.setClipRect(box)
        if not row.measure:
            self._paint_heading(painter, box, row, column)
        else:
            self._paint_cell(painter, box, row, column)
        painter.restore()

    def _paint_heading(self, painter: QPainter, box: QRectF, row: ScoreRow, column: ScoreColumn) -> None:
        if column.kind == NAME:
            self._text(painter, box.adjusted(0, 8, 0, 0), row.title, "faint", 11, strong=True)

    def _paint_cell(self, painter: QPainter, box: QRectF, row: ScoreRow, column: ScoreColumn) -> None:
        score = row.scores[column.side] if column.side < len(row.scores) else None
        if column.kind == NAME:
            self._paint_name(painter, box, row)
        elif column.kind == VERDICT:
            self._paint_verdict(painter, box, column.badge(row) if column.badge else None)
        elif score is None:
            return
        elif score.state != MEASURED:
            self._paint_reason(painter, box, row, score, column)
        elif column.kind == INTERVAL:
            self._paint_interval(painter, box, row, score, column)
        else:
            self._paint_figure(painter, box, row, score, column)

    def _paint_name(self, painter: QPainter, box: QRectF, row: ScoreRow) -> None:
        if row.part:
            self._text(painter, box.adjusted(_INDENT, 0, 0, 0), row.title, "dim", 13)
            return
        score = row.score
        scale = scale_of(score) if score is not None else ""
        if score is not None and score.state != MEASURED and not score.count:
            scale = ""
        if row.folded and not row.unfolded:
            scale = " · ".join(filter(None, (scale, tr("{folded} parts", folded=row.folded))))
        lift = 8 if scale else 0
        above = box.adjusted(0, 0, -16 if row.folded else 0, -2 * lift)
        self._text(painter, above, row.title, "text", 13)
        if row.folded:
            right = above.left() + _PADDING + painter.fontMetrics().horizontalAdvance(row.title) + 12
            place = QPointF(min(right, above.right()), above.center().y())
            self._paint_chevron(painter, place, unfolded=row.unfolded)
        self._text(painter, box.adjusted(0, 2 * lift + 2, 0, 0), scale, "faint", 11)

    def _paint_chevron(self, painter: QPainter, place: QPointF, *, unfolded: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.tokens.dim), 1.5))
        x, y = place.x(), place.y()
        turns = ((-4, -2), (0, 2), (4, -2)) if unfolded else ((-2, -4), (2, 0), (-2, 4))
        painter.drawPolyline([QPointF(x + dx, y + dy) for dx, dy in turns])

    def _paint_figure(
        self, painter: QPainter, box: QRectF, row: ScoreRow, score: Score, column: ScoreColumn
    ) -> None:
        is_difference = column.kind == DIFFERENCE
        compared = self._model.sides[column.side].compared
        tone = verdict_of(score, compared)[1] if is_difference else "text"
        if not is_difference and column.contestant != compared:
            tone = "dim"
        strong = is_difference or column.contestant == compared
        self._text(painter, box, column.text(row), tone, 13, strong=strong, side=_RIGHT)

    def _paint_verdict(self, painter: QPainter, box: QRectF, mark: Mark | None) -> None:
        word, tone = mark or ("", "dim")
        if word and tone in ("good", "bad", "warn"):
            corner = QPointF(box.left() + _PADDING, box.center().y() - 10)
            paint_pill(painter, corner, word, self._theme.tokens, tone)
        else:
            self._text(painter, box, word, "dim", 12)

    def _paint_reason(
        self, painter: QPainter, box: QRectF, row: ScoreRow, score: Score, column: ScoreColumn
    ) -> None:
        """This cell's part of why there are no figures, which runs across the columns of its side."""
        cells = [
            self._view.columnViewportPosition(place) + self._view.columnWidth(place) * end
            for place, each in enumerate(self._model.columns)
            for end in (0, 1)
            if isinstance(each, ScoreColumn) and each.side == column.side and each.kind not in (NAME, VERDICT)
        ]
        whole = QRectF(box)
        whole.setLeft(min(cells))
        whole.setRight(max(cells))
        reason = str(score.reason)
        text = f"{reason[:1].upper()}{reason[1:]}" or verdict_of(score, column.contestant)[0]
        painter.setFont(body_font(12))
        painter.setPen(QColor(self._theme.tokens.dim))
        inner = whole.adjusted(_PADDING + 10, 3, -_PADDING, -3)
        flags = int(_LEFT) | int(Qt.TextFlag.TextWordWrap)
        if painter.boundingRect(inner, flags, text).height() <= inner.height() + 1:
            painter.drawText(inner, flags, text)
        else:
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()))
            painter.drawText(inner, int(_LEFT), shown)

    def _paint_interval(
        self, painter: QPainter, box: QRectF, row: ScoreRow, score: Score, column: ScoreColumn
    ) -> None:
        difference = row.difference(column.side, column.contestant)
        if difference is None:
            return
        tokens, reach = self._theme.tokens, self._model.reach(row)
        inner = box.adjusted(14, 0, -14, 0)
        y = inner.center().y() - (6 if not row.part else 5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.drawLine(QPointF(inner.left(), y), QPointF(inner.right(), y))
        painter.setPen(QPen(QColor(tokens.faint), 1))
        painter.drawLine(QPointF(inner.center().x(), y - 7), QPointF(inner.center().x(), y + 7))
        tone = verdict_of(score, column.contestant)[1]
        self._paint_bar(painter, inner, y, score, difference, reach, "accent" if tone == "text" else tone)
        self._paint_scale(painter, inner, y, score, reach)

    def _paint_bar(
        self,
        painter: QPainter,
        inner: QRectF,
        y: float,
        score: Score,
        difference: Difference,
        reach: float,
        tone: str,
    ) -> None:
        def at(value: float) -> QPointF:
            share = max(-1.0, min(1.0, better_side(score, value) / reach))
            return QPointF(inner.center().x() + share * inner.width() / 2, y)

        colour = QColor(getattr(self._theme.tokens, tone))
        painter.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(at(difference.low), at(difference.high))
        painter.setPen(QPen(QColor(self._theme.tokens.panel), 1.5))
        painter.setBrush(colour)
        painter.drawEllipse(at(difference.value), 5, 5)

    def _paint_scale(self, painter: QPainter, inner: QRectF, y: float, score: Score, reach: float) -> None:
        left, right = span_text(score, reach)
        below = QRectF(inner.left() - 8, y + 6, inner.width() + 16, 13)
        painter.setFont(body_font(10))
        painter.setPen(QColor(self._theme.tokens.faint))
        painter.drawText(below, int(_LEFT), left)
        painter.drawText(below, int(_RIGHT), right)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "0")

    def _text(
        self,
        painter: QPainter,
        box: QRectF,
        text: str,
        tone: str,
        size: int,
        *,
        strong: bool = False,
        side: Qt.AlignmentFlag = _LEFT,
    ) -> None:
        painter.setFont(body_font(size, strong=strong))
        painter.setPen(QColor(getattr(self._theme.tokens, tone)))
        inner = box.adjusted(_PADDING, 0, -_PADDING, 0)
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(inner.width()) + 1)
        painter.drawText(inner, int(side), shown)


def _is_bar(column: TableColumn[ScoreRow]) -> bool:
    return isinstance(column, ScoreColumn) and column.kind == INTERVAL


class ScoreTable(QTableView):
    """The scores; a click, Space or Return unfolds the parts of a measure."""

    measure_chosen = Signal(str)

    def __init__(self, theme: Theme, model: ScoresModel) -> None:
        super().__init__()
        self._scores = model
        dress(self, tr("Scores"), ROW_HEIGHT)
        self.setModel(model)
        self.setItemDelegate(ScoreDelegate(theme, self, model))
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        self.setEditTriggers(QTableView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.horizontalHeader().setMinimumSectionSize(40)
        self.horizontalHeader().setTextElideMode(Qt.TextElideMode.ElideMiddle)
        model.modelReset.connect(self.fit)
        theme.changed.connect(self.viewport().update)
        self.fit()

    def fit(self) -> None:
        """Give rows and columns their sizes; the names share what is left."""
        for place, row in enumerate(self._scores.rows):
            height = HEADING_HEIGHT if not row.measure else PART_HEIGHT if row.part else ROW_HEIGHT
            self.verticalHeader().resizeSection(place, height)
        head = self.horizontalHeader()
        columns = self._scores.columns
        over = max(self.viewport().width() - sum(column.width for column in columns) - _NAME_LEAST, 0)
        bars = sum(_is_bar(column) for column in columns) or 1
        more = min(over // (2 * bars), _MORE_BAR)
        for place, column in enumerate(columns):
            head.setSectionResizeMode(place, QHeaderView.ResizeMode.Fixed)
            name = _NAME_LEAST + over - more * bars
            self.setColumnWidth(place, column.width + more * _is_bar(column) if column.width else name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid() and index.column() == 0:
            self._turn(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _FOLDING and self.currentIndex().isValid():
            self._turn(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _turn(self, index: Index) -> None:
        row: ScoreRow = index.data(ROW)
        if row.measure and row.folded and not row.part:
            place = self.verticalScrollBar().value()
            self._scores.toggle(row.measure)
            self.verticalScrollBar().setValue(place)
            self.selectRow(next(n for n, each in enumerate(self._scores.rows) if each.measure == row.measure))
        elif row.measure:
            self.measure_chosen.emit(row.measure)
