"""What all plots share: axes, a view that zooms by dragging, the crosshair, colours from the theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from studio.ui.theme import Theme, body_font
from studio.ui.tokens import ThemeColours
from studio.ui.widgets.layout import column

LEFT_WIDTH = 46
BOTTOM_HEIGHT = 22
GRID = 200
"""How strongly the lines across a plot are drawn, of 255."""
DECADES = 2.5
"""From so many powers of ten on, a logarithmic axis has room for no more ticks than one for each."""


class NumberAxis(pg.AxisItem):
    """An axis of fixed size, so that growing numbers never move the plot; `words` writes a tick.

    The left one draws lines across the plot; where it `is_log`, the view counts in powers of ten.
    """

    def __init__(self, orientation: str, words: Callable[[float, float], str] | None = None) -> None:
        super().__init__(orientation)
        self._words = words or plain
        self.is_log = False
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)  # its lines lie over what is dragged
        self.setStyle(tickLength=0, autoExpandTextSpace=False, autoReduceTextSpace=False, tickTextOffset=6)
        self.setStyle(tickFont=body_font(11), hideOverlappingLabels=True, maxTickLevel=0)
        if orientation == "left":
            self.setWidth(LEFT_WIDTH)
            self.setTickDensity(1.6)
            self.setGrid(GRID)
        else:
            self.setHeight(BOTTOM_HEIGHT)

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, Any]]:
        if not self.is_log:
            ticks: list[tuple[float, Any]] = super().tickValues(low, high, size)
            return ticks
        steps = (1, 2, 5) if high - low < DECADES else (1,)
        powers = range(int(np.floor(low)), int(np.ceil(high)) + 1)
        found = [power + float(np.log10(step)) for power in powers for step in steps]
        return [(1.0, [value for value in found if low <= value <= high])]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        if self.is_log:
            return [f"{10**value:.3g}" for value in values]
        return [self._words(value * scale, spacing * scale) for value in values]

    def mouseDragEvent(self, event: Any) -> None:
        event.ignore()

    def wheelEvent(self, event: Any) -> None:
        event.ignore()

    def dress(self, tokens: ThemeColours) -> None:
        """Take the colours of the axis and its numbers from the theme."""
        self.setPen(tokens.line)
        self.setTextPen(tokens.faint)


class ZoomBox(pg.ViewBox):
    """Drag with the left button to zoom, double-click for all; the wheel is left to the page."""

    all_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0)
        self.setMouseMode(pg.ViewBox.RectMode)

    def wheelEvent(self, event: Any, axis: int | None = None) -> None:
        event.ignore()

    def mouseDoubleClickEvent(self, event: Any) -> None:
        event.accept()
        self.all_wanted.emit()

    def mouseDragEvent(self, event: Any, axis: int | None = None) -> None:
        if event.button() == pg.QtCore.Qt.MouseButton.LeftButton:
            super().mouseDragEvent(event, axis)
        else:
            event.ignore()


def plain(value: float, spacing: float) -> str:
    """A tick with as many decimals as the distance between ticks asks for, thousands separated."""
    decimals = 0 if spacing >= 1 else min(6, len(f"{spacing:.6f}".rstrip("0").split(".")[1]))
    return f"{value:,.{decimals}f}"


def wide_range(low: float, high: float, margin: float = 0.06) -> tuple[float, float]:
    """A range with air above and below; never empty."""
    span = high - low
    if span <= 0:
        span = abs(high) * 0.1 or 1.0
        return low - span / 2, high + span / 2
    return low - margin * span, high + margin * span


Describe = Callable[[float], tuple[float, str] | None]


class Crosshair(QObject):
    """Follows the pointer over a plot; `describe` turns an x into the nearest point's x and its words."""

    def __init__(self, view: pg.PlotWidget, describe: Describe) -> None:
        super().__init__(view)
        self._view, self._describe = view, describe
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.hide()
        self._line.setZValue(10)
        view.addItem(self._line, ignoreBounds=True)
        self._readout = QLabel(view)
        self._readout.setProperty("role", "readout")
        self._readout.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._readout.hide()
        view.viewport().setMouseTracking(True)
        view.viewport().installEventFilter(self)

    def text(self) -> str:
        """What is shown now, or nothing."""
        return self._readout.text() if not self._readout.isHidden() else ""

    def hide(self) -> None:
        self._line.hide()
        self._readout.hide()

    def dress(self, tokens: ThemeColours) -> None:
        self._line.setPen(pg.mkPen(tokens.faint, width=1, style=Qt.PenStyle.DashLine))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Leave:
            self.hide()
        elif isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseMove:
            self.point_at(event.position())
        return super().eventFilter(watched, event)

    def point_at(self, position: QPointF) -> None:
        """Show the values nearest to a position in the view's pixels."""
        box = self._view.getPlotItem().getViewBox()
        scene = self._view.mapToScene(position.toPoint())
        inside = box.sceneBoundingRect().contains(scene)
        found = self._describe(box.mapSceneToView(scene).x()) if inside else None
        if found is None:
            self.hide()
            return
        x, words = found
        self._line.setPos(x)
        self._line.show()
        self._readout.setText(words)
        self._readout.adjustSize()
        pixel = self._view.mapFromScene(box.mapViewToScene(QPointF(x, 0))).x()
        self._readout.move(self._beside(pixel))
        self._readout.show()

    def _beside(self, pixel: int) -> QPoint:
        left = pixel + 10
        if left + self._readout.width() > self._view.width():
            left = pixel - 10 - self._readout.width()
        return QPoint(max(left, 2), 6)


