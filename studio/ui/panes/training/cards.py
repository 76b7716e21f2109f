"""The card of a run's figures, and where the training pane's cards stand."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

from studio import words
from studio.events import Step
from studio.language import tr
from studio.ui.plain import tip
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import KeyFigure
from studio.ui.widgets.layout import clear, column, row, scrolled
from studio.ui.widgets.pane import GAP
from studio.ui.widgets.timing import Throttle

WRITE_MILLISECONDS = 150


class FiguresCard(Card):
    """Validation and training loss, time and speed; `written` a few times a second at most."""

    written = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.validation, self.training = (
            KeyFigure("—", tr("validation loss")),
            KeyFigure("—", tr("training loss")),
        )
        self.time, self.speed = KeyFigure("—", tr("left")), KeyFigure("—", tr("tokens/s"))
        self._epochs = 0.0
        self._skipped = 0
        self._running = False
        self._latest: Step | None = None
        self._timer = Throttle(self, WRITE_MILLISECONDS, self._write)
        figures = ((self.validation, 7), (self.training, 5), (self.time, 5), (self.speed, 3))
        self.body.addLayout(row(*figures, gap=12))

    def clear(self) -> None:
        self._timer.stop()
        self._latest = None
        self._skipped = 0
        for figure in (self.validation, self.training, self.time, self.speed):
            figure.set_value("—")
        self.training.set_caption(tr("training loss"))
        self.time.set_caption(tr("left"))

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

    def show_validated(self, first: float, best: float) -> None:
        """The validation loss before the first step, and the best since."""
        start, end = f"{first:.2f}", f"{best:.2f}"
        self.validation.set_value(start if start == end else f"{start} → {end}")

    def _write(self) -> None:
        if (step := self._latest) is None:
            return
        self.training.set_value(words.loss(step.loss))
        self.training.set_caption(
            tr("training loss, {skipped:,} skipped", skipped=self._skipped)
            if self._skipped
            else tr("training loss")
        )
        self.time.set_value(words.duration(step.seconds_left if self._running else step.seconds))
        self.time.set_caption(
            tr(
                "{words}, epoch {epoch:.1f}",
                words=tr("left") if self._running else tr("taken"),
                epoch=step.epoch,
            )
        )
        self.time.setToolTip(
            tip(tr("Epoch {epoch:.1f} of {epochs:g}", epoch=step.epoch, epochs=self._epochs))
        )
        self.speed.set_value(f"{step.tokens_per_second:,.0f}")
        self.written.emit()


RECIPE_WIDTH, LEAST_WIDTH, MOST_WIDTH = 344, 300, 560
COMPACT_BELOW, LOW = 800, 700
"""In a pane lower than this, cards fold what can be unfolded; and the form leaves less room for help."""


def recipe_column(recipe: QWidget, forecast: QWidget) -> QWidget:
    """The recipe above its forecast."""
    side = QWidget()
    side.setMinimumWidth(LEAST_WIDTH)
    side.setMaximumWidth(MOST_WIDTH)
    column((recipe, 1), forecast, on=side, gap=GAP)
    return side


def side_by_side(recipe: QWidget, live: QWidget) -> QSplitter:
    """The recipe on the left, what a run says on the right; what is between them can be dragged."""
    split = _split(Qt.Orientation.Horizontal, recipe, live)
    split.setObjectName("recipe and run")
    split.setSizes([RECIPE_WIDTH, 2 * RECIPE_WIDTH])
    return split


def live_column(*above: QWidget, plots: QWidget, tabs: QWidget) -> QWidget:
    """What a run says, from its figures down to its log; it scrolls where the window is too low for it."""
    below = _split(Qt.Orientation.Vertical, plots, tabs)
    below.setObjectName("plots and log")
    below.setStretchFactor(0, 4)
    return scrolled(clear(*above, (below, 1), gap=GAP))


def _split(orientation: Qt.Orientation, first: QWidget, second: QWidget) -> QSplitter:
    split = QSplitter(orientation)
    split.setHandleWidth(GAP)
    split.setChildrenCollapsible(False)
    for place, widget in enumerate((first, second)):
        split.addWidget(widget)
        split.setStretchFactor(place, place)
    return split
