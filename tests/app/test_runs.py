"""Runs in the window: another name, notes, and their recipe once more."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.errors import RunError
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore
from tests.app.test_run_menu import stored_run
from tests.conftest import refused


def test_a_run_gets_another_name_and_stays_the_one_on_show(
    studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    stored_run(tmp_path / "home", "one")
    stored_run(tmp_path / "home", "two")
    studio.runs.use("one")
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    studio.window.show_pane("runs")
    studio.panes.runs.select("one")
    studio.panes.runs.rename_requested.emit("one", "Support, 2nd try")
    new = "Support--2nd-try"
    qtbot.waitUntil(lambda: studio.state.subjects.name("playground") == new)
    assert {run.name for run in studio.store.runs()} == {new, "two"}
    studio.panes.runs.rename_requested.emit(new, "two")
    assert "There is a run called two already" in studio.window.notice().text()
    assert {run.name for run in studio.store.runs()} == {new, "two"}


def test_notes_are_kept_and_come_back(studio: Studio, tmp_path: Path, qtbot: QtBot) -> None:
    run = stored_run(tmp_path / "home", "one")
    studio.window.show_pane("runs")
    studio.runs.use("one")
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    studio.panes.runs.select("one")
    qtbot.waitUntil(lambda: studio.panes.runs.details._name == "one")
    studio.panes.runs.details.notes.setPlainText("Answers are short and right.")
    qtbot.waitUntil(lambda: run.notes == "Answers are short and right.")
    assert RunStore(tmp_path / "home" / "runs").summaries()[0].notes == "Answers are short and right."
    studio.panes.runs.details.notes.setPlainText("")
    qtbot.waitUntil(lambda: run.notes == "")


def test_the_recipe_of_a_run_is_trained_with_again(studio: Studio, tmp_path: Path, qtbot: QtBot) -> None:
    recipe = Recipe().with_values({"lora.rank": 4, "loop.epochs": 9, "data.path": "/elsewhere.jsonl"})
    RunFolder.create(tmp_path / "home" / "runs", "one", {"recipe": recipe.model_dump()})
    studio.dataset.datasets.open_sample()
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    path = studio.state.recipe.data.path
    studio.runs.use("one")
    qtbot.waitUntil(lambda: bool(studio.panes.runs._model.rows))
    studio.panes.runs.select("one")
    studio.panes.runs.perform("recipe")
    assert studio.window.current_pane() == "training"
    shown = studio.panes.training.recipe()
    assert (shown.lora.rank, shown.loop.epochs) == (4, 9)
    assert studio.state.recipe.data.path == path


def test_a_run_in_use_or_of_a_sweep_keeps_its_name(tmp_path: Path) -> None:
    store, recipe = RunStore(tmp_path), Recipe().model_dump()
    used = RunFolder.create(tmp_path, "used", {"recipe": recipe})
    with used.held(), refused("run.in_use", RunError, name="used"):
        store.rename("used", "other")
    RunFolder.create(tmp_path, "s-rank-4", {"recipe": recipe, "sweep": "s"})
    with refused("run.of_sweep", RunError, name="s-rank-4", sweep="s"):
        store.rename("s-rank-4", "other")
    assert store.rename("used", "used") == "used"
    assert store.rename("used", "other") == "other"
    assert store.find("other").manifest()["recipe"] == recipe


def test_a_damaged_sweep_is_named_above_the_runs(studio: Studio, tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "home" / "runs" / "grid.sweep.json"
    stored_run(tmp_path / "home", "one")
    file.write_text("{")
    studio.window.show_pane("runs")
    studio.runs.refresh()
    damaged = studio.panes.runs._damaged
    qtbot.waitUntil(damaged.isVisible)
    assert damaged.text().startswith(f"{file} does not describe a sweep")
    file.unlink()
    studio.runs.refresh()
    qtbot.waitUntil(lambda: not damaged.isVisible())
    assert studio.panes.runs.table.isVisible()