class PlotFrame(QWidget):
    """A plot with its axes, its zoom, its crosshair and the theme's colours; a kind of plot adds its items.

    Drag to zoom, double-click for all.
    """

    def __init__(
        self,
        theme: Theme,
        least: tuple[int, int],
        ticks: Callable[[float, float], str] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme, self._box = theme, ZoomBox()
        self.axes = {"left": NumberAxis("left", ticks), "bottom": NumberAxis("bottom")}
        self._view = pg.PlotWidget(viewBox=self._box, axisItems=self.axes)
        self._view.setFrameShape(self._view.Shape.NoFrame)
        self._view.hideButtons()
        self._x_name = QLabel(self._view)
        self._x_name.setFont(body_font(11))
        self._x_name.setProperty("tone", "faint")
        self._x_name.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._x_name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.crosshair = Crosshair(self._view, self.describe)
        self._box.all_wanted.connect(self.show_all)
        self.setMinimumSize(*least)
        column(self._view, on=self)
        theme.changed.connect(self.dress)

    def describe(self, x: float) -> tuple[float, str] | None:
        """What stands nearest to `x`, and its values in words; None where there is nothing."""
        raise NotImplementedError

    def show_all(self) -> None:
        """Leave any zoom."""
        raise NotImplementedError

    def dress(self) -> None:
        """Take the colours from the theme."""
        tokens = self._theme.tokens
        self._view.setBackground(tokens.panel)
        for axis in self.axes.values():
            axis.dress(tokens)
        self.crosshair.dress(tokens)

    def name_x(self, name: str) -> None:
        """Say in the corner between the axes what the lower one counts."""
        self._x_name.setText(name)

    def add_items(self, *items: pg.GraphicsObject) -> None:
        """Draw these; the range of the axes stays as it is."""
        for item in items:
            self._view.addItem(item, ignoreBounds=True)

    def set_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show this stretch of both axes."""
        self._box.setRange(xRange=x, yRange=y, padding=0, disableAutoRange=True)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.crosshair.hide()
        self._x_name.setGeometry(0, self.height() - BOTTOM_HEIGHT, LEFT_WIDTH - 9, BOTTOM_HEIGHT - 1)
