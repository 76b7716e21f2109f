"""A sweep in the real window: asked for in its sheet, stopped in the middle, resumed, compared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from studio.app.start import make_window
from studio.app.studio import Studio
from studio.errors import RecipeError
from studio.events import Ended
from studio.jobs.sweep import SweepJob
from studio.models.cache import ModelCache
from studio.paths import Paths
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.runs.sweeps import SweepFile, UnfinishedSweep, find_sweep
from studio.settings import Settings
from studio.ui.panes.training.sweep import RunPace, SweepDialog
from studio.ui.theme import Theme


@pytest.fixture
def studio(qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Iterator[Studio]:
    theme = Theme(qapp)
    theme.apply(qapp)
    window = make_window(theme, Settings())
    window.show()
    studio = Studio(Paths.under(tmp_path / "home"), theme, Settings(), window)
    yield studio
    window.close()
    window.deleteLater()


@pytest.mark.long
def test_a_sweep_is_asked_for_stopped_and_resumed(
    studio: Studio, qtbot: QtBot, tiny_model: Path, toy_data: Path
) -> None:
    training = studio.panes.training
    recipe = Recipe().with_values({"model": str(tiny_model), "epochs": 1, "batch_size": 4, "rest": 0.5})
    training.apply_recipe(recipe, "tiny")
    studio.training.use_model(str(tiny_model))
    studio.dataset.datasets.open(str(toy_data))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    dialog = training.ask_for_sweep()
    (row,) = dialog.rows()
    row.set_values("2, 3, 4")
    assert dialog.agree.text() == "Train 3 runs"
    qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)

    qtbot.waitUntil(lambda: len(studio.store.summaries()) == 2)
    studio.training.stop()
    qtbot.waitUntil(lambda: not studio.training.busy)
    assert len(studio.store.summaries()) < 3
    training.resume_requested.emit()
    qtbot.waitUntil(lambda: not studio.training.busy)
    assert [run.state for run in studio.store.summaries()] == ["done"] * 3
    assert training.header.subtitle().startswith("3 of 3 runs are done.")


@pytest.fixture
def unfinished(tmp_path: Path, tiny_model: Path, toy_data: Path) -> SweepFile:
    """A sweep of two runs, stopped when the first was done."""
    values = {"model": str(tiny_model), "data.path": str(toy_data), "epochs": 1, "batch_size": 16}
    base = Recipe().with_values({**values, "watch.forgetting": False})
    runs = Paths.under(tmp_path / "home").runs
    job = SweepJob(Sweep(base, (("lora.rank", (2, 4)),)), runs, "ranks")
    events = job.run_events(ModelCache())
    next(event for event in events if isinstance(event, Ended))
    events.close()
    return find_sweep(runs, "ranks")


def test_an_unfinished_sweep_is_continued_from_its_runs(
    studio: Studio, qtbot: QtBot, unfinished: SweepFile
) -> None:
    pane = studio.panes.runs
    studio.runs.refresh()
    qtbot.waitUntil(lambda: bool(studio.runs.unfinished))
    pane.select("ranks-rank-2")
    assert "continue" in pane.offers()
    assert "resume" not in pane.offers()
    assert pane._continue.text() == "Continue sweep"
    pane.perform("continue")
    qtbot.waitUntil(lambda: not studio.training.busy)
    assert [run.state for run in studio.store.summaries()] == ["done", "done"]
    assert studio.panes.training.header.subtitle().startswith("2 of 2 runs are done.")
    qtbot.waitUntil(lambda: not studio.runs.unfinished)
    assert "continue" not in pane.offers()


def test_the_start_offers_to_continue_a_sweep_that_was_stopped(
    studio: Studio, qtbot: QtBot, unfinished: SweepFile
) -> None:
    studio.session.begin()
    studio.runs.refresh()
    notice = studio.window.notice()
    qtbot.waitUntil(notice.isVisible)
    assert notice.text() == "Sweep ranks was stopped after 1 of 2 runs."
    assert notice.action.text() == "Continue"
    notice.action.click()
    qtbot.waitUntil(lambda: not studio.training.busy)
    assert [run.state for run in studio.store.summaries()] == ["done", "done"]


def test_a_grid_that_cannot_run_says_why_and_cannot_be_started(qtbot: QtBot) -> None:
    dialog = SweepDialog(Recipe())
    qtbot.addWidget(dialog)
    (row,) = dialog.rows()
    assert dialog.summary().startswith("Rank 8; Rank 16; Rank 32; Rank 64.")
    for values, told in (
        ("8, 8", "asked for twice"),
        ("8, many", "must be a whole number"),
        ("", "Give Rank values"),
    ):
        row.set_values(values)
        assert told in dialog.summary()
        assert not dialog.agree.isEnabled()
        with pytest.raises(RecipeError):
            dialog.sweep()
    row.set_values("8, 16")
    qtbot.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
    assert dialog.agree.text() == "Train 8 runs"
    with qtbot.waitSignal(dialog.requested) as asked:
        qtbot.mouseClick(dialog.agree, Qt.MouseButton.LeftButton)
    (sweep,) = asked.args
    assert isinstance(sweep, Sweep)
    assert [path for path, _ in sweep.over] == ["lora.rank", "optimizer.learning_rate"]
    qtbot.mouseClick(dialog.rows()[1].remove, Qt.MouseButton.LeftButton)
    assert dialog.agree.text() == "Train 2 runs"


def test_return_in_a_field_of_the_sheet_trains_and_adds_none(qtbot: QtBot) -> None:
    dialog = SweepDialog(Recipe())
    qtbot.addWidget(dialog)
    dialog.show()
    (row,) = dialog.rows()
    with qtbot.waitSignal(dialog.requested) as asked:
        qtbot.keyClick(row.focusProxy(), Qt.Key.Key_Return)
    assert len(asked.args[0].members()) == 4
    assert len(dialog.rows()) == 1


def test_learning_rates_to_try_lie_around_the_one_that_would_be_chosen(qtbot: QtBot) -> None:
    for recipe, rate, middle in (
        (Recipe(), 0.0016, 0.0016),
        (Recipe().with_values({"learning_rate": 1e-4}), 0.0016, 1e-4),
    ):
        dialog = SweepDialog(recipe, rate)
        qtbot.addWidget(dialog)
        row = dialog.add_field("optimizer.learning_rate")
        assert [float(value) for value in row.over()[1]] == [middle / 4, middle / 2, middle, 2 * middle]


def test_alpha_follows_rank_where_that_is_ticked(qtbot: QtBot) -> None:
    dialog = SweepDialog(Recipe())
    qtbot.addWidget(dialog)
    dialog.show()
    assert {member.recipe.lora.alpha for member in dialog.sweep().members()} == {32}
    dialog.follows.click()
    assert [member.recipe.lora.alpha for member in dialog.sweep().members()] == [16, 32, 64, 128]
    dialog.add_field("lora.alpha")
    assert not dialog.follows.isVisible()


def test_the_sheet_says_how_long_all_runs_take_before_any_starts(qtbot: QtBot) -> None:
    recipe = Recipe()  # 3 epochs
    dialog = SweepDialog(recipe, None, RunPace(recipe, seconds_per_epoch=60.0, steps_per_epoch=100.0))
    qtbot.addWidget(dialog)
    assert "About 12 min in all, as forecast." in dialog.summary()  # 4 runs of 3 minutes
    dialog.add_field("loop.epochs").set_values("1, 2")
    assert "About 12 min in all" in dialog.summary()  # 4 of one and 4 of two
    counted = recipe.with_values({"steps": 50})
    fewer = SweepDialog(counted, None, RunPace(counted, 60.0, 100.0, measured=True))
    qtbot.addWidget(fewer)
    assert "About 2 min in all, as measured in the last run." in fewer.summary()
    unknown = SweepDialog(recipe)
    qtbot.addWidget(unknown)
    assert "can be told once a run has measured it" in unknown.summary()


def test_the_sheet_is_no_higher_than_what_it_holds(qtbot: QtBot) -> None:
    dialog = SweepDialog(Recipe())
    qtbot.addWidget(dialog)
    dialog.show()
    QApplication.processEvents()  # lays it out for its width
    low = dialog.height()
    dialog.add.click()
    dialog.add.click()
    assert dialog.height() > low
    for row in dialog.rows()[1:]:
        row.remove.click()
    assert dialog.height() == low


def test_a_search_is_offered_in_the_order_that_matters(qtbot: QtBot) -> None:
    dialog = SweepDialog(Recipe(), 0.0016)
    qtbot.addWidget(dialog)
    dialog.ways.choose("search")
    assert [row.path for row in dialog.rows()] == [
        "optimizer.learning_rate",
        "lora.rank",
        "loop.batch_size",
        "loop.epochs",
    ]
    assert dialog.agree.text() == "Train 9 runs"
    assert dialog.summary().startswith(
        "First Learning rate 5.3e-4; Learning rate auto; Learning rate 0.0048."
    )
    with qtbot.waitSignal(dialog.requested) as asked:
        dialog.agree.click()
    (sweep,) = asked.args
    assert (sweep.guided, sweep.alpha_follows, sweep.count) == (True, True, 9)


def test_what_was_not_finished_is_called_by_its_kind() -> None:
    assert UnfinishedSweep("s", 2, 9, "search").words == "Search s was stopped after 2 of 9 runs."
    assert UnfinishedSweep("s", 1, 3, "stages").words == "Staged recipe s was stopped after 1 of 3 stages."
