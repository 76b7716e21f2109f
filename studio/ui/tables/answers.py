"""Both answers to every golden prompt as a list that can be filtered, and how one of them is painted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QTextLayout, QTextOption
from PySide6.QtWidgets import QAbstractItemView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from studio.events import Answered
from studio.ui.tables.delegates import paint_pill, pill_width
from studio.ui.tables.model import ROW, Index, TableColumn, TableModel
from studio.ui.theme import Theme, body_font

KINDS = {
    "fixed": ("Fixed", "good"),
    "broken": ("Broken", "bad"),
    "both_wrong": ("Both wrong", "warn"),
    "both_right": ("Both right", "dim"),
}


class AnswersModel(TableModel[Answered]):
    """Holds golden answers in the order of the golden set and shows those of one kind."""

    def __init__(self, parent: QObject | None = None) -> None:
        column = TableColumn[Answered]("Answer", lambda answer: answer.prompt, tip=_tooltip)
        super().__init__((column,), parent=parent)
        self.rows: list[Answered] = []
        self._answers: list[Answered] = []
        self._kind = "all"

    def clear(self) -> None:
        self._answers = []
        self.set_rows([])

    def add(self, answers: Sequence[Answered]) -> None:
        """Append answers as they arrive."""
        self._answers.extend(answers)
        if passing := [answer for answer in answers if self._passes(answer)]:
            first = len(self.rows)
            self.beginInsertRows(QModelIndex(), first, first + len(passing) - 1)
            self.rows.extend(passing)
            self.endInsertRows()

    def show(self, kind: str) -> None:
        """Let through the answers of one of KINDS, or "all", in the order of the golden set."""
        self._kind = kind
        self._answers.sort(key=lambda answer: answer.index)
        self.set_rows(list(filter(self._passes, self._answers)))

    def counts(self) -> dict[str, int]:
        kinds = Counter(answer.change for answer in self._answers)
        return {"all": len(self._answers), **{kind: kinds[kind] for kind in KINDS}}

    def _passes(self, answer: Answered) -> bool:
        return self._kind in ("all", answer.change)

    def cell(self, row: Answered, place: int, role: int) -> Any:
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{KINDS[row.change][0]}: {row.prompt}. {row.answers[-1].text}"
        return super().cell(row, place, role)


def _tooltip(answer: Answered) -> str:
    given = ((each.contestant.capitalize(), each.text) for each in answer.answers)
    parts = (("Prompt", answer.prompt), ("Ideal", answer.ideal), *given)
    return "\n\n".join(f"{name}\n{text[:600]}" for name, text in parts)


_MARGIN, _GAP = 8, 28
_PROMPT_LINES, _IDEAL_LINES, _ANSWER_LINES = 2, 2, 5
_MOST_CACHED = 5000


@dataclass(frozen=True)
class Block:
    """A text broken into lines at a width; the last is elided when there were more."""

    lines: tuple[str, ...]
    line_height: int

    @property
    def height(self) -> int:
        return len(self.lines) * self.line_height


def break_text(text: str, font: QFont, width: int, most: int) -> Block:
    """At most `most` lines of `text`, wrapped at words, its own line ends kept."""
    metrics = QFontMetrics(font)
    layout = QTextLayout(text.strip().replace("\n", "\u2028")[: most * 400], font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    whole = layout.text()
    ends: list[int] = []
    layout.beginLayout()
    while len(ends) <= most and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        ends.append(line.textStart() + line.textLength())
    layout.endLayout()
    starts = [0, *ends[:-1]]
    lines = [_cut(whole, start, end) for start, end in zip(starts, ends, strict=True)]
    if len(lines) > most:
        rest = " ".join(lines[most - 1 :])
        lines = [*lines[: most - 1], metrics.elidedText(rest, Qt.TextElideMode.ElideRight, width)]
        lines[-1] = lines[-1] if lines[-1].endswith("…") else f"{lines[-1]}…"
    return Block(tuple(lines) or ("",), metrics.lineSpacing() + 2)


def _cut(text: str, start: int, end: int) -> str:
    """A stretch counted in UTF-16 units, as Qt counts."""
    units = text.encode("utf-16-le")[2 * start : 2 * end]
    return units.decode("utf-16-le", "replace").replace("\u2028", "").rstrip()


@dataclass(frozen=True)
class Sheet:
    """An answer laid out for a width: its blocks, and how high it stands."""

    prompt: Block
    ideal: Block
    base: Block
    tuned: Block

    @property
    def height(self) -> int:
        answers = max(self.base.height, self.tuned.height)
        return 14 + self.prompt.height + 4 + self.ideal.height + 12 + 18 + answers + 16


class AnswerDelegate(QStyledItemDelegate):
    """Paints Answereds. Layouts are kept per answer and width: scrolling measures nothing twice."""

    def __init__(self, theme: Theme, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._theme, self._view = theme, view
        self._sheets: dict[tuple[Answered, int], Sheet] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.viewport().width()
        return QSize(width, self._sheet(index.data(ROW), width).height)

    def _sheet(self, answer: Answered, width: int) -> Sheet:
        if (answer, width) not in self._sheets:
            if len(self._sheets) > _MOST_CACHED:
                self._sheets.clear()
            inner = width - 2 * _MARGIN
            column = (inner - _GAP) // 2
            mark = int(pill_width(KINDS[answer.change][0])) + 16
            self._sheets[answer, width] = Sheet(
                break_text(answer.prompt, body_font(14, strong=True), inner - mark, _PROMPT_LINES),
                break_text(answer.ideal, body_font(13), inner - _IDEAL_INDENT, _IDEAL_LINES),
                break_text(answer.answers[0].text, body_font(15), column, _ANSWER_LINES),
                break_text(answer.answers[-1].text, body_font(15), column, _ANSWER_LINES),
            )
        return self._sheets[answer, width]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        answer: Answered = index.data(ROW)
        tokens, box = self._theme.tokens, QRectF(option.rect)
        sheet = self._sheet(answer, self._view.viewport().width())
        painter.save()
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(box, QColor(tokens.tint("accent", 0.08)))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(box, QColor(tokens.hover))
        painter.setPen(QColor(tokens.line))
        painter.drawLine(QPointF(box.left(), box.bottom() - 0.5), QPointF(box.right(), box.bottom() - 0.5))
        self._paint_head(painter, box, answer, sheet)
        top = box.top() + 14 + sheet.prompt.height + 4
        self._paint_ideal(painter, QPointF(box.left() + _MARGIN, top), sheet)
        top += sheet.ideal.height + 12
        column = (box.width() - 2 * _MARGIN - _GAP) // 2
        left = box.left() + _MARGIN
        self._paint_answer(painter, QPointF(left, top), "Base", answer.answers[0].right, sheet.base, "dim")
        right = QPointF(left + column + _GAP, top)
        self._paint_answer(painter, right, "Tuned", answer.answers[-1].right, sheet.tuned, "text")
        painter.restore()

    def _paint_head(self, painter: QPainter, box: QRectF, answer: Answered, sheet: Sheet) -> None:
        tokens = self._theme.tokens
        word, tone = KINDS[answer.change]
        width = pill_width(word)
        paint_pill(painter, QPointF(box.right() - _MARGIN - width, box.top() + 13), word, tokens, tone)
        painter.setFont(body_font(14, strong=True))
        painter.setPen(QColor(tokens.text))
        _paint_block(painter, QPointF(box.left() + _MARGIN, box.top() + 14), sheet.prompt)

    def _paint_ideal(self, painter: QPainter, corner: QPointF, sheet: Sheet) -> None:
        painter.setFont(body_font(13))
        painter.setPen(QColor(self._theme.tokens.faint))
        _paint_block(painter, corner, Block(("Ideal",), sheet.ideal.line_height))
        painter.setPen(QColor(self._theme.tokens.dim))
        _paint_block(painter, corner + QPointF(_IDEAL_INDENT, 0), sheet.ideal)

    def _paint_answer(
        self, painter: QPainter, corner: QPointF, who: str, right: bool | None, block: Block, tone: str
    ) -> None:
        tokens = self._theme.tokens
        painter.setFont(body_font(11, strong=True))
        painter.setPen(QColor(tokens.faint))
        _paint_block(painter, corner, Block((who,), 14))
        name = painter.fontMetrics().horizontalAdvance(f"{who}  ")
        painter.setPen(QColor(tokens.good if right else tokens.bad))
        _paint_block(painter, corner + QPointF(name, 0), Block(("✓ right" if right else "✗ wrong",), 14))
        painter.setFont(body_font(15))
        painter.setPen(QColor(getattr(tokens, tone)))
        _paint_block(painter, corner + QPointF(0, 18), block)


_IDEAL_INDENT = 44


def _paint_block(painter: QPainter, corner: QPointF, block: Block) -> None:
    ascent = painter.fontMetrics().ascent() + 1
    for number, line in enumerate(block.lines):
        painter.drawText(QPointF(corner.x(), corner.y() + ascent + number * block.line_height), line)
