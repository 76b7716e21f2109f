"""The measures of an evaluation, one row each: base, tuned, the difference with its interval, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from studio.evaluate.registry import BY_KEY
from studio.events import FAILED, INCOMPATIBLE, NOT_RUN, TOO_FEW, Difference, Score
from studio.ui.plain import tip
from studio.ui.theme import Theme
from studio.ui.widgets.label import PlainLabel
from studio.ui.widgets.style import empty_layout

_VERDICTS = {
    "better": ("Better", "good"),
    "worse": ("Worse", "bad"),
    "unclear": ("Unclear", "dim"),
    "too few": ("Too few", "dim"),
}
_STATES = {
    NOT_RUN: ("Not run", "dim"),
    FAILED: ("Failed", "bad"),
    INCOMPATIBLE: ("Incompatible", "dim"),
    TOO_FEW: ("Too few", "dim"),
}
_DIGITS = {"nats": 3, "ratio": 2, "score": 2, "seconds": 2, "tokens": 0, "bits": 3}
MINUS = "−"  # noqa: RUF001


@dataclass(frozen=True)
class MeasureText:
    """One measure as a row of a table. `tone` is the theme's colour for the verdict."""

    name: str
    count: str
    base: str
    tuned: str
    difference: str
    interval: str
    verdict: str
    tone: str


def value_text(value: float, unit: str) -> str:
    """A value with its unit: a share in per cent, a loss with three digits, a perplexity with two."""
    if unit == "share":
        return f"{100 * value:.0f} %"
    return f"{value:,.{_DIGITS[unit]}f}".replace("-", MINUS)


def difference_text(value: float, unit: str) -> str:
    """A difference with its sign; of shares in percentage points."""
    text = f"{100 * value:+.0f}" if unit == "share" else f"{value:+,.{_DIGITS[unit]}f}"
    return text.replace("-", MINUS)


def describe(score: Score) -> MeasureText:
    """What a row says about a score: the baseline and the last contestant, and what stands between them."""
    measure = BY_KEY.get(score.measure)
    title = measure.title if measure else score.measure
    name = f"{title} · {score.part}" if score.part else title
    if not score.differences:
        verdict, tone = _STATES.get(score.state, ("", "dim"))
        return MeasureText(name, "", "", "", "", "", verdict, tone)
    difference, unit = score.differences[-1], score.unit
    verdict, tone = _VERDICTS["too few" if score.state == TOO_FEW else score.direction(difference)]
    low, high = (difference_text(bound, unit) for bound in (difference.low, difference.high))
    return MeasureText(
        name=name,
        count=f"{score.count:,}",
        base=value_text(score.scores[0].value, unit),
        tuned=value_text(score.scores[-1].value, unit),
        difference=difference_text(difference.value, unit) + (" points" if unit == "share" else ""),
        interval=f"{low} to {high}",
        verdict=verdict,
        tone=tone,
    )


HEADS = ("Measure", "Base", "Tuned", "Difference", "95 % interval", "", "Verdict")
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_SIDES = (_LEFT, _RIGHT, _RIGHT, _RIGHT, _RIGHT, _LEFT, _LEFT)


class IntervalMark(QWidget):
    """The interval of a difference as a bar beside the line of no difference."""

    def __init__(
        self, theme: Theme, difference: Difference, tone: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._theme, self._difference, self._tone = theme, difference, tone
        self.setToolTip("The bar is the 95 % interval, the dot the difference, the line no difference.")
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(150, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        moved, tokens = self._difference, self._theme.tokens
        reach = 1.1 * max(abs(moved.low), abs(moved.high), abs(moved.value)) or 1.0
        middle, half, y = self.width() / 2, self.width() / 2 - 4, self.height() / 2

        def at(value: float) -> float:
            return middle + half * value / reach

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.drawLine(QPointF(4, y), QPointF(self.width() - 4, y))
        painter.setPen(QPen(QColor(tokens.faint), 1))
        painter.drawLine(QPointF(middle, y - 7), QPointF(middle, y + 7))
        colour = QColor(getattr(tokens, self._tone))
        painter.setPen(QPen(colour, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(QPointF(at(moved.low), y), QPointF(at(moved.high), y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(at(moved.value), y), 4.5, 4.5)


class MeasureGrid(QWidget):
    """A small table of labels: measures are few, and every figure can be selected and read aloud."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(9)
        self._grid.setColumnStretch(0, 1)
        self._texts: list[MeasureText] = []

    @property
    def texts(self) -> tuple[MeasureText, ...]:
        return tuple(self._texts)

    def set_scores(self, scores: Sequence[Score]) -> None:
        empty_layout(self._grid)
        self._texts = [describe(score) for score in scores]
        for column, head in enumerate(HEADS):
            self._grid.addWidget(_label(head, "section"), 0, column, _SIDES[column])
        for row, (score, text) in enumerate(zip(scores, self._texts, strict=True), start=1):
            self._add(row, score, text)

    def _add(self, row: int, score: Score, text: MeasureText) -> None:
        name = _label(text.name, "")
        name.setToolTip(tip(f"Measured on {text.count}"))
        cells: tuple[QWidget, ...] = (
            name,
            _label(text.base, "", "dim"),
            _label(text.tuned, "title"),
            _label(text.difference, "title", text.tone),
            _label(text.interval, "", "dim"),
            _mark(self._theme, score, text.tone),
            _label(text.verdict, "title", text.tone),
        )
        for column, cell in enumerate(cells):
            self._grid.addWidget(cell, row, column, _SIDES[column])


def _mark(theme: Theme, score: Score, tone: str) -> QWidget:
    return IntervalMark(theme, score.differences[-1], tone) if score.differences else QWidget()


def _label(text: str, role: str, tone: str = "") -> QLabel:
    label = PlainLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setProperty("tone", tone)
    return label
