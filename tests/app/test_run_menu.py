"""The Run menu offers what can act: for training, and for the run that is meant."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.events import Ended
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.ui.menus import RUN
from studio.ui.widgets.button import Button
from tests.ui.conftest import run_events


def stored_run(home: Path, name: str, last: int = 24, outcome: str = "stopped") -> RunFolder:
    """A run as its folder tells it, which came to step `last` of 48; what it learned is nothing."""
    recipe = Recipe(data={"path": str(home / "rows.jsonl")}).model_dump()
    manifest = {"recipe": recipe, "created": datetime.now(UTC).isoformat()}
    run = RunFolder.create(home / "runs", name, manifest)
    for event in [*run_events(last, 48), Ended(outcome)]:
        run.append(event)
    run.adapter.mkdir()
    (run.adapter / "adapters.safetensors").touch()
    return run


def enabled(studio: Studio) -> set[str]:
    """What can be done beside opening the local server, which needs neither data nor a run."""
    keys = {command.key for command in RUN if command.key} - {"serve"}
    return {key for key in keys if studio.window.action(key).isEnabled()}


def test_nothing_can_be_done_in_an_empty_window(studio: Studio) -> None:
    assert enabled(studio) == set()
    assert studio.window.action("serve").isEnabled()


@pytest.mark.long
def test_training_is_offered_with_a_dataset_and_stopping_while_it_runs(studio: Studio, qtbot: QtBot) -> None:
    studio.dataset.datasets.open_sample()
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert enabled(studio) == {"start", "sweep"}
    studio.training.change({"loop.steps": 2})
    studio.window.action("start").trigger()
    assert studio.window.current_pane() == "training"
    assert enabled(studio) & {"start", "sweep", "stop"} == {"stop"}
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert {"start", "sweep", "run:evaluate", "run:play"} <= enabled(studio)
    assert "stop" not in enabled(studio)


def test_the_run_that_is_meant_is_that_of_the_pane_in_front(
    studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    stored_run(tmp_path / "home", "first", outcome="done")
    stored_run(tmp_path / "home", "second")
    studio.runs.use("second")
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    assert enabled(studio) == set()  # the dataset's pane is about no run
    studio.window.show_pane("playground")
    assert {"run:resume", "run:reveal", "run:delete"} <= enabled(studio)
    studio.window.show_pane("runs")
    assert enabled(studio) == set()
    studio.panes.runs.select("first")
    assert "run:resume" not in enabled(studio)
    assert {"run:evaluate", "run:play", "run:delete"} <= enabled(studio)
    studio.window.action("run:play").trigger()
    qtbot.waitUntil(lambda: studio.state.subjects.name("playground") == "first")
    assert studio.window.current_pane() == "playground"


def test_the_menu_asks_before_it_moves_a_run_to_the_trash(
    studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    run = stored_run(tmp_path / "home", "one")
    studio.runs.use("one")
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    studio.window.show_pane("playground")
    studio.window.action("run:delete").trigger()
    assert studio.window.current_pane() == "runs"
    assert studio.panes.runs._confirm.isVisible()
    studio.panes.runs._confirm.agree.click()
    assert not run.path.exists()


@pytest.mark.parametrize("asked", [False, True])
def test_what_is_typed_in_the_playground_goes_to_its_prompt(
    studio: Studio, tmp_path: Path, qtbot: QtBot, asked: bool
) -> None:
    stored_run(tmp_path / "home", "one")
    if asked:
        studio.window.show_pane("playground")
    studio.runs.use("one")
    qtbot.waitUntil(lambda: studio.state.subjects.run("playground") is not None)
    studio.window.activateWindow()
    studio.window.show_pane("playground")
    qtbot.waitUntil(studio.panes.playground.prompt.hasFocus)


def test_keys_reach_the_runs_as_soon_as_they_are_shown_and_the_sidebar_keeps_its_own(
    studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    stored_run(tmp_path / "home", "one")
    studio.runs.use("one")
    qtbot.waitUntil(lambda: bool(studio.state.subjects.runs))
    studio.window.activateWindow()
    studio.window.show_pane("runs")
    qtbot.waitUntil(studio.panes.runs.table.hasFocus)
    button = studio.window.findChild(Button)
    assert button is not None
    assert button.property("pane") == "dataset"
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    assert studio.window.current_pane() == "dataset"
    assert button.hasFocus()
