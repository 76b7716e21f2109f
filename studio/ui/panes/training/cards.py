"""The card of a run's figures, and where the training pane's cards stand."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio import words
from studio.events import Step
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import KeyFigure
from studio.ui.widgets.layout import clear, column, row, scrolled
from studio.ui.widgets.pane import GAP
from studio.ui.widgets.timing import Throttle

WRITE_MILLISECONDS = 150


class FiguresCard(Card):
    """Step, epoch, time left and learning rate; `written` a few times a second however fast steps come."""

    written = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._step, self._epoch = KeyFigure("—", "step"), KeyFigure("—", "epoch")
        self._left, self._rate = KeyFigure("—", "left"), KeyFigure("—", "learning rate")
        self._epochs = 0.0
        self._skipped = 0
        self._running = False
        self._latest: Step | None = None
        self._timer = Throttle(self, WRITE_MILLISECONDS, self._write)
        figures = ((self._step, 5), (self._epoch, 4), (self._left, 4), (self._rate, 5))
        self.body.addLayout(row(*figures, gap=16))

    def clear(self) -> None:
        self._timer.stop()
        self._latest = None
        self._skipped = 0
        for figure in (self._step, self._epoch, self._left, self._rate):
            figure.set_value("—")

    def set_running(self, running: bool) -> None:
        """Whether to show the time that is left, or the time it took."""
        self._running = running
        self._write()

    def show_skipped(self, count: int) -> None:
        """How many updates were left out, because their loss or gradient was not a number."""
        self._skipped = count
        self._write()

    def show_step(self, step: Step, epochs: float) -> None:
        self._latest, self._epochs = step, epochs
        self._timer.trigger()

    def _write(self) -> None:
        if (step := self._latest) is None:
            return
        self._step.set_value(f"{step.step:,}")
        unit = f", {self._skipped:,} skipped" if self._skipped else " steps"
        self._step.set_caption(f"of {step.steps:,}{unit}")
        self._epoch.set_value(f"{step.epoch:.1f}")
        self._epoch.set_caption(f"of {self._epochs:g} epochs")
        self._left.set_caption("left" if self._running else "taken")
        self._left.set_value(words.duration(step.seconds_left if self._running else step.seconds))
        self._rate.set_value(words.rate(step.learning_rate))
        self.written.emit()


RECIPE_WIDTH = 344
COMPACT_BELOW, LOW = 800, 700
"""In a pane lower than this, cards fold what can be unfolded; and the form leaves less room for help."""


def recipe_column(recipe: QWidget, forecast: QWidget) -> QWidget:
    """The recipe above its forecast, in a column of fixed width."""
    side = QWidget()
    side.setFixedWidth(RECIPE_WIDTH)
    column((recipe, 1), forecast, on=side, gap=GAP)
    return side


def live_column(figures: QWidget, advice: QWidget, plots: QWidget, tabs: QWidget) -> QWidget:
    """What a run says, from its figures down to its log; it scrolls where the window is too low for it."""
    return scrolled(clear(figures, advice, (plots, 4), (tabs, 1), gap=GAP))
