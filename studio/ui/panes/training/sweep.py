"""The sheet that asks for a sweep: fields that take several values each, and the runs that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QWidget

from studio import words
from studio.errors import RecipeError
from studio.events import Forecasted, Step
from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, fields, find_field
from studio.recipe.sweep import ALPHA, RANK, RATE, Sweep, parse_over, short, usual_stages
from studio.ui.dialogs.dialog import Dialog
from studio.ui.plain import keyless, tip
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo
from studio.ui.widgets.style import empty_layout
from studio.ui.widgets.tabs import Tabs

WIDTH = 560
USUAL = {RANK: "8, 16, 32, 64", "loop.batch_size": "4, 8, 16", "loop.epochs": "1, 2, 3"}
"""Values to begin with, of the fields that matter most beside the learning rate."""
TIMES = (0.25, 0.5, 1, 2)
"""The learning rates to begin with, as multiples of the one that a run would have."""
SHOWN = 4
GRID, SEARCH = "grid", "search"
WAYS = ((GRID, tr("Every combination")), (SEARCH, tr("Guided search")))
TEXTS = {
    GRID: tr(
        "Every combination becomes a run, one after another, with the rest of the recipe as it stands. The "
        "Runs pane lays them over each other."
    ),
    SEARCH: tr(
        "One field after the other, in this order: each begins with the values that gave the lowest "
        "validation loss so far. That takes far fewer runs than every combination."
    ),
}


@dataclass(frozen=True)
class RunPace:
    """How fast a run reads the dataset on show: as was forecast for a recipe, or measured in a run with it.

    Zero seconds where nothing is known.
    """

    recipe: Recipe
    seconds_per_epoch: float = 0.0
    steps_per_epoch: float = 0.0
    measured: bool = False

    def seconds(self, sweep: Sweep) -> float:
        """About how long all runs of a sweep take: as long as they read, whatever their rank or rate."""
        if not sweep.guided:
            return sum(self._run(member.recipe) for member in sweep.members())
        return sum(map(self._run, sweep.plan()))

    def _run(self, recipe: Recipe) -> float:
        if not recipe.loop.steps:
            return recipe.loop.epochs * self.seconds_per_epoch
        rows = recipe.loop.steps * recipe.loop.batch_size / self.recipe.loop.batch_size
        return rows / max(self.steps_per_epoch, 1) * self.seconds_per_epoch


def pace_of(recipe: Recipe, forecast: Forecasted | None, step: Step | None) -> RunPace:
    """How fast a run with this recipe would be: as forecast, or else as the run was that made this step."""
    if forecast is not None and forecast.seconds_per_epoch:
        return RunPace(recipe, forecast.seconds_per_epoch, forecast.steps_per_epoch)
    if step is None or not step.epoch:
        return RunPace(recipe)
    return RunPace(recipe, step.seconds / step.epoch, step.step / step.epoch, measured=True)


def suggestions(base: Recipe, rate: float | None) -> dict[str, str]:
    """Values to begin with by field; the learning rates lie around `rate`, where the recipe has none."""
    around = base.optimizer.learning_rate or rate or _SOME_RATE
    rates = [short(float(f"{times * around:.2g}")) for times in TIMES]
    return {**USUAL, RATE: ", ".join(rates)}


def sweepable() -> list[FieldEntry]:
    """The fields that a sweep can go over, those that matter most first."""
    usual = [find_field(path) for path in (RATE, *USUAL)]
    others = [entry for entry in fields() if entry not in usual and entry.path != "data.path"]
    return [*usual, *(entry for entry in others if entry.group != "watch")]


class FieldValues(QWidget):
    """A field and its values, as text with commas between."""

    changed = Signal()
    removed = Signal()

    def __init__(self, path: str, suggested: Mapping[str, str]) -> None:
        super().__init__()
        self._suggested = suggested
        self._field, self._values = Combo(), QLineEdit()
        for entry in sweepable():
            self._field.addItem(entry.title, entry.path)
        self._field.setAccessibleName(tr("Field"))
        self._field.setFixedWidth(200)
        self._values.setAccessibleName(tr("Values, with commas between"))
        self.remove = IconButton("x", tr("Leave this field out"))
        row(self._field, (self._values, 1), self.remove, on=self, gap=8)
        self.setFocusProxy(self._values)
        self._field.setCurrentIndex(self._field.findData(path))
        self._suggest()
        self._field.currentIndexChanged.connect(self._suggest)
        self._values.textChanged.connect(self.changed)
        self.remove.clicked.connect(self.removed)

    @property
    def path(self) -> str:
        """The field's full name."""
        return str(self._field.currentData())

    def over(self) -> tuple[str, tuple[str, ...]]:
        """The field with its values. Raises RecipeError."""
        if not self._values.text().strip():
            raise RecipeError("sweep.field_without_values", title=self._field.currentText())
        return parse_over(f"{self.path}={self._values.text()}")

    def set_values(self, text: str) -> None:
        """Take values as if they had been typed."""
        self._values.setText(text)

    def _suggest(self) -> None:
        entry = find_field(self.path)
        self._values.setText(self._suggested.get(entry.path, ", ".join(map(str, entry.choices))))
        self._values.setPlaceholderText(tr("Values, with commas between"))
        self._values.setToolTip(tip(entry.help))
        self.changed.emit()


