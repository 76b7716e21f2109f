"""What one pass over a dataset takes with the recipe at hand."""

from __future__ import annotations

from PySide6.QtCore import Qt

from studio import words
from studio.events import DatasetRead, Forecasted
from studio.ui.plain import tip
from studio.ui.widgets.label import ElidedLabel

_HINT = (
    "One pass over the training rows with the recipe at hand: {tokens:,} tokens, of which {trained:,} are "
    "learned. The time is an estimate for this Mac."
)


class EpochLine(ElidedLabel):
    """Tokens, steps and time of an epoch, in one line."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("tone", "dim")
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._tokens = self._trained = self._rows = self._examples = 0

    def show_dataset(self, dataset: DatasetRead) -> None:
        """Count its training rows; steps and time come with the next forecast."""
        training = [row for row in dataset.rows if row.split == "train"]
        self._tokens = sum(row.tokens for row in training)
        self._trained = sum(row.trained for row in training)
        self._examples = len(training)
        self._rows = sum(max(1, len(row.rows)) for row in training)
        self.show_forecast(None)

    def show_forecast(self, forecast: Forecasted | None) -> None:
        """Add what the forecast knows of an epoch."""
        said = [f"An epoch: {self._tokens:,} tokens"]
        if self._rows > self._examples:
            said.append(f"{words.counted(self._rows, 'row')} of {words.counted(self._examples, 'example')}")
        if forecast is not None and forecast.steps_per_epoch:
            steps = max(1, round(forecast.steps_per_epoch))
            said.append(f"{steps:,} step{'s' if steps != 1 else ''}")
        if forecast is not None and forecast.seconds_per_epoch:
            seconds = forecast.seconds_per_epoch
            said.append(f"about {words.duration(seconds)}" if seconds >= 1 else "under 1 s")
        self.setText(" · ".join(said) if self._tokens else "")

    def _explain(self) -> None:
        self.setToolTip(tip(_HINT.format(tokens=self._tokens, trained=self._trained) if self._tokens else ""))
