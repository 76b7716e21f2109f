"""The card that says whether a run will fit into this machine's memory, and how long it will take."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from studio import words
from studio.events import Forecasted, ModelCounted
from studio.ui.panes.training_bar import PARTS, MemoryBar, Swatch, parts_of
from studio.ui.plain import tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, PlainLabel, WrapLabel, note

UNKNOWN = "Told as soon as a model and a dataset are chosen."
COMPUTING = "Working it out …"
TIGHT = 0.9
"""From which share of the limit on it is close: other apps need memory, too."""


class ForecastCard(Card):
    """Unknown, being worked out, counted, estimated or measured; it fits, is close, or does not fit."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Will it fit?")
        self._forecast: Forecasted | None = None
        self._count: ModelCounted | None = None
        self._peak, self._of = PlainLabel(), ElidedLabel()
        self._peak.setProperty("role", "figure")
        self._of.setProperty("tone", "dim")
        self._bar, self._parts = MemoryBar(theme), _Parts(theme)
        self._changes, self._words = WrapLabel(), note(UNKNOWN)
        self._fold = IconButton("chevron-down", "Show what takes the memory")
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._show_parts)
        self.head.addWidget(self._fold)
        figure = QHBoxLayout()
        figure.setSpacing(8)
        figure.addWidget(self._peak, 0, Qt.AlignmentFlag.AlignBaseline)
        figure.addWidget(self._of, 1, Qt.AlignmentFlag.AlignBaseline)
        self.body.setSpacing(6)
        self.body.addLayout(figure)
        for widget in (self._bar, self._parts, self._changes, self._words):
            self.body.addWidget(widget)
        self.show_forecast(None)

    def words(self) -> str:
        """The sentences below the bar."""
        return self._words.text()

    def changes(self) -> str:
        """What would make it fit, a line each; nothing when it fits."""
        return self._changes.text()

    def set_compact(self, compact: bool) -> None:
        """Whether what takes the memory is folded away, as in a low window; a click shows it."""
        self._fold.setChecked(not compact)

    def show_computing(self) -> None:
        """What is shown is of an earlier recipe; the new figures are on their way."""
        self.set_value(COMPUTING)

    def show_count(self, count: ModelCounted | None) -> None:
        """How much of the model trains, which is known before the rest, or where the rest is not."""
        self._count = count
        if count is not None and (self._forecast is None or self._forecast.model != count.model):
            self._forecast = None
        self._write()

    def show_forecast(self, forecast: Forecasted | None) -> None:
        """The forecast; None when there is none."""
        self._forecast = forecast
        self._write()

    def _write(self) -> None:
        forecast = self._forecast
        for widget in (self._peak, self._of, self._bar, self._fold):
            widget.setVisible(forecast is not None)
        self._bar.show_forecast(forecast)
        self._changes.setText("" if forecast is None or forecast.fits else _changes(forecast))
        self._changes.setVisible(bool(self._changes.text()))
        self._show_parts(self._fold.isChecked())
        if forecast is None:
            self.set_value("")
            self._words.setText(_counted(self._count) if self._count else UNKNOWN)
            return
        self.set_value(*_verdict(forecast))
        self._peak.setText(words.memory(forecast.peak))
        how = "measured" if forecast.measured else "estimated"
        self._of.setText(f"of {words.memory(forecast.limit)}, {how}")
        self._parts.show_forecast(forecast)
        self._words.setText(_facts(forecast))

    def _show_parts(self, shown: bool) -> None:
        self._parts.setVisible(shown and self._forecast is not None)
        self._fold.set_icon("chevron-up" if shown else "chevron-down")
        self._fold.setToolTip(tip("Hide what takes the memory" if shown else "Show what takes the memory"))
        self._fold.setAccessibleName(self._fold.toolTip())


class _Parts(QWidget):
    """The bar's legend with numbers."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._sizes = {title: PlainLabel() for _, title, _ in PARTS}
        for row, (_, title, token) in enumerate(PARTS):
            name = PlainLabel(title)
            for label in (name, self._sizes[title]):
                label.setProperty("role", "caption")
            grid.addWidget(Swatch(theme, token), row, 0)
            grid.addWidget(name, row, 1)
            grid.addWidget(self._sizes[title], row, 2, Qt.AlignmentFlag.AlignRight)

    def show_forecast(self, forecast: Forecasted) -> None:
        for title, _, size in parts_of(forecast):
            self._sizes[title].setText(words.memory(size))


def _verdict(forecast: Forecasted) -> tuple[str, str]:
    if not forecast.fits:
        return "Does not fit", "bad"
    return (
        ("Fits, but it is close", "warn") if forecast.peak > TIGHT * forecast.limit else ("Fits well", "good")
    )


def _facts(forecast: Forecasted) -> str:
    sizes = forecast.trainable_parameters, forecast.total_parameters, forecast.adapted_parameters
    said = words.trained(*sizes)
    if forecast.seconds_per_epoch > 0:
        said += f" About {words.duration(forecast.seconds_per_epoch)} per epoch on this Mac."
    return "\n".join([said, *forecast.remarks])


def _counted(count: ModelCounted) -> str:
    said = words.trained(count.trainable_parameters, count.total_parameters, count.adapted_parameters)
    return f"{said} {words.file_size(count.weights_bytes)} of weights."


def _changes(forecast: Forecasted) -> str:
    if not forecast.changes:
        return "Nothing in the recipe would make it fit. Choose a smaller model."
    return "To make it fit:\n" + "\n".join(f"•  {change}" for change in forecast.changes)
