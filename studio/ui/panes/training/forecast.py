"""The card that says whether a run will fit into this machine's memory, and how long it will take."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from studio import words
from studio.events import Forecasted, ModelCounted
from studio.language import tr
from studio.ui.plain import tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, PlainLabel, WrapLabel, note
from studio.ui.widgets.layout import add, row

PARTS = (
    ("weights", tr("Weights"), "accent"),
    ("adapters", tr("Trained"), "second"),
    ("optimizer", tr("Optimizer"), "good"),
    ("activations", tr("Activations"), "third"),
    ("head", tr("Head and loss"), "faint"),
)
"""What memory is taken for: the forecast's field, its name, and the token of its colour."""
BAR, MARK = 12, 3


def parts_of(forecast: Forecasted) -> list[tuple[str, str, int]]:
    """Name, colour token and bytes of each part. Parts that do not coincide add up to more than the peak."""
    return [(title, token, getattr(forecast, name)) for name, title, token in PARTS]


class MemoryBar(QWidget):
    """Stacked parts on a track as long as the limit; past it, the limit is a line across."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._forecast: Forecasted | None = None
        self.setFixedHeight(BAR + 2 * MARK)
        self.setAccessibleName(tr("Memory"))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(200, BAR + 2 * MARK)

    def show_forecast(self, forecast: Forecasted | None) -> None:
        self._forecast = forecast
        sentence = (
            "; ".join(f"{title} {words.memory(size)}" for title, _, size in parts_of(forecast))
            if forecast
            else ""
        )
        self.setAccessibleDescription(sentence)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens, forecast = self._theme.tokens, self._forecast
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(0, MARK, self.width(), BAR)
        shape = QPainterPath()
        shape.addRoundedRect(track, 4, 4)
        painter.fillPath(shape, QColor(tokens.line))
        if forecast is None:
            return
        scale = self.width() / max(forecast.limit, forecast.peak, 1)
        painter.setClipPath(shape)
        self._paint_parts(painter, forecast, scale)
        painter.setClipping(False)
        if forecast.peak > forecast.limit:
            x = forecast.limit * scale
            painter.setPen(QPen(QColor(tokens.panel), 4))
            painter.drawLine(round(x), 0, round(x), self.height())
            painter.setPen(QPen(QColor(tokens.text), 2))
            painter.drawLine(round(x), 0, round(x), self.height())

    def _paint_parts(self, painter: QPainter, forecast: Forecasted, scale: float) -> None:
        """Side by side up to the peak; what does not coincide with the peak is drawn as much smaller."""
        parts = parts_of(forecast)
        total = sum(size for *_, size in parts)
        scale *= min(1.0, forecast.peak / max(total, 1))
        left = 0.0
        painter.setPen(Qt.PenStyle.NoPen)
        for _, token, size in parts:
            width = size * scale
            if width <= 0:
                continue
            painter.fillRect(QRectF(left, MARK, width, BAR), QColor(getattr(self._theme.tokens, token)))
            left += width
            painter.fillRect(QRectF(left - 0.5, MARK, 1, BAR), QColor(self._theme.tokens.panel))


class Swatch(QWidget):
    """A small square in a part's colour, beside its name."""

    def __init__(self, theme: Theme, token: str) -> None:
        super().__init__()
        self._theme, self._token = theme, token
        self.setFixedSize(8, 8)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(getattr(self._theme.tokens, self._token)))
        painter.drawRoundedRect(self.rect(), 2, 2)


UNKNOWN = tr("Shown once you choose a model and a dataset.")
COMPUTING = tr("Computing…")
TIGHT = 0.9
"""From which share of the limit on it is close: other apps need memory, too."""


