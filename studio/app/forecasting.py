"""What the recipe at hand would train and take, asked again whenever it changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from studio.app.shared import Shared
from studio.events import Event, Forecasted, ModelCounted
from studio.jobs.forecast import Examples, ForecastJob
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.ui.panes.training.pane import TrainingPane


class Forecasting(QObject):
    """Shows the answer in the training pane, and tells who else wants to know."""

    forecasted = Signal(object)  # Forecasted | None

    def __init__(self, shared: Shared, pane: TrainingPane) -> None:
        super().__init__(pane)
        self._shared, self._pane = shared, pane
        self._counting: Ticket | None = None

    def count(self) -> None:
        """Show what the recipe at hand would train and take. The first time, this is what loads MLX."""
        if self._counting is not None:
            self._counting.stop()  # its answer would be about an earlier recipe
        dataset = self._shared.dataset
        examples = Examples.of(dataset.rows) if dataset is not None else None
        job = ForecastJob(self._shared.recipe, examples, needs_weights=True)
        self._counting = self._shared.queue.submit(job, Lane.ASIDE, self._take_count, self._end_count)

    def _take_count(self, event: Event) -> None:
        match event:
            case ModelCounted():
                self._pane.show_count(event)
            case Forecasted():
                self._pane.show_forecast(event)
                self.forecasted.emit(event)

    def _end_count(self, outcome: Outcome) -> None:
        self._shared.rest()
        if isinstance(outcome, Failed):
            self._pane.show_forecast(None)
            self.forecasted.emit(None)
            self._shared.window.show_notice(outcome.summary, "bad")
