"""What lies behind one cell of a heat map: smaller maps side by side, as of a head in two models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from studio.language import tr
from studio.ui.plots.heat import HeatMap
from studio.ui.theme import Theme
from studio.ui.widgets.label import PlainLabel, WrapLabel
from studio.ui.widgets.layout import column

_GAP, _HIGH = 14, 240


class HeatDetails(QWidget):
    """Shows the maps behind the cell that is asked for; at first those of the first cell that has any."""

    def __init__(self, theme: Theme, data: Mapping[str, Any]) -> None:
        super().__init__()
        self._theme = theme
        self._x, self._y = ([str(label) for label in data.get(axis, ())] for axis in ("x", "y"))
        found = data["details"]
        self._labels: Sequence[str] = [str(label) for label in found.get("labels", ())]
        self._kept = {(int(each["x"]), int(each["y"])): each for each in found.get("kept", ())}
        self._unit = str(found.get("unit", ""))
        self._words = WrapLabel(tone="dim")
        self._maps = QHBoxLayout()
        self._maps.setSpacing(_GAP)
        self.pictures: list[HeatMap] = []
        column(self._words, self._maps, on=self, gap=6)
        if self._kept:
            self.show_cell(*next(iter(self._kept)))

    def show_cell(self, x: int, y: int) -> None:
        """Show what lies behind a cell, or say that it was not kept."""
        place = ", ".join(label for label in (self._y[y], self._x[x]) if label)
        kept = self._kept.get((x, y))
        if kept is None:
            self._words.setText(tr("{place}: kept were only those that changed most.", place=place))
            self._clear()
            return
        self._words.setText(
            tr(
                "{place}: what each token (from top to bottom) takes from which. Click another cell.",
                place=place,
            )
        )
        self._clear()
        for each in kept.get("series", ()):
            self._add(str(each.get("name", "")), each.get("values", ()), place)

    def _add(self, name: str, values: Sequence[Sequence[float]], place: str) -> None:
        data = {"x": self._labels, "y": self._labels, "values": values, "unit": self._unit}
        picture = HeatMap(self._theme, f"{name}, {place}", data)
        picture.setMinimumHeight(_HIGH)
        title = PlainLabel(name)
        title.setProperty("role", "section")
        title.setAlignment(Qt.AlignmentFlag.AlignLeft)
        holder = QWidget()
        column(title, (picture, 1), on=holder, gap=4)
        self._maps.addWidget(holder, 1)
        self.pictures.append(picture)

    def _clear(self) -> None:
        self.pictures = []
        while (item := self._maps.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