class ForecastCard(Card):
    """Unknown, being worked out, counted, estimated or measured; it fits, is close, or does not fit."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Will it fit?"))
        self._forecast: Forecasted | None = None
        self._count: ModelCounted | None = None
        self._is_compact = False
        self._peak, self._of = PlainLabel(), ElidedLabel()
        self._peak.setProperty("role", "figure")
        self._of.setProperty("tone", "dim")
        self._bar, self._parts = MemoryBar(theme), _Parts(theme)
        self._changes, self._words = WrapLabel(), note(UNKNOWN)
        self._fold = IconButton("chevron-down", tr("Show what takes the memory"))
        self._fold.setCheckable(True)
        self._fold.toggled.connect(self._write)
        self.head.addWidget(self._fold)
        figure = row((self._peak, Qt.AlignmentFlag.AlignBaseline), gap=8)
        figure.addWidget(self._of, 1, Qt.AlignmentFlag.AlignBaseline)
        self.body.setSpacing(6)
        add(self.body, figure, self._bar, self._parts, self._changes, self._words)
        self.show_forecast(None)

    def shown(self) -> Forecasted | None:
        """The forecast, if there is one."""
        return self._forecast

    def words(self) -> str:
        """The sentences below the bar."""
        return self._words.text()

    def changes(self) -> str:
        """What would make it fit, a line each; nothing when it fits."""
        return self._changes.text()

    def set_compact(self, compact: bool) -> None:
        """Whether all is folded into the line of the title, as in a low window; a click unfolds it."""
        if compact != self._is_compact:
            self._is_compact = compact
            self._fold.setChecked(not compact)
            self._write()

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
        is_line = self._is_compact and not self._fold.isChecked() and forecast is not None
        for widget in (self._peak, self._of, self._bar):
            widget.setVisible(forecast is not None and not is_line)
        self._fold.setVisible(forecast is not None)
        self._words.setVisible(not is_line)
        self._bar.show_forecast(forecast)
        self._changes.setText("" if forecast is None or forecast.fits else _changes(forecast))
        self._changes.setVisible(bool(self._changes.text()))
        self._show_parts(self._fold.isChecked())
        if forecast is None:
            self.set_value("")
            self._words.setText(_counted(self._count) if self._count else UNKNOWN)
            return
        verdict, tone = _verdict(forecast)
        size = tr(
            "{memory} of {memory2}  ·  ",
            memory=words.memory(forecast.peak),
            memory2=words.memory(forecast.limit),
        )
        self.set_value(f"{size if is_line else ''}{verdict}", tone)
        self._peak.setText(words.memory(forecast.peak))
        how = "measured" if forecast.measured else "estimated"
        self._of.setText(tr("of {memory}, {how}", memory=words.memory(forecast.limit), how=how))
        self._parts.show_forecast(forecast)
        self._words.setText(_facts(forecast))

    def _show_parts(self, shown: bool) -> None:
        self._parts.setVisible(shown and self._forecast is not None)
        self._fold.set_icon("chevron-up" if shown else "chevron-down")
        self._fold.setToolTip(
            tip(tr("Hide what takes the memory") if shown else tr("Show what takes the memory"))
        )
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
        for line, (_, title, token) in enumerate(PARTS):
            name = PlainLabel(title)
            for label in (name, self._sizes[title]):
                label.setProperty("role", "caption")
            grid.addWidget(Swatch(theme, token), line, 0)
            grid.addWidget(name, line, 1)
            grid.addWidget(self._sizes[title], line, 2, Qt.AlignmentFlag.AlignRight)

    def show_forecast(self, forecast: Forecasted) -> None:
        for title, _, size in parts_of(forecast):
            self._sizes[title].setText(words.memory(size))


def _verdict(forecast: Forecasted) -> tuple[str, str]:
    if not forecast.fits:
        return tr("Does not fit"), "bad"
    return (
        (tr("Fits, but it is close"), "warn")
        if forecast.peak > TIGHT * forecast.limit
        else (tr("Fits well"), "good")
    )


def _facts(forecast: Forecasted) -> str:
    sizes = forecast.trainable_parameters, forecast.total_parameters, forecast.adapted_parameters
    sentence = words.trained(*sizes)
    if forecast.seconds_per_epoch > 0:
        sentence += tr(
            " About {duration} per epoch on this Mac.", duration=words.duration(forecast.seconds_per_epoch)
        )
    return "\n".join([sentence, *map(str, forecast.remarks)])


def _counted(count: ModelCounted) -> str:
    sentence = words.trained(count.trainable_parameters, count.total_parameters, count.adapted_parameters)
    return tr(
        "{sentence} {file_size} of weights.",
        sentence=sentence,
        file_size=words.file_size(count.weights_bytes),
    )


def _changes(forecast: Forecasted) -> str:
    if not forecast.changes:
        return tr("Nothing in the recipe would make it fit. Choose a smaller model.")
    return tr("To make it fit:\n") + "\n".join(f"•  {change}" for change in forecast.changes)
