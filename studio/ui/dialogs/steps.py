"""Asks for the values of a step of a dataset's history, and for those that make a subset of a big file."""

from __future__ import annotations

from copy import copy
from typing import Any, get_args

from annotated_types import Ge, Le
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from studio.dataset.steps.steps import Cap, StepModel
from studio.events import Scanned
from studio.language import tr
from studio.recipe.entry import FieldEntry
from studio.ui.dialogs.dialog import Dialog
from studio.ui.form.form import Form
from studio.ui.plain import keyless
from studio.ui.widgets.label import WrapLabel, note

_WIDTH = 460
_ROWS = 100_000
"""As many rows are offered as a subset, where there are more."""


class StepDialog(Dialog):
    """`submitted` has the step's values as JSON values, to be refused with `show_problem`."""

    submitted = Signal(object)  # {field: value}

    def __init__(self, step: type[StepModel], parent: QWidget | None = None) -> None:
        super().__init__(step.title, step.help, tr("Add step"), parent, width=_WIDTH)
        self._kind = str(get_args(step.model_fields["kind"].annotation)[0])
        self.form = Form(FieldEntry("", name, info) for name, info in step.asked().items())
        self._problem = WrapLabel("", role="error")
        self._problem.hide()
        self.form.changed.connect(self.adjustSize)
        self.fill(self.form, self._problem)

    def show_problem(self, sentence: str) -> None:
        """Say why the step cannot be done."""
        self._problem.setText(sentence)
        self._problem.show()
        self.adjustSize()

    def values(self) -> dict[str, Any]:
        """What was entered, without the fields that were left empty."""
        return {"kind": self._kind, **{name: value for name, value in self.form.values().items() if value}}

    def on_agreed(self) -> None:
        self.submitted.emit(self.values())


class SubsetDialog(Dialog):
    """Asks how many rows, which, and whether only some count; accepted with `steps` to do."""

    def __init__(
        self, name: str, scan: Scanned, state: str, search: str, parent: QWidget | None = None
    ) -> None:
        words = tr(
            "The rows are saved as a dataset of its own, which is then opened. {name} stays as it is.",
            name=name,
        )
        super().__init__(tr("Create subset"), words, tr("Create subset"), parent, width=_WIDTH)
        usable = scan.good + scan.warnings
        fields = {field: copy(info) for field, info in Cap.asked().items()}
        fields["rows"].default, fields["how"].default = min(_ROWS, usable), "random"
        fields["rows"].metadata = [Ge(1), Le(max(usable, 1))]
        self.form = Form(FieldEntry("", field, info) for field, info in fields.items())
        self._search = search
        self.good = QCheckBox(tr("Only rows without warnings"))
        self.good.setChecked(state == "good")
        self.found = QCheckBox(keyless(tr("Only rows that hold “{search}”", search=search)))
        self.found.setVisible(bool(search))
        self.found.setChecked(bool(search))
        self.form.changed.connect(self._on_changed)
        foot = note(tr("Of {usable:,} rows that can train.", usable=usable))
        self.fill(self.form, self.good, self.found, foot=((foot, 1),))

    def steps(self) -> list[dict[str, Any]]:
        """The steps that choose the rows, as JSON values."""
        steps: list[dict[str, Any]] = []
        if self.good.isChecked():
            steps += [{"kind": "drop_duplicates"}, {"kind": "filter", "faultless": True}]
        if self._search and self.found.isChecked():
            steps.append({"kind": "filter", "contains": self._search, "any_case": True})
        cap = self.form.known()
        seed = {"seed": cap["seed"]} if cap["how"] == "random" else {}
        return [*steps, {"kind": "cap", "rows": cap["rows"], "how": cap["how"], **seed}]

    def _on_changed(self) -> None:
        self.agree.setEnabled(self.form.is_valid())
        self.adjustSize()
