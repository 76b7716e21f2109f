"""The engine as a process of its own: the same weights, answers in between, and an end to everything."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytestqt.qtbot import QtBot

from studio.catalogue import phrase
from studio.child_process import ENGINE
from studio.events import AnswerEnded, Ended, Event, Progress, RunOpened, Step
from studio.generate.contestant import contestant_of, one_prompt
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob, ReadAnswerJob
from studio.jobs.evaluate import EvaluateJob
from studio.jobs.forecast import Examples, ForecastJob
from studio.jobs.grid import GridJob
from studio.jobs.job import Done, Failed, Job, Outcome, Stopped
from studio.jobs.messages import Packed, packed
from studio.jobs.queue import JobQueue, QueueName
from studio.jobs.sweep import SweepJob
from studio.jobs.synthesis import SynthesisJob
from studio.jobs.train import ResumeJob, TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.runs.folder import RunFolder
from studio.runs.store import summarize
from studio.synth.plan import Plan
from tests.jobs.engine_jobs import Chatter, Count, Die

MEMORY = "[METAL] Command buffer execution failed: Insufficient Memory (00000008:kIOGPUCommandBuffer...)"
RECIPE = Recipe().with_values({"lora.rank": 4, "learning_rate": 3e-4, "targets": "q_proj"})
FOLDER = Path(b"/runs/\xff".decode("utf-8", "surrogateescape"))  # a name that is no UTF-8


class Heard:
    """A ticket, and what was heard of it."""

    def __init__(self, queue: JobQueue, job: Job, queue_name: QueueName = QueueName.ENGINE) -> None:
        self.events: list[Event] = []
        self.outcomes: list[Outcome] = []
        self.ticket = queue.submit(job, queue_name, self.events.append, self.outcomes.append)

    @property
    def run(self) -> RunFolder:
        return RunFolder(Path(next(e.folder for e in self.events if isinstance(e, RunOpened))))

    @property
    def step(self) -> int:
        return max((e.step for e in self.events if isinstance(e, Step)), default=0)


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    queue = JobQueue(engine_in_child=True)
    yield queue
    queue.shut_down()
    assert engines() == []


def engines() -> list[psutil.Process]:
    """The engines that this process has."""
    return [each for each in psutil.Process().children() if ENGINE in each.cmdline()]


def training(model: Path, data: Path, runs: Path, steps: int = 120) -> TrainJob:
    values = {"model": str(model), "data.path": str(data), "steps": steps, "save_every": 20, "dropout": 0.1}
    return TrainJob(Recipe().with_values(values), runs)


def weights(run: RunFolder) -> bytes:
    return (run.adapter / "adapters.safetensors").read_bytes()


@pytest.mark.parametrize(
    "job",
    [
        TrainJob(RECIPE, FOLDER, "a run"),
        ResumeJob(RunFolder(FOLDER), changed_base=True),
        SweepJob(Sweep(RECIPE, (("lora.rank", (4, 8)), ("optimizer.learning_rate", (1e-4, None)))), FOLDER),
        ChatJob(
            RunFolder(FOLDER),
            one_prompt("Hi \N{WAVING HAND SIGN}\ud800", ("tuned",)),
            GREEDY,
            typed_tokens=True,
        ),
        ReadAnswerJob(None, one_prompt("Hi", ("model:there",)), 0, (5, 6)),
        GridJob(RunFolder(FOLDER), (contestant_of("base"), contestant_of("run:a@5*0.5")), ("Hi",), GREEDY),
        EvaluateJob(RunFolder(FOLDER), FOLDER / "golden.jsonl"),
        ForecastJob(RECIPE, Examples((3, 4), 5, 2), needs_weights=True),
        SynthesisJob(Plan(data="rows.jsonl"), FOLDER, typed=False),
    ],
    ids=lambda job: type(job).__name__,
)
def test_every_job_of_the_engine_travels(job: Any) -> None:
    arrived = Packed(json.loads(json.dumps(packed(job))))
    assert arrived.unpacked() == job
    assert arrived.title == job.title


def test_the_engine_loads_no_qt() -> None:
    modules = ("engine", "train", "sweep", "answers", "forecast", "synthesis")
    program = f"import sys; {'; '.join(f'import studio.jobs.{each}' for each in modules)}"
    program += "; print([name for name in sys.modules if name.startswith('PySide6')])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"[]\n"


@pytest.mark.long
def test_a_run_trains_to_the_same_weights_and_answers_meanwhile(
    tiny_model: Path, toy_data: Path, tmp_path: Path, qtbot: QtBot, queue: JobQueue
) -> None:
    here = list(training(tiny_model, toy_data, tmp_path / "here", 40).run_events(ModelCache()))
    first = Heard(queue, training(tiny_model, toy_data, tmp_path / "runs", 40))
    qtbot.waitUntil(lambda: bool(first.outcomes))
    assert first.outcomes == [Done()]
    (opened,) = [event for event in here if isinstance(event, RunOpened)]
    assert weights(first.run) == weights(RunFolder(Path(opened.folder)))

    second = Heard(queue, training(tiny_model, toy_data, tmp_path / "runs", 4000))
    qtbot.waitUntil(lambda: second.step > 2)
    answer = Heard(queue, ChatJob(first.run, one_prompt("Say the number 3"), GREEDY), QueueName.INTERRUPT)
    qtbot.waitUntil(lambda: bool(answer.outcomes))
    assert answer.outcomes == [Done()]
    assert len([e for e in answer.events if isinstance(e, AnswerEnded)]) == 2
    assert second.outcomes == []
    assert len(engines()) == 1
    seen = second.step
    qtbot.waitUntil(lambda: second.step > seen)
    second.ticket.stop()
    qtbot.waitUntil(lambda: second.outcomes == [Stopped()])
    assert summarize(second.run).state == "stopped"


@pytest.mark.long
def test_a_killed_engine_says_how_the_run_goes_on_and_it_ends_with_the_same_weights(
    tiny_model: Path, toy_data: Path, tmp_path: Path, qtbot: QtBot, queue: JobQueue
) -> None:
    whole = Heard(queue, training(tiny_model, toy_data, tmp_path / "whole"))
    qtbot.waitUntil(lambda: bool(whole.outcomes))
    killed = Heard(queue, training(tiny_model, toy_data, tmp_path / "killed"))
    behind = Heard(queue, Count(3))
    qtbot.waitUntil(lambda: killed.step >= 45)
    (engine,) = engines()
    engine.kill()
    qtbot.waitUntil(lambda: bool(killed.outcomes and behind.outcomes))
    (failed,) = killed.outcomes
    assert isinstance(failed, Failed)
    step = int(killed.run.checkpoints()[-1].name.removeprefix("step-"))
    way_on = phrase("engine.resume", step=step)
    assert failed.said == phrase("engine.with_way_on", reason=phrase("engine.killed"), way_on=way_on)
    assert killed.run.events()[-1] == Ended("failed", failed.said)
    assert behind.outcomes == [Done()]  # in a fresh process
    again = Heard(queue, ResumeJob(killed.run))
    qtbot.waitUntil(lambda: bool(again.outcomes))
    assert again.outcomes == [Done()]
    assert weights(killed.run) == weights(whole.run)


@pytest.mark.long
def test_closing_in_the_middle_saves_and_leaves_nothing_behind(
    tiny_model: Path, toy_data: Path, tmp_path: Path, qtbot: QtBot, queue: JobQueue
) -> None:
    job = Heard(queue, training(tiny_model, toy_data, tmp_path / "runs", 4000))
    qtbot.waitUntil(lambda: job.step >= 3)
    queue.shut_down()
    assert job.outcomes == [Stopped()]
    assert engines() == []
    state = summarize(job.run)
    assert (state.state, state.resumable) == ("stopped", True)


@pytest.mark.parametrize("ends", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.long)])
def test_an_engine_whose_window_dies_saves_and_ends(
    ends: signal.Signals, tiny_model: Path, toy_data: Path, tmp_path: Path
) -> None:
    program = """
