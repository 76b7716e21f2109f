"""Figures of an evaluation with two axes: lines over each other, and dots, of which one can be taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtWidgets import QWidget

from studio.ui.plots.axis import PlotFrame, wide_range
from studio.ui.plots.style import three_digits
from studio.ui.theme import Theme, body_font
from studio.ui.tokens import dash, hue
from studio.ui.widgets.label import PlainLabel
from studio.ui.widgets.layout import column, row

_LEAST = (180, 180)
_CLOSE = 18
_LABEL_WIDE, _LABEL_HIGH = 0.09, 0.12  # parts of the spread of all dots that a label takes
"""So many pixels from a dot a click still means it."""


class FigureLines(PlotFrame):
    """Lines by their x, each in the hue of its place; the crosshair gives the values of all."""

    def __init__(self, theme: Theme, title: str, data: Mapping[str, Any]) -> None:
        super().__init__(theme, _LEAST)
        self._title, self._x_title = title, str(data.get("x_title", ""))
        self._lines: list[tuple[str, list[float], list[float]]] = [
            (str(each.get("name", "")), *_points(each.get("x", ()), each.get("y", ())))
            for each in data.get("series", ())
        ]
        self._drawn = [pg.PlotDataItem(x, y, antialias=True) for _, x, y in self._lines]
        self.add_items(*self._drawn)
        self.setAccessibleName(title)
        self.dress()
        self.show_all()

    def show_all(self) -> None:
        xs = [x for _, line, _ in self._lines for x in line]
        ys = [y for _, _, line in self._lines for y in line]
        if xs:
            self.set_range(wide_range(min(xs), max(xs), 0.03), wide_range(min(ys), max(ys)))

    def describe(self, x: float) -> tuple[float, str] | None:
        known = [each for _, line, _ in self._lines for each in line]
        if not known:
            return None
        nearest = min(known, key=lambda each: abs(each - x))
        lines = [f"{escape(self._x_title)} {three_digits(nearest)}".strip()]
        for place, (name, xs, ys) in enumerate(self._lines):
            if nearest in xs:
                dot = f'<span style="color:{hue(self._theme.tokens, place)}">●</span>'
                lines.append(f"{dot} {three_digits(ys[xs.index(nearest)])}  {escape(name)}")
        return nearest, "<br>".join(lines)

    def dress(self) -> None:
        super().dress()
        tokens = self._theme.tokens
        for place, item in enumerate(self._drawn):
            item.setPen(pg.mkPen(hue(tokens, place), width=2, style=dash(place)))
            item.setSymbol("o")
            item.setSymbolSize(6)
            item.setSymbolBrush(hue(tokens, place))
            item.setSymbolPen(pg.mkPen(tokens.panel, width=1))


@dataclass(frozen=True, eq=False)
class FigureDot:
    """A dot, and what it stands for; `contestant` where that can be taken."""

    x: float
    y: float
    label: str
    series: str
    contestant: str = ""


class FigureDots(PlotFrame):
    """Dots with their labels; a click chooses the nearest, and so do the arrow keys."""

    dot_chosen = Signal(object)  # FigureDot

    def __init__(self, theme: Theme, title: str, data: Mapping[str, Any]) -> None:
        super().__init__(theme, _LEAST)
        self._titles = str(data.get("x_title", "")), str(data.get("y_title", ""))
        self.dots = tuple(sorted(map(_dot, _drawable(data.get("points", ()))), key=lambda dot: dot.x))
        self.chosen: FigureDot | None = None
        self._series = list(dict.fromkeys(dot.series for dot in self.dots))
        self._marks = pg.ScatterPlotItem(size=11, antialias=True)
        self._ring = pg.ScatterPlotItem(size=19, antialias=True)
        self._labels = [pg.TextItem(dot.label, anchor=(0.5, 1.35)) for dot in self.dots]
        self.add_items(self._ring, self._marks, *self._labels)
        for label, dot in zip(self._labels, self.dots, strict=True):
            label.setPos(dot.x, dot.y)
            label.setFont(body_font(11))
        for label, shown in zip(self._labels, self._apart(), strict=True):
            label.setVisible(shown)
        self._view.scene().sigMouseClicked.connect(self._on_clicked)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.dress()
        self.show_all()

    def show_all(self) -> None:
        if self.dots:
            xs, ys = [dot.x for dot in self.dots], [dot.y for dot in self.dots]
            self.set_range(wide_range(min(xs), max(xs), 0.14), wide_range(min(ys), max(ys), 0.22))

    def _apart(self) -> list[bool]:
        """Which labels stand clear of those that were decided on before, the last first."""
        spans = [max(each) - min(each) or 1.0 for each in zip(*((d.x, d.y) for d in self.dots), strict=True)]
        kept: list[FigureDot] = []
        for dot in reversed(self.dots):
            gaps = [(abs(dot.x - other.x) / spans[0], abs(dot.y - other.y) / spans[1]) for other in kept]
            if not any(x < _LABEL_WIDE and y < _LABEL_HIGH for x, y in gaps):
                kept.append(dot)
        return [any(dot is other for other in kept) for dot in self.dots]

    def choose(self, dot: FigureDot) -> None:
        """Ring a dot and announce it."""
        self.chosen = dot
        self._ring.setData([dot.x], [dot.y])
        self.dot_chosen.emit(dot)

    def describe(self, x: float) -> tuple[float, str] | None:
        if not self.dots:
            return None
        dot = min(self.dots, key=lambda each: abs(each.x - x))
        return dot.x, "<br>".join(escape(line) for line in self.words_of(dot))

    def words_of(self, dot: FigureDot) -> list[str]:
        """A dot in words: its label and both values."""
        values = zip(self._titles, (dot.x, dot.y), strict=True)
        return [dot.label, *(f"{title}: {three_digits(value)}" for title, value in values)]

    def keyPressEvent(self, event: Any) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(event.key(), 0)
        if not step or not self.dots:
            super().keyPressEvent(event)
            return
        place = self.dots.index(self.chosen) + step if self.chosen in self.dots else 0
        self.choose(self.dots[max(0, min(place, len(self.dots) - 1))])

    def dress(self) -> None:
        super().dress()
        tokens = self._theme.tokens
        shades = [hue(tokens, self._series.index(dot.series)) for dot in self.dots]
        self._marks.setData(
            [dot.x for dot in self.dots],
            [dot.y for dot in self.dots],
            brush=[pg.mkBrush(shade) for shade in shades],
            pen=pg.mkPen(tokens.panel, width=1),
        )
        self._ring.setBrush(pg.mkBrush(tokens.tint("accent", 0.25)))
        self._ring.setPen(pg.mkPen(tokens.accent, width=1.5))
        for label in self._labels:
            label.setColor(tokens.dim)

    def _on_clicked(self, event: Any) -> None:
        box = self._view.getPlotItem().getViewBox()

        def far(dot: FigureDot) -> float:
            return math.dist(
                *(each.toTuple() for each in (box.mapViewToScene(QPointF(dot.x, dot.y)), event.scenePos()))
            )

        nearest = min(self.dots, key=far, default=None)
        if nearest is not None and far(nearest) <= _CLOSE:
            self.choose(nearest)


def titled(plot: QWidget, data: Mapping[str, Any]) -> QWidget:
    """A plot between the titles of its axes: what goes up above it, what goes right below it."""
    whole = QWidget()
    up, right = PlainLabel(str(data.get("y_title", ""))), PlainLabel(str(data.get("x_title", "")))
    for label in (up, right):
        label.setProperty("role", "section")
    column(up, (plot, 1), row(..., right), on=whole, gap=4)
    return whole


def _dot(found: Mapping[str, Any]) -> FigureDot:
    taken = str(found.get("contestant", ""))
    return FigureDot(
        float(found["x"]), float(found["y"]), str(found.get("label", "")), str(found.get("series", "")), taken
    )


def _drawable(points: Any) -> list[Mapping[str, Any]]:
    return [point for point in points if all(_is_finite(point.get(axis)) for axis in ("x", "y"))]


def _points(xs: Any, ys: Any) -> tuple[list[float], list[float]]:
    found = [(float(x), float(y)) for x, y in zip(xs, ys, strict=False) if _is_finite(x) and _is_finite(y)]
    return [x for x, _ in found], [y for _, y in found]


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
