"""The curve of a run: raw faint, smoothed solid; a second and a third with dots, the best marked."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from studio.language import tr
from studio.runs.history import Numbers
from studio.ui.plots.axis import PlotFrame, wide_range
from studio.ui.plots.series import Points, Series, smoothing_for, thinned
from studio.ui.plots.style import CurveStyle, Which
from studio.ui.theme import Theme
from studio.ui.tokens import ThemeColours
from studio.ui.widgets.timing import Throttle


class Dotted:
    """The points in `series`, and the items that draw them."""

    def __init__(self, colour: str, marks_best: bool) -> None:
        self.series = Series()
        self._colour, self._marks_best = colour, marks_best
        self._line = pg.PlotCurveItem(antialias=True)
        self._marks = pg.ScatterPlotItem(size=6, antialias=True)
        self.best = pg.ScatterPlotItem(size=11, antialias=True)
        self.items = (self._line, self._marks, self.best)

    def redraw(self, scaled: Callable[[Numbers], Numbers]) -> None:
        """Bring the picture up to the points; `scaled` says how high a value is drawn."""
        x, y = self.series.x, scaled(self.series.y)
        self._line.setData(x, y, connect="finite")
        self._marks.setData(x, y)
        best = self._best()
        self.best.setData(x[best], y[best])

    def dress(self, tokens: ThemeColours) -> None:
        """Take the colours from the theme."""
        colour = getattr(tokens, self._colour)
        self._line.setPen(pg.mkPen(colour, width=1.5))
        self._marks.setBrush(colour)
        self._marks.setPen(pg.mkPen(tokens.panel, width=1))
        self.best.setBrush(tokens.panel)
        self.best.setPen(pg.mkPen(colour, width=2.5))

    def _best(self) -> slice:
        values = self.series.y
        if not self._marks_best or not len(values) or not np.isfinite(values).any():
            return slice(0)
        best = int(np.nanargmin(values))
        return slice(best, best + 1)


ROOM = 0.02
"""Beside the first and the last step, so that a mark there is seen whole; as a share of all steps."""
MANY = 30
"""From how many points on a spike can be told from the curve."""


class CurvePlot(PlotFrame):
    """Append points as they come; what changed is drawn by a timer while the plot is visible."""

    def __init__(self, theme: Theme, style: CurveStyle | None = None, parent: QWidget | None = None) -> None:
        self.style_of = style or CurveStyle()
        super().__init__(theme, (120, 90), self.style_of.ticks, parent)
        self.series = Series()
        self._end: float | None = None
        self._shows_all = self._dirty = True
        self._range: tuple[float, float, float, float] | None = None
        self._timer = Throttle(self, self.style_of.redraw_milliseconds, self.redraw)
        self._raw = pg.PlotCurveItem(antialias=not self.style_of.smooths)
        self._smooth = pg.PlotCurveItem(antialias=True)
        self._other = Dotted(self.style_of.other_colour, False)
        self._dotted = Dotted(self.style_of.dot_colour, self.style_of.marks_best)
        self.add_items(self._raw, self._smooth, *self._other.items, *self._dotted.items)
        self.dots, self.others = self._dotted.series, self._other.series
        self._all: dict[Which, Series] = {"main": self.series, "dots": self.dots, "others": self.others}
        self._box.sigRangeChangedManually.connect(self._on_zoomed)
        self.setAccessibleName(self.style_of.name)
        self.name_x(self.style_of.x_name)
        self.dress()

    def append(self, x: float, y: float, which: Which = "main") -> None:
        """Add a point of the main curve, or of those drawn as dots."""
        self._all[which].append(x, y)
        self._touch()

    def set_points(self, xs: Points, ys: Points, which: Which = "main") -> None:
        """Replace the points of a curve."""
        self._all[which].clear()
        self._all[which].extend(xs, ys)
        self._touch()

    def cut(self, x: float) -> None:
        """Forget what was drawn from `x` on."""
        for points in self._all.values():
            points.cut(x)
        self._touch()

    def set_end(self, x: float | None) -> None:
        """Where the x axis ends from the start, such as the last step of a run; None: with the data."""
        self._end, self._range = x, None
        self._touch()

    def clear(self) -> None:
        """Forget all points and any zoom."""
        for points in self._all.values():
            points.clear()
        self._end = None
        self.crosshair.hide()
        self.show_all()

    def show_all(self) -> None:
        """Leave any zoom."""
        self._shows_all, self._range = True, None
        self._touch()

    def set_log(self, is_log: bool) -> None:
        """Whether the left axis counts in factors; what is not above zero is then not drawn."""
        self.axes["left"].is_log = is_log
        self.axes["left"].picture = None
        self.crosshair.hide()
        self.show_all()

    def table(self) -> tuple[list[str], list[list[float | None]]]:
        """All points in words' place: the columns' names, and a row for every x, with None for no value."""
        style = self.style_of
        named = {style.main_name: (self.series.x, self.series.y)}
        if style.smooths:
            named["smoothed"] = (self.series.x, self._smoothed().smooth)
        for name, points in ((style.dot_name, self.dots), (style.other_name, self.others)):
            if len(points):
                named[name] = (points.x, points.y)
        columns = [dict(zip(x.tolist(), y.tolist(), strict=True)) for x, y in named.values()]
        steps = sorted({x for column in columns for x in column})
        return [style.x_name, *named], [[x, *(column.get(x) for column in columns)] for x in steps]

    def redraw(self) -> None:
        """Bring the picture up to the points; called by the timer."""
        self._dirty = False
        self._smoothed()
        if self._shows_all:
            self._fit()
        low, high = self._box.viewRange()[0]
        part = self.series.window(low, high)
        pixels = max(int(self._box.width()), 64)
        x, y, smooth = self.series.x[part], self.series.y[part], self.series.smooth[part]
        self._raw.setData(*thinned(x, self._scaled(y), pixels), connect="finite")
        if self.style_of.smooths:
            self._smooth.setData(*thinned(x, self._scaled(smooth), pixels // 2), connect="finite")
        self._dotted.redraw(self._scaled)
        self._other.redraw(self._scaled)

    def _smoothed(self) -> Series:
        """The main curve, smoothed as its length asks for."""
        if self.style_of.smooths:
            self.series.smooth_by(smoothing_for(len(self.series)))
        return self.series

    def _scaled(self, values: Numbers) -> Numbers:
        """How high values are drawn: on a logarithmic axis, as powers of ten."""
        if not self.axes["left"].is_log:
            return values
        powers: Numbers = np.log10(np.where(values > 0, values, np.nan))
        return powers

    def describe(self, x: float) -> tuple[float, str] | None:
        """The point nearest to `x` and its values in words."""
        if not len(self.series):
            return None
        index = self.series.nearest(x)
        step, style = float(self.series.x[index]), self.style_of
        values = self._smoothed().smooth if style.smooths else self.series.y
        words = f"{style.x_name} {step:,.0f}   {style.main_name} {style.words(float(values[index]))}"
        if style.smooths:
            words += tr("   raw {words}", words=style.words(float(self.series.y[index])))
        for points, name in ((self.dots, style.dot_name), (self.others, style.other_name)):
            if len(points):
                words += f"   {name} {style.words(float(points.y[points.nearest(step)]))}"
        return step, words

    def _fit(self) -> None:
        """Widen the view in leaps, so that most redraws leave the axes as they are."""
        values = self._values_to_fit()
        if not len(values):
            return
        last = max(float(points.x[-1]) for points in self._all.values() if len(points))
        from_zero = self.style_of.from_zero and not self.axes["left"].is_log
        low, high = (0.0 if from_zero else float(values.min())), float(values.max())
        if self._range is not None:
            _, right, bottom, top = self._range
            if last <= right and low >= bottom and high <= top and high - low > 0.6 * (top - bottom):
                return
        right = self._end if self._end and self._end >= last else last * 1.15
        bottom, top = wide_range(low, high)
        bottom = 0.0 if from_zero else bottom
        self._range = (-ROOM * right, (1 + ROOM) * max(right, 1.0), bottom, top)
        self.set_range(self._range[:2], self._range[2:])

    def _values_to_fit(self) -> Numbers:
        """What the view must hold: all that is solid, and the raw curve but for its rare spikes.

        One wild batch would otherwise flatten the rest of the run; zooming and hovering still find it.
        """
        raw = self.series.y[np.isfinite(self.series.y)]
        if self.style_of.smooths and len(raw) >= MANY:
            raw = np.concatenate([np.percentile(raw, [1, 98]), self.series.smooth])
        values = self._scaled(np.concatenate([raw, self.dots.y, self.others.y]))
        return values[np.isfinite(values)]

    def _touch(self) -> None:
        self._dirty = True
        if self.isVisible():
            self._timer.trigger()

    def dress(self) -> None:
        super().dress()
        tokens, style = self._theme.tokens, self.style_of
        main = getattr(tokens, style.colour)
        raw = tokens.tint(style.colour, 0.42) if style.smooths else main
        self._raw.setPen(pg.mkPen(raw, width=1 if style.smooths else 1.4))
        self._smooth.setPen(pg.mkPen(main, width=2))
        self._dotted.dress(tokens)
        self._other.dress(tokens)

    def _on_zoomed(self, _axes: object) -> None:
        self._shows_all = False
        self._touch()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._dirty:
            self._timer.trigger()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._touch()
