from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from studio.dataset.steps.steps import Mix, Split, step_from
from studio.errors import RecipeError
from studio.recipe.entry import FieldEntry
from studio.recipe.recipe import Recipe, applies
from studio.synth.generators import GENERATORS, RowGenerator
from studio.ui.dialogs.steps import StepDialog
from studio.ui.form.editors import ChoiceField, LinesField, NumberField, PathField, SwitchField
from studio.ui.form.plan import PlanForm
from studio.ui.form.recipe import PICKED, RecipeForm
from studio.ui.form.words import BASIC_ORDER, CHOICES, SECTIONS, ZEROS, values_of, why_idle
from studio.ui.form.words import ENTRIES as BY_PATH

ENTRIES = [entry for path, entry in BY_PATH.items() if path not in PICKED]


def another_value(entry: FieldEntry) -> object:
    """A valid value that is not the default."""
    if entry.path == "data.columns":
        return "text=one, label=two"
    if entry.choices:
        return next(choice for choice in entry.choices if choice != entry.default)
    if entry.kind is bool:
        return not entry.default
    if entry.kind is str:
        return "one, two\nthree" if entry.unit == "one per line" else "one, two"
    if entry.kind is int:
        return int(entry.default) + 1
    return 0.000125 if entry.default is None else entry.default + 0.25


@pytest.fixture
def form(qtbot) -> RecipeForm:
    form = RecipeForm()
    qtbot.addWidget(form)
    return form


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.path)
def test_the_form_gives_back_every_field_it_is_given(form: RecipeForm, entry: FieldEntry) -> None:
    recipe = Recipe().with_values({entry.path: another_value(entry)})
    form.set_recipe(recipe)
    assert form.recipe() == recipe
    row = form.row(entry.path)  # made now, where its section was folded
    assert form.recipe() == recipe
    assert row.is_changed()
    row.reset()
    assert form.recipe() == Recipe()


def test_the_form_keeps_what_it_does_not_show(form: RecipeForm) -> None:
    recipe = Recipe().with_values({"data.path": "/data/invoices.jsonl", "model": "/models/qwen"})
    form.set_recipe(recipe)
    assert form.recipe() == recipe


@pytest.mark.parametrize(
    ("path", "text"),
    [("lora.rank", "0"), ("lora.alpha", "much"), ("optimizer.learning_rate", "-1"), ("loop.epochs", "")],
)
def test_a_bad_value_is_rejected_in_a_sentence_under_its_field(
    form: RecipeForm, path: str, text: str, qtbot
) -> None:
    editor = form.row(path).editor
    assert isinstance(editor, NumberField)
    editor.clear()
    qtbot.keyClicks(editor, text)
    if not text:
        editor.edited.emit()
    assert form.row(path).entry.title in form.row(path).shown_problem()
    assert editor.property("invalid") is True
    assert not form.is_valid()
    with pytest.raises(RecipeError):
        form.recipe()
    form.set_recipe(Recipe())
    assert form.is_valid()
    assert form.row(path).shown_problem() == ""


def test_scientific_notation_and_thousands_separators_are_understood(form: RecipeForm) -> None:
    for path, text in (("optimizer.learning_rate", "1e-4"), ("data.max_length", "2,048")):
        editor = form.row(path).editor
        assert isinstance(editor, NumberField)
        editor.setText(text)
    assert form.recipe().optimizer.learning_rate == 0.0001
    assert form.recipe().data.max_length == 2048


def test_up_and_down_step_whole_numbers_and_stop_at_the_bound(form: RecipeForm, qtbot) -> None:
    editor = form.rows["lora.rank"].editor
    editor.set_value(2)
    with qtbot.waitSignal(form.changed):
        qtbot.keyClick(editor, Qt.Key.Key_Down)
    qtbot.keyClick(editor, Qt.Key.Key_Down)
    assert form.recipe().lora.rank == 1


def test_an_edit_is_announced_and_showing_a_recipe_is_not(form: RecipeForm, qtbot) -> None:
    with qtbot.assertNotEmitted(form.changed):
        form.set_recipe(Recipe().with_values({"rank": 4}))
    with qtbot.waitSignal(form.changed):
        qtbot.keyClicks(form.rows["lora.rank"].editor, "8")


