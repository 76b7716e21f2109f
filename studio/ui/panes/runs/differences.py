"""The table below overlaid runs: each with its line, the fields that set it apart, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from studio import words
from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import fields
from studio.recipe.sweep import short
from studio.runs.store import RunSummary
from studio.ui.form.model_picker import model_title
from studio.ui.form.words import choice_word
from studio.ui.tables.model import Index, TableColumn, TableModel
from studio.ui.theme import Theme, body_font
from studio.ui.tokens import MOST, dash, hue


def differing(runs: Sequence[RunSummary]) -> tuple[FieldEntry, ...]:
    """The fields that are not the same in all of these runs, in the order of the form."""
    return tuple(entry for entry in fields() if len({value_in(run, entry) for run in runs}) > 1)


def value_in(run: RunSummary, entry: FieldEntry) -> Any:
    """A field's value in a run's recipe; the default where an older version did not write it."""
    part = run.recipe.get(entry.group, {}) if entry.group else run.recipe
    return part.get(entry.name, entry.default) if isinstance(part, dict) else entry.default


def number_in(run: RunSummary, entry: FieldEntry) -> float | None:
    """The value as a number for a plot; None where it is no number.

    A learning rate that was left open is the one that was chosen.
    """
    value = value_in(run, entry)
    if value is None and entry.path == "optimizer.learning_rate":
        value = run.learning_rate
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def value_text(run: RunSummary, entry: FieldEntry) -> str:
    """The value as a table shows it."""
    value = value_in(run, entry)
    if value is None:
        number = number_in(run, entry)
        return "auto" if number is None else tr("auto, {short}", short=short(number))
    if entry.path == "model":
        return model_title(value)
    if entry.path == "data.path":
        return PurePath(value).stem
    if entry.choices:
        return choice_word(entry.path, value)
    return " · ".join(short(value).splitlines()) or "none"


def labels(runs: Sequence[RunSummary]) -> list[str]:
    """What to call each run beside the others: within one sweep, without the sweep's name."""
    names = [run.name for run in runs]
    sweep = runs[0].sweep if runs else ""
    if sweep and all(run.sweep == sweep and run.name.startswith(f"{sweep}-") for run in runs):
        return [name.removeprefix(f"{sweep}-") for name in names]
    return names


def plottable(runs: Sequence[RunSummary]) -> tuple[FieldEntry, ...]:
    """The fields by which the best loss can be drawn: numbers, of which two runs with a loss differ."""
    with_loss = [run for run in runs if run.best_loss is not None]
    return tuple(
        entry for entry in fields() if len({number_in(run, entry) for run in with_loss} - {None}) > 1
    )


LAST = float("inf")
SWATCH = QSize(20, 10)


BEST = tr("Best loss")


def _or_last(value: float | None) -> float:
    return LAST if value is None else float(value)


class DifferencesModel(TableModel[RunSummary]):
    """Runs as rows in the order of their hues; the columns are the fields in which they differ."""

    tips_are_texts = True

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme=theme)
        self._tokens = theme

    def set_runs(self, runs: Sequence[RunSummary], *, are_alike: bool = True) -> None:
        """Show these runs; the best stands out where all are measured on the same rows."""
        self.set_rows(list(runs), _columns(runs, are_alike))

    def label(self, place: int) -> str:
        """What a run is called beside the others."""
        return self.columns[0].text(self.rows[place])

    def data(self, index: Index, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DecorationRole and index.column() == 0 and index.row() < MOST:
            return self._swatch(index.row())
        return super().data(index, role)

    def cell(self, row: RunSummary, place: int, role: int) -> Any:
        if role == Qt.ItemDataRole.FontRole and self.columns[place].tone_of(row) == "good":
            return body_font(13, strong=True)
        return super().cell(row, place, role)

    def _swatch(self, place: int) -> QPixmap:
        """A piece of the run's line with a dot on it, as the plot draws it."""
        picture = QPixmap(SWATCH * 2)
        picture.setDevicePixelRatio(2)
        picture.fill(Qt.GlobalColor.transparent)
        colour, middle = QColor(hue(self._tokens.tokens, place)), SWATCH.height() / 2
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 2, dash(place)))
        painter.drawLine(0, round(middle), SWATCH.width(), round(middle))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(SWATCH.width() // 2 - 3, round(middle) - 3, 6, 6)
        painter.end()
        return picture


def _columns(runs: Sequence[RunSummary], are_alike: bool) -> tuple[TableColumn[RunSummary], ...]:
    called = dict(zip((run.name for run in runs), labels(runs), strict=True))
    best = min((_or_last(run.best_loss) for run in runs), default=LAST) if are_alike else LAST
    return (
        TableColumn(tr("Run"), lambda run: called[run.name], tip=lambda run: run.name),
        *(_field_column(entry, runs) for entry in differing(runs)),
        _figures(
            BEST,
            lambda run: words.loss(run.best_loss),
            lambda run: _or_last(run.best_loss),
            lambda run: "good" if best < LAST and run.best_loss == best else "text",
        ),
        _figures(
            tr("At step"),
            lambda run: "—" if run.best_step is None else f"{run.best_step:,}",
            lambda run: _or_last(run.best_step),
        ),
        _figures(
            tr("Steps"),
            lambda run: tr("{step:,} of {steps:,}", step=run.step, steps=run.steps),
            lambda run: float(run.step),
        ),
        _figures(tr("Time"), lambda run: words.duration(run.seconds), lambda run: run.seconds),
    )


def _figures(
    title: str,
    text: Callable[[RunSummary], str],
    sort: Callable[[RunSummary], float],
    tone: Callable[[RunSummary], str] | str = "text",
) -> TableColumn[RunSummary]:
    return TableColumn(title, text, sort, right=True, tone=tone)


def _field_column(entry: FieldEntry, runs: Sequence[RunSummary]) -> TableColumn[RunSummary]:
    """A column of numbers where every run has one, else of words."""

    def text(run: RunSummary) -> str:
        return value_text(run, entry)

    def number(run: RunSummary) -> float:
        return _or_last(number_in(run, entry))

    is_number = all(number_in(run, entry) is not None for run in runs)
    return _figures(entry.title, text, number) if is_number else TableColumn(entry.title, text)
