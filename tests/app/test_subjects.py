"""Each pane is about one run of its own, which it names, and acts on that and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.jobs.answers import ChatJob
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.job import Job
from studio.jobs.queue import JobQueue
from studio.recipe.sweep import Sweep
from studio.runs.folder import RunFolder
from studio.ui.widgets.pane import PaneFrame
from tests.app.test_run_menu import stored_run
from tests.conftest import write_rows

PANES = ("training", "evaluation", "playground")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Every job that the window asks for."""
    kept: list[Job] = []
    submit = JobQueue.submit

    def keeping(queue: JobQueue, job: Job, *arguments: object) -> object:
        kept.append(job)
        return submit(queue, job, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(JobQueue, "submit", keeping)
    return kept


@pytest.fixture
def runs(studio: Studio, tmp_path: Path, qtbot: QtBot) -> dict[str, RunFolder]:
    """Three runs in the window's home."""
    made = {name: stored_run(tmp_path / "home", name) for name in ("old", "middle", "new")}
    studio.runs.refresh()
    qtbot.waitUntil(lambda: len(studio.state.subjects.runs) == 3)
    qtbot.waitUntil(lambda: studio.queue.idle)
    return made


def named(studio: Studio) -> dict[str, str]:
    """What the pickers in the panes' titles say."""
    return {pane: getattr(studio.panes, pane).picker.name() for pane in PANES}


def pick(studio: Studio, qtbot: QtBot, pane: str, name: str) -> None:
    """Choose a run in a pane."""
    getattr(studio.panes, pane).picker.chosen.emit(name)
    qtbot.waitUntil(lambda: studio.queue.idle)


def test_choosing_a_run_in_one_pane_changes_no_other(
    studio: Studio, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    pick(studio, qtbot, "playground", "old")
    pick(studio, qtbot, "evaluation", "middle")
    pick(studio, qtbot, "training", "new")
    expected = {"training": "new", "evaluation": "middle", "playground": "old"}
    assert named(studio) == expected
    assert {pane: studio.state.subjects.name(pane) for pane in PANES} == expected
    studio.panes.runs.select("old")
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert named(studio) == expected
    for pane in PANES:
        frame = getattr(studio.panes, pane)
        assert isinstance(frame, PaneFrame)
        assert frame.picker.isVisibleTo(frame)  # type: ignore[attr-defined]
        assert frame.picker.accessibleName() == f"Run: {expected[pane]}"  # type: ignore[attr-defined]


def test_evaluate_acts_on_the_run_of_the_pane_it_is_pressed_in(
    studio: Studio, runs: dict[str, RunFolder], jobs: list[Job], qtbot: QtBot
) -> None:
    pick(studio, qtbot, "training", "middle")
    studio.panes.runs.playground_requested.emit("old")
    studio.window.show_pane("training")
    studio.panes.training.evaluate_requested.emit()
    assert studio.window.current_pane() == "evaluation"
    assert named(studio) == {"training": "middle", "evaluation": "middle", "playground": "old"}
    qtbot.waitUntil(lambda: studio.queue.idle)
    pick(studio, qtbot, "evaluation", "new")
    studio.panes.evaluation.evaluate_requested.emit()
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert [job.run.name for job in jobs if isinstance(job, EvaluateJob)] == ["middle", "new"]
    assert named(studio)["training"] == "middle"


def test_a_question_goes_to_the_run_that_the_playground_names(
    studio: Studio, runs: dict[str, RunFolder], jobs: list[Job], qtbot: QtBot
) -> None:
    pick(studio, qtbot, "evaluation", "middle")
    pick(studio, qtbot, "playground", "old")
    studio.playground.ask("Hello")
    qtbot.waitUntil(lambda: studio.queue.idle)
    studio.panes.evaluation.playground_requested.emit("Why?")  # of the answers that stand there
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert [job.run.name for job in jobs if isinstance(job, ChatJob) and job.run] == ["old", "middle"]
    assert named(studio)["playground"] == "middle"


def test_a_pane_follows_the_newest_run_until_one_is_chosen_there(
    studio: Studio, runs: dict[str, RunFolder], tmp_path: Path, qtbot: QtBot
) -> None:
    assert (named(studio)["evaluation"], named(studio)["playground"]) == ("new", "new")
    pick(studio, qtbot, "evaluation", "old")
    stored_run(tmp_path / "home", "newest")
    studio.runs.use("newest")  # as when it has learned something
    qtbot.waitUntil(lambda: named(studio)["playground"] == "newest")
    assert named(studio)["evaluation"] == "old"


def test_a_run_that_is_deleted_or_renamed_is_so_in_every_pane(
    studio: Studio, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    for pane in PANES:
        pick(studio, qtbot, pane, "middle")
    studio.panes.runs.rename_requested.emit("middle", "best")
    assert set(named(studio).values()) == {"best"}  # at once
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert set(named(studio).values()) == {"best"}
    studio.panes.runs.delete_requested.emit("best")
    qtbot.waitUntil(lambda: studio.queue.idle)
    assert named(studio) == {"training": "", "evaluation": "new", "playground": "new"}
    assert studio.panes.training.picker.text() == "New run"


def test_an_earlier_run_is_shown_as_it_was_asked_and_a_new_one_as_it_was_typed(
    studio: Studio, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    training = studio.panes.training
    studio.training.change({"lora.rank": 5})
    pick(studio, qtbot, "training", "old")
    assert training.header.title() == "Stopped at step 24 of 48"
    assert training.header.subtitle().startswith("What was learned is kept")
    assert training.recipe().lora.rank == 16
    pick(studio, qtbot, "training", "middle")
    pick(studio, qtbot, "training", "")
    assert training.recipe().lora.rank == 5
    assert training.header.title() == "Training"


@pytest.mark.long
def test_during_a_sweep_form_title_and_sidebar_tell_of_the_run_that_trains(
    studio: Studio, tiny_model: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    pane, window = studio.panes.training, studio.window
    studio.open_path(str(write_rows(tmp_path / "support.jsonl", 16)))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.change({"model": str(tiny_model), "lora.rank": 8, "loop.steps": 3, "loop.rest": 0.5})
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.sweep(Sweep(pane.recipe(), (("lora.rank", ("2", "4")),)))
    told: dict[str, tuple[str, int, str, str]] = {}
    other = write_rows(tmp_path / "letters.jsonl", 18)
    while studio.training.busy:
        qtbot.waitUntil(lambda: not studio.training.busy or " · step " in pane.header.title())
        if studio.training.busy:
            foot = window._sidebar._state
            assert foot.shown_text() == foot.text()
            title = pane.header.title().partition(" · step ")[0]
            told[title] = (
                pane.picker.name(), pane.recipe().lora.rank, pane.form._dataset.text(), foot.text(),
            )  # fmt: skip
            if len(told) == 1 and studio.state.recipe.data.path != str(other):
                studio.open_path(str(other))  # which changes nothing of the run that trains
            qtbot.wait(20)
    assert told == {
        "Run 1 of 2 · Rank 2": ("support-sweep-rank-2", 2, "support.jsonl", "Training run 1 of 2"),
        "Run 2 of 2 · Rank 4": ("support-sweep-rank-4", 4, "support.jsonl", "Training run 2 of 2"),
    }
    assert pane.recipe().lora.rank == 8
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    assert pane.form._dataset.text() == "letters.jsonl"


def test_a_run_that_a_pane_works_with_keeps_its_name_and_place(
    studio: Studio, runs: dict[str, RunFolder], qtbot: QtBot
) -> None:
    studio.state.subjects.hold("evaluation", "old", "old is being evaluated.")
    assert not studio.panes.evaluation.picker.isEnabled()
    studio.panes.runs.rename_requested.emit("old", "other")
    studio.panes.runs.delete_for_good_requested.emit("old")
    assert runs["old"].path.exists()
    assert "is being evaluated" in studio.window.notice("runs").text()
    studio.panes.runs.rename_requested.emit("new", "newest")  # which no pane works with
    assert not runs["new"].path.exists()
    studio.state.subjects.release("evaluation")
    studio.panes.runs.rename_requested.emit("old", "other")
    assert not runs["old"].path.exists()
