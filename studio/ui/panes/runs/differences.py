"""The table below overlaid runs: each with its line, the fields that set it apart, and what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from studio import words
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import fields
from studio.recipe.sweep import short
from studio.runs.store import RunSummary
from studio.ui.form.model_picker import model_title
from studio.ui.form.words import choice_word
from studio.ui.plain import tip
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
        return "auto" if number is None else f"auto, {short(number)}"
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


Index = QModelIndex | QPersistentModelIndex
SORT_ROLE = Qt.ItemDataRole.UserRole
LABEL_ROLE = Qt.ItemDataRole.UserRole + 1
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
LAST = float("inf")
SWATCH = QSize(20, 10)


@dataclass(frozen=True)
class _Column:
    """A head, the words in a cell, what it sorts by (None: the words), and whether it holds figures."""

    title: str
    words: Callable[[RunSummary], str]
    sort: Callable[[RunSummary], float] | None = None

    @property
    def is_number(self) -> bool:
        return self.sort is not None


BEST = "Best loss"
RESULTS = (
    _Column(BEST, lambda run: words.loss(run.best_loss), lambda run: _or_last(run.best_loss)),
    _Column(
        "At step",
        lambda run: "—" if run.best_step is None else f"{run.best_step:,}",
        lambda run: _or_last(run.best_step),
    ),
    _Column("Steps", lambda run: f"{run.step:,} of {run.steps:,}", lambda run: float(run.step)),
    _Column("Time", lambda run: words.duration(run.seconds), lambda run: run.seconds),
)


def _or_last(value: float | None) -> float:
    return LAST if value is None else float(value)


class DifferencesModel(QAbstractTableModel):
    """Runs as rows in the order of their hues; the columns are the fields in which they differ."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.runs: list[RunSummary] = []
        self._labels: list[str] = []
        self._columns: tuple[_Column, ...] = ()
        self._best = LAST
        theme.changed.connect(self._repaint)

    def set_runs(self, runs: Sequence[RunSummary]) -> None:
        self.beginResetModel()
        self.runs, self._labels = list(runs), labels(runs)
        self._best = min((_or_last(run.best_loss) for run in runs), default=LAST)
        called = dict(zip((run.name for run in runs), self._labels, strict=True))
        self._columns = (
            _Column("Run", lambda run: called[run.name]),
            *(_field_column(entry, runs) for entry in differing(runs)),
            *RESULTS,
        )
        self.endResetModel()

    def titles(self) -> list[str]:
        return [column.title for column in self._columns]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.runs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._columns[section].title
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def data(self, index: Index, role: int = 0) -> Any:
        place, column = index.row(), self._columns[index.column()]
        run = self.runs[place]
        is_best = column.title == BEST and self._best < LAST and run.best_loss == self._best
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return column.words(run)
            case Qt.ItemDataRole.ToolTipRole:
                return tip(run.name if index.column() == 0 else column.words(run))
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._alignment(index.column())
            case Qt.ItemDataRole.DecorationRole if index.column() == 0 and place < MOST:
                return self._swatch(place)
            case Qt.ItemDataRole.ForegroundRole if is_best:
                return QColor(self._theme.tokens.good)
            case Qt.ItemDataRole.FontRole if is_best:
                return body_font(13, strong=True)
            case _ if role == SORT_ROLE:
                return column.sort(run) if column.sort else column.words(run).lower()
            case _ if role == LABEL_ROLE:
                return self._labels[place]
        return None

    def _alignment(self, place: int) -> Qt.AlignmentFlag:
        return RIGHT if self._columns[place].is_number else LEFT

    def _swatch(self, place: int) -> QPixmap:
        """A piece of the run's line with a dot on it, as the plot draws it."""
        picture = QPixmap(SWATCH * 2)
        picture.setDevicePixelRatio(2)
        picture.fill(Qt.GlobalColor.transparent)
        colour, middle = QColor(hue(self._theme.tokens, place)), SWATCH.height() / 2
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour, 2, dash(place)))
        painter.drawLine(0, round(middle), SWATCH.width(), round(middle))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(SWATCH.width() // 2 - 3, round(middle) - 3, 6, 6)
        painter.end()
        return picture

    def _repaint(self) -> None:
        if self.runs:
            last = self.index(len(self.runs) - 1, len(self._columns) - 1)
            self.dataChanged.emit(self.index(0, 0), last)


def _field_column(entry: Any, runs: Sequence[RunSummary]) -> _Column:
    """A column of numbers where every run has one, else of words."""
    is_number = all(number_in(run, entry) is not None for run in runs)

    def number(run: RunSummary) -> float:
        return _or_last(number_in(run, entry))

    return _Column(entry.title, lambda run: value_text(run, entry), number if is_number else None)
