from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from studio.events import Advice, Forecasted, Log, ModelCounted, Progress, Sampled, Skipped
from studio.recipe.files import ReadyRecipe
from studio.recipe.recipe import Recipe
from studio.runs.history import RunHistory
from studio.ui.panes.training.forecast import COMPUTING, PARTS, MemoryBar
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.panes.training.ready import NextData
from studio.ui.panes.training.states import LOOKS
from studio.ui.theme import Theme
from studio.ui.window import MainWindow, PaneEntry
from tests.ui.conftest import run_events, step

SHOWN = {
    "idle": {"Sweep…", "Start training"},
    "opening": set(),
    "preparing": {"Stop"},
    "running": {"Stop"},
    "stopping": {"Stop"},
    "stopped": {"Start over", "Evaluate", "Resume"},
    "interrupted": {"Sweep…", "Start over", "Resume"},
    "failed": {"Sweep…", "Start over", "Resume"},
    "overloaded": {"Start over", "Resume", "Resume in smaller portions"},
    "done": {"Sweep…", "Train again", "Evaluate"},
    "refused": {"Sweep…", "Try again"},
}


@pytest.fixture
def pane(theme: Theme, qtbot) -> TrainingPane:
    pane = TrainingPane(theme)
    qtbot.addWidget(pane)
    pane.resize(836, 680)
    pane.show_dataset(NextData("invoices", 218, 27))
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


def test_a_run_that_made_all_its_steps_is_never_called_stopped_at_the_last(pane: TrainingPane) -> None:
    pane.load_history(RunHistory.of(run_events()))
    for state, word in (("stopped", "Stopped"), ("interrupted", "Interrupted")):
        pane.show_state(state)
        assert pane.header.title() == f"{word} before the last validation"


def test_a_run_keeps_its_dataset_recipe_and_epochs_whatever_is_opened_and_typed(pane: TrainingPane) -> None:
    asked = Recipe().with_values({"data.path": "/data/support 3.jsonl", "epochs": 2, "rank": 4})
    pane.show_state("preparing")
    pane.take_run(asked)
    for event in run_events(12):
        pane.show_event(event)
    pane.show_dataset(NextData("support 4.jsonl", 36, 4, 0, ("/d/support 4.jsonl", "")))
    assert pane.form._dataset.text() == "support 3.jsonl"
    assert pane.recipe().lora.rank == 4
    facts = "Starter  ·  support 3.jsonl  ·  218 examples train, 27 validate"
    assert pane.header.subtitle() == facts
    assert pane._story.epochs == 3  # as its steps tell, which made 3 of them; never those of the form
    pane.show_state("done")
    assert pane.header.subtitle() == facts
    assert pane.form._dataset.text() == "support 4.jsonl"


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
    pane.load_history(RunHistory.of(run_events()))
    pane.show_state("done")
    assert pane.header.title() == "Trained: validation loss fell by 85 %"


def test_an_earlier_run_is_shown_with_its_whole_history(pane: TrainingPane, qtbot) -> None:
    pane.load_history(RunHistory.of(run_events(120)))
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
    pane.load_history(RunHistory.of(run_events(50)))
    pane.clear_run()
    pane.show_state("idle")
    assert pane.header.title() == "Ready: invoices, 218 rows, LoRA rank 4"
    assert pane.log.text() == ""
    assert len(pane.plots.loss.curve.build().series) == 0
    assert pane.recipe() == recipe


def test_the_log_keeps_the_last_five_thousand_lines(pane: TrainingPane) -> None:
    for number in range(5200):
        pane.show_event(Log(f"line {number}"))
    lines = pane.log.text().splitlines()
    assert len(lines) == 5000
    assert lines[-1] == "line 5199"


def test_the_count_stands_in_until_there_is_a_forecast(pane: TrainingPane) -> None:
    pane.show_count(ModelCounted("starter", "llama", 3_100_000, 690_000, 6_200_000, 0.002, 3_790_000))
    assert (
        "690,000 parameters train: 18.21 % of 3,790,000 with the adapter, 3,100,000 without it."
        in pane.forecast.words()
    )
    editor = pane.form.rows["optimizer.learning_rate"].editor
    assert editor.placeholderText() == "auto: 0.002"
    pane.show_forecast(forecast())
    assert pane.forecast.value() == "Fits well"


