"""One request on its way: what its job says on another thread is heard on the server's; and how many were."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from threading import Lock
from typing import Protocol

from studio.events import Event
from studio.jobs.job import Done, Failed, Job, Outcome, Stopped
from studio.serve.refusal import HttpRefusal


class Submit(Protocol):
    """Has a job performed on the engine's thread; callable from any thread. Returns how to stop the job."""

    def __call__(
        self, job: Job, on_event: Callable[[Event], None], on_end: Callable[[Outcome], None], /
    ) -> Callable[[], None]: ...


class ReplyExchange:
    """Made on the server's loop; `events` ends with the job, and `close` stops it."""

    def __init__(self, submit: Submit, job: Job) -> None:
        self._loop = asyncio.get_running_loop()
        self._notes: asyncio.Queue[Event | Outcome] = asyncio.Queue()
        self._stop = submit(job, self._hear, self._hear)

    async def events(self) -> AsyncIterator[Event]:
        """What the job says. Raises HttpRefusal where it cannot go on, or was stopped."""
        while True:
            match await self._notes.get():
                case Failed() as failed:
                    raise HttpRefusal.of_failure(failed)
                case Stopped():
                    raise HttpRefusal("serve.stopped")
                case Done():
                    return
                case Event() as event:
                    yield event

    def close(self) -> None:
        """Stop the job, if it still runs; nobody listens any more."""
        self._stop()

    def abandon(self) -> None:
        """Stop the job, and tell whoever waits for it that the server stops."""
        self._stop()
        self._notes.put_nowait(Stopped())

    def _hear(self, note: Event | Outcome) -> None:
        try:
            self._loop.call_soon_threadsafe(self._notes.put_nowait, note)
        except RuntimeError:
            self._stop()  # the server has ended, and its loop with it


@dataclass(frozen=True)
class ServerFigures:
    """Requests that are being answered or wait, those that were, and the tokens of their replies."""

    answering: int = 0
    answered: int = 0
    tokens: int = 0


class RequestTally:
    """Counts on the server's thread; `figures` may be read on any. `changed` is called after each change."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._lock, self._figures, self._changed = Lock(), ServerFigures(), changed

    @property
    def figures(self) -> ServerFigures:
        """What there is now."""
        with self._lock:
            return self._figures

    def begin(self) -> None:
        """One more request is to be answered."""
        self._change(1, 0, 0)

    def end(self, tokens: int) -> None:
        """One of them is, or was given up, with so many tokens."""
        self._change(-1, 1, tokens)

    def _change(self, answering: int, answered: int, tokens: int) -> None:
        with self._lock:
            now = self._figures
            self._figures = replace(
                now,
                answering=now.answering + answering,
                answered=now.answered + answered,
                tokens=now.tokens + tokens,
            )
        self._changed()
