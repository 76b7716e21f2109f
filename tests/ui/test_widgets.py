from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.errors import RecipeError
from studio.train.recipe import FieldEntry, Recipe, fields
from studio.ui.widgets.editors import NumberField
from studio.ui.widgets.form import PICKED, RecipeForm
from studio.ui.widgets.header import PaneHeader
from studio.ui.widgets.label import ElidedLabel, WrapLabel
from studio.ui.widgets.notice import Notice
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.states import BusyState, EmptyState

ENTRIES = [entry for entry in fields() if entry.path not in PICKED]


def another_value(entry: FieldEntry) -> object:
    """A valid value that is not the default."""
    if entry.choices:
        return next(choice for choice in entry.choices if choice != entry.default)
    if entry.kind is int:
        return int(entry.default) + 1
    return 0.000125 if entry.default is None else 0.25


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
    assert form.recipe() != Recipe()


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
    editor = form.rows[path].editor
    assert isinstance(editor, NumberField)
    editor.clear()
    qtbot.keyClicks(editor, text)
    if not text:
        editor.edited.emit()
    assert form.rows[path].entry.title in form.rows[path].shown_problem()
    assert editor.property("invalid") is True
    assert not form.is_valid()
    with pytest.raises(RecipeError):
        form.recipe()
    form.set_recipe(Recipe())
    assert form.is_valid()
    assert form.rows[path].shown_problem() == ""


def test_scientific_notation_and_thousands_separators_are_understood(form: RecipeForm) -> None:
    for path, text in (("optimizer.learning_rate", "1e-4"), ("data.max_length", "2,048")):
        editor = form.rows[path].editor
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
    for row in form.rows.values():
        assert row.editor.accessibleName().startswith(row.entry.title)
        assert row.editor.toolTip() == row.entry.help


def test_a_cut_text_has_all_of_it_in_the_tooltip(qtbot) -> None:
    label = ElidedLabel("a rather long name of a run that will not fit")
    qtbot.addWidget(label)
    label.resize(80, 20)
    label.show()
    assert label.shown_text().endswith("…")
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    assert label.toolTip() == ""


def test_wrapped_text_asks_for_the_height_it_needs(qtbot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    column = QVBoxLayout(holder)
    label = WrapLabel("Long words that wrap over several lines when there is little room. " * 3)
    column.addWidget(label)
    column.addStretch(1)
    holder.resize(220, 400)
    holder.show()
    qtbot.waitUntil(lambda: label.height() == label.heightForWidth(label.width()))
    assert label.height() > 5 * label.fontMetrics().height()


def test_a_state_covers_the_content_and_gives_it_back(qtbot) -> None:
    pane = Pane("Runs")
    qtbot.addWidget(pane)
    pane.show()
    state = EmptyState("history", "No runs yet", "Train one.", "Try the sample", "Open…")
    pane.show_state(state)
    assert state.isVisible()
    assert not pane.area.isVisible()
    pane.show_state(None)
    assert pane.area.isVisible()
    assert pane.state is None


def test_the_buttons_of_an_empty_state_announce_themselves(qtbot) -> None:
    state = EmptyState("history", "No runs yet", "Train one.", "Try the sample", "Open…")
    qtbot.addWidget(state)
    first, second = _buttons(state)
    with qtbot.waitSignal(state.chosen):
        qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(state.second_chosen):
        qtbot.mouseClick(second, Qt.MouseButton.LeftButton)


def _buttons(state: QWidget) -> tuple[QWidget, QWidget]:
    by_role = {widget.property("role"): widget for widget in state.findChildren(QWidget)}
    return by_role["primary"], by_role["plain"]


def test_a_busy_state_counts_and_can_be_stopped(qtbot) -> None:
    state = BusyState("Reading the dataset")
    qtbot.addWidget(state)
    state.set_progress(1200, 5000)
    assert any(label.text() == "1,200 of 5,000" for label in state.findChildren(type(state._detail)))
    with qtbot.waitSignal(state.stop_requested):
        state._stop.click()


def test_a_notice_shows_its_sentence_until_it_is_closed(qtbot) -> None:
    notice = Notice()
    qtbot.addWidget(notice)
    notice.show_message("The disk is full.", "bad")
    assert notice.isVisible()
    assert notice.text() == "The disk is full."
    with qtbot.waitSignal(notice.closed):
        notice.close_message()
    assert not notice.isVisible()


def test_a_header_adds_its_buttons_from_left_to_right(qtbot) -> None:
    header = PaneHeader("Runs", "6 runs")
    qtbot.addWidget(header)
    header.resize(800, 50)
    header.show()
    plain, primary = header.add_button("Evaluate"), header.add_button("Start", "primary", "play")
    qtbot.waitUntil(lambda: plain.x() < primary.x())
    assert primary.property("role") == "primary"
    assert not primary.icon().isNull()
