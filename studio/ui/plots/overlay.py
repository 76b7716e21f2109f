"""Several runs in one plot: their losses over each other, and the best of each against a field."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from studio import words
from studio.language import tr
from studio.recipe.sweep import short
from studio.runs.store import RunCurves
from studio.ui.plots.axis import PlotFrame, wide_range
from studio.ui.plots.series import Series, smoothing_for, thinned
from studio.ui.theme import Theme
from studio.ui.tokens import ThemeColours, dash, hue, mix

POINTS = 1500
"""To so many points a training curve is thinned; more than any screen shows."""
WILD = 1.5
"""A run that climbs to more than this times what the others start from leaves the picture at the top."""
MOST_LABELLED = 8
"""Of so many runs, the best at the pointer, the crosshair gives the loss."""


@dataclass(frozen=True, eq=False)
class _Drawn:
    """One run: its numbers, and the items that draw them."""

    label: str
    training: Series
    validation: Series
    faint: pg.PlotCurveItem
    solid: pg.PlotCurveItem
    marks: pg.ScatterPlotItem
    best: pg.ScatterPlotItem

    def items(self) -> tuple[pg.GraphicsObject, ...]:
        return self.faint, self.solid, self.marks, self.best

    def dress(self, tokens: ThemeColours, place: int, strength: float) -> None:
        """Take the colours from the theme; `strength` 1 is in full, 0 the background."""
        full = hue(tokens, place)
        colour = mix(full, tokens.panel, strength)
        self.faint.setPen(pg.mkPen(mix(full, tokens.panel, 0.4 * strength), width=1))
        self.solid.setPen(pg.mkPen(colour, width=2, style=dash(place)))
        self.marks.setBrush(colour)
        self.marks.setPen(pg.mkPen(tokens.panel, width=1))
        self.best.setBrush(tokens.panel)
        self.best.setPen(pg.mkPen(colour, width=2.5))
        for item in self.items():
            item.setZValue(strength)


class OverlayPlot(PlotFrame):
    """Shows the curves it is given, each in the hue of its place; drag to zoom, double-click for all."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, (160, 110))
        self._runs: list[_Drawn] = []
        self._bright = ""
        self.setAccessibleName(tr("Losses of the selected runs"))
        self.dress()

    def show_runs(self, runs: Sequence[tuple[str, RunCurves]]) -> None:
        """Draw these runs, given with what to call them, instead of the ones before."""
        for drawn in self._runs:
            for item in drawn.items():
                self._view.removeItem(item)
        self._runs = [_drawn(label, curves) for label, curves in runs]
        for drawn in self._runs:
            self.add_items(*drawn.items())
        self.crosshair.hide()
        self._bright = ""
        self.dress()
        self.show_all()

    def labels(self) -> list[str]:
        return [drawn.label for drawn in self._runs]

    def highlight(self, label: str) -> None:
        """Let one run stand out, or none ("")."""
        if label != self._bright:
            self._bright = label
            self.dress()

    def show_all(self) -> None:
        """Leave any zoom."""
        tops = [t for t in (_top(drawn) for drawn in self._runs) if t is not None]
        lows = [low for low in (_bottom(drawn) for drawn in self._runs) if low is not None]
        if not tops or not lows:
            return
        last = max(float(s.x[-1]) for d in self._runs for s in (d.training, d.validation) if len(s))
        bottom, top = wide_range(min(lows), min(max(tops), WILD * float(np.median(tops))))
        right = max(last, 1.0)
        self.set_range((-0.008 * right, 1.03 * right), (bottom, top))

    def describe(self, x: float) -> tuple[float, str] | None:
        """The validation nearest to `x`, and every run's loss there, the best first."""
        steps = {float(step) for drawn in self._runs for step in drawn.validation.x}
        if not steps:
            return None
        step = min(steps, key=lambda each: abs(each - x))
        found = []
        for place, drawn in enumerate(self._runs):
            series = drawn.validation
            if len(series) and series.x[-1] >= step - 0.5:
                found.append((float(series.y[series.nearest(step)]), place, drawn.label))
        rows = [
            f'<span style="color:{hue(self._theme.tokens, place)}">●</span> '
            f"{words.loss(loss)}  {escape(label)}"
            for loss, place, label in sorted(found)[:MOST_LABELLED]
        ]
        return step, "<br>".join([tr("step {step:,.0f}", step=step), *rows])

    def dress(self) -> None:
        super().dress()
        for place, drawn in enumerate(self._runs):
            drawn.dress(self._theme.tokens, place, 1.0 if self._bright in ("", drawn.label) else 0.22)


