"""Where the training pane's cards stand: the recipe at the left, what happens at the right."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.ui.widgets.form import scrolled
from studio.ui.widgets.pane import GAP

RECIPE_WIDTH = 344
COMPACT_BELOW, LOW = 800, 700
"""In a pane lower than this, cards fold what can be unfolded; and the form leaves less room for help."""


def recipe_column(recipe: QWidget, forecast: QWidget) -> QWidget:
    """The recipe above its forecast, in a column of fixed width."""
    side = QWidget()
    side.setFixedWidth(RECIPE_WIDTH)
    column = _column(side)
    column.addWidget(recipe, 1)
    column.addWidget(forecast)
    return side


def live_column(figures: QWidget, advice: QWidget, plots: QWidget, tabs: QWidget) -> QWidget:
    """What a run says, from its figures down to its log; it scrolls where the window is too low for it."""
    live = QWidget()
    live.setProperty("role", "clear")
    column = _column(live)
    column.addWidget(figures)
    column.addWidget(advice)
    column.addWidget(plots, 4)
    column.addWidget(tabs, 1)
    return scrolled(live)


def _column(widget: QWidget) -> QVBoxLayout:
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GAP)
    return column