def forecast(**changed: object) -> Forecasted:
    """An invented forecast of a run that fits well."""
    gigabyte = 2**30
    sizes = {"weights": 3, "adapters": 1, "optimizer": 1, "activations": 2, "head": 1, "peak": 8, "limit": 16}
    told: dict[str, object] = {
        "model": "starter",
        "trainable_parameters": 18_464_768,
        "total_parameters": 1_562_179_072,
        "adapted_parameters": 1_580_643_840,
        **{name: size * gigabyte for name, size in sizes.items()},
        "fits": True,
        "measured": False,
        "seconds_per_epoch": 0.0,
        "steps_per_epoch": 80.0,
    }
    return Forecasted(**{**told, **changed})  # type: ignore[arg-type]


def test_a_forecast_says_what_is_taken_of_what_there_is(pane: TrainingPane) -> None:
    pane.show_forecast(forecast())
    card = pane.forecast
    assert (card._peak.text(), card._of.text()) == ("8.0 GB", "of 16.0 GB, estimated")
    assert card.words() == (
        "18,464,768 parameters train: 1.17 % of 1,580,643,840 with the adapter, 1,562,179,072 without it."
    )
    assert card.changes() == ""
    assert "Optimizer 1.0 GB" in card._bar.accessibleDescription()
    pane.show_forecast(forecast(measured=True, seconds_per_epoch=240.0))
    assert card._of.text() == "of 16.0 GB, measured"
    assert card.words().endswith("About 4 min per epoch on this Mac.")
    pane.show_forecast(forecast(remarks=("old.safetensors does not belong to the model.",)))
    assert card.words().endswith("without it.\nold.safetensors does not belong to the model.")


def test_a_forecast_that_is_close_or_does_not_fit_says_so_in_words(pane: TrainingPane) -> None:
    pane.show_forecast(forecast(peak=15 * 2**30))
    assert pane.forecast.value() == "Fits, but it is close"
    pane.show_forecast(forecast(peak=20 * 2**30, fits=False, changes=("Set Batch to 2.", "Set Rank to 8.")))
    assert pane.forecast.value() == "Does not fit"
    assert pane.forecast.changes() == "To make it fit:\n•  Set Batch to 2.\n•  Set Rank to 8."
    pane.show_forecast(forecast(fits=False))
    assert "smaller model" in pane.forecast.changes()


def test_without_a_forecast_no_number_is_shown(pane: TrainingPane) -> None:
    pane.show_forecast(forecast())
    pane.show_forecast(None)
    assert pane.forecast.value() == ""
    assert not pane.forecast._peak.isVisibleTo(pane)
    assert not pane.forecast._bar.isVisibleTo(pane)


