"""What belongs to the window dies on the window's thread, whoever used it last."""

from __future__ import annotations

import gc
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from studio.events import Event, Progress
from studio.jobs.job import Done, Outcome
from studio.jobs.queue import JobQueue, QueueName


@dataclass(frozen=True)
class Litter:
    """Makes circles of references, enough for Python to collect, until it may end."""

    enough: threading.Event = field(default_factory=threading.Event)
    title: str = "Litter"

    def run_events(self, context: Any) -> Generator[Event]:
        for n in range(10**9):
            for _ in range(1000):
                circle: list[Any] = []
                circle.append(circle)
            yield Progress("Littering", n)
            if self.enough.is_set():
                return


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    gc.enable()  # as a queue finds it in the app
    queue = JobQueue()
    yield queue
    queue.shut_down()


class Watched(QWidget):
    """A widget that notes on which thread it is deleted."""

    def __init__(self, deaths: list[int]) -> None:
        super().__init__()
        self.outcomes: list[Outcome] = []
        self.destroyed.connect(
            lambda: deaths.append(threading.get_ident()), Qt.ConnectionType.DirectConnection
        )

    def hear(self, event: Event) -> None:
        pass

    def end(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)


def test_a_widget_in_a_circle_is_deleted_on_the_window_s_thread(qtbot: QtBot, queue: JobQueue) -> None:
    deaths: list[int] = []
    for _ in range(20):
        widget = Watched(deaths)
        widget.circle = widget  # type: ignore[attr-defined]
    del widget
    job = Litter()
    queue.submit(job, QueueName.ENGINE, lambda event: None, lambda outcome: None)
    qtbot.waitUntil(lambda: len(deaths) == 20)
    job.enough.set()
    assert set(deaths) == {threading.get_ident()}


def test_a_listener_that_nobody_else_knows_is_deleted_on_the_window_s_thread(
    qtbot: QtBot, queue: JobQueue
) -> None:
    """The engine's thread is the last to know of a ticket: it lets go of one when the next comes."""
    deaths: list[int] = []
    for _ in range(5):
        job, widget = Litter(), Watched(deaths)
        job.enough.set()
        outcomes = widget.outcomes
        queue.submit(job, QueueName.ENGINE, widget.hear, widget.end)
        del widget
        qtbot.waitUntil(lambda outcomes=outcomes: outcomes == [Done()])
    assert len(deaths) == 5
    assert set(deaths) == {threading.get_ident()}


def test_python_collects_by_itself_only_where_no_queue_is_open(queue: JobQueue) -> None:
    assert not gc.isenabled()
    queue.shut_down()
    assert gc.isenabled()


def test_a_tuple_that_another_thread_builds_is_not_held_meanwhile(queue: JobQueue) -> None:
    """To list all objects holds the half-built tuple, and Python then refuses to finish it."""
    troubles: list[SystemError] = []
    enough = threading.Event()

    def build() -> None:
        while not enough.is_set():
            try:
                tuple(str(number) for number in range(2000))
            except SystemError as error:
                troubles.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    many = [(number, [number]) for number in range(300_000)]  # so that listing them takes a while
    for _ in range(10):
        queue._collector.collect_all()
    enough.set()
    thread.join()
    assert len(many) == 300_000
    assert not troubles
