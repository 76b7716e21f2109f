"""The job queue: the engine thread behind it, one quiet window-side object in front.

MLX is bound to the thread that imports and uses it, so one long-lived engine thread does every model
job. A second thread reads datasets and needs no MLX. Only plain Python values leave them.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from enum import Enum
from queue import Empty, Queue, SimpleQueue
from threading import Event as Flag
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from studio.errors import StudioError
from studio.events import Event
from studio.jobs.job import Done, Failed, Job, Outcome, Stopped

log = logging.getLogger(__name__)

OnEvent = Callable[[Event], None]
OnEnd = Callable[[Outcome], None]

OUTBOX_SIZE = 512  # a job that talks faster than the window listens waits here


class Lane(Enum):
    """Where a job runs."""

    ENGINE = "engine"  # one heavy job at a time, in order of submission
    ASIDE = "aside"  # a short job on the engine thread: goes in between two events of the heavy one
    READING = "reading"  # the second thread: datasets, no MLX


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


class _Worker(QThread):
    """Performs tickets from its inbox, and posts what they say to a bounded outbox."""

    posted = Signal()  # carries nothing: the outbox does

    def __init__(self, name: str, make_bench: Callable[[], Any], parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.inbox: SimpleQueue[Ticket | None] = SimpleQueue()
        self.aside: SimpleQueue[Ticket] = SimpleQueue()
        self.outbox: Queue[tuple[Ticket, Event | Outcome]] = Queue(OUTBOX_SIZE)
        self._make_bench = make_bench
        self._bench: Any = None

    def run(self) -> None:
        while (ticket := self.inbox.get()) is not None:
            if ticket.lane is Lane.ASIDE:
                self._go_aside()
            else:
                self._post(ticket, self._perform(ticket))
        if self._bench is not None:
            self._bench.close()

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
            return Failed(str(error), traceback.format_exc())
        except Exception as error:
            log.exception("%s failed", ticket.job.title)
            return Failed(f"{type(error).__name__}: {error}", traceback.format_exc())
        return Done()

    def _work_bench(self) -> Any:
        """What stays on this thread between jobs, made here when the first job needs it."""
        if self._bench is None:
            self._bench = self._make_bench()
        return self._bench

    def _post(self, ticket: Ticket, note: Event | Outcome) -> None:
        self.outbox.put((ticket, note))
        if self.outbox.qsize() == 1:
            self.posted.emit()


class JobQueue(QObject):
    """Takes jobs, and says on the window's thread what happened to them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open: list[Ticket] = []
        self._closed = False
        self._engine = _Worker("engine", _shelf, self)
        self._reader = _Worker("reading", _library, self)
        for worker in (self._engine, self._reader):
            worker.posted.connect(self._drain, Qt.ConnectionType.QueuedConnection)

    def submit(self, job: Job, lane: Lane, on_event: OnEvent, on_end: OnEnd) -> Ticket:
        """Queue a job; its events and its outcome are handed to the two functions, on this thread.

        Threads start with their first job. After `shut_down` nothing is queued any more: what is still
        heard then may well ask for more.
        """
        ticket = Ticket(job, lane, on_event, on_end)
        if self._closed:
            ticket.stop()
            return ticket
        self._open.append(ticket)
        worker = self._reader if lane is Lane.READING else self._engine
        if lane is Lane.ASIDE:
            worker.aside.put(ticket)
        worker.inbox.put(ticket)
        if not worker.isRunning():
            worker.start()
        return ticket

    @property
    def engine_busy(self) -> bool:
        """Whether the engine has work, or work waiting."""
        return any(ticket.lane is not Lane.READING for ticket in self._open)

    def shut_down(self) -> None:
        """Stop everything, wait until the threads have left, and deliver what they still said."""
        self._closed = True
        for ticket in self._open:
            ticket.stop()
        for worker in (self._engine, self._reader):
            worker.inbox.put(None)
            while worker.isRunning() and not worker.wait(20):
                self._drain_whatever_happens()
        while not (self._engine.outbox.empty() and self._reader.outbox.empty()):
            self._drain_whatever_happens()

    def _drain_whatever_happens(self) -> None:
        """Deliver; a listener that raises is reported, and does not keep the threads from being joined."""
        try:
            self._drain()
        except Exception:  # noqa: BLE001  # reported as any other surprise in the window
            sys.excepthook(*sys.exc_info())

    @Slot()
    def _drain(self) -> None:
        """Deliver what is waiting; come back for the rest when a listener raises or more has arrived."""
        for worker in (self._engine, self._reader):
            try:
                self._deliver(worker)
            finally:
                if not worker.outbox.empty():
                    worker.posted.emit()

    def _deliver(self, worker: _Worker) -> None:
        for _ in range(worker.outbox.qsize()):
            try:
                ticket, note = worker.outbox.get_nowait()
            except Empty:  # a listener opened a dialog, and the rest was delivered below it
                return
            if isinstance(note, Outcome):
                self._open.remove(ticket)
                ticket.on_end(note)
            else:
                ticket.on_event(note)


def _shelf() -> Any:
    from studio.models.tokenizer import LOADING

    with LOADING:
        from studio.models.shelf import Shelf
    return Shelf()


def _library() -> Any:
    from studio.train.library import Library

    return Library()
