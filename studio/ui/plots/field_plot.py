"""A field of the recipe against the best validation loss: a dot for every run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio import words
from studio.recipe.sweep import short
from studio.ui.plots.axis import Crosshair, NumberAxis, ZoomBox, wide_range
from studio.ui.theme import Theme
from studio.ui.tokens import hue, mix

STEEP = 4.0
"""From this ratio of the largest to the smallest value on, the axis counts in factors: ranks, rates."""


@dataclass(frozen=True)
class Dot:
    """One run: the place of its hue, what it is called, the field's value, and its best loss."""

    place: int
    label: str
    value: float
    loss: float


def is_steep(values: Sequence[float]) -> bool:
    """Whether the values are better read in factors than in differences."""
    return min(values) > 0 and max(values) / min(values) >= STEEP


class FieldPlot(QWidget):
    """Shows the dots it is given; a line joins the lowest at each value."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._dots: list[Dot] = []
        self._title, self._bright, self._steep = "", "", False
        self._box = ZoomBox()
        self.axes = {"left": NumberAxis("left"), "bottom": NumberAxis("bottom")}
        self._view = pg.PlotWidget(viewBox=self._box, axisItems=self.axes)
        self._view.setFrameShape(self._view.Shape.NoFrame)
        self._view.hideButtons()
        self._line = pg.PlotCurveItem(antialias=True)
        self._marks = pg.ScatterPlotItem(size=10, antialias=True)
        for item in (self._line, self._marks):
            self._view.addItem(item, ignoreBounds=True)
        self.crosshair = Crosshair(self._view, self.describe)
        self._box.all_wanted.connect(self.show_all)
        self.setMinimumSize(140, 110)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._view)
        theme.changed.connect(self._dress)
        self._dress()

    def show_dots(self, title: str, dots: Sequence[Dot]) -> None:
        """Draw these runs by a field called `title`; there must be at least one."""
        self._title, self._dots = title, sorted(dots, key=lambda dot: (dot.value, dot.loss))
        self._steep = is_steep([dot.value for dot in dots])
        values = sorted({dot.value for dot in dots})
        self.axes["bottom"].setTicks([[(self._x(value), short(value)) for value in values]])
        lowest = [min(dot.loss for dot in dots if dot.value == value) for value in values]
        self._line.setData([self._x(value) for value in values], lowest)
        self.setAccessibleName(f"Best validation loss by {title}")
        self.crosshair.hide()
        self._bright = ""
        self._dress()
        self.show_all()

    def highlight(self, label: str) -> None:
        """Let one run stand out, or none ("")."""
        if label != self._bright:
            self._bright = label
            self._dress()

    def show_all(self) -> None:
        """Leave any zoom."""
        if not self._dots:
            return
        xs = [self._x(dot.value) for dot in self._dots]
        losses = [dot.loss for dot in self._dots]
        self._box.setRange(
            xRange=wide_range(min(xs), max(xs), 0.1),
            yRange=wide_range(min(losses), max(losses), 0.15),
            padding=0,
            disableAutoRange=True,
        )

    def describe(self, x: float) -> tuple[float, str] | None:
        """The value nearest to `x`, and the runs that have it, the best first."""
        if not self._dots:
            return None
        value = min((dot.value for dot in self._dots), key=lambda value: abs(self._x(value) - x))
        rows = [
            f'<span style="color:{hue(self._theme.tokens, dot.place)}">●</span> '
            f"{words.loss(dot.loss)}  {escape(dot.label)}"
            for dot in self._dots
            if dot.value == value
        ]
        return self._x(value), "<br>".join([f"{escape(self._title)} {short(value)}", *rows])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.crosshair.hide()

    def _x(self, value: float) -> float:
        return math.log2(value) if self._steep else value

    def _dress(self) -> None:
        tokens = self._theme.tokens
        self._view.setBackground(tokens.panel)
        for axis in self.axes.values():
            axis.dress(tokens)
        self._line.setPen(pg.mkPen(tokens.edge, width=1.5, style=Qt.PenStyle.DashLine))
        shades = [
            mix(hue(tokens, dot.place), tokens.panel, 1.0 if self._bright in ("", dot.label) else 0.22)
            for dot in self._dots
        ]
        self._marks.setData(
            [self._x(dot.value) for dot in self._dots],
            [dot.loss for dot in self._dots],
            brush=[pg.mkBrush(shade) for shade in shades],
            pen=pg.mkPen(tokens.panel, width=1),
        )
        self.crosshair.dress(tokens)
