"""A small form for one step of a dataset's history, made from the step's own fields."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo
from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from studio.dataset.steps.steps import StepModel
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel, WrapLabel

type Editor = QComboBox | QCheckBox | QLineEdit


class StepForm(QDialog):
    """Asks for a step's values; `submitted` has them as JSON values, to be refused with `show_problem`."""

    submitted = Signal(object)  # {field: value}

    def __init__(self, title: str, text: str, step: type[StepModel], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(440)
        self._kind = str(get_args(step.model_fields["kind"].annotation)[0])
        self.editors: dict[str, Editor] = {}
        head = PlainLabel(title)
        head.setProperty("role", "state-title")
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, field in step.asked().items():
            self.editors[name] = editor = _editor(field)
            row = PathRow(editor) if name == "path" and isinstance(editor, QLineEdit) else editor
            form.addRow(_caption(name, field), row)
        self._problem = WrapLabel("", role="error")
        self._problem.hide()
        self.add, self.cancel = Button("Add step", "primary"), Button("Cancel")
        self.add.setDefault(True)
        self.add.clicked.connect(self._submit)
        self.cancel.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.setSpacing(10)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        for part in (head, WrapLabel(text, tone="dim")):
            column.addWidget(part)
        column.addLayout(form)
        column.addWidget(self._problem)
        column.addLayout(buttons)

    def show_problem(self, sentence: str) -> None:
        self._problem.setText(sentence)
        self._problem.show()

    def values(self) -> dict[str, Any]:
        """What was entered, without the fields that were left empty."""
        read = {name: _value(editor) for name, editor in self.editors.items()}
        return {"kind": self._kind, **{name: value for name, value in read.items() if value != ""}}

    def _submit(self) -> None:
        self.submitted.emit(self.values())


class PathRow(QWidget):
    """A field for the path of a dataset, with a menu to choose one: a file, or the folder of several."""

    def __init__(self, field: QLineEdit) -> None:
        super().__init__()
        self._field = field
        field.setPlaceholderText("A file, or a folder")
        self.choose = Button("Choose…")
        menu = QMenu(self.choose)
        menu.addAction("File…").triggered.connect(self._choose_file)
        menu.addAction("Folder or saved dataset…").triggered.connect(self._choose_folder)
        self.choose.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(field, 1)
        row.addWidget(self.choose)

    def _choose_file(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Choose a dataset")
        self._field.setText(file or self._field.text())

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Choose a folder or a saved dataset")
        self._field.setText(folder or self._field.text())


def _caption(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    unit = extra.get("unit", "") if isinstance(extra, dict) else ""
    title = field.title or name.replace("_", " ").capitalize()
    return f"{title} ({unit})" if unit else title


def _editor(field: FieldInfo) -> Editor:
    default = None if field.is_required() else field.default
    kind = getattr(field.annotation, "__value__", field.annotation)
    if get_origin(kind) is Literal:
        choice = QComboBox()
        for word in get_args(kind):
            choice.addItem(str(word).capitalize(), word)
        choice.setCurrentIndex(choice.findData(default))
        return choice
    if kind is bool:
        switch = QCheckBox()
        switch.setChecked(bool(default))
        return switch
    return QLineEdit("" if default is None else str(default))


def _value(editor: Editor) -> Any:
    if isinstance(editor, QComboBox):
        return editor.currentData()
    return editor.isChecked() if isinstance(editor, QCheckBox) else editor.text().strip()
