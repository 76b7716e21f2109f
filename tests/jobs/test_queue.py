"""The queue: order, stopping, failures as values, and threads that end."""

from __future__ import annotations

import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QThread, QTimer
from pytestqt.qtbot import QtBot

from studio.events import Event, Progress
from studio.jobs.job import Done, Failed, Outcome, Stopped
from studio.jobs.queue import JobQueue, QueueName
from tests.jobs.engine_jobs import Count, Explode

BOTH = [pytest.param(False, id="thread"), pytest.param(True, marks=pytest.mark.long, id="child")]
IN_CHILD = pytest.mark.parametrize("in_child", BOTH)


class Listener:
    """Collects what a job says and on which thread it was heard."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.outcome: Outcome | None = None
        self.threads: set[QThread] = set()

    def hear(self, event: Event) -> None:
        self.events.append(event)
        self.threads.add(QThread.currentThread())

    def end(self, outcome: Outcome) -> None:
        self.outcome = outcome


@pytest.fixture(params=BOTH)
def queue(qtbot: QtBot, request: pytest.FixtureRequest) -> Iterator[JobQueue]:
    queue = JobQueue(engine_in_child=request.param)
    yield queue
    queue.shut_down()
    assert not queue.engine_busy
    assert not any(thread.isRunning() for thread in queue.findChildren(QThread))


def finish(qtbot: QtBot, queue: JobQueue, job: Any, queue_name: QueueName = QueueName.ENGINE) -> Listener:
    listener = Listener()
    queue.submit(job, queue_name, listener.hear, listener.end)
    qtbot.waitUntil(lambda: listener.outcome is not None)
    return listener


def test_events_arrive_in_order_on_the_windows_thread(qtbot: QtBot, queue: JobQueue) -> None:
    heard = finish(qtbot, queue, Count(2_000))
    assert heard.outcome == Done()
    assert [e.done for e in heard.events if isinstance(e, Progress)] == list(range(1, 2_001))
    assert heard.threads == {QThread.currentThread()}


def test_a_failure_is_a_value_with_a_sentence_and_a_traceback(qtbot: QtBot, queue: JobQueue) -> None:
    told = finish(qtbot, queue, Explode("The disk is full.")).outcome
    assert isinstance(told, Failed)
    assert told.summary == "The disk is full."
    surprise = finish(qtbot, queue, Explode()).outcome
    assert isinstance(surprise, Failed)
    assert surprise.code == "failure.unknown"
    assert "run_events" in surprise.detail
    assert finish(qtbot, queue, Count(1)).outcome == Done()


def test_a_stopped_job_saves_and_goes_no_further(qtbot: QtBot, queue: JobQueue) -> None:
    job, listener = Count(10**9, pause=0.001), Listener()
    ticket = queue.submit(job, QueueName.ENGINE, listener.hear, listener.end)
    qtbot.waitUntil(lambda: len(listener.events) > 3)
    ticket.stop()
    qtbot.waitUntil(lambda: listener.outcome == Stopped())
    assert job.diary.read()[-1] == "saved"


def test_a_job_stopped_while_it_waits_never_begins(qtbot: QtBot, queue: JobQueue) -> None:
    first, second, third = Count(20, pause=0.005), Count(5), Listener()
    queue.submit(first, QueueName.ENGINE, Listener().hear, Listener().end)
    queue.submit(second, QueueName.ENGINE, third.hear, third.end).stop()
    qtbot.waitUntil(lambda: third.outcome == Stopped())
    assert second.diary.read() == []
    assert len(first.diary.read()) == 20


def test_a_short_job_goes_in_between_two_steps_on_the_same_thread(qtbot: QtBot, queue: JobQueue) -> None:
    long, listener = Count(10**9, pause=0.001), Listener()
    ticket = queue.submit(long, QueueName.ENGINE, listener.hear, listener.end)
    qtbot.waitUntil(lambda: len(listener.events) > 3)
    short = Count(3)
    heard = finish(qtbot, queue, short, QueueName.INTERRUPT)
    assert heard.outcome == Done()
    assert listener.outcome is None
    seen = len(listener.events)
    qtbot.waitUntil(lambda: len(listener.events) > seen)
    (_, own_thread), *_ = long.diary.read()
    assert all(thread == own_thread for _, thread in short.diary.read())
    ticket.stop()
    qtbot.waitUntil(lambda: listener.outcome is not None)


def test_short_jobs_take_turns_so_that_a_long_answer_keeps_no_other_waiting(
    qtbot: QtBot, queue: JobQueue
) -> None:
    listener = Listener()
    ticket = queue.submit(Count(10**9, pause=0.001), QueueName.INTERRUPT, listener.hear, listener.end)
    qtbot.waitUntil(lambda: len(listener.events) > 3)
    assert finish(qtbot, queue, Count(3), QueueName.INTERRUPT).outcome == Done()
    assert listener.outcome is None
    ticket.stop()
    qtbot.waitUntil(lambda: listener.outcome == Stopped())


def test_a_listener_that_raises_loses_nothing_but_its_own_event(qtbot: QtBot, queue: JobQueue) -> None:
    heard, listener = [], Listener()

    def hear(event: Event) -> None:
        heard.append(event)
        if len(heard) in (1, 300, 1500):
            raise ValueError("a mistake in a pane")

    with qtbot.captureExceptions() as raised:
        queue.submit(Count(2_000), QueueName.ENGINE, hear, listener.end)
        qtbot.waitUntil(lambda: listener.outcome == Done())
    assert (len(heard), len(raised)) == (2_000, 3)


def test_a_talkative_job_leaves_the_window_time_of_its_own(qtbot: QtBot, queue: JobQueue) -> None:
    """A listener is never called from within another, and the window's own events get their turn."""
    ticks, depth, listener = [], [], Listener()
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(0)

    def hear(event: Event) -> None:
        depth.append(sum(frame.name == "_drain" for frame in traceback.extract_stack()))

    queue.submit(Count(3_000), QueueName.ENGINE, hear, listener.end)
    qtbot.waitUntil(lambda: listener.outcome == Done())
    timer.stop()
    assert max(depth) == 1
    assert len(ticks) >= 5


