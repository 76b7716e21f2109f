from __future__ import annotations

import pytest

from studio.events import Log, ModelCounted, Progress
from studio.train.recipe import Recipe
from studio.ui.panes.training import TrainingPane
from studio.ui.panes.training_states import LOOKS
from studio.ui.theme import Theme
from tests.ui.conftest import run_events, step

SHOWN = {
    "idle": {"Start training"},
    "preparing": {"Stop and keep"},
    "running": {"Stop and keep"},
    "stopping": {"Stop and keep"},
    "stopped": {"Start anew", "Evaluate", "Resume"},
    "interrupted": {"Start anew", "Resume"},
    "failed": {"Start anew", "Resume"},
    "done": {"Train again", "Evaluate"},
    "refused": {"Try again"},
}


@pytest.fixture
def pane(theme: Theme, qtbot) -> TrainingPane:
    pane = TrainingPane(theme)
    qtbot.addWidget(pane)
    pane.resize(836, 680)
    pane.show_dataset("invoices", 218, 27)
    return pane


def buttons(pane: TrainingPane) -> dict[str, str]:
    """The visible buttons of the header by text, and their roles."""
    return {b.text(): b.property("role") for b in pane._buttons.values() if not b.isHidden()}


@pytest.mark.parametrize("state", LOOKS)
def test_every_state_shows_its_buttons_and_one_primary_at_most(pane: TrainingPane, state: str) -> None:
    pane.show_state(state)
    assert set(buttons(pane)) == SHOWN[state]
    assert list(buttons(pane).values()).count("primary") <= 1
    assert list(buttons(pane).values()).count("plain") <= 2


def test_start_gives_out_the_recipe(pane: TrainingPane, qtbot) -> None:
    recipe = Recipe().with_values({"rank": 4, "epochs": 2})
    pane.set_recipe(recipe)
    with qtbot.waitSignal(pane.start_requested) as started:
        pane.start()
    assert started.args == [recipe]


def test_nothing_starts_without_a_dataset(pane: TrainingPane, qtbot) -> None:
    pane.show_no_dataset()
    with qtbot.assertNotEmitted(pane.start_requested):
        pane.start()
    assert "dataset" in pane._buttons["start"].toolTip()


def test_nothing_starts_with_a_bad_value_and_it_is_not_announced(pane: TrainingPane, qtbot) -> None:
    editor = pane.form.rows["lora.rank"].editor
    editor.set_value("")
    with qtbot.assertNotEmitted(pane.recipe_changed, wait=400):
        editor.edited.emit()
        pane.start()
    assert not pane._buttons["start"].isEnabled()


def test_edits_are_announced_once_they_come_to_rest(pane: TrainingPane, qtbot) -> None:
    announced: list[Recipe] = []
    pane.recipe_changed.connect(announced.append)
    editor = pane.form.rows["lora.rank"].editor
    editor.set_value("")
    qtbot.keyClicks(editor, "32")
    qtbot.waitUntil(lambda: len(announced) == 1)
    assert announced[0].lora.rank == 32


def test_stop_resume_and_evaluate_are_announced(pane: TrainingPane, qtbot) -> None:
    pane.show_state("running")
    with qtbot.waitSignal(pane.stop_requested):
        pane._buttons["stop"].click()
    pane.show_state("stopped")
    with qtbot.waitSignal(pane.resume_requested):
        pane._buttons["resume"].click()
    pane.show_state("done")
    with qtbot.waitSignal(pane.evaluate_requested):
        pane._buttons["evaluate"].click()


def test_a_running_job_cannot_be_asked_to_stop_twice(pane: TrainingPane) -> None:
    pane.show_state("stopping")
    assert not pane._buttons["stop"].isEnabled()


def test_the_first_step_turns_getting_ready_into_running(pane: TrainingPane) -> None:
    pane.show_state("preparing")
    pane.show_event(Progress("Reading the dataset", 3, 10))
    assert pane.header.subtitle() == "Reading the dataset  ·  3 of 10"
    pane.show_event(step(1))
    assert pane.header.title() == "Training · step 1 of 240"
    assert pane.form.rows["lora.rank"].editor.isReadOnly()


def test_the_title_follows_the_steps(pane: TrainingPane, qtbot) -> None:
    pane.show_state("running")
    for number in range(1, 31):
        pane.show_event(step(number))
    qtbot.waitUntil(lambda: pane.header.title() == "Training · step 30 of 240")


def test_the_title_of_a_finished_run_says_what_came_out(pane: TrainingPane) -> None:
    pane.load_events(run_events())
    pane.show_state("done")
    assert pane.header.title() == "Trained: validation loss 2.10 → 0.31, best at step 216"


def test_an_earlier_run_is_shown_with_its_whole_history(pane: TrainingPane, qtbot) -> None:
    pane.load_events(run_events(120))
    pane.show_state("interrupted", "The Mac went to sleep.")
    plot = pane.plots.loss.curve.build()
    assert len(plot.series) == 120
    assert len(plot.dots) == 6
    assert pane.header.title() == "Interrupted at step 120 of 240"
    assert pane.header.subtitle() == "The Mac went to sleep."
    assert "step 120: saved checkpoints/step-000120" in pane.log.text()


def test_clearing_forgets_the_run_and_keeps_the_recipe(pane: TrainingPane) -> None:
    recipe = Recipe().with_values({"rank": 4})
    pane.set_recipe(recipe)
    pane.load_events(run_events(50))
    pane.clear_run()
    pane.show_state("idle")
    assert pane.header.title() == "Training"
    assert pane.log.text() == ""
    assert len(pane.plots.loss.curve.build().series) == 0
    assert pane.recipe() == recipe


def test_the_log_keeps_the_last_five_thousand_lines(pane: TrainingPane) -> None:
    for number in range(5200):
        pane.show_event(Log(f"line {number}"))
    lines = pane.log.text().splitlines()
    assert len(lines) == 5000
    assert lines[-1] == "line 5199"


def test_the_model_card_counts_what_trains(pane: TrainingPane) -> None:
    pane.show_count(ModelCounted("starter", "llama", 3_100_000, 690_000, 6_200_000, 0.002))
    assert pane.model_card.value() == "22 % trains"
    assert "0.69 M of 3.10 M parameters train" in pane.model_card._words.text()
    editor = pane.form.rows["optimizer.learning_rate"].editor
    assert editor.placeholderText() == "auto: 0.002"


def test_the_figures_are_written_by_the_timer_not_by_the_step(pane: TrainingPane, qtbot) -> None:
    pane.show_state("running")
    pane.show_event(step(120))
    qtbot.waitUntil(lambda: pane.figures._step.value() == "120")
    assert pane.figures._left.value() == "24 s"
