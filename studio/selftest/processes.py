"""The engine and the window, each in a process of its own."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Generator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from studio.catalogue import from_plain, phrase
from studio.child_process import WINDOW, Child
from studio.errors import StudioError
from studio.events import Event
from studio.jobs.job import Done, Failed, Job, Outcome
from studio.jobs.perform import QueueName, Ticket
from studio.jobs.remote import RemotePerformer

PATIENCE = 180.0
"""Seconds for which a job may say nothing; kernels are compiled for the first step on a Mac."""
_LEAVING = 40.0
_TICK = 1.0
_WORDS = 5
"""Of the last lines of a process that died, what is told."""


class EngineHand:
    """Has the engine's process perform jobs; it is started for the first."""

    def __init__(self) -> None:
        self._performer = RemotePerformer()
        self._thread: Thread | None = None

    def submit(
        self, job: Job, on_event: Callable[[Event], None], on_end: Callable[[Outcome], None], /
    ) -> Callable[[], None]:
        """Have a short job performed in between, from any thread; returns how to stop it."""
        return self._take(Ticket(job, QueueName.INTERRUPT, on_event, on_end)).stop

    def events(self, job: Job) -> Generator[Event]:
        """Have a job performed, and hand on its events.

        Raises StudioError with what the engine says where it fails, and where nothing is heard for long.
        """
        heard: SimpleQueue[Event | Outcome] = SimpleQueue()
        ticket = self._take(Ticket(job, QueueName.ENGINE, heard.put, heard.put))
        while True:
            try:
                note = heard.get(timeout=PATIENCE)
            except Empty:
                ticket.stop()
                raise StudioError("selftest.silent", seconds=PATIENCE) from None
            if isinstance(note, Failed):
                raise StudioError("selftest.engine", reason=note.said)
            if isinstance(note, Outcome):
                assert isinstance(note, Done)
                return
            yield note

    def close(self) -> None:
        """Let the process leave, once it has said what there is to say."""
        if self._thread is not None:
            self._performer.inbox.put(None)
            self._thread.join(_LEAVING)

    def _take(self, ticket: Ticket) -> Ticket:
        if self._thread is None:
            self._thread = Thread(
                target=self._performer.run, args=(_hand_on,), name="selftest engine", daemon=True
            )
            self._thread.start()
        self._performer.take(ticket)
        return ticket


def _hand_on(ticket: Ticket, note: Event | Outcome) -> None:
    if isinstance(note, Outcome):
        ticket.end(note)
    else:
        ticket.on_event(note)


class WindowLook:
    """That process, and what it has said so far, part by part."""

    def __init__(self, home: Path) -> None:
        self._words: deque[str] = deque(maxlen=_WORDS)
        self._child = Child(WINDOW, str(home), hear=self._words.append)
        self._lines = self._child.lines(_TICK)
        self._found: dict[str, dict[str, Any]] = {}

    def part(self, name: str) -> dict[str, Any]:
        """What is found of a part, as its detail and its figures.

        Raises StudioError for what is wrong with it, and where the process says no more.
        """
        silent = 0.0
        while name not in self._found and silent < PATIENCE and (line := next(self._lines, b"")) != b"":
            silent = silent + _TICK if line is None else 0.0
            self._found |= json.loads(line or b"{}")
        if name not in self._found:
            code = self._child.leave(_TICK)
            words = " ".join(self._words) or phrase("selftest.no_words")
            raise StudioError("selftest.child_ended", exit=code, words=words)
        found = self._found[name]
        if "failed" in found:
            said = from_plain(found["failed"])
            raise StudioError(said)
        return found

    def close(self) -> None:
        """Be done with the process."""
        self._child.end()
