"""The training pane is ready for the next run once data or recipe are not those of the run on show."""

from __future__ import annotations

import pytest

from studio.recipe.recipe import Recipe
from studio.runs.history import RunHistory
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.panes.training.ready import NextData, kept_words, method_words
from studio.ui.theme import Theme
from tests.ui.conftest import run_events

SUPPORT = NextData("support.jsonl", 480, 20, 0, ("/d/support.jsonl", ""))
OTHER = NextData("other.jsonl", 30, 3, 2, ("/d/other.jsonl", ""))
ASKED = Recipe().with_values({"data.path": "/d/support.jsonl", "rank": 16})


@pytest.fixture
def pane(theme: Theme, qtbot) -> TrainingPane:
    pane = TrainingPane(theme)
    qtbot.addWidget(pane)
    pane.resize(836, 680)
    pane.show_dataset(SUPPORT)
    pane.set_recipe(ASKED)
    return pane


def ended(pane: TrainingPane, state: str) -> None:
    """A run of the pane's own recipe and dataset comes to this end."""
    pane.load_history(RunHistory.of(run_events()), ASKED)
    pane.show_state(state)


def enter(pane: TrainingPane, path: str, value: object) -> None:
    editor = pane.form.rows[path].editor
    editor.set_value(value)
    editor.edited.emit()


def primary(pane: TrainingPane) -> list[str]:
    shown = (button for button in pane._buttons.values() if not button.isHidden())
    return [button.text() for button in shown if button.property("role") == "primary"]


def test_before_the_first_run_the_title_says_what_will_be_trained(pane: TrainingPane) -> None:
    assert pane.header.title() == "Ready: support.jsonl, 480 rows, LoRA rank 16"
    assert pane.header.subtitle() == "Starter  ·  20 rows validate"
    assert primary(pane) == ["Start training"]
    pane.show_dataset(OTHER)
    assert pane.header.subtitle() == "Starter  ·  3 rows validate  ·  2 cannot train"
    pane.show_misfit("DPO learns from pairs.")
    assert pane.header.title() == "Training"


def test_another_dataset_after_a_run_is_ready_and_the_curves_are_the_previous_runs(
    pane: TrainingPane,
) -> None:
    ended(pane, "done")
    assert primary(pane) == ["Evaluate"]
    assert pane.previous.isHidden()
    pane.show_dataset(OTHER)
    assert pane.header.title() == "Ready: other.jsonl, 30 rows, LoRA rank 16"
    assert primary(pane) == ["Start training"]
    assert not pane.previous.isHidden()
    assert pane.previous.accessibleName() == "Previous run. Trained: validation loss fell by 85 %"
    pane.show_dataset(SUPPORT)
    assert pane.header.title() == "Trained: validation loss fell by 85 %"
    assert pane.previous.isHidden()


def test_a_changed_recipe_is_ready_until_the_change_is_taken_back(pane: TrainingPane) -> None:
    ended(pane, "done")
    enter(pane, "lora.rank", 8)
    assert pane.header.title() == "Ready: support.jsonl, 480 rows, LoRA rank 8"
    assert primary(pane) == ["Start training"]
    enter(pane, "lora.rank", 16)
    assert pane.header.title() == "Trained: validation loss fell by 85 %"
    assert primary(pane) == ["Evaluate"]


def test_while_the_dataset_is_read_again_the_next_run_stays_named_and_waits(pane: TrainingPane) -> None:
    ended(pane, "done")
    enter(pane, "lora.rank", 8)
    pane.show_no_dataset(again=True)
    assert pane.header.title() == "Ready: support.jsonl, 480 rows, LoRA rank 8"
    assert not pane.can_start()
    assert pane._buttons["start"].toolTip() == "The dataset is being read."
    pane.show_dataset(SUPPORT)
    assert pane.can_start()
    pane.show_no_dataset()
    assert pane.header.title() == "Trained: validation loss fell by 85 %"


def test_a_field_without_effect_changes_nothing(pane: TrainingPane) -> None:
    ended(pane, "done")
    pane.set_recipe(ASKED.with_values({"preference.beta": 0.7}))
    assert pane.header.title() == "Trained: validation loss fell by 85 %"


@pytest.mark.parametrize("state", ["stopped", "interrupted", "failed"])
def test_a_recipe_changed_after_a_stop_starts_over_and_resume_says_what_it_keeps(
    pane: TrainingPane, state: str
) -> None:
    ended(pane, state)
    assert primary(pane) == ["Resume"]
    enter(pane, "lora.rank", 8)
    assert primary(pane) == ["Start over"]
    assert not pane._buttons["resume"].isHidden()
    assert pane.header.subtitle().endswith("Resume keeps Rank 16.")
    enter(pane, "loop.batch_size", 4)
    assert pane.header.subtitle().endswith("Resume keeps Rank 16 and Batch 8.")


def test_resume_says_which_dataset_it_goes_on_with(pane: TrainingPane) -> None:
    ended(pane, "stopped")
    pane.show_dataset(OTHER)
    assert primary(pane) == ["Start training"]
    assert pane.header.subtitle() == "is the previous run; Resume goes on with it, on support.jsonl."


def test_a_run_that_ends_while_other_data_is_open_is_told_of_first(pane: TrainingPane) -> None:
    pane.show_state("running")
    pane.show_dataset(OTHER)
    pane.load_history(RunHistory.of(run_events()), ASKED)
    pane.show_state("done")
    assert pane.header.title() == "Trained: validation loss fell by 85 %"
    start = pane._buttons["start"]
    assert start.text() == "Start training"  # not again: other.jsonl was never trained
    pane.lead_on()
    assert pane.header.title() == "Ready: other.jsonl, 30 rows, LoRA rank 16"


def test_how_a_recipe_trains_is_said_in_few_words() -> None:
    recipe = Recipe()
    assert method_words(recipe.with_values({"method": "dora", "objective": "dpo"})) == "DoRA rank 16, DPO"
    assert method_words(recipe.with_values({"method": "full"})) == "full fine-tuning"


def test_many_kept_values_are_counted() -> None:
    changed = Recipe().with_values(
        {"rank": 8, "alpha": 8, "epochs": 1, "batch_size": 2, "learning_rate": 1e-4}
    )
    assert kept_words(changed, Recipe()) == "Resume keeps Rank 16, Alpha 32 and 3 more."
    assert kept_words(Recipe(), Recipe()) == ""
