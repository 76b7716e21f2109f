"""Asks for the values of one step of a dataset's history."""

from __future__ import annotations

from typing import Any, get_args

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.dataset.steps.steps import StepModel
from studio.recipe.entry import FieldEntry
from studio.ui.dialogs.dialog import Dialog
from studio.ui.form.form import Form
from studio.ui.widgets.label import WrapLabel


class StepDialog(Dialog):
    """`submitted` has the step's values as JSON values, to be refused with `show_problem`."""

    submitted = Signal(object)  # {field: value}

    def __init__(self, step: type[StepModel], parent: QWidget | None = None) -> None:
        super().__init__(step.title, step.help, "Add step", parent, width=460)
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
