"""A disk that is nearly full pauses a run, which goes on to the same weights once there is room."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from studio.catalogue import Phrase, phrase
from studio.errors import DiskError, DiskLow
from studio.events import Ended, Event, RunOpened, Step
from studio.files import LEAST_FREE, RoomWatch, check_room
from studio.files.room import SECONDS, SPARE
from studio.jobs.train import ResumeJob, TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import summarize
from tests.conftest import refused
from tests.train.test_resume import assert_identical, recipe, whole

__all__ = ["recipe", "whole"]  # the same runs, and how they are made


class Disk:
    """How much is free, as the one call tells that the app asks by; the disk itself is the real one."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 10 * LEAST_FREE
        self.looks = 0
        monkeypatch.setattr(shutil, "disk_usage", self._usage)

    def _usage(self, path: object) -> SimpleNamespace:
        self.looks += 1
        return SimpleNamespace(total=2**40, used=2**40 - self.free, free=self.free)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr("studio.files.room.SECONDS", 0.0)
    return Disk(monkeypatch)


def filled(disk: Disk, job: TrainJob | ResumeJob, step: int, free: int) -> tuple[RunFolder, DiskLow]:
    """Perform a job, leaving so much of the disk free from a step on; the run, and why it paused."""
    events: list[Event] = []

    def perform() -> None:
        for event in job.run_events(ModelCache()):
            events.append(event)
            if isinstance(event, Step) and event.step == step:
                disk.free = free

    with pytest.raises(DiskLow) as paused:
        perform()
    run = next(event for event in events if isinstance(event, RunOpened))
    return RunFolder(Path(run.folder)), paused.value


def saved(error: DiskLow) -> object:
    assert isinstance(error.said, Phrase)
    return dict(error.said.values)["saved"]


def test_a_run_paused_for_a_full_disk_goes_on_to_the_same_weights(
    disk: Disk, whole: RunFolder, recipe: Recipe, tmp_path: Path
) -> None:
    run, paused = filled(disk, TrainJob(recipe, tmp_path / "runs"), step=5, free=LEAST_FREE - 1)
    assert paused.code == "disk.paused"
    assert saved(paused) == phrase("disk.paused_saved", step=5)
    assert summarize(run).state == "stopped"
    ended = run.events()[-1]
    assert isinstance(ended, Ended)
    assert ended.summary == paused.said
    with refused("disk.low", DiskError):
        list(ResumeJob(run).run_events(ModelCache()))
    disk.free = 10 * LEAST_FREE
    run, paused = filled(disk, ResumeJob(run), step=10, free=SPARE)
    assert saved(paused) == phrase("disk.paused_at_last", step=10, last=8)
    disk.free = 10 * LEAST_FREE
    list(ResumeJob(run).run_events(ModelCache()))
    assert summarize(run).state == "done"
    assert_identical(run, whole)


def test_a_disk_is_looked_at_every_few_seconds(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.0
    monkeypatch.setattr("studio.files.room.SECONDS", SECONDS)
    watch = RoomWatch(tmp_path, lambda: seconds)
    assert not watch.is_low()
    disk.free = LEAST_FREE - 1
    assert not watch.is_low()
    assert watch.is_low(now=True)
    seconds = 2 * SECONDS
    looks = disk.looks
    assert watch.is_low()
    assert disk.looks == looks + 1


def test_what_does_not_fit_is_refused_with_figures(disk: Disk, tmp_path: Path) -> None:
    disk.free = 3_000_000_000
    check_room(tmp_path / "new" / "model", 2_000_000_000, "This export")
    with refused("disk.no_room", DiskError, needed=3064, free=3000):
        check_room(tmp_path / "new" / "model", 3_000_000_000, "This export")
