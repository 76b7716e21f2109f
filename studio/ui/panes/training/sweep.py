"""The sheet that asks for a sweep: fields that take several values each, and the runs that come of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.errors import RecipeError
from studio.recipe.recipe import FieldEntry, Recipe, fields, find_field
from studio.recipe.sweep import Sweep, parse_over
from studio.ui.plain import tip
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.label import WrapLabel, note

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
        self._field, self._values = QComboBox(), QLineEdit()
        for entry in sweepable():
            self._field.addItem(entry.title, entry.path)
        self._field.setAccessibleName("Field")
        self._field.setFixedWidth(200)
        self._values.setAccessibleName("Values, with commas between")
        self.remove = IconButton("x", "Leave this field out")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._field)
        row.addWidget(self._values, 1)
        row.addWidget(self.remove)
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
            raise RecipeError(f"Give {self._field.currentText()} values, with commas between.")
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


class SweepDialog(QDialog):
    """Emits the Sweep that the person asks for; a grid that cannot run says why, and cannot be started."""

    requested = Signal(object)  # Sweep

    def __init__(self, base: Recipe, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Try several values")
        self.setMinimumWidth(WIDTH)
        self._base = base
        self._rows: list[FieldValues] = []
        self._summary = WrapLabel()
        self._fields = QVBoxLayout()
        self._fields.setSpacing(8)
        self.add, self.start, cancel = (
            Button("Add a field", icon="plus"),
            Button("", "primary"),
            Button("Cancel"),
        )
        self.add.clicked.connect(self._add_next)
        self.start.clicked.connect(self._on_start)
        cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.add)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.start)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(14)
        column.addWidget(
            note(
                "Every combination becomes a run, one after another, with the rest of the recipe as it "
                "stands. The Runs pane lays them over each other."
            )
        )
        column.addLayout(self._fields)
        column.addWidget(self._summary)
        column.addStretch(1)
        column.addLayout(buttons)
        self.add_field(FIRST).setFocus()

    def sweep(self) -> Sweep:
        """The sweep as the fields say it. Raises RecipeError, also where a member could not run."""
        sweep = Sweep(self._base, tuple(row.over() for row in self._rows))
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
        row = FieldValues(path)
        row.changed.connect(self._tell)
        row.removed.connect(self._on_removed)
        self._rows.append(row)
        self._fields.addWidget(row)
        self._tell()
        return row

    def _add_next(self) -> None:
        taken = {row.path for row in self._rows}
        free = next(entry.path for entry in sweepable() if entry.path not in taken)
        self.add_field(free)

    def _on_removed(self) -> None:
        row = self.sender()
        if isinstance(row, FieldValues):
            self._rows.remove(row)
            row.setParent(None)
            row.deleteLater()
            self._tell()

    def _tell(self) -> None:
        for row in self._rows:
            row.remove.setVisible(len(self._rows) > 1)
        try:
            sweep = self.sweep()
        except RecipeError as error:
            self._summary.setText(str(error))
            self._summary.setProperty("tone", "bad")
            self.start.setText("Train")
            self.start.setEnabled(False)
        else:
            self._summary.setText(_told(sweep))
            self._summary.setProperty("tone", "dim")
            self.start.setText(f"Train {len(sweep.members())} runs")
            self.start.setEnabled(True)
        self._summary.style().polish(self._summary)

    def _on_start(self) -> None:
        self.requested.emit(self.sweep())
        self.accept()


def _told(sweep: Sweep) -> str:
    """The runs by what sets them apart, and what to know before they are compared."""
    members = sweep.members()
    named = "; ".join(member.words for member in members[:SHOWN])
    more = f"; and {len(members) - SHOWN} more" if len(members) > SHOWN else ""
    return " ".join([f"{named}{more}.", *sweep.remarks()])
