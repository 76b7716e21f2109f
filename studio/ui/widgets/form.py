"""The recipe as a form, generated from its fields."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from studio.train.recipe import Recipe, fields
from studio.ui.widgets.button import Button, PickButton
from studio.ui.widgets.editors import NumberField
from studio.ui.widgets.field_row import FieldRow, FormRow
from studio.ui.widgets.label import note
from studio.ui.widgets.model_picker import ModelPicker

PICKED = ("model", "data.path")
"""Chosen by pickers and by the dataset pane, so not typed in a field."""
HELP = "Choose a field to read what it does."


class RecipeForm(QWidget):
    """Edits a Recipe: basic fields first, the rest behind "All fields". `changed` after every edit."""

    changed = Signal()
    choose_model_requested = Signal()
    dataset_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._recipe = Recipe()
        self._model = ModelPicker()
        self._dataset = PickButton("Choose a dataset")
        self._disclosure = Button("All fields", "disclosure", "chevron-right")
        self._disclosure.setCheckable(True)
        self._help = note(HELP)
        self._help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._help.setMinimumHeight(32)
        self.rows = {entry.path: FieldRow(entry) for entry in fields() if entry.path not in PICKED}
        self._advanced = QWidget()
        self._build()
        self._connect()
        self.set_recipe(self._recipe)

    def recipe(self) -> Recipe:
        """The recipe as the form says it. Raises RecipeError for the first value that cannot be."""
        values = {path: row.value() for path, row in self.rows.items()}
        return self._recipe.with_values({"model": self._model.chosen(), **values})

    def set_recipe(self, recipe: Recipe) -> None:
        """Show a recipe; nothing is announced."""
        self._recipe = recipe
        self._model.set_model(recipe.model)
        for row in self.rows.values():
            row.show_recipe(recipe)

    def model(self) -> str:
        """The model that is chosen, as a recipe names it."""
        return self._model.chosen()

    def is_valid(self) -> bool:
        return not any(row.problem() for row in self.rows.values())

    def show_dataset(self, name: str) -> None:
        """The dataset's name in its row, or an invitation to choose one."""
        self._dataset.setText(name or "Choose a dataset")
        self._dataset.setToolTip("Open the dataset pane")

    def show_learning_rate(self, rate: float | None) -> None:
        """The rate that an empty field stands for."""
        editor = self.rows["optimizer.learning_rate"].editor
        if isinstance(editor, NumberField):
            editor.set_placeholder("auto" if rate is None else f"auto: {rate:.3g}")

    def set_locked(self, locked: bool) -> None:
        """Whether the values may be read but not changed, as while they are being trained with."""
        self._model.setEnabled(not locked)
        for row in self.rows.values():
            row.editor.set_locked(locked)

    def _build(self) -> None:
        inner = QWidget()
        inner.setProperty("role", "clear")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(FormRow("Model", self._model))
        column.addWidget(FormRow("Dataset", self._dataset))
        self._add_rows(column, "basic")
        column.addWidget(self._disclosure, 0, Qt.AlignmentFlag.AlignLeft)
        advanced = QVBoxLayout(self._advanced)
        advanced.setContentsMargins(0, 0, 0, 0)
        advanced.setSpacing(8)
        self._add_rows(advanced, "advanced")
        self._advanced.hide()
        column.addWidget(self._advanced)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(10)
        outer.addWidget(scrolled(inner), 1)
        outer.addWidget(self._help)

    def _add_rows(self, column: QVBoxLayout, level: str) -> None:
        for row in self.rows.values():
            if row.entry.level == level:
                column.addWidget(row)

    def _connect(self) -> None:
        self._model.edited.connect(self.changed)
        self._model.choose_requested.connect(self.choose_model_requested)
        self._dataset.clicked.connect(self.dataset_requested)
        self._disclosure.toggled.connect(self._on_disclosed)
        for row in self.rows.values():
            row.edited.connect(self.changed)
            row.entered.connect(self._help.setText)

    def _on_disclosed(self, shown: bool) -> None:
        self._disclosure.set_icon("chevron-down" if shown else "chevron-right")
        self._advanced.setVisible(shown)


def scrolled(widget: QWidget) -> QScrollArea:
    """A widget in a frameless, see-through scroll area that scrolls up and down only."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.viewport().setAutoFillBackground(False)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
