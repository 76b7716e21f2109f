"""A place for a plot: an empty frame of the right size until the window has been painted once.

pyqtgraph takes 0.4 s to import, so neither the window nor its first paint may wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.plots.style import CurveStyle, Which
from studio.ui.theme import Theme

if TYPE_CHECKING:
    from studio.ui.plots.curve import CurvePlot
    from studio.ui.plots.series import Points


class LazyCurve(QWidget):
    """Speaks like a CurvePlot; builds it after its own first paint and then repeats what was said before."""

    def __init__(self, theme: Theme, style: CurveStyle | None = None) -> None:
        super().__init__()
        self._theme, self._style = theme, style or CurveStyle()
        self._calls: list[tuple[str, tuple[Any, ...]]] = []
        self._asked = False
        self.plot: CurvePlot | None = None
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.setMinimumSize(120, 90)
        self.setAccessibleName(self._style.name)

    def append(self, x: float, y: float, which: Which = "main") -> None:
        self._say("append", x, y, which)

    def cut(self, x: float) -> None:
        self._say("cut", x)

    def set_points(self, xs: Points, ys: Points, which: Which = "main") -> None:
        self._say("set_points", xs, ys, which)

    def set_end(self, x: float | None) -> None:
        self._say("set_end", x)

    def set_log(self, is_log: bool) -> None:
        self._say("set_log", is_log)

    def clear(self) -> None:
        self._calls = [call for call in self._calls if call[0] == "set_log"]
        self._say("clear")

    def build(self) -> CurvePlot:
        """The plot, made now if it was not there yet."""
        if self.plot is None:
            from studio.ui.plots.curve import CurvePlot

            self.plot = CurvePlot(self._theme, self._style)
            for name, values in self._calls:
                getattr(self.plot, name)(*values)
            self._calls.clear()
            self._column.addWidget(self.plot)
        return self.plot

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._asked:
            self._asked = True
            QTimer.singleShot(0, self, self._build_soon)

    def _build_soon(self) -> None:
        self.build()

    def _say(self, name: str, *values: Any) -> None:
        if self.plot is None:
            self._calls.append((name, values))
        else:
            getattr(self.plot, name)(*values)
