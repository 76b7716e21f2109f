"""One thread that performs jobs, tickets for them, and the lanes they run in."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from enum import Enum
from queue import Empty, Queue, SimpleQueue
from threading import Event as Flag
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from studio.errors import StudioError
from studio.events import Event
from studio.jobs.job import Done, Failed, Job, Outcome, Stopped, is_metal, sentence

log = logging.getLogger(__name__)

OnEvent = Callable[[Event], None]
OnEnd = Callable[[Outcome], None]

OUTBOX_SIZE = 512  # a job that talks faster than the window listens waits here


class Lane(Enum):
    """Where a job runs."""

    ENGINE = "engine"  # one heavy job at a time, in order of submission
    ASIDE = "aside"  # a short job on the engine thread: goes in between two events of the heavy one
    READING = "reading"  # the second thread: datasets, no MLX
    SCANNING = "scanning"  # the third: follows child processes that read big files
    FETCHING = "fetching"  # the fifth: follows what is downloaded and uploaded
    ASKING = "asking"  # the fourth: makes rows by a server, which may take its time, or by no model


class Ticket:
    """One submitted job, who listens to it on the window's thread, and the flag that stops it."""

    def __init__(self, job: Job, lane: Lane, on_event: OnEvent, on_end: OnEnd) -> None:
        self.job = job
        self.lane = lane
        self.on_event = on_event
        self.on_end = on_end
        self._stop = Flag()

    def stop(self) -> None:
        """Ask the job to stop at its next yield, or never to begin."""
        self._stop.set()

    def is_stopping(self) -> bool:
        """Whether it was asked to stop."""
        return self._stop.is_set()

    def end(self, outcome: Outcome) -> None:
        """Tell the listener, and let go of it: the worker's thread may be the last to know the ticket."""
        on_end, self.on_event, self.on_end = self.on_end, _ignore, _ignore
        on_end(outcome)


def _ignore(note: Event | Outcome) -> None:
    """Nobody listens any more."""


class Worker(QThread):
    """Performs tickets from its inbox, and posts what they say to a bounded outbox.

    It leaves its thread when it is told to by None, or after a Metal failure; `begin` gives it a new one.
    """

    posted = Signal()  # carries nothing: the outbox does

    def __init__(self, name: str, make_bench: Callable[[], Any], parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.inbox: SimpleQueue[Ticket | None] = SimpleQueue()
        self.aside: SimpleQueue[Ticket] = SimpleQueue()
        self.outbox: Queue[tuple[Ticket, Event | Outcome]] = Queue(OUTBOX_SIZE)
        self._make_bench = make_bench
        self._bench: Any = None
        self._spoilt = False  # MLX can no longer be used in this thread
        self._leaving = False  # the thread takes no more tickets, and is about to end

    def begin(self) -> None:
        """Start a thread unless one is at work; one that is leaving is waited for first."""
        if self._leaving:
            self.wait()
            self._leaving = False
        if not self.isRunning():
            self.start()

    def run(self) -> None:
        while not self._spoilt and (ticket := self.inbox.get()) is not None:
            if ticket.lane is Lane.ASIDE:
                self._go_aside()
            else:
                self._post(ticket, self._perform(ticket))
        self._leave_bench()
        self._spoilt = False
        self._leaving = True

    def _leave_bench(self) -> None:
        """Drop all that MLX made in this thread; where Metal has failed, that may fail once more."""
        bench, self._bench = self._bench, None
        if bench is None:
            return
        try:
            bench.close()
        except Exception:
            log.exception("The %s thread could not be tidied up", self.objectName())

    def _go_aside(self) -> None:
        """Perform the short jobs that are waiting. Their inbox entries find the queue empty later."""
        while True:
            try:
                ticket = self.aside.get_nowait()
            except Empty:
                return
            self._post(ticket, self._perform(ticket))

    def _perform(self, ticket: Ticket) -> Outcome:
        if ticket.is_stopping():
            return Stopped()
        try:
            events = ticket.job.run_events(self._work_bench())
            for event in events:
                self._post(ticket, event)
                if ticket.is_stopping():
                    events.close()  # here a job saves what it has
                    return Stopped()
                if ticket.lane is Lane.ENGINE:
                    self._go_aside()
        except StudioError as error:
            log.info("%s: %s", ticket.job.title, error)
            return self._failed(error)
        except Exception as error:
            log.exception("%s failed", ticket.job.title)
            return self._failed(error)
        return Done()

    def _failed(self, error: Exception) -> Failed:
        self._spoilt = self._spoilt or is_metal(error)
        return Failed(sentence(error), traceback.format_exc())

    def _work_bench(self) -> Any:
        """What stays on this thread between jobs, made here when the first job needs it."""
        if self._bench is None:
            self._bench = self._make_bench()
        return self._bench

    def _post(self, ticket: Ticket, note: Event | Outcome) -> None:
        self.outbox.put((ticket, note))
        if self.outbox.qsize() == 1:
            self.posted.emit()