def _drawn(label: str, curves: RunCurves) -> _Drawn:
    training, validation = Series(smoothing_for(len(curves.steps))), Series()
    training.extend(curves.steps, curves.losses)
    validation.extend(curves.validated, curves.validation)
    faint, solid = pg.PlotCurveItem(antialias=True), pg.PlotCurveItem(antialias=True)
    marks, best = pg.ScatterPlotItem(size=6, antialias=True), pg.ScatterPlotItem(size=11, antialias=True)
    if len(training):
        faint.setData(*thinned(training.x, training.smooth, POINTS // 2), connect="finite")
    if len(validation):
        solid.setData(validation.x, validation.y, connect="finite")
        marks.setData(validation.x, validation.y)
        if np.isfinite(validation.y).any():
            lowest = int(np.nanargmin(validation.y))
            best.setData([validation.x[lowest]], [validation.y[lowest]])
    return _Drawn(label, training, validation, faint, solid, marks, best)


def _finite(drawn: _Drawn) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = np.concatenate([drawn.validation.y, drawn.training.smooth])
    return values[np.isfinite(values)]


def _top(drawn: _Drawn) -> float | None:
    values = _finite(drawn)
    return float(values.max()) if len(values) else None


def _bottom(drawn: _Drawn) -> float | None:
    values = _finite(drawn)
    return float(values.min()) if len(values) else None


STEEP = 4.0
"""From this ratio of the largest to the smallest value on, the axis counts in factors: ranks, rates."""


@dataclass(frozen=True)
class Dot:
    """One run: the place of its hue, its name here, the field's value, its best loss, and on which rows."""

    place: int
    label: str
    value: float
    loss: float
    rows: str = ""


def is_steep(values: Sequence[float]) -> bool:
    """Whether the values are better read in factors than in differences."""
    return min(values) > 0 and max(values) / min(values) >= STEEP


class FieldPlot(PlotFrame):
    """Shows the dots it is given; a line joins the lowest at each value, of those on the same rows."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, (140, 110))
        self._dots: list[Dot] = []
        self._title, self._bright, self._steep = "", "", False
        self._line = pg.PlotCurveItem(antialias=True)
        self._marks = pg.ScatterPlotItem(size=10, antialias=True)
        self.add_items(self._line, self._marks)
        self.dress()

    def show_dots(self, title: str, dots: Sequence[Dot]) -> None:
        """Draw these runs by a field called `title`; there must be at least one."""
        self._title, self._dots = title, sorted(dots, key=lambda dot: (dot.value, dot.loss))
        self._steep = is_steep([dot.value for dot in dots])
        values = sorted({dot.value for dot in dots})
        self.axes["bottom"].setTicks([[(self._x(value), short(value)) for value in values]])
        xs, lowest = self._joined()
        self._line.setData(xs, lowest, connect="finite")
        self.setAccessibleName(tr("Best validation loss by {title}", title=title))
        self.crosshair.hide()
        self._bright = ""
        self.dress()
        self.show_all()

    def _joined(self) -> tuple[list[float], list[float]]:
        """The line of the runs on each kind of rows, with a gap after it."""
        lowest: dict[str, dict[float, float]] = {}
        for dot in reversed(self._dots):  # of those at one value the lowest comes last
            lowest.setdefault(dot.rows, {})[dot.value] = dot.loss
        xs, losses = [], []
        for line in lowest.values():
            for value in sorted(line):
                xs.append(self._x(value))
                losses.append(line[value])
            xs.append(xs[-1])
            losses.append(math.nan)
        return xs, losses

    def highlight(self, label: str) -> None:
        """Let one run stand out, or none ("")."""
        if label != self._bright:
            self._bright = label
            self.dress()

    def show_all(self) -> None:
        """Leave any zoom."""
        if not self._dots:
            return
        xs = [self._x(dot.value) for dot in self._dots]
        losses = [dot.loss for dot in self._dots]
        self.set_range(wide_range(min(xs), max(xs), 0.1), wide_range(min(losses), max(losses), 0.15))

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

    def _x(self, value: float) -> float:
        return math.log2(value) if self._steep else value

    def dress(self) -> None:
        super().dress()
        tokens = self._theme.tokens
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
