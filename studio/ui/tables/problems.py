"""What is wrong with a dataset, one line per kind of problem, each of which leads to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QSizePolicy, QWidget

from studio.catalogue import common
from studio.events import DatasetRead, Problem
from studio.language import tr
from studio.ui.theme import Theme
from studio.ui.widgets.label import PlainLabel, WrapLabel, note
from studio.ui.widgets.layout import column
from studio.ui.widgets.style import empty_layout

_LISTED_LINES = 5


@dataclass(frozen=True)
class ProblemGroup:
    """Problems that differ only in their numbers and quoted words. Line 0 stands for the whole file."""

    reason: str
    severity: str
    lines: tuple[int, ...]

    @property
    def where(self) -> str:
        """The lines in words: "line 7", "lines 7, 12, 30 and 41 more", "the whole file"."""
        lines = [line for line in self.lines if line > 0]
        if not lines:
            return tr("the whole file")
        if len(lines) == 1:
            return tr("line {lines:,}", lines=lines[0])
        listed = ", ".join(f"{line:,}" for line in lines[:_LISTED_LINES])
        more = len(lines) - _LISTED_LINES
        return (
            tr("lines {listed} and {more:,} more", listed=listed, more=more)
            if more > 0
            else tr("lines {listed}", listed=listed)
        )


def as_sentence(reason: str) -> str:
    """A reason as it begins a line: with a capital."""
    return reason[:1].upper() + reason[1:]


def group_problems(dataset: DatasetRead) -> tuple[ProblemGroup, ...]:
    """Every kind of problem, errors first, then by how many lines it touches."""
    groups: dict[tuple[Any, ...], list[Problem]] = {}
    for problem in dataset.problems:
        groups.setdefault((problem.severity, problem.what.shape), []).append(problem)
    found = [
        ProblemGroup(
            as_sentence(str(reduce(common, (problem.what for problem in same)))),
            same[0].severity,
            tuple(sorted({problem.line for problem in same})),
        )
        for same in groups.values()
    ]
    return tuple(sorted(found, key=lambda group: (group.severity != "error", -len(group.lines))))


_MOST_GROUPS = 40


class ProblemRow(QAbstractButton):
    """A dot, the reason, how many lines, and which. Each click leads on to the next of its lines."""

    def __init__(self, theme: Theme, group: ProblemGroup, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self.kind, self._next = theme, group, 0
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(f"{group.reason}, {group.where}")
        count = PlainLabel(f"{len(group.lines):,}")
        reason, where = WrapLabel(group.reason), note(group.where)
        for child in (count, reason, where):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        grid = QGridLayout(self)
        grid.setContentsMargins(20, 6, 6, 6)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(1)
        grid.addWidget(reason, 0, 0)
        grid.addWidget(count, 0, 1, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        grid.addWidget(where, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    def next_line(self) -> int:
        """The next of the group's lines, round and round."""
        line = self.kind.lines[self._next % len(self.kind.lines)]
        self._next += 1
        return line

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isDown() or self.underMouse():
            painter.setBrush(QColor(tokens.line if self.isDown() else tokens.hover))
            painter.drawRoundedRect(self.rect(), 6, 6)
        painter.setBrush(QColor(tokens.bad if self.kind.severity == "error" else tokens.warn))
        middle = 6 + self.fontMetrics().lineSpacing() / 2
        painter.drawEllipse(QRectF(6, middle - 4, 8, 8))
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(tokens.accent))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()


class ProblemList(QWidget):
    """One row per kind of problem; "Nothing: every row can train" when there is none."""

    line_chosen = Signal(int)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows: list[ProblemRow] = []
        self._column = column(on=self, gap=2)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)

    @property
    def rows(self) -> tuple[ProblemRow, ...]:
        return tuple(self._rows)

    def set_groups(self, groups: Sequence[ProblemGroup]) -> None:
        empty_layout(self._column)
        self._rows.clear()
        for group in groups[:_MOST_GROUPS]:
            row = ProblemRow(self._theme, group)
            row.clicked.connect(self._choose)
            self._column.addWidget(row)
            self._rows.append(row)
        if not groups:
            self._column.addWidget(note(tr("Nothing: every row can train.")))
        elif len(groups) > _MOST_GROUPS:
            self._column.addWidget(note(tr("and {value:,} more kinds", value=len(groups) - _MOST_GROUPS)))

    def _choose(self) -> None:
        row = self.sender()
        if isinstance(row, ProblemRow) and (line := row.next_line()) > 0:
            self.line_chosen.emit(line)