class SweepDialog(Dialog):
    """Emits the Sweep that the person asks for; one that cannot run says why, and cannot be started.

    `rate` is the learning rate that an empty field stands for, where it is known.
    """

    requested = Signal(object)  # Sweep

    def __init__(
        self,
        base: Recipe,
        rate: float | None = None,
        pace: RunPace | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tr("Try several values"), TEXTS[GRID], tr("Train"), parent, width=WIDTH)
        self._base, self._rate, self._pace = base, rate, pace or RunPace(base)
        self._suggested = suggestions(base, rate)
        self._rows: list[FieldValues] = []
        self.ways = Tabs(WAYS, "segment")
        self.ways.chosen.connect(self._turn)
        self.follows = QCheckBox(keyless(_FOLLOWS.format(times=short(base.lora.alpha / base.lora.rank))))
        self.follows.toggled.connect(self._tell)
        self._summary, self._fields = WrapLabel(), column()
        self.add = Button(tr("Add a field"), icon="plus")
        self.add.clicked.connect(self._add_next)
        ways = row(self.ways, ...)
        self.fill(ways, self._fields, self.follows, self._summary, ..., foot=(self.add, ...))
        self._turn(GRID)

    def sweep(self) -> Sweep:
        """The sweep as the fields say it. Raises RecipeError, also where a member could not run."""
        over = tuple(line.over() for line in self._rows)
        sweep = Sweep(self._base, over, self.ways.current == SEARCH, self._alpha_follows())
        sweep.members()
        return sweep

    def summary(self) -> str:
        """How many runs there will be and how long they take about, or why there can be none."""
        return self._summary.text()

    def rows(self) -> tuple[FieldValues, ...]:
        """The fields at hand."""
        return tuple(self._rows)

    def add_field(self, path: str, values: str = "") -> FieldValues:
        """Another field to go over."""
        line = FieldValues(path, self._suggested)
        if values:
            line.set_values(values)
        line.changed.connect(self._tell)
        line.removed.connect(self._on_removed)
        self._rows.append(line)
        self._fields.addWidget(line)
        self._tell()
        return line

    def _turn(self, way: str) -> None:
        """Begin with what is usual for a way to search."""
        self.text.setText(TEXTS[way])
        self._rows = []
        empty_layout(self._fields)
        if way == GRID:
            self.add_field(RANK)
        else:
            for path, values in usual_stages(self._base, self._rate or _SOME_RATE):
                self.add_field(path, ", ".join(map(short, values)))
        self.follows.setChecked(way == SEARCH)
        self._rows[0].setFocus()

    def _alpha_follows(self) -> bool:
        """Whether Alpha is to follow, which makes a difference only where Rank is gone over alone."""
        paths = {line.path for line in self._rows}
        return RANK in paths and ALPHA not in paths and self.follows.isChecked()

    def _add_next(self) -> None:
        taken = {line.path for line in self._rows}
        free = next(entry.path for entry in sweepable() if entry.path not in taken)
        self.add_field(free).setFocus()

    def _on_removed(self) -> None:
        line = self.sender()
        if isinstance(line, FieldValues):
            self._rows.remove(line)
            line.setParent(None)
            line.deleteLater()
            self._tell()

    def _tell(self) -> None:
        paths = {line.path for line in self._rows}
        self.follows.setVisible(RANK in paths and ALPHA not in paths)
        for line in self._rows:
            line.remove.setVisible(len(self._rows) > 1)
        try:
            sweep = self.sweep()
            count, told = sweep.count, self._told(sweep)
        except RecipeError as error:
            self._summary.setText(str(error))
            self._summary.set_tone("bad")
            self.agree.setText(tr("Train"))
            self.agree.setEnabled(False)
        else:
            self._summary.setText(told)
            self._summary.set_tone("dim")
            self.agree.setText(tr("Train {count} runs", count=count) if count != 1 else tr("Train 1 run"))
            self.agree.setEnabled(True)
        self._fit()

    def _fit(self) -> None:
        """Be as high as what is said needs, also when that has become less."""
        if (layout := self.layout()) is not None:
            layout.activate()
            self.resize(self.width(), layout.minimumSize().height())

    def _told(self, sweep: Sweep) -> str:
        """The runs by what sets them apart, how long they take, and what to know before comparing them."""
        members = sweep.members()
        named = "; ".join(member.words for member in members[:SHOWN])
        more = tr("; and {value} more", value=len(members) - SHOWN) if len(members) > SHOWN else ""
        first = tr("First ") if sweep.guided else ""
        return " ".join([f"{first}{named}{more}.", self._time(sweep), *map(str, sweep.remarks())])

    def _time(self, sweep: Sweep) -> str:
        if not (seconds := self._pace.seconds(sweep)):
            return tr("How long that takes can be told once a run has measured it.")
        how = tr("as measured in the last run") if self._pace.measured else tr("as forecast")
        return tr("About {duration} in all, {how}.", duration=words.duration(seconds), how=how)

    def on_agreed(self) -> None:
        self.requested.emit(self.sweep())
        self.accept()


_FOLLOWS = tr("Alpha follows Rank ({times} times)")
_SOME_RATE = 2e-4
"""A learning rate to search around where nothing is known of the model."""
