"""A Metal failure: told as a sentence with the way on, and the next job finds a fresh engine thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from studio.catalogue import phrase
from studio.cli import commands
from studio.errors import ModelError
from studio.events import Ended, Event, RunOpened, Step, from_json
from studio.jobs.job import (
    Done,
    Failed,
    Outcome,
    Stopped,
    is_metal,
    said_of,
)
from studio.jobs.queue import JobQueue, QueueName
from studio.jobs.train import ResumeJob, TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore
from tests.jobs.engine_jobs import BrokenGpu, TrainOnBrokenGpu, Work

FAILED = "[METAL] Command buffer execution failed: "
MEMORY = FAILED + "Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)"
WATCHDOG = (
    FAILED + "Impacting Interactivity (0000000e:kIOGPUCommandBufferCallbackErrorImpactingInteractivity)"
)


BOTH = [pytest.param(False, id="thread"), pytest.param(True, marks=pytest.mark.long, id="child")]


@pytest.fixture(params=BOTH)
def queue(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[JobQueue]:
    queue = JobQueue(engine_in_child=request.param)
    yield queue
    queue.shut_down()
    assert not queue.engine_busy
    assert not any(thread.isRunning() for thread in queue.findChildren(QThread))


def submit(queue: JobQueue, job: Any, queue_name: QueueName = QueueName.ENGINE) -> list[Outcome]:
    outcomes: list[Outcome] = []
    queue.submit(job, queue_name, lambda event: None, outcomes.append)
    return outcomes


def test_the_next_job_runs_on_another_thread_with_a_new_bench(qtbot: QtBot, queue: JobQueue) -> None:
    before, failing, after = Work(), Work(message=MEMORY), Work()
    ended = [submit(queue, job) for job in (before, failing, after)]
    qtbot.waitUntil(lambda: all(ended))
    assert [type(outcomes[0]) for outcomes in ended] == [Done, Failed, Done]
    (old_thread, old_bench), (same_thread, same_bench) = before.seen.read()[0], failing.seen.read()[0]
    (new_thread, new_bench) = after.seen.read()[0]
    assert (old_thread, old_bench) == (same_thread, same_bench)
    assert new_thread != old_thread
    assert new_bench[0] == ModelCache.__name__
    assert new_bench != old_bench


def test_a_job_asked_for_at_the_failure_itself_is_done(qtbot: QtBot, queue: JobQueue) -> None:
    """The listener submits while the broken thread is still leaving."""
    for _ in range(5):
        after = Work()
        outcomes: list[Outcome] = []
        queue.submit(
            Work(message=MEMORY),
            QueueName.ENGINE,
            lambda event: None,
            lambda outcome, after=after, outcomes=outcomes: queue.submit(
                after, QueueName.ENGINE, lambda event: None, outcomes.append
            ),
        )
        qtbot.waitUntil(lambda outcomes=outcomes: outcomes == [Done()])


def test_other_failures_keep_thread_and_bench(qtbot: QtBot, queue: JobQueue) -> None:
    failing, after = Work(message="a mistake"), Work()
    ended = [submit(queue, failing), submit(queue, after)]
    qtbot.waitUntil(lambda: all(ended))
    assert failing.seen.read() == after.seen.read()


def test_a_short_job_that_fails_spoils_the_thread_only_after_the_long_one(
    qtbot: QtBot, queue: JobQueue
) -> None:
    long, short, after = Work(events=3), Work(message=MEMORY), Work()
    ended = [submit(queue, long), submit(queue, short, QueueName.INTERRUPT), submit(queue, after)]
    long.gate.touch()
    qtbot.waitUntil(lambda: all(ended))
    (thread, _), *rest = [*long.seen.read(), *short.seen.read()]
    assert all(each == thread for each, _ in rest)
    assert after.seen.read()[0][0] != thread


@pytest.mark.parametrize("in_child", BOTH)
def test_shutting_down_ends_what_waits_behind_a_failure(qtbot: QtBot, in_child: bool) -> None:
    queue, failing, waiting = JobQueue(engine_in_child=in_child), Work(events=2, message=MEMORY), Work()
    failed, stopped = submit(queue, failing), submit(queue, waiting)
    qtbot.waitUntil(lambda: bool(failing.seen.read()))
    failing.gate.touch()
    queue.shut_down()
    assert isinstance(failed[0], Failed | Stopped)
    assert stopped == [Stopped()]
    assert waiting.seen.read() == []


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (MEMORY, "engine.out_of_memory"),
        (
            "[metal::malloc] Attempting to allocate 9 bytes which is greater than the maximum",
            "engine.out_of_memory",
        ),
        (WATCHDOG, "engine.stopped_by_macos"),
        (
            FAILED + "Caused GPU Timeout Error (00000002:kIOGPUCommandBufferCallbackErrorTimeout)",
            "engine.stopped_by_macos",
        ),
        (
            FAILED + "Caused GPU Hang Error (00000003:kIOGPUCommandBufferCallbackErrorHang)",
            "failure.gpu_hang",
        ),
        (
            FAILED + "Innocent Victim (00000005:kIOGPUCommandBufferCallbackErrorInnocentVictim)",
            "failure.gpu_disturbed",
        ),
        ("[malloc] Unable to allocate 9663676416 bytes.", "failure.no_memory"),
        ("std::bad_alloc", "failure.no_memory"),
    ],
)
def test_the_cause_is_told_with_what_to_do(message: str, told: str) -> None:
    assert said_of(RuntimeError(message)) == phrase(told)


def test_only_what_was_too_much_at_once_is_an_overload() -> None:
    way_on = phrase("engine.resume", step=4)
    for code in ("engine.out_of_memory", "failure.gpu_hang", "engine.killed", "failure.no_memory"):
        assert Failed(phrase(code), "").is_overload
        assert Failed(phrase("engine.with_way_on", reason=phrase(code), way_on=way_on), "").is_overload
    assert Failed(said_of(MemoryError("x")), "").is_overload
    for other in (phrase("failure.gpu_disturbed"), said_of(ValueError("x")), "no"):
        assert not Failed(other, "").is_overload


def test_an_unknown_metal_error_keeps_its_own_words() -> None:
    words = FAILED + "Page Fault (0000000b:kIOGPUCommandBufferCallbackErrorPageFault)"
    assert said_of(RuntimeError(words)) == phrase("engine.metal", words=words)


def test_what_is_no_metal_error_is_told_as_before() -> None:
    unknown = phrase("failure.unknown", kind="ZeroDivisionError", words="division by zero")
    assert said_of(ZeroDivisionError("division by zero")) == unknown
    assert not is_metal(RuntimeError("There is no Stream(cpu, 0) in current thread."))


def test_a_metal_error_below_another_spoils_the_thread_too() -> None:
    error = ModelError("The model could not be loaded.")
    error.__cause__ = RuntimeError(MEMORY)
    assert is_metal(error)
    assert str(said_of(error)) == "The model could not be loaded."


def recipe_of_20_steps(model: Path, data: Path) -> Recipe:
    values = {"model": str(model), "data.path": str(data), "steps": 20, "save_every": 5}
    return Recipe().with_values(values)


@pytest.mark.long
def test_a_run_that_metal_broke_says_where_it_goes_on_and_does(
    tiny_model: Path, toy_data: Path, tmp_path: Path, qtbot: QtBot, queue: JobQueue
) -> None:
    job = TrainJob(recipe_of_20_steps(tiny_model, toy_data), tmp_path / "runs")
    broken = TrainOnBrokenGpu(job, at_step=13, message=MEMORY)
    events: list[Event] = []
    outcomes: list[Outcome] = []
    queue.submit(broken, QueueName.ENGINE, events.append, outcomes.append)
    qtbot.waitUntil(lambda: bool(outcomes))
    run = RunFolder(Path(next(e.folder for e in events if isinstance(e, RunOpened))))
    way_on = phrase("engine.resume", step=10)
    assert isinstance(outcomes[0], Failed)
    why = phrase("engine.with_way_on", reason=phrase("engine.out_of_memory"), way_on=way_on)
    assert outcomes[0].said == why
    assert run.events()[-1] == Ended("failed", why)
    outcomes.clear()
    queue.submit(ResumeJob(run), QueueName.ENGINE, events.append, outcomes.append)
    qtbot.waitUntil(lambda: bool(outcomes))
    assert outcomes == [Done()]
    assert [e.step for e in run.events() if isinstance(e, Step)] == list(range(1, 21))


def test_the_command_line_says_the_same(
    tiny_model: Path,
    toy_data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    BrokenGpu(monkeypatch, at_step=2, message=MEMORY)
    home = tmp_path / "home"
    arguments = ["train", str(toy_data), "--model", str(tiny_model), "--home", str(home), "--set", "steps=3"]
    assert commands.run([*arguments, "--set", "save_every=3"]) == 1
    told = capsys.readouterr().err
    way_on = phrase("engine.begin_again")
    why = phrase("engine.with_way_on", reason=phrase("engine.out_of_memory"), way_on=way_on)
    assert str(why) in told
    (listed,) = RunStore(home / "runs").summaries()
    written = (home / "runs" / listed.name / "events.jsonl").read_text().splitlines()
    assert from_json(written[-1]) == Ended("failed", why)