def test_datasets_are_read_while_the_engine_works(qtbot: QtBot, queue: JobQueue) -> None:
    listener = Listener()
    ticket = queue.submit(Count(10**9, pause=0.001), QueueName.ENGINE, listener.hear, listener.end)
    assert finish(qtbot, queue, Count(3), QueueName.READING).outcome == Done()
    assert listener.outcome is None
    ticket.stop()
    qtbot.waitUntil(lambda: listener.outcome is not None)


@IN_CHILD
def test_shutting_down_stops_what_runs_and_what_waits(qtbot: QtBot, in_child: bool) -> None:
    queue = JobQueue(engine_in_child=in_child)
    running, waiting = Count(10**9, pause=0.001), Count(5)
    first, second = Listener(), Listener()
    queue.submit(running, QueueName.ENGINE, first.hear, first.end)
    queue.submit(waiting, QueueName.ENGINE, second.hear, second.end)
    qtbot.waitUntil(lambda: len(first.events) > 3)
    queue.shut_down()
    assert (first.outcome, second.outcome) == (Stopped(), Stopped())
    assert running.diary.read()[-1] == "saved"
    assert waiting.diary.read() == []


@IN_CHILD
def test_what_an_ending_asks_for_during_shut_down_is_not_begun(qtbot: QtBot, in_child: bool) -> None:
    queue, late = JobQueue(engine_in_child=in_child), Count(5)
    listener = Listener()

    def ask_for_more(outcome: Outcome) -> None:
        queue.submit(late, QueueName.READING, listener.hear, listener.end)

    queue.submit(Count(3), QueueName.READING, listener.hear, listener.end)
    queue.submit(Count(10**9, pause=0.001), QueueName.ENGINE, listener.hear, ask_for_more)
    qtbot.waitUntil(lambda: len(listener.events) > 6)
    queue.shut_down()
    assert late.diary.read() == []
    assert not any(thread.isRunning() for thread in queue.findChildren(QThread))


@pytest.mark.long
def test_the_engine_and_a_dataset_may_start_at_the_same_moment() -> None:
    """In a process of its own: both threads import the same large library at once."""
    program = """
import sys, json
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from studio.jobs.queue import JobQueue, QueueName
from studio.jobs.forecast import ForecastJob
from studio.jobs.read import DatasetJob
from studio.paths import resource
from studio.recipe.recipe import Recipe
application, queue, outcomes = QCoreApplication([]), JobQueue(), []
recipe = Recipe().with_values({"data.path": str(resource("starter/instructions.jsonl"))})
for job, queue_name in ((ForecastJob(recipe), QueueName.INTERRUPT), (DatasetJob(recipe), QueueName.READING)):
    queue.submit(job, queue_name, lambda event: None, outcomes.append)
while len(outcomes) < 2:
    application.processEvents()
queue.shut_down()
print(outcomes)
"""
    for _ in range(2):
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert ran.stdout.strip() == "[Done(), Done()]"


def test_a_job_that_talks_faster_than_the_window_listens_waits_for_it(qtbot: QtBot, queue: JobQueue) -> None:
    job, listener = Count(5_000), Listener()
    queue.submit(job, QueueName.ENGINE, listener.hear, listener.end)
    time.sleep(0.3)
    assert len(job.diary.read()) < 1_000
    qtbot.waitUntil(lambda: listener.outcome is not None)
    assert len(listener.events) == 5_000
