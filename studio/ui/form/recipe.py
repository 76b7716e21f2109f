"""The recipe as a form."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal

from studio.errors import RecipeError
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.ui.form.editors import NumberField
from studio.ui.form.form import Form
from studio.ui.form.model_picker import ModelPicker
from studio.ui.form.row import TITLE_WIDTH, FormRow
from studio.ui.form.words import BASIC_ORDER, ENTRIES, SECTIONS, matches, values_of
from studio.ui.plain import tip
from studio.ui.widgets.button import PickButton
from studio.ui.widgets.label import WrapLabel, note
from studio.ui.widgets.layout import add

PICKED = ("model", "data.path")
"""Chosen by pickers and by the dataset pane, so not typed in a field."""
_HELP = tr("Choose a field to read what it does.")
_NOTHING = tr("No matching field")
_HELP_HEIGHT, _COMPACT_HELP_HEIGHT = 46, 30


class RecipeForm(Form):
    """Edits a Recipe; its model and dataset are chosen above, help and contradictions stand below."""

    choose_model_requested = Signal()
    dataset_requested = Signal()

    def __init__(self) -> None:
        self._recipe = self._valid = Recipe()
        self._open_before: set[str] = set()
        self._problems, self._help, self._nothing = WrapLabel(role="error"), note(_HELP), note(_NOTHING)
        self._model, self._dataset = ModelPicker(), PickButton(tr("Choose a dataset"))
        ordered = {path: ENTRIES[path] for path in BASIC_ORDER} | ENTRIES
        super().__init__(
            ordered.values(),
            SECTIONS,
            picked=PICKED,
            title_width=TITLE_WIDTH,
            scrolls=True,
            above=(
                FormRow(tr("Model"), self._model, entry=ENTRIES["model"]),
                FormRow(tr("Dataset"), self._dataset, entry=ENTRIES["data.path"]),
            ),
        )
        self._help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._help.setMinimumHeight(_HELP_HEIGHT)
        self._below.addWidget(self._nothing)
        add(self.column, self._problems, self._help)
        self._model.edited.connect(self.on_edited)
        self._model.choose_requested.connect(self.choose_model_requested)
        self._dataset.clicked.connect(self.dataset_requested)
        self.entered.connect(self._help.setText)
        self.set_recipe(self._recipe)

    def recipe(self) -> Recipe:
        """The recipe as the form says it. Raises RecipeError for the first value that cannot be."""
        return self._recipe.with_values({"model": self._model.chosen(), **self.values()})

    def recipe_at_hand(self) -> Recipe:
        """The recipe as the form says it, or as it last could be understood."""
        return self._valid

    def set_recipe(self, recipe: Recipe) -> None:
        """Show a recipe; nothing is announced."""
        self._recipe = recipe
        self._model.set_model(recipe.model)
        self.set_values(values_of(recipe))

    def model(self) -> str:
        """The model that is chosen, as a recipe names it."""
        return self._model.chosen()

    def offer_models(self, models: Iterable[str]) -> None:
        """Which models there are to choose from, beside the starter and those that were chosen by hand."""
        self._model.offer(models)

    def models(self) -> list[str]:
        """The models that can be chosen from, as recipes name them."""
        return self._model.models()

    def problem(self) -> str:
        """The first sentence about what is wrong, or nothing."""
        return super().problem() or self._problems.text()

    def show_dataset(self, name: str) -> None:
        """The dataset's name in its row, or an invitation to choose one."""
        self._dataset.setText(name or tr("Choose a dataset"))
        self._dataset.setToolTip(
            tip(tr("{name}. Open the dataset pane.", name=name) if name else tr("Open the dataset pane."))
        )

    def show_learning_rate(self, rate: float | None) -> None:
        """The rate that an empty field stands for."""
        editor = self.rows["optimizer.learning_rate"].editor
        if isinstance(editor, NumberField):
            editor.set_placeholder("auto" if rate is None else tr("auto: {rate:.3g}", rate=rate))

    def set_compact(self, compact: bool) -> None:
        """Whether there is little height, so that short help leaves its room to the fields."""
        self._help.setMinimumHeight(_COMPACT_HELP_HEIGHT if compact else _HELP_HEIGHT)

    def set_locked(self, locked: bool) -> None:
        """Whether the values may be read but not changed, as while they are being trained with."""
        super().set_locked(locked)
        self._model.setEnabled(not locked)

    def search(self, text: str) -> None:
        """Show only fields whose title, help or choices hold every word of `text`; all of them for none."""
        text = text.strip()
        if bool(text) != bool(self.sought):
            open_ = {group for group, section in self.sections.items() if section.is_open()}
            back, self._open_before = self._open_before, open_
            for group, section in self.sections.items():
                section.set_open(not text and group in back)
        self.sought = text
        for group, section in self.sections.items():
            if text and any(matches(entry, text) for entry in self.advanced(group)):
                section.set_open(True)
        self.arrange()

    def arrange(self) -> bool:
        """Show also what contradicts itself, as far as the values can be understood."""
        try:
            self._valid = self.recipe()
        except RecipeError:
            pass  # a row says what is wrong
        else:
            self._problems.setText("\n".join(map(str, self._valid.problems())))
        self._problems.setVisible(bool(self._problems.text()))
        is_found = super().arrange()
        self._nothing.setVisible(not is_found)
        return is_found
