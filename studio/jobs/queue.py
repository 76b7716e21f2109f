"""The job queue: the engine thread behind it, one quiet window-side object in front.

MLX is bound to the thread that imports and uses it, so one long-lived engine thread does every model
job. After a Metal failure, which breaks MLX in its thread, the engine goes on in a fresh one. A second
thread reads datasets, a third follows scans of big files, a fourth waits for servers that make rows, a fifth
for datasets of the Hub, three more look for models, here and there, and bring them; they need no MLX. Only
plain Python values leave them. The engine may also be a process of its own, which its thread feeds and
follows: then MLX and Qt share no process.
"""

from __future__ import annotations

import signal
import sys
import time
from queue import Empty
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from studio.catalogue import phrase
from studio.jobs.collecting import Collector
from studio.jobs.job import Job, Outcome
from studio.jobs.perform import OnEnd, OnEvent, Performer, QueueName, Ticket, model_cache
from studio.jobs.remote import RemotePerformer
from studio.jobs.worker import Worker

__all__ = ["JobQueue", "QueueName", "Ticket"]


STOPS_WITHIN = 60.0
"""So many seconds the engine has to stop and save in, when the window closes; then it is ended."""
_GRACE = 5.0  # seconds between asking its process to end and ending it
ENGINE_QUEUES = (QueueName.ENGINE, QueueName.INTERRUPT)


class JobQueue(QObject):
    """Takes jobs, and says on the window's thread what happened to them.

    With `engine_in_child` the engine is a process that its thread owns, and not the thread itself.
    """

    engine_rested = Signal()  # the engine's last job has ended

    def __init__(self, parent: QObject | None = None, *, engine_in_child: bool = False) -> None:
        super().__init__(parent)
        self._open: list[Ticket] = []
        self._closed = self._hurried = False
        self._collector = Collector(self)
        self._performer = RemotePerformer() if engine_in_child else Performer("engine", model_cache)
        self._engine = Worker(self._performer, self)
        self._reader = Worker(Performer("reading", _dataset_cache), self)
        self._scanner = Worker(Performer("scanning", lambda: None), self)
        self._asker = Worker(Performer("asking", lambda: None), self)
        self._fetcher = Worker(Performer("fetching", lambda: None), self)
        self._lister = Worker(Performer("listing", lambda: None), self)
        self._looker = Worker(Performer("looking", lambda: None), self)
        self._bringer = Worker(Performer("bringing", lambda: None), self)
        beside = (self._reader, self._scanner, self._asker, self._fetcher)
        of_models = (self._lister, self._looker, self._bringer)
        self._workers = (self._engine, *beside, *of_models)
        for worker in self._workers:
            worker.posted.connect(self._drain, Qt.ConnectionType.QueuedConnection)
            worker.finished.connect(self._go_on, Qt.ConnectionType.QueuedConnection)

    def submit(self, job: Job, queue_name: QueueName, on_event: OnEvent, on_end: OnEnd) -> Ticket:
        """Queue a job; its events and its outcome are handed to the two functions, on this thread.

        Threads start with their first job. After `shut_down` nothing is queued any more: what is still
        heard then may well ask for more.
        """
        ticket = Ticket(job, queue_name, on_event, on_end)
        if self._closed:
            ticket.stop()
            return ticket
        self._open.append(ticket)
        own = {
            QueueName.READING: self._reader,
            QueueName.SCANNING: self._scanner,
            QueueName.ASKING: self._asker,
            QueueName.FETCHING: self._fetcher,
            QueueName.LISTING: self._lister,
            QueueName.LOOKING: self._looker,
            QueueName.BRINGING: self._bringer,
        }
        own.get(queue_name, self._engine).take(ticket)
        return ticket

    @property
    def engine_busy(self) -> bool:
        """Whether the engine has work, or work waiting."""
        return any(ticket.queue_name in ENGINE_QUEUES for ticket in self._open)

    @property
    def hangs(self) -> bool:
        """Whether the engine was asked to stop and has not, and can be ended."""
        asked = (each.is_stopping() for each in self._open if each.queue_name in ENGINE_QUEUES)
        return self._performer.can_be_ended and any(asked)

    def end_engine(self) -> None:
        """End the engine's process, which does not answer; a run goes on from its last checkpoint."""
        self._performer.end_now(phrase("engine.ended"))

    @property
    def idle(self) -> bool:
        """Whether all that was asked for has been done and heard."""
        return not self._open

    def shut_down(self) -> None:
        """Stop everything, wait until the threads have left, and deliver what they still said."""
        self._closed = True
        for ticket in self._open:
            ticket.stop()
        for worker in self._workers:
            self._end(worker)
        while not all(worker.outbox.empty() for worker in self._workers):
            self._drain_whatever_happens()
        self._collector.stop()

    def _end(self, worker: Worker) -> None:
        """Have a worker see its tickets through, all stopped by now, and leave; on a new one if it must."""
        if worker.isRunning() or worker.waits:
            worker.dismiss()
        late = time.monotonic() + STOPS_WITHIN
        while worker.isRunning() or worker.waits:
            if worker is self._engine and time.monotonic() > late:
                late = self._end_late(late)
            if not worker.isRunning():
                worker.begin()
            elif not worker.wait(20):
                self._drain_whatever_happens()

    def _end_late(self, since: float) -> float:
        """End an engine that has not stopped in time, gently first; when to look again."""
        said = phrase("engine.hung", seconds=round(STOPS_WITHIN))
        first = not self._hurried
        self._hurried = True
        self._performer.end_now(said, signal.SIGTERM if first else signal.SIGKILL)
        return since + _GRACE

    @Slot()
    def _go_on(self) -> None:
        """Tidy up after a thread that left, and give tickets that came meanwhile a fresh one."""
        self._collector.collect_all()  # arrays in the frames of a failure
        for worker in self._workers:
            if not self._closed and worker.waits:
                worker.begin()

    def _drain_whatever_happens(self) -> None:
        """Deliver; a listener that raises is reported, and does not keep the threads from being joined."""
        try:
            self._drain()
        except Exception:  # noqa: BLE001  # reported as any other surprise in the window
            sys.excepthook(*sys.exc_info())

    @Slot()
    def _drain(self) -> None:
        """Deliver what is waiting; come back for the rest when a listener raises or more has arrived."""
        for worker in self._workers:
            try:
                self._deliver(worker)
            finally:
                if not worker.outbox.empty():
                    worker.posted.emit()

    def _deliver(self, worker: Worker) -> None:
        for _ in range(worker.outbox.qsize()):
            try:
                ticket, note = worker.outbox.get_nowait()
            except Empty:  # a listener opened a dialog, and the rest was delivered below it
                return
            if isinstance(note, Outcome):
                self._open.remove(ticket)
                ticket.end(note)
                if ticket.queue_name in ENGINE_QUEUES and not self.engine_busy:
                    self.engine_rested.emit()
            else:
                ticket.on_event(note)


def _dataset_cache() -> Any:
    from studio.train.dataset_cache import DatasetCache

    return DatasetCache(shows_all=True)
