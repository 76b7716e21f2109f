"""A request hears the last question only, and says whether it is still waited for."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from studio.app.request import Request
from studio.app.studio import Studio
from studio.errors import RunError
from studio.events import ColumnsTried, Event, Forecasted, Log, Progress
from studio.jobs.forecast import ForecastJob
from studio.jobs.health import TryColumnsJob
from studio.jobs.job import Done, Failed, Outcome, Stopped
from studio.jobs.queue import JobQueue, QueueName, Ticket
from studio.jobs.read import CompareJob, RunJob
from studio.runs.store import RunsCompared


@dataclass(frozen=True)
class Counting:
    """Says numbers, up to a limit."""

    name: str
    limit: int
    fails: bool = False
    title: str = "Counting"

    def run_events(self, context: Any) -> Generator[Event]:
        for number in range(self.limit):
            yield Progress(self.name, number)
        if self.fails:
            raise RunError("It cannot be counted.")


@pytest.fixture
def queue(qtbot: QtBot) -> Iterator[JobQueue]:
    queue = JobQueue()
    yield queue
    queue.shut_down()


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> list[Ticket]:
    """Every ticket that the window gets from its queue."""
    kept: list[Ticket] = []
    submit = JobQueue.submit

    def keeping(*arguments: object) -> Ticket:
        kept.append(submit(*arguments))  # type: ignore[arg-type]
        return kept[-1]

    monkeypatch.setattr(JobQueue, "submit", keeping)
    return kept


def late(tickets: list[Ticket], kind: type, ask: Callable[[], object]) -> Ticket:
    """The ticket of a question, after another was asked in its place."""
    ask()
    older = next(ticket for ticket in reversed(tickets) if isinstance(ticket.job, kind))
    ask()
    assert older.is_stopping()
    return older


def test_the_answers_and_the_end_of_a_question_are_heard(qtbot: QtBot, queue: JobQueue) -> None:
    request, heard, ends = Request(queue), list[Event](), list[Outcome]()
    busy: list[bool] = []
    listeners = {Event: heard.append, Log: lambda log: pytest.fail("nothing was logged")}
    request.ask(
        Counting("one", 2),
        QueueName.READING,
        listeners,
        lambda end: (ends.append(end), busy.append(request.busy)),
    )
    assert request.busy
    qtbot.waitUntil(lambda: not request.busy)
    assert heard == [Progress("one", 0), Progress("one", 1)]
    assert ends == [Done()]
    assert busy == [False]


def test_of_two_questions_only_the_last_is_heard(qtbot: QtBot, queue: JobQueue) -> None:
    request, heard, ends = Request(queue), list[str](), list[Outcome]()
    for name in ("first", "last"):
        job = Counting(name, 3, fails=name == "first")
        request.ask(job, QueueName.READING, {Progress: lambda each: heard.append(each.what)}, ends.append)
    qtbot.waitUntil(lambda: queue.idle)
    assert heard == ["last"] * 3
    assert ends == [Done()]


def test_the_end_of_a_stopped_question_is_heard_of_a_dropped_one_nothing(
    qtbot: QtBot, queue: JobQueue
) -> None:
    request, ends = Request(queue), list[Outcome]()
    request.ask(Counting("one", 100_000), QueueName.READING, {}, ends.append)
    request.stop()
    assert request.busy
    assert request.stopping
    qtbot.waitUntil(lambda: not request.busy)
    assert ends == [Stopped()]
    request.ask(Counting("two", 100_000), QueueName.READING, {}, ends.append)
    assert not request.stopping
    request.drop()
    assert not request.busy
    qtbot.waitUntil(lambda: queue.idle)
    assert ends == [Stopped()]


def test_the_engine_says_when_it_has_nothing_left_to_do(qtbot: QtBot, queue: JobQueue) -> None:
    rested: list[bool] = []
    queue.engine_rested.connect(lambda: rested.append(queue.engine_busy))
    queue.submit(Counting("read", 1), QueueName.READING, lambda _: None, lambda _: None)
    qtbot.waitUntil(lambda: queue.idle)
    assert rested == []
    for queue_name in (QueueName.ENGINE, QueueName.INTERRUPT):
        queue.submit(Counting("engine", 1), queue_name, lambda _: None, lambda _: None)
    qtbot.waitUntil(lambda: queue.idle)
    assert rested == [False]


def test_a_late_trial_of_columns_is_not_shown(
    studio: Studio, qtbot: QtBot, tickets: list[Ticket], tmp_path: Path
) -> None:
    source = tmp_path / "tickets.csv"
    source.write_text("Frage,Antwort\n" + "".join(f"Wo ist {n}?,Hier ist {n}.\n" for n in range(9)))
    studio.open_path(str(source))
    qtbot.waitUntil(lambda: studio.dataset.columns.dialog is not None)
    dialog = studio.dataset.columns.dialog
    assert dialog is not None
    older = late(tickets, TryColumnsJob, lambda: dialog.trial_wanted.emit("prompt=Frage, answer=Antwort"))
    qtbot.waitUntil(lambda: studio.queue.idle)
    said = dialog.status.text()
    again = late(tickets, TryColumnsJob, lambda: dialog.trial_wanted.emit("prompt=Frage, answer=Antwort"))
    for ticket in (older, again):
        ticket.on_event(ColumnsTried("text=Frage", (), 1, 0, 9, "Of the trial before"))
        ticket.on_end(Failed("Of the trial before", ""))
        assert dialog.status.text() == said
    dialog.reject()


def test_a_late_comparison_of_runs_is_not_shown(
    studio: Studio, tickets: list[Ticket], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    monkeypatch.setattr(studio.panes.runs, "show_comparison", lambda *given: shown.append(given))
    older = late(tickets, CompareJob, lambda: studio.runs.compare(["one", "two"]))
    older.on_event(RunsCompared((), ()))
    newer = next(ticket for ticket in reversed(tickets) if isinstance(ticket.job, CompareJob))
    newer.on_event(RunsCompared((), ()))
    assert shown == [((), ())]
    monkeypatch.setattr(type(studio.store), "find", lambda store, name: None)
    studio.runs.show("one")  # one run is on show by now, and no comparison
    assert isinstance(tickets[-1].job, RunJob)
    newer.on_event(RunsCompared((), ()))
    assert len(shown) == 1


def test_a_late_forecast_is_not_shown(studio: Studio, tickets: list[Ticket]) -> None:
    shown: list[object] = []
    studio.training.forecasting.forecasted.connect(shown.append)
    older = late(tickets, ForecastJob, studio.training.forecasting.count)
    forecast = Forecasted("old", 1, 2, 3, 4, 5, 6, 7, 8, 9, True, False, 0.0, 1.0)
    older.on_event(forecast)
    older.on_end(Failed("It was about another recipe.", ""))
    assert shown == []
    tickets[-1].on_event(forecast)
    assert shown == [forecast]
