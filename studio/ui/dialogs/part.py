"""Which rows of a file too big to hold are to be taken as a dataset of their own."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRegularExpression
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QWidget

from studio.events import Scanned
from studio.ui.dialogs.dialog import Dialog, fields
from studio.ui.plain import keyless
from studio.ui.widgets.label import note

ROWS = 100_000
_MOST = 2**31 - 1


class CountField(QLineEdit):
    """A whole number between bounds, its thousands apart."""

    def __init__(self, value: int, least: int, most: int) -> None:
        super().__init__()
        self._least, self._most = least, max(least, most)
        self.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9,]{1,13}"), self))
        self.editingFinished.connect(self._tidy)
        self.set_value(value)

    def value(self) -> int:
        digits = self.text().replace(",", "")
        return min(max(int(digits) if digits else self._least, self._least), self._most)

    def set_value(self, value: int) -> None:
        self.setText(f"{min(max(value, self._least), self._most):,}")

    def _tidy(self) -> None:
        self.set_value(self.value())


class PartDialog(Dialog):
    """Asks how many rows, which, and whether only some count; accepted with `steps` to do."""

    def __init__(
        self, name: str, scan: Scanned, state: str, search: str, parent: QWidget | None = None
    ) -> None:
        words = f"The rows are written as a dataset of its own, which is opened then. {name} stays as it is."
        super().__init__("Create subset", words, "Create subset", parent)
        self.setMinimumWidth(480)
        self._search, self._usable = search, scan.good + scan.warnings
        self.rows = CountField(min(ROWS, self._usable), 1, self._usable)
        self.seed, self.which = CountField(0, 0, _MOST), QComboBox()
        self.good = QCheckBox("Only rows without warnings")
        self.good.setChecked(state == "good")
        self.found = QCheckBox(keyless(f"Only rows that hold “{search}”"))
        self.found.setVisible(bool(search))
        self.found.setChecked(bool(search))
        self._set_up()
        lines = (("Rows", self.rows), ("Which", self.which), ("Seed", self.seed))
        self._form = fields(*lines, ("", self.good), ("", self.found))
        self._form.setRowVisible(self.found, bool(search))
        self.fill(self._form, foot=((note(f"Of {self._usable:,} rows that can train."), 1),))

    def _set_up(self) -> None:
        self.which.addItem("Drawn at random", "random")
        self.which.addItem("The first ones", "first")
        self.which.currentIndexChanged.connect(self._show_seed)

    def _show_seed(self) -> None:
        self._form.setRowVisible(self.seed, self.which.currentData() == "random")

    def steps(self) -> list[dict[str, Any]]:
        """The steps that choose the rows, as JSON values."""
        steps: list[dict[str, Any]] = []
        if self.good.isChecked():
            steps += [{"kind": "drop_duplicates"}, {"kind": "filter", "faultless": True}]
        if self._search and self.found.isChecked():
            steps.append({"kind": "filter", "contains": self._search, "any_case": True})
        which = self.which.currentData()
        seed = {"seed": self.seed.value()} if which == "random" else {}
        return [*steps, {"kind": "cap", "rows": self.rows.value(), "how": which, **seed}]
