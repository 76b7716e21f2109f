"""The sheet that asks for a sweep: fields that take several values each, and the runs that come of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.errors import RecipeError
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, fields, find_field
from studio.recipe.sweep import Sweep, parse_over
from studio.ui.dialogs.dialog import Dialog
from studio.ui.plain import tip
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo

WIDTH = 560
FIRST = "lora.rank"
USUAL = {
    "lora.rank": "8, 16, 32, 64",
    "optimizer.learning_rate": "5e-5, 1e-4, 2e-4, 4e-4",
    "loop.batch_size": "4, 8, 16",
    "loop.epochs": "1, 2, 3",
}
"""The fields that matter most, in the order in which to search them, and values to begin with."""
SHOWN = 4


def sweepable() -> list[FieldEntry]:
    """The fields that a sweep can go over: the usual ones first."""
    usual = [find_field(path) for path in USUAL]
    others = [entry for entry in fields() if entry not in usual and entry.path != "data.path"]
    return [*usual, *(entry for entry in others if entry.group != "watch")]


class FieldValues(QWidget):
    """A field and its values, as text with commas between."""

    changed = Signal()
    removed = Signal()

    def __init__(self, path: str) -> None:
        super().__init__()
        self._field, self._values = Combo(), QLineEdit()
        for entry in sweepable():
            self._field.addItem(entry.title, entry.path)
        self._field.setAccessibleName("Field")
        self._field.setFixedWidth(200)
        self._values.setAccessibleName("Values, with commas between")
        self.remove = IconButton("x", "Leave this field out")
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
        self._values.setText(USUAL.get(entry.path, ", ".join(map(str, entry.choices))))
        self._values.setPlaceholderText("Values, with commas between")
        self._values.setToolTip(tip(entry.help))
        self.changed.emit()


_WHAT = """Every combination becomes a run, one after another, with the rest of the recipe as it stands. \
The Runs pane lays them over each other."""


class SweepDialog(Dialog):
    """Emits the Sweep that the person asks for; a grid that cannot run says why, and cannot be started."""

    requested = Signal(object)  # Sweep

    def __init__(self, base: Recipe, parent: QWidget | None = None) -> None:
        super().__init__("Try several values", _WHAT, "Train", parent)
        self.setMinimumWidth(WIDTH)
        self._base = base
        self._rows: list[FieldValues] = []
        self._summary, self._fields = WrapLabel(), column()
        self.add = Button("Add a field", icon="plus")
        self.add.clicked.connect(self._add_next)
        self.fill(self._fields, self._summary, ..., foot=(self.add, ...))
        self.add_field(FIRST).setFocus()

    def sweep(self) -> Sweep:
        """The sweep as the fields say it. Raises RecipeError, also where a member could not run."""
        sweep = Sweep(self._base, tuple(line.over() for line in self._rows))
        sweep.members()
        return sweep

    def summary(self) -> str:
        """How many runs there will be, or why there can be none."""
        return self._summary.text()

    def rows(self) -> tuple[FieldValues, ...]:
        """The fields at hand."""
        return tuple(self._rows)

    def add_field(self, path: str) -> FieldValues:
        """Another field to go over."""
        line = FieldValues(path)
        line.changed.connect(self._tell)
        line.removed.connect(self._on_removed)
        self._rows.append(line)
        self._fields.addWidget(line)
        self._tell()
        return line

    def _add_next(self) -> None:
        taken = {line.path for line in self._rows}
        free = next(entry.path for entry in sweepable() if entry.path not in taken)
        self.add_field(free)

    def _on_removed(self) -> None:
        line = self.sender()
        if isinstance(line, FieldValues):
            self._rows.remove(line)
            line.setParent(None)
            line.deleteLater()
            self._tell()

    def _tell(self) -> None:
        for line in self._rows:
            line.remove.setVisible(len(self._rows) > 1)
        try:
            sweep = self.sweep()
        except RecipeError as error:
            self._summary.setText(str(error))
            self._summary.set_tone("bad")
            self.agree.setText("Train")
            self.agree.setEnabled(False)
        else:
            self._summary.setText(_summary_of(sweep))
            self._summary.set_tone("dim")
            self.agree.setText(f"Train {len(sweep.members())} runs")
            self.agree.setEnabled(True)

    def on_agreed(self) -> None:
        self.requested.emit(self.sweep())
        self.accept()


def _summary_of(sweep: Sweep) -> str:
    """The runs by what sets them apart, and what to know before they are compared."""
    members = sweep.members()
    named = "; ".join(member.words for member in members[:SHOWN])
    more = f"; and {len(members) - SHOWN} more" if len(members) > SHOWN else ""
    return " ".join([f"{named}{more}.", *map(str, sweep.remarks())])
