"""Whatever is done in the window, in whatever order: titles, what is acted on, and what is written agree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from studio.app.studio import Studio
from studio.jobs.job import Job
from studio.jobs.models import ListModelsJob
from tests.app.test_run_menu import stored_run
from tests.app.test_subjects import jobs
from tests.app.walking import SMALL, Walk
from tests.conftest import write_rows

__all__ = ["jobs"]

SEED = int(os.environ.get("WALK_SEED", "1"))


@pytest.fixture
def walk(
    studio: Studio, jobs: list[Job], tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Walk:
    """A walk that begins with a dataset on show; what fits, which takes seconds, is not found out on it."""
    monkeypatch.setattr(
        "studio.app.models.ListModelsJob",
        lambda paths, places, weigh: ListModelsJob(paths, places, weigh=False),
    )
    files = [write_rows(tmp_path / f"{name}.jsonl", 16 + n) for n, name in enumerate(("support", "letters"))]
    walk = Walk(studio, qtbot, files, jobs, SEED)
    studio.open_path(str(files[0]))
    qtbot.waitUntil(lambda: studio.state.dataset is not None)
    studio.training.change(SMALL)
    walk.rest()
    return walk


@pytest.mark.long
def test_forty_random_actions_among_earlier_runs_leave_titles_subjects_and_files_in_agreement(
    walk: Walk, tmp_path: Path
) -> None:
    for name, outcome in (("one", "stopped"), ("two", "done"), ("three", "failed"), ("four", "done")):
        stored_run(tmp_path / "home", name, 24 if outcome != "done" else 48, outcome)
    walk.studio.runs.refresh()
    walk.rest()
    walk.leave_out("start", "stop", "resume", "sweep", "use_run", "evaluate", "stop_evaluation", "ask")
    walk.go(40)


@pytest.mark.long
def test_five_hundred_random_actions_leave_titles_subjects_and_files_in_agreement(walk: Walk) -> None:
    for _ in range(2):
        walk.start()
        walk.rest()
    walk.go(500)
