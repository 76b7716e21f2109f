"""The recipe as a form, generated from its fields."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.errors import RecipeError
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe
from studio.ui.form.editors import NumberField
from studio.ui.form.model_picker import ModelPicker
from studio.ui.form.row import FieldRow, FormRow
from studio.ui.form.section import FormSection
from studio.ui.form.words import (
    BASIC_ORDER,
    ENTRIES,
    SECTIONS,
    changed,
    is_hidden_when_idle,
    matches,
    why_idle,
)
from studio.ui.plain import tip
from studio.ui.widgets.button import PickButton
from studio.ui.widgets.label import WrapLabel, note
from studio.ui.widgets.layout import scrolled

PICKED = ("model", "data.path")
"""Chosen by pickers and by the dataset pane, so not typed in a field."""
HELP = "Choose a field to read what it does."
NOTHING = "No field of the recipe is called that, or says it."
HELP_HEIGHT, COMPACT_HELP_HEIGHT = 46, 30


class RecipeForm(QWidget):
    """Edits a Recipe: basic fields first, the rest folded into sections. `changed` after every edit.

    A section's rows are made when it is first unfolded; until then the recipe that was set keeps its values.
    """

    changed = Signal()
    choose_model_requested = Signal()
    dataset_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._recipe = self._valid = Recipe()
        self._locked = False
        self._sought = ""
        self._open_before: set[str] = set()
        self._model = ModelPicker()
        self._dataset = PickButton("Choose a dataset")
        self._problems = WrapLabel(role="error")
        self._help = note(HELP)
        self._help.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._help.setMinimumHeight(HELP_HEIGHT)
        self._nothing = note(NOTHING)
        self.rows: dict[str, FieldRow] = {}
        self.sections = {group: self._section(group) for group in SECTIONS if _advanced(group)}
        self._build()
        self._connect()
        self.set_recipe(self._recipe)

    def recipe(self) -> Recipe:
        """The recipe as the form says it. Raises RecipeError for the first value that cannot be."""
        values = {path: row.value() for path, row in self.rows.items()}
        return self._recipe.with_values({"model": self._model.chosen(), **values})

    def recipe_at_hand(self) -> Recipe:
        """The recipe as the form says it, or as it last could be understood."""
        return self._valid

    def set_recipe(self, recipe: Recipe) -> None:
        """Show a recipe; nothing is announced."""
        self._recipe = recipe
        self._model.set_model(recipe.model)
        for row in self.rows.values():
            row.show_recipe(recipe)
        self._arrange()

    def prepend(self, row: QWidget) -> None:
        """Put a row above the others; it is out of sight during a search."""
        self._rows.insertWidget(len(self._pickers) - 2, row)
        self._pickers.insert(-2, row)

    def row(self, path: str) -> FieldRow:
        """The row of a field by its path, made now if its section was never unfolded."""
        if path not in self.rows:
            self.sections[ENTRIES[path].group].build()
        return self.rows[path]

    def model(self) -> str:
        """The model that is chosen, as a recipe names it."""
        return self._model.chosen()

    def problem(self) -> str:
        """The first sentence about what is wrong, or nothing."""
        fields = (row.shown_problem() for row in self.rows.values())
        return next((sentence for sentence in fields if sentence), self._problems.text())

    def is_valid(self) -> bool:
        """Whether every value can be, and no two contradict each other."""
        return not self.problem()

    def show_dataset(self, name: str) -> None:
        """The dataset's name in its row, or an invitation to choose one."""
        self._dataset.setText(name or "Choose a dataset")
        self._dataset.setToolTip(tip(f"{name}. Open the dataset pane." if name else "Open the dataset pane."))

    def show_learning_rate(self, rate: float | None) -> None:
        """The rate that an empty field stands for."""
        editor = self.rows["optimizer.learning_rate"].editor
        if isinstance(editor, NumberField):
            editor.set_placeholder("auto" if rate is None else f"auto: {rate:.3g}")

    def set_compact(self, compact: bool) -> None:
        """Whether there is little height, so that short help leaves its room to the fields."""
        self._help.setMinimumHeight(COMPACT_HELP_HEIGHT if compact else HELP_HEIGHT)

    def set_locked(self, locked: bool) -> None:
        """Whether the values may be read but not changed, as while they are being trained with."""
        self._locked = locked
        self._model.setEnabled(not locked)
        for row in self.rows.values():
            row.set_locked(locked)

    def search(self, text: str) -> None:
        """Show only fields whose title, help or choices hold every word of `text`; all of them for none."""
        text = text.strip()
        if bool(text) != bool(self._sought):
            open_ = {group for group, section in self.sections.items() if section.is_open()}
            back, self._open_before = self._open_before, open_
            for group, section in self.sections.items():
                section.set_open(not text and group in back)
        self._sought = text
        for group, section in self.sections.items():
            if text and any(matches(entry, text) for entry in _advanced(group)):
                section.set_open(True)
        self._arrange()

    def _section(self, group: str) -> FormSection:
        section = FormSection(
            SECTIONS[group], lambda: [self._add_row(entry.path) for entry in _advanced(group)]
        )
        section.built.connect(self._arrange)
        return section

    def _add_row(self, path: str) -> FieldRow:
        row = self.rows[path] = FieldRow(ENTRIES[path])
        row.show_recipe(self._recipe)
        row.set_locked(self._locked)
        row.edited.connect(self._on_edited)
        row.entered.connect(self._help.setText)
        return row

    def _build(self) -> None:
        inner = QWidget()
        inner.setProperty("role", "clear")
        column = self._rows = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        self._pickers: list[QWidget] = [FormRow("Model", self._model), FormRow("Dataset", self._dataset)]
        for picker in self._pickers:
            column.addWidget(picker)
        for path in _basic():
            column.addWidget(self._add_row(path))
        column.addSpacing(4)
        folded = QVBoxLayout()
        folded.setSpacing(2)
        for section in self.sections.values():
            folded.addWidget(section)
        column.addLayout(folded)
        column.addWidget(self._nothing)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(8)
        outer.addWidget(scrolled(inner), 1)
        outer.addWidget(self._problems)
        outer.addWidget(self._help)

    def _connect(self) -> None:
        self._model.edited.connect(self._on_edited)
        self._model.choose_requested.connect(self.choose_model_requested)
        self._dataset.clicked.connect(self.dataset_requested)

    def _on_edited(self) -> None:
        self._arrange()
        self.changed.emit()

    def _arrange(self) -> None:
        """Show what applies and what contradicts itself, as far as the values can be understood."""
        try:
            self._valid = self.recipe()
        except RecipeError:
            pass  # a row says what is wrong; what applies stays as it was
        else:
            self._problems.setText("\n".join(self._valid.problems()))
        self._problems.setVisible(bool(self._problems.text()))
        for picker in self._pickers:
            picker.setVisible(not self._sought)
        found = [self._arrange_basic(path) for path in _basic()]
        found += [self._arrange_section(group) for group in self.sections]
        self._nothing.setVisible(not any(found))

    def _arrange_basic(self, path: str) -> bool:
        """A basic field without effect is hidden, unless it was looked for or the cause is folded away."""
        row, entry = self.rows[path], ENTRIES[path]
        reason = "" if row.shown_problem() else why_idle(entry, self._valid)
        is_found = matches(entry, self._sought)
        row.set_idle(reason)
        row.setVisible(is_found and (not reason or bool(self._sought) or not is_hidden_when_idle(entry)))
        return is_found

    def _arrange_section(self, group: str) -> bool:
        section, entries = self.sections[group], _advanced(group)
        reasons = {entry.path: why_idle(entry, self._valid) for entry in entries}
        all_idle = next(iter(reasons.values())) if len(set(reasons.values())) == 1 else ""
        for row in section.rows:
            row.set_idle("" if row.shown_problem() or all_idle else reasons[row.entry.path])
            row.setVisible(matches(row.entry, self._sought) and (not all_idle or bool(row.shown_problem())))
        bad = any(row.shown_problem() for row in section.rows)
        section.show_state(changed(self._valid, group), bad, all_idle)
        is_found = any(matches(entry, self._sought) for entry in entries)
        section.setVisible(is_found)
        return is_found


def _advanced(group: str) -> list[FieldEntry]:
    return [e for e in ENTRIES.values() if e.group == group and e.level == "advanced"]


def _basic() -> Iterator[str]:
    """The paths of the basic fields that are typed, in the order of the form."""
    yield from BASIC_ORDER
    for entry in ENTRIES.values():
        if entry.level == "basic" and entry.path not in (*PICKED, *BASIC_ORDER):
            yield entry.path