def test_a_locked_form_can_be_read_but_not_changed(form: RecipeForm, qtbot) -> None:
    form.set_locked(True)
    editor = form.rows["lora.rank"].editor
    qtbot.keyClicks(editor, "9")
    qtbot.keyClick(editor, Qt.Key.Key_Up)
    assert form.recipe() == Recipe()


def test_every_editor_says_what_it_is_and_does(form: RecipeForm) -> None:
    for entry in ENTRIES:
        row = form.row(entry.path)
        assert row.editor.accessibleName().startswith(row.entry.title)
        assert row.editor.toolTip() == row.entry.help


RECIPES = [
    Recipe(),
    Recipe().with_values({"method": "full", "objective": "text", "loop.steps": 50}),
    Recipe().with_values({"objective": "dpo", "quantize": "4-bit", "mode": "mxfp4", "warmup_steps": 5}),
    Recipe().with_values({"schedule": "constant", "quantize": "8-bit"}),
]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_field_is_given_a_reason_exactly_where_it_has_no_effect(recipe: Recipe) -> None:
    for entry in BY_PATH.values():
        assert bool(why_idle(entry, values_of(recipe), BY_PATH)) != applies(entry, recipe), entry.path


def test_the_words_of_the_form_belong_to_real_fields_and_choices() -> None:
    for path, words in CHOICES.items():
        assert set(words) <= set(BY_PATH[path].choices), path
        assert len(set(words.values())) == len(words), path
    assert {BY_PATH[path].level for path in BASIC_ORDER} == {"basic"}
    assert {BY_PATH[path].bounds[0] for path in ZEROS} == {0}
    assert {entry.group for entry in BY_PATH.values() if entry.level == "advanced"} <= set(SECTIONS)


def test_basic_fields_come_at_once_and_advanced_ones_when_their_section_is_unfolded(form: RecipeForm) -> None:
    assert all(BY_PATH[path].level == "basic" for path in form.rows)
    assert len(form.rows) == sum(entry.level == "basic" for entry in ENTRIES)
    form.sections["loop"].set_open(True)
    assert form.rows["loop.patience"].isVisibleTo(form)
    assert "optimizer.clip" not in form.rows


def test_basic_fields_without_effect_are_hidden(form: RecipeForm) -> None:
    assert not form.rows["preference.beta"].isVisibleTo(form)
    form.set_recipe(Recipe().with_values({"objective": "orpo", "method": "full"}))
    assert form.rows["preference.beta"].isVisibleTo(form)
    for path in ("lora.rank", "lora.alpha", "base.quantize"):
        assert not form.rows[path].isVisibleTo(form)


def test_epochs_stay_in_sight_where_steps_that_are_folded_away_replace_them(form: RecipeForm) -> None:
    form.set_recipe(Recipe().with_values({"loop.steps": 50}))
    row = form.rows["loop.epochs"]
    assert row.isVisibleTo(form)
    assert not row.editor.isEnabled()
    assert row._note is not None
    assert row._note.text() == "Steps are set instead."


def test_advanced_fields_without_effect_are_closed_and_say_why(form: RecipeForm) -> None:
    row = form.row("base.group_size")
    assert not row.editor.isEnabled()
    assert row._note is not None
    assert row._note.text() == "Needs Quantize 4-bit or 8-bit."
    form.set_recipe(Recipe().with_values({"quantize": "4-bit"}))
    assert row.editor.isEnabled()
    assert row._note.isHidden()


def test_a_section_without_effect_says_so_once(form: RecipeForm) -> None:
    form.set_recipe(Recipe().with_values({"method": "full"}))
    section = form.sections["lora"]
    assert section.head.summary() == "not used"
    section.set_open(True)
    assert section._note.text() == "Needs Method LoRA or DoRA."
    assert not any(row.isVisibleTo(form) for row in section.rows)


def test_a_folded_section_counts_what_was_changed_in_it(form: RecipeForm) -> None:
    form.set_recipe(Recipe().with_values({"patience": 3, "neftune": 5, "epochs": 2}))
    assert form.sections["loop"].head.summary() == "2 changed"
    assert form.sections["optimizer"].head.summary() == ""


