"""While jobs are performed on a GPU, macOS keeps their memory resident; afterwards no longer."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import mlx.core as mx
import pytest

from studio.events import Event, Log
from studio.jobs.job import Done, Failed, Outcome
from studio.jobs.perform import Performer, QueueName, Ticket, ignore
from studio.models.cache import ModelCache, wired

MOST = 5_010_800_640


class Wires:
    """Metal's last two calls, on a Mac that recommends MOST: refuses more, as MLX does."""

    def __init__(self) -> None:
        self.limit, self.set = 7, list[int]()

    def set_wired_limit(self, limit: int) -> int:
        if limit > MOST:
            raise ValueError("[metal::set_wired_limit] Setting a wired limit larger than the maximum")
        before, self.limit = self.limit, limit
        self.set.append(limit)
        return before

    def device_info(self) -> dict[str, Any]:
        return {"architecture": "applegpu_g15g", "max_recommended_working_set_size": MOST}


@pytest.fixture
def wires(monkeypatch: pytest.MonkeyPatch) -> Wires:
    found = Wires()
    for name in ("set_wired_limit", "device_info"):
        monkeypatch.setattr(mx, name, getattr(found, name))
    return found


class Looking:
    """Notes what is wired at each of its events; may have another ticket taken in between, and may fail."""

    title = "Looking"

    def __init__(self, wires: Wires, between: Any = None, *, fails: bool = False) -> None:
        self.wires, self.between, self.fails = wires, between, fails
        self.seen: list[int] = []

    def run_events(self, context: Any) -> Iterator[Event]:
        assert isinstance(context, ModelCache)
        for number in range(3):
            self.seen.append(self.wires.limit)
            if number == 0 and self.between is not None:
                self.between()
            yield Log(str(number))
        if self.fails:
            raise OSError("gone")


def performed(*jobs: Looking) -> list[Outcome]:
    ended: list[Outcome] = []
    performer = Performer("engine", ModelCache)
    for job in jobs:
        for other in [job.between] if job.between else []:
            ticket = Ticket(other, QueueName.INTERRUPT, ignore, ignore)
            job.between = lambda ticket=ticket: performer.take(ticket)
        performer.take(Ticket(job, QueueName.ENGINE, ignore, ignore))  # type: ignore[arg-type]
    performer.inbox.put(None)
    say = lambda ticket, note: ended.append(note) if isinstance(note, Outcome) else None  # noqa: E731
    engine = Thread(target=performer.run, args=(say,))  # it leaves MLX when it ends
    engine.start()
    engine.join()
    return ended


def test_a_job_and_one_that_goes_in_between_have_all_that_macos_recommends(wires: Wires) -> None:
    answer = Looking(wires)
    training = Looking(wires, answer)
    assert [type(end) for end in performed(training)] == [Done, Done]
    assert training.seen == answer.seen == [MOST] * 3
    assert wires.set == [MOST, 7]


def test_a_job_that_fails_gives_it_back(wires: Wires) -> None:
    assert [type(end) for end in performed(Looking(wires, fails=True), Looking(wires))] == [Failed, Done]
    assert wires.set == [MOST, 7] * 2


def test_blocks_that_end_in_another_order_give_it_back_once(wires: Wires) -> None:
    first, second = wired(), wired()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert wires.limit == MOST
    second.__exit__(None, None, None)
    assert wires.set == [MOST, 7]


def test_where_no_gpu_is_nothing_is_set(wires: Wires, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mx, "device_info", lambda: {"architecture": "x86_64"})
    with wired():
        assert wires.set == []
