"""A curve of few points: each a dot on a line, the lowest ringed where that is the best."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from studio.ui.plots.series import Series
from studio.ui.tokens import Tokens


class Dotted:
    """The points in `series`, and the items that draw them."""

    def __init__(self, view: pg.PlotWidget, colour: str, marks_best: bool) -> None:
        self.series = Series()
        self._colour, self._marks_best = colour, marks_best
        self._line = pg.PlotCurveItem(antialias=True)
        self._marks = pg.ScatterPlotItem(size=6, antialias=True)
        self.best = pg.ScatterPlotItem(size=11, antialias=True)
        for item in (self._line, self._marks, self.best):
            view.addItem(item, ignoreBounds=True)

    def redraw(self) -> None:
        """Bring the picture up to the points."""
        self._line.setData(self.series.x, self.series.y)
        self._marks.setData(self.series.x, self.series.y)
        self.best.setData(*self._best_point())

    def dress(self, tokens: Tokens) -> None:
        """Take the colours from the theme."""
        colour = getattr(tokens, self._colour)
        self._line.setPen(pg.mkPen(colour, width=1.5))
        self._marks.setBrush(colour)
        self._marks.setPen(pg.mkPen(tokens.panel, width=1))
        self.best.setBrush(tokens.panel)
        self.best.setPen(pg.mkPen(colour, width=2.5))

    def _best_point(self) -> tuple[list[float], list[float]]:
        values = self.series.y
        if not self._marks_best or not len(values) or not np.isfinite(values).any():
            return [], []
        best = int(np.nanargmin(values))
        return [float(self.series.x[best])], [float(values[best])]