def test_a_changed_field_goes_back_to_its_default_with_a_click(form: RecipeForm, qtbot) -> None:
    form.set_recipe(Recipe().with_values({"rank": 4}))
    row = form.rows["lora.rank"]
    assert row._reset is not None
    assert row._reset.toolTip() == "Reset Rank to 16"
    with qtbot.waitSignal(form.changed):
        row._reset.click()
    assert form.recipe() == Recipe()
    assert row._reset.isHidden()
    assert form.rows["lora.alpha"]._reset is None


def test_choices_read_as_words_and_give_the_recipes_values(form: RecipeForm) -> None:
    form.set_recipe(Recipe().with_values({"method": "dora", "optimizer.name": "adamw8bit"}))
    assert form.row("method").editor.currentText() == "DoRA"  # type: ignore[union-attr]
    assert form.row("optimizer.name").editor.currentText() == "AdamW, 8-bit"  # type: ignore[union-attr]
    assert form.recipe().method == "dora"


def test_a_template_is_picked_or_its_path_is_typed(form: RecipeForm, qtbot) -> None:
    editor = form.row("data.template").editor
    assert isinstance(editor, ChoiceField)
    editor.setEditText("")
    qtbot.keyClicks(editor, "~/own.jinja")
    with qtbot.waitSignal(editor.edited):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert form.recipe().data.template == "~/own.jinja"
    form.set_recipe(Recipe().with_values({"template": "chatml"}))
    assert editor.currentText() == "ChatML"
    assert form.recipe().data.template == "chatml"
    form.set_recipe(Recipe().with_values({"template": "/a/b.jinja"}))
    assert editor.currentText() == "/a/b.jinja"
    editor.setEditText("llama")
    with qtbot.waitSignal(editor.edited):
        qtbot.keyClick(editor, Qt.Key.Key_Return)
    assert "the path of a .jinja file" in form.row("data.template").problem()


def test_a_switch_is_thrown_with_a_click_and_with_the_space_bar(form: RecipeForm, qtbot) -> None:
    switch = form.row("data.packing").editor
    assert isinstance(switch, SwitchField)
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert form.recipe().data.packing
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert not form.recipe().data.packing


def test_prompts_are_written_one_per_line_and_tab_goes_on(form: RecipeForm, qtbot) -> None:
    lines = form.row("watch.prompts").editor
    assert isinstance(lines, LinesField)
    qtbot.keyClicks(lines, "Hello")
    qtbot.keyClick(lines, Qt.Key.Key_Return)
    qtbot.keyClicks(lines, "Who are you?")
    assert form.recipe().watch.prompts == "Hello\nWho are you?"
    assert lines.tabChangesFocus()
    form.sections["watch"].set_open(True)
    form.show()
    assert lines.height() > 3 * lines.fontMetrics().height()


def test_a_zero_says_what_it_means(form: RecipeForm) -> None:
    editor = form.row("scope.layers").editor
    assert isinstance(editor, NumberField)
    assert editor.hint() == "all"
    editor.setText("4")
    assert editor.hint() == ""
    steps = form.row("loop.steps").editor
    assert isinstance(steps, NumberField)
    steps.setText("20")
    assert steps.hint() == "steps"


def test_contradictions_are_told_at_the_form_and_make_it_invalid(form: RecipeForm) -> None:
    form.set_recipe(Recipe().with_values({"prefix_cache": "memory"}))
    assert form.problem().startswith("The prefix cache needs frozen layers")
    assert form._problems.isVisibleTo(form)
    assert not form.is_valid()
    form.row("loop.prefix_cache").reset()
    assert form.is_valid()
    assert not form._problems.isVisibleTo(form)


def test_a_bad_value_stays_in_sight_where_its_field_no_longer_applies(form: RecipeForm) -> None:
    rank = form.rows["lora.rank"]
    rank.editor.set_value("0")
    rank.editor.edited.emit()
    form.rows["method"].editor.set_value("full")
    form.rows["method"].editor.edited.emit()
    assert rank.isVisibleTo(form)
    assert not form.is_valid()


def test_the_search_finds_fields_by_title_help_and_choice_and_unfolds_them(form: RecipeForm) -> None:
    form.sections["data"].set_open(True)
    form.search("cosine")
    assert form.rows["optimizer.schedule"].isVisibleTo(form)
    assert not form.rows["optimizer.clip"].isVisibleTo(form)
    assert not form.rows["lora.rank"].isVisibleTo(form)
    assert not form.sections["watch"].isVisibleTo(form)
    form.search("no such field")
    assert form._nothing.isVisibleTo(form)
    form.search("")
    assert form.rows["lora.rank"].isVisibleTo(form)
    assert {group for group, section in form.sections.items() if section.is_open()} == {"data"}