import os, sys
from pathlib import Path
import psutil
from PySide6.QtCore import QCoreApplication
from studio.events import Step
from studio.jobs.queue import JobQueue, QueueName
from tests.jobs.test_child import training
application, queue, steps = QCoreApplication([]), JobQueue(engine_in_child=True), []
model, data, runs = map(Path, sys.argv[1:4])
hear = lambda event: steps.append(event) if isinstance(event, Step) else None
queue.submit(training(model, data, runs, 4000), QueueName.ENGINE, hear, print)
while len(steps) < 3:
    application.processEvents()
print(psutil.Process().children()[0].pid, flush=True)
os.kill(os.getpid(), int(sys.argv[4]))
"""
    runs = tmp_path / "runs"
    command = [sys.executable, "-c", program, str(tiny_model), str(toy_data), str(runs), str(int(ends))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        engine = int(parent.stdout.readline())
    assert parent.returncode == -ends
    wait_for(lambda: not psutil.pid_exists(engine))
    (folder,) = [each for each in runs.iterdir() if not each.name.startswith(".")]
    assert summarize(RunFolder(folder)).state == "stopped"


def wait_for(true: Any) -> None:
    end = time.monotonic() + 300
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.long
def test_what_libraries_print_reaches_no_one_but_the_log(
    qtbot: QtBot, queue: JobQueue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    job = Heard(queue, Chatter())
    qtbot.waitUntil(lambda: bool(job.outcomes))
    assert job.outcomes == [Done()]
    assert [e.done for e in job.events if isinstance(e, Progress)] == list(range(101))
    assert job.events[-1] == Progress("read ''", 100)
    queue.shut_down()
    assert caplog.text.count("a warning") == 100


def test_a_crash_is_a_failure_and_the_next_job_finds_a_fresh_process(qtbot: QtBot, queue: JobQueue) -> None:
    jobs = (Die(signal.SIGSEGV), Die(signal.SIGABRT, f"libc++abi: terminating: {MEMORY}"))
    heard = [Heard(queue, job) for job in jobs]
    last = Heard(queue, Count(2))
    qtbot.waitUntil(lambda: bool(last.outcomes))
    crashed, out_of_memory = (each.outcomes[0] for each in heard)
    assert isinstance(crashed, Failed)
    assert isinstance(out_of_memory, Failed)
    assert crashed.said == phrase("engine.crashed", signal="SIGSEGV")
    assert "run_events" in crashed.detail  # where it crashed
    assert out_of_memory.code == "engine.out_of_memory"
    assert last.outcomes == [Done()]
    pids = {e.done for each in heard for e in each.events if isinstance(e, Progress)}
    assert len(pids) == 2


@pytest.mark.long
def test_what_waited_aside_of_a_job_that_crashed_is_done_by_the_next_engine(
    qtbot: QtBot, queue: JobQueue
) -> None:
    crash, aside = Heard(queue, Die(signal.SIGSEGV, pause=2.0)), Heard(queue, Count(3), QueueName.INTERRUPT)
    qtbot.waitUntil(lambda: bool(crash.outcomes and aside.outcomes))
    assert isinstance(crash.outcomes[0], Failed)
    assert aside.outcomes == [Done()]


@pytest.mark.long
def test_an_engine_that_dies_while_nothing_is_asked_is_replaced(qtbot: QtBot, queue: JobQueue) -> None:
    for _ in range(3):
        job = Heard(queue, Count(2))
        qtbot.waitUntil(lambda job=job: bool(job.outcomes))
        assert job.outcomes == [Done()]
        (engine,) = engines()
        engine.kill()  # it may still be dying when the next job comes


@pytest.mark.long
def test_a_flood_waits_for_the_window(qtbot: QtBot, queue: JobQueue) -> None:
    job = Count(20_000)
    heard = Heard(queue, job)
    wait_for(lambda: bool(job.diary.read()))
    time.sleep(2)
    said = len(job.diary.read())
    time.sleep(1)
    assert said == len(job.diary.read())
    assert said < 5_000
    qtbot.waitUntil(lambda: bool(heard.outcomes))
    assert [e.done for e in heard.events if isinstance(e, Progress)] == list(range(1, 20_001))


@pytest.mark.long
def test_a_job_that_cannot_travel_fails_alone(qtbot: QtBot, queue: JobQueue) -> None:
    class Unknown(Count):
        """Of a class that nobody else can find."""

    first, second = Heard(queue, Unknown(3)), Heard(queue, Count(3))
    qtbot.waitUntil(lambda: bool(first.outcomes and second.outcomes))
    assert isinstance(first.outcomes[0], Failed)
    assert second.outcomes == [Done()]


@pytest.mark.long
def test_the_engine_is_our_own_code_whatever_lies_in_the_current_folder(
    qtbot: QtBot, queue: JobQueue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('not ours')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    job = Heard(queue, Count(2))
    qtbot.waitUntil(lambda: bool(job.outcomes))
    assert job.outcomes == [Done()]
