"""An engine that hangs, below Python or suspended: it outlives no window, and no window waits forever."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from studio.catalogue import Phrase
from studio.events import Ended, Progress
from studio.jobs import queue as queues
from studio.jobs.job import Failed
from studio.jobs.queue import JobQueue
from studio.runs.folder import RunFolder
from studio.runs.store import summarize
from tests.jobs.engine_jobs import Hang
from tests.jobs.test_child import Heard, engines, training, wait_for

PROGRAM = """
import os, signal, sys
from pathlib import Path
import psutil
from PySide6.QtCore import QCoreApplication
from studio.events import Progress, Step
from studio.jobs import remote
from studio.jobs.queue import JobQueue, QueueName
from tests.jobs.engine_jobs import Hang
from tests.jobs.test_child import training
remote.LEAVES_WITHIN = 2.0
application, queue, heard = QCoreApplication([]), JobQueue(engine_in_child=True), []
how, model, data, runs = sys.argv[1], *map(Path, sys.argv[2:5])
job = Hang() if how == "busy" else training(model, data, runs, 4000)
enough = (lambda: heard) if how == "busy" else (lambda: sum(isinstance(e, Step) for e in heard) > 2)
queue.submit(job, QueueName.ENGINE, heard.append, print)
while not enough():
    application.processEvents()
engine = psutil.Process().children()[0].pid
if how == "suspended":
    os.kill(engine, signal.SIGSTOP)
print(engine, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.long
@pytest.mark.parametrize("how", ["busy", "suspended"])
def test_one_that_hangs_does_not_outlive_a_killed_window(
    how: str, tiny_model: Path, toy_data: Path, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    command = [sys.executable, "-c", PROGRAM, how, str(tiny_model), str(toy_data), str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        engine = int(parent.stdout.readline())
    assert parent.returncode == -signal.SIGKILL
    wait_for(lambda: not psutil.pid_exists(engine))
    if how == "suspended":  # woken, it stopped and saved as any other does
        (folder,) = [each for each in runs.iterdir() if not each.name.startswith(".")]
        assert summarize(RunFolder(folder)).state == "stopped"


@pytest.mark.long
def test_a_window_that_closes_waits_so_long_and_ends_it(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "STOPS_WITHIN", 1.0)
    queue = JobQueue(engine_in_child=True)
    job = Heard(queue, Hang())
    qtbot.waitUntil(lambda: bool(job.events))
    queue.shut_down()
    assert [code_of(each) for each in job.outcomes] == ["engine.hung"]
    assert engines() == []


@pytest.mark.long
def test_a_suspended_one_is_ended_and_its_run_goes_on_from_its_checkpoint(
    tiny_model: Path, toy_data: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "STOPS_WITHIN", 1.0)
    monkeypatch.setattr(queues, "_GRACE", 0.2)
    queue = JobQueue(engine_in_child=True)
    job = Heard(queue, training(tiny_model, toy_data, tmp_path / "runs", 4000))
    qtbot.waitUntil(lambda: job.step > 20)
    os.kill(engines()[0].pid, signal.SIGSTOP)
    queue.shut_down()
    assert engines() == []
    assert [code_of(each) for each in job.outcomes] == ["engine.hung"]
    (ended,) = (each for each in job.run.events() if isinstance(each, Ended))
    assert "goes on from its last checkpoint at step 20" in str(ended.summary)
    assert summarize(job.run).resumable


@pytest.mark.long
def test_the_person_can_end_it_and_the_next_job_finds_a_fresh_one(qtbot: QtBot) -> None:
    queue = JobQueue(engine_in_child=True)
    job = Heard(queue, Hang())
    qtbot.waitUntil(lambda: bool(job.events))
    assert not queue.hangs
    job.ticket.stop()
    assert queue.hangs
    queue.end_engine()
    qtbot.waitUntil(lambda: bool(job.outcomes))
    assert code_of(job.outcomes[0]) == "engine.ended"
    again = Heard(queue, Hang())
    qtbot.waitUntil(lambda: bool(again.events))
    first, second = job.events[0], again.events[0]
    assert isinstance(first, Progress)
    assert isinstance(second, Progress)
    assert first.done != second.done
    queue.end_engine()
    queue.shut_down()


def code_of(outcome: object) -> str:
    """Why a job failed, whatever is said of how it goes on."""
    assert isinstance(outcome, Failed)
    said = outcome.said
    assert isinstance(said, Phrase)
    reason = dict(said.values).get("reason", said)
    assert isinstance(reason, Phrase)
    return reason.code
