"""The crosshair: a line at the point nearest to the pointer, and its values in words beside it."""

from __future__ import annotations

from collections.abc import Callable

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QLabel

from studio.ui.tokens import Tokens

Describe = Callable[[float], tuple[float, str] | None]


class Crosshair(QObject):
    """Follows the pointer over a plot; `describe` turns an x into the nearest point's x and its words."""

    def __init__(self, view: pg.PlotWidget, describe: Describe) -> None:
        super().__init__(view)
        self._view, self._describe = view, describe
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.hide()
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

    def dress(self, tokens: Tokens) -> None:
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
