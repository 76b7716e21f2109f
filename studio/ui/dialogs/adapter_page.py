"""W + B A of the person's own model: the shapes, how many parameters each has, and what they cost."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QWidget

from studio import words
from studio.events import AdapterShape, Forecasted, ModelCounted
from studio.language import tr
from studio.ui.theme import Theme, body_font
from studio.ui.widgets.label import PlainLabel, WrapLabel, title
from studio.ui.widgets.layout import add, clear, column, scrolled
from studio.ui.widgets.style import empty_layout

_HEADS = (tr("Matrix"), "W", "B · A", "W has", tr("B and A have"), tr("On"))
_SIDE = 132
"""Pixels that the longer side of W is drawn with."""
_LEAST = 5


class AdapterPicture(QWidget):
    """W, B and A as rectangles in proportion, but that the rank is drawn at least a few pixels wide."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shape: AdapterShape | None = None
        self.setMinimumHeight(_SIDE + 52)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(480, _SIDE + 52)

    def show_shape(self, shape: AdapterShape) -> None:
        """Draw the adapter on one kind of matrix."""
        self._shape = shape
        self.setAccessibleName(tr("W plus B times A"))
        self.setAccessibleDescription(described(shape))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._shape is None:
            return
        shape, painter = self._shape, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        unit = _SIDE / max(shape.outputs, shape.inputs)
        high, wide = max(shape.outputs * unit, _LEAST), max(shape.inputs * unit, _LEAST)
        thin = max(shape.rank * unit, _LEAST)
        left = 4.0
        for name, size, tone, sign in (
            (f"W  {_by(shape.outputs, shape.inputs)}", (wide, high), "faint", "+"),
            (f"B  {_by(shape.outputs, shape.rank)}", (thin, high), "accent", "·"),
            (f"A  {_by(shape.rank, shape.inputs)}", (wide, thin), "accent", ""),
        ):
            left = self._draw(painter, left, name, size, tone, sign)

    def _draw(
        self, painter: QPainter, left: float, name: str, size: tuple[float, float], tone: str, sign: str
    ) -> float:
        """Draw one matrix with its name below and the sign after it; where the next one begins."""
        tokens = self._theme.tokens
        painter.setFont(body_font(12))
        room = max(size[0], painter.fontMetrics().horizontalAdvance(name))
        box = QRectF(left + (room - size[0]) / 2, 8 + (_SIDE - size[1]) / 2, *size)
        painter.setPen(QPen(QColor(getattr(tokens, tone)), 1))
        painter.setBrush(QColor(tokens.tint(tone, 0.18)))
        painter.drawRoundedRect(box, 2, 2)
        painter.setPen(QColor(tokens.dim))
        painter.drawText(QRectF(left, _SIDE + 18, room, 20), Qt.AlignmentFlag.AlignCenter, name)
        painter.setFont(body_font(18))
        painter.drawText(QRectF(left + room, 8, 44, _SIDE), Qt.AlignmentFlag.AlignCenter, sign)
        return left + room + 44


class AdapterPage(QWidget):
    """The picture, a table of every kind of matrix, and the costs; a sentence where there is no adapter."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.status, self.costs = WrapLabel(""), WrapLabel("", tone="dim")
        self.picture = AdapterPicture(theme)
        self._table = QWidget()
        self._table.setProperty("role", "clear")
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(18)
        self._grid.setVerticalSpacing(6)
        self._body = column(title(tr("What trains in your model")), self.status, self.picture, gap=12)
        add(self._body, self._table, self.costs, ...)
        column(scrolled(clear(self._body)), on=self)
        self.show_count(None, None)

    def show_count(self, count: ModelCounted | None, forecast: Forecasted | None) -> None:
        """Show a model under a recipe, and what a forecast says of it."""
        shapes = count.adapters if count else ()
        self.picture.setVisible(bool(shapes))
        empty_layout(self._grid)
        self.status.setText(_opening(count))
        if shapes:
            self.picture.show_shape(max(shapes, key=lambda shape: shape.outputs * shape.inputs))
            self._fill(shapes)
        self.costs.setText(_costs(count, forecast))

    def rows(self) -> list[list[str]]:
        """What the table says, line by line, under its heads."""
        labels = [item.text() for item in self._table.findChildren(PlainLabel)]
        return [labels[start : start + len(_HEADS)] for start in range(0, len(labels), len(_HEADS))]

    def _fill(self, shapes: tuple[AdapterShape, ...]) -> None:
        for place, head in enumerate(_HEADS):
            self._put(0, place, head, "section")
        for line, shape in enumerate(shapes, 1):
            own, added = shape.outputs * shape.inputs, shape.rank * (shape.outputs + shape.inputs)
            for place, text in enumerate(
                (
                    shape.path,
                    _by(shape.outputs, shape.inputs),
                    f"{_by(shape.outputs, shape.rank)} · {_by(shape.rank, shape.inputs)}",
                    f"{own:,}",
                    f"{added:,} ({words.percent(added / own)})",
                    words.counted(shape.count, "layer"),
                )
            ):
                self._put(line, place, text, "caption")

    def _put(self, line: int, place: int, text: str, role: str) -> None:
        label = PlainLabel(text)
        label.setProperty("role", role)
        if place:
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(label, line, place)


def _by(height: int, width: int) -> str:
    """The size of a matrix."""
    return f"{height:,} \N{MULTIPLICATION SIGN} {width:,}"


def described(shape: AdapterShape) -> str:
    """One adapter in a sentence."""
    return tr(
        "{path}: W is {outputs:,} by {inputs:,} and stays; B, {outputs:,} by {rank:,}, "
        "times A, {rank:,} by {inputs:,}, is trained and added.",
        path=shape.path,
        outputs=shape.outputs,
        inputs=shape.inputs,
        rank=shape.rank,
    )


def _opening(count: ModelCounted | None) -> str:
    if count is None:
        return tr("Nothing is known of the model yet. Choose one in the training pane.")
    if not count.adapters:
        return tr(
            "The recipe trains the model's own matrices W: with LoRA or DoRA there would be an adapter."
        )
    return tr(
        "Each matrix W stays as it is. The product of two thin ones, B and A, is trained and added to it, "
        "multiplied by alpha / rank. The rank is how wide they are where they meet."
    )


def _costs(count: ModelCounted | None, forecast: Forecasted | None) -> str:
    """What trains, and what it takes, in sentences."""
    if count is None:
        return ""
    sentences = [words.trained(count.trainable_parameters, count.total_parameters, count.adapted_parameters)]
    if count.trainable_parameters < count.total_parameters:
        times = count.total_parameters / max(count.trainable_parameters, 1)
        sentences.append(tr("Full fine-tuning would train {times:,.1f} times as many.", times=times))
    if forecast is not None:
        memory = (
            (tr("the weights"), forecast.weights),
            (tr("what is trained, with its gradient"), forecast.adapters),
            (tr("the optimizer"), forecast.optimizer),
            (tr("what a step computes"), forecast.activations + forecast.head),
        )
        parts = ", ".join(
            tr("{memory} for {name}", memory=words.memory(size), name=name) for name, size in memory
        )
        sentences.append(
            tr(
                "Memory: {memory} of {memory2}: {parts}.",
                memory=words.memory(forecast.peak),
                memory2=words.memory(forecast.limit),
                parts=parts,
            )
        )
        if forecast.seconds_per_epoch:
            sentences.append(
                tr("About {duration} an epoch.", duration=words.duration(forecast.seconds_per_epoch))
            )
    return " ".join(sentences)
