"""The page of figures: a card for each, two beside each other where there is room."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.events import Figure
from studio.language import tr
from studio.ui.plots.figures import FigureCard
from studio.ui.tables.score_words import MeasureWords, title_of
from studio.ui.theme import Theme
from studio.ui.widgets.label import note
from studio.ui.widgets.layout import column, scrolled
from studio.ui.widgets.pane import GAP

_WIDE_FROM = 6
"""A table with so many columns has both places."""
_TWO_FROM = 760
"""From this width on, in pixels, two figures stand beside each other."""


class FiguresPage(QWidget):
    """Holds the figures of an evaluation; makes their cards once it is looked at."""

    checkpoint_requested = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._measures: Mapping[str, MeasureWords] = {}
        self._figures: dict[tuple[str, str], Figure] = {}
        self.cards: dict[tuple[str, str], FigureCard] = {}
        self._nothing = note(tr("Figures appear here as measures are taken."))
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._grid = QGridLayout()
        self._grid.setSpacing(GAP)
        self._inside = QWidget()
        self._inside.setProperty("role", "clear")
        column(self._nothing, self._grid, ..., on=self._inside, inside=(0, 0, 6, 0), gap=0)
        self._area = scrolled(self._inside)
        column(self._area, on=self)

    def set_measures(self, measures: Mapping[str, MeasureWords]) -> None:
        """What the measures are called, by their keys."""
        self._measures = measures

    def clear(self) -> None:
        self._figures = {}
        for card in self.cards.values():
            card.hide()
            card.deleteLater()
        self.cards = {}
        self._nothing.show()

    def add(self, figure: Figure) -> None:
        """Show a figure, in place of an earlier one of the same measure and key."""
        place = figure.measure, figure.key
        self._figures[place] = figure
        if (before := self.cards.pop(place, None)) is not None:
            before.hide()
            before.deleteLater()
        if self.isVisible():
            self._build()

    def count(self) -> int:
        return len(self._figures)

    def reveal(self, measure: str) -> bool:
        """Bring the first figure of a measure into sight, if it has one."""
        found = next((card for (key, _), card in self.cards.items() if key == measure), None)
        if found is not None:
            self._area.ensureWidgetVisible(found)
        return any(key == measure for key, _ in self._figures)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._build()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _build(self) -> None:
        for place, figure in self._figures.items():
            if place not in self.cards:
                words = self._measures.get(figure.measure)
                title = words.title if words is not None else title_of(figure.measure)
                card = self.cards[place] = FigureCard(self._theme, figure, title)
                card.checkpoint_requested.connect(self.checkpoint_requested)
        self._place()

    def _place(self) -> None:
        columns = 2 if self.width() >= _TWO_FROM else 1
        self._nothing.setVisible(not self._figures)
        known = [place for place in self._figures if place in self.cards]
        known.sort(key=lambda place: self._figures[place].kind_of_figure == "table")  # pictures first
        number = 0
        for place in known:
            wide = columns > 1 and len(self._figures[place].data.get("heads", ())) >= _WIDE_FROM
            number += wide and number % columns
            self._grid.addWidget(self.cards[place], number // columns, number % columns, 1, 1 + wide)
            number += 1 + wide
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)