def test_tab_goes_through_a_section_where_it_stands(form: RecipeForm) -> None:
    form.set_recipe(Recipe().with_values({"clip": 2}))
    form.sections["watch"].set_open(True)  # made first, and yet it comes last
    form.sections["optimizer"].set_open(True)
    stops = _focus_chain(form)
    order = [
        "method",
        "lora.rank",
        "loop.accumulation",
        "optimizer.name",
        "optimizer.lora_plus",
        "watch.prompts",
    ]
    places = [stops.index(form.rows[path].editor) for path in order]
    assert places == sorted(places)
    clip = form.rows["optimizer.clip"]
    assert stops.index(clip._reset) == stops.index(clip.editor) + 1
    heads = [stops.index(form.sections[group].head) for group in ("optimizer", "loop", "watch")]
    assert places[2] < heads[0] < places[3] < places[4] < heads[1] < heads[2] < places[5]


def _focus_chain(form: RecipeForm) -> list[QWidget]:
    """What Tab goes through inside the form, in order."""
    stops, widget = [], form.nextInFocusChain()
    while widget is not form:
        if form.isAncestorOf(widget) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            stops.append(widget)
        widget = widget.nextInFocusChain()
    return stops


def test_a_locked_form_cannot_be_reset_either_and_sections_still_unfold(form: RecipeForm, qtbot) -> None:
    form.set_recipe(Recipe().with_values({"dropout": 0.1, "rank": 4}))
    form.set_locked(True)
    form.sections["lora"].set_open(True)
    for path in ("lora.dropout", "lora.rank"):
        reset = form.rows[path]._reset
        assert reset is not None
        assert not reset.isEnabled()
    assert not form.rows["lora.rank_stabilized"].editor.isEnabled()
    form.set_locked(False)
    assert form.rows["lora.rank_stabilized"].editor.isEnabled()
    assert not form.row("base.mode").editor.isEnabled()  # it has no effect, locked or not


def test_a_step_is_asked_for_by_its_own_fields_and_those_without_effect_are_hidden(qtbot) -> None:
    dialog = StepDialog(Split)
    qtbot.addWidget(dialog)
    rows = dialog.form.rows
    assert not rows["column"].isVisibleTo(dialog)
    rows["by"].editor.set_value("column")
    rows["by"].editor.edited.emit()
    rows["column"].editor.set_value("topic")
    assert rows["column"].isVisibleTo(dialog)
    assert step_from(dialog.values()) == Split(by="column", column="topic")
    rows["test_share"].editor.set_value("1")
    rows["test_share"].editor.edited.emit()
    assert rows["test_share"].shown_problem() == "Test share must be less than 1."


def test_a_field_that_must_have_a_value_is_not_called_wrong_before_the_person_came_to_it(qtbot) -> None:
    dialog = StepDialog(Mix)
    qtbot.addWidget(dialog)
    path = dialog.form.rows["path"]
    assert isinstance(path.editor, PathField)
    assert path.shown_problem() == ""
    assert dialog.values() == {"kind": "mix", "weight": "1", "seed": "0"}
    path.editor.edited.emit()
    assert path.shown_problem() == "Dataset needs a value."


@pytest.mark.parametrize("maker", GENERATORS.values(), ids=lambda maker: str(maker.name))
def test_the_plan_shows_what_the_chosen_way_needs_and_nothing_else(qtbot, maker: RowGenerator) -> None:
    form = PlanForm()
    qtbot.addWidget(form)
    form.choose_way(maker.name)
    form.sections[""].set_open(True)
    only = {
        "each": maker.name in ("passages", "seeds"),
        "language": maker.name == "back-translation",
        "through": maker.name == "back-translation",
        "noise": maker.name == "noise",
    }
    assert {name: form.rows[name].isVisibleTo(form) for name in only} == only
    assert form.models.isVisibleTo(form) == maker.asks_model
    assert form.rows["temperature"].editor.isEnabled() == maker.asks_model
    assert form.rows["sources"].isVisibleTo(form)
    assert form.rows["seed"].editor.isEnabled()