def test_a_bar_paints_every_part_in_its_colour_and_the_limit_across(theme: Theme, qtbot) -> None:
    bar = MemoryBar(theme)
    qtbot.addWidget(bar)
    bar.resize(320, bar.height())
    bar.show_forecast(forecast(limit=4 * 2**30, fits=False))
    picture = bar.grab().toImage()
    middle = picture.height() // 2
    colours = {picture.pixelColor(x, middle).name().upper() for x in range(picture.width())}
    assert {getattr(theme.tokens, token) for _, _, token in PARTS} <= colours
    assert picture.pixelColor(picture.width() // 2, 0).name().upper() == theme.tokens.text


def test_a_forecast_is_asked_for_after_the_recipe_was_announced_and_only_of_a_possible_one(
    pane: TrainingPane, qtbot
) -> None:
    heard: list[str] = []
    pane.recipe_changed.connect(lambda _: heard.append("changed"))
    pane.forecast_requested.connect(lambda recipe: heard.append(f"forecast {recipe.lora.rank}"))
    editor = pane.form.rows["lora.rank"].editor
    editor.set_value("")
    qtbot.keyClicks(editor, "8")
    qtbot.waitUntil(lambda: heard == ["changed", "forecast 8"])
    assert pane.forecast.value() == COMPUTING
    pane.set_recipe(Recipe().with_values({"prefix_cache": "memory"}))
    qtbot.keyClicks(editor, "1")
    qtbot.waitUntil(lambda: heard[2:] == ["changed"])
    qtbot.wait(50)
    assert heard[2:] == ["changed"]


def test_nothing_starts_with_a_contradiction_and_the_button_says_why(pane: TrainingPane, qtbot) -> None:
    pane.set_recipe(Recipe().with_values({"prefix_cache": "memory"}))
    with qtbot.assertNotEmitted(pane.start_requested):
        pane.start()
    assert pane._buttons["start"].toolTip().startswith("The prefix cache needs frozen layers")


READY = ReadyRecipe(
    "large", "Large", "For a large model.", Recipe(model="hub/Large-8B").with_values({"rank": 64})
)


def test_a_ready_recipe_keeps_the_dataset_and_a_model_that_is_here(pane: TrainingPane, qtbot) -> None:
    mine = Recipe().with_values({"data.path": "/data/mine.jsonl"})
    pane.set_recipe(mine)
    pane.set_ready_recipes([READY])
    with qtbot.waitSignal(pane.recipe_changed):
        pane.recipe_card.actions_shown()["Large"].trigger()
    assert pane.recipe() == mine.with_values({"rank": 64})
    assert pane.recipe_card.name() == "Large"
    assert pane.recipe_card.note() == (
        "Made for hub/Large-8B, which is not on this Mac. Starter stays chosen until it is here."
    )
    assert pane.recipe_card.get.text() == "Get Large-8B…"
    with qtbot.waitSignal(pane.recipe_card.model_requested) as wanted:
        pane.recipe_card.get.click()
    assert wanted.args == ["hub/Large-8B"]


def test_the_model_of_a_ready_recipe_is_chosen_once_it_is_here(pane: TrainingPane, tmp_path: Path) -> None:
    pane.apply_recipe(READY.recipe, READY.title)
    pane.recipe_card.look_again()
    assert pane.recipe().model == "starter"
    pane.recipe_card.find_model = lambda model: str(tmp_path) if model == READY.recipe.model else model
    pane.recipe_card.look_again()
    assert pane.recipe() == READY.recipe.with_values({"model": str(tmp_path)})
    assert (pane.recipe_card.name(), pane.recipe_card.note()) == ("Large", "")
    assert pane.recipe_card.get.isHidden()


def test_a_recipe_for_a_model_on_this_mac_brings_it(pane: TrainingPane, tmp_path: Path) -> None:
    pane.recipe_card.find_model = str  # every model is here
    pane.apply_recipe(Recipe(model=str(tmp_path)), "mine")
    assert pane.recipe().model == str(tmp_path)
    assert pane.recipe_card.note() == ""


def test_the_recipes_name_says_when_it_was_changed_and_goes_with_another_recipe(
    pane: TrainingPane,
) -> None:
    pane.apply_recipe(READY.recipe, READY.title)
    pane.set_recipe(pane.recipe().with_values({"model": "/models/large"}))
    assert pane.recipe_card.name() == "Large"  # the model was to be chosen
    row = pane.form.rows["lora.rank"]
    row.editor.set_value(8)
    row.editor.edited.emit()
    assert pane.recipe_card.name() == "Large, changed"
    pane.set_recipe(Recipe())
    assert pane.recipe_card.name() == "My own"
    pane.apply_recipe(READY.recipe, READY.title)
    pane.recipe_card.actions_shown()["Back to the defaults"].trigger()
    assert (pane.recipe(), pane.recipe_card.name()) == (Recipe(), "My own")


def test_the_search_is_reached_by_its_shortcut_and_left_by_escape(
    pane: TrainingPane, theme: Theme, qtbot
) -> None:
    window = MainWindow(theme, [PaneEntry("training", "Training", "chart-line", pane)])
    qtbot.addWidget(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    search = pane.recipe_card._search
    qtbot.waitUntil(search.hasFocus)
    qtbot.keyClicks(search, "beta")
    assert pane.form.rows["preference.beta"].isVisible()
    assert not pane.form.rows["lora.rank"].isVisible()
    qtbot.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert pane.form.rows["lora.rank"].isVisible()
    assert not pane.form.rows["preference.beta"].isVisible()


def test_recipes_are_opened_and_saved_by_who_hears_it(pane: TrainingPane, qtbot) -> None:
    with qtbot.waitSignal(pane.open_recipe_requested):
        pane.recipe_card.actions_shown()["Open recipe…"].trigger()
    with qtbot.waitSignal(pane.save_recipe_requested) as saved:
        pane.recipe_card.actions_shown()["Save recipe…"].trigger()
    assert saved.args == [pane.recipe()]


def test_advice_is_in_sight_newest_first_and_earlier_ones_a_click_away(pane: TrainingPane) -> None:
    assert pane.advice.isHidden()
    pane.show_event(Advice(24, "forgetting", "Loss on general text rose.", "Lower the rate."))
    pane.show_event(Advice(48, "overfitting", "Validation loss rises.", "Stop here."))
    assert not pane.advice.isHidden()
    assert pane.advice.sentences() == ["Validation loss rises. Stop here."]
    pane.advice._more.click()
    assert pane.advice.sentences()[1] == "Loss on general text rose. Lower the rate."
    pane.clear_run()
    assert pane.advice.isHidden()


def test_samples_stand_under_their_step_newest_first_and_a_resume_repeats_none(pane: TrainingPane) -> None:
    for number in (0, 24, 48):
        pane.show_event(Sampled(number, "Hello", f"answer of {number}"))
        pane.show_event(Sampled(number, "Who are you?", "A model."))
    assert pane.tabs.samples.steps() == [48, 24, 0]
    assert pane.tabs._buttons["Samples"].text() == "Samples  3"
    prepared = run_events(0)[0]
    pane.show_event(dataclasses.replace(prepared, first_step=25))  # type: ignore[type-var]
    pane.show_event(Sampled(48, "Hello", "again"))
    assert pane.tabs.samples.steps() == [48, 24, 0]
    pane.clear_run()
    assert pane.tabs.samples.steps() == []


def test_skipped_updates_are_counted_logged_and_shown(pane: TrainingPane, qtbot) -> None:
    pane.show_state("running")
    pane.show_event(step(12))
    pane.show_event(Skipped(13, "the loss is not a number", 2))
    assert "step 13: the update was skipped, the loss is not a number, 2 in a row" in pane.log.text()
    qtbot.waitUntil(lambda: pane.figures.training._caption.text() == "training loss, 1 skipped")
    assert pane.tabs.details.facts()["Skipped updates"] == "1"


def test_the_details_say_what_was_prepared(pane: TrainingPane) -> None:
    prepared = dataclasses.replace(run_events(0)[0], shapes=9, prefix_bytes=3 * 2**20)  # type: ignore[type-var]
    pane.show_event(prepared)
    facts = pane.tabs.details.facts()
    assert facts["Shapes of a step"] == "9"
    assert facts["Prefix cache"] == "3 MB"
    assert facts["Trained"] == "690,000"


def test_a_run_that_learns_from_pairs_has_a_place_for_rewards(pane: TrainingPane) -> None:
    pane.show_state("running")
    assert pane.plots.rewards.isHidden()
    pane.set_recipe(Recipe().with_values({"objective": "dpo"}))
    pane.show_state("preparing")
    assert not pane.plots.rewards.isHidden()


def test_the_figures_are_written_by_the_timer_not_by_the_step(pane: TrainingPane, qtbot) -> None:
    pane.show_state("running")
    pane.show_event(step(120))
    qtbot.waitUntil(lambda: pane.figures.time.value() == "24 s")
    assert pane.figures.time._caption.text() == "left, epoch 1.5"
    assert pane.figures.speed.value() == "1,284"


def test_other_events_do_not_write_the_figures_between_two_times(pane: TrainingPane, qtbot) -> None:
    pane.show_state("running")
    written: list[None] = []
    pane.figures.written.connect(lambda: written.append(None))
    for number in range(1, 50):
        pane.show_event(step(number))
        pane.show_event(Log(f"line {number}"))
    assert len(written) <= 1
    qtbot.waitUntil(lambda: pane.figures.time.value() == "38 s")
