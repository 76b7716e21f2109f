"""A thread in which jobs are performed, and the bounded outbox through which the window hears of them."""

from __future__ import annotations

from queue import Queue

from PySide6.QtCore import QObject, QThread, Signal

from studio.events import Event
from studio.jobs.job import Outcome
from studio.jobs.perform import Performer, Ticket

OUTBOX_SIZE = 512  # a job that talks faster than the window listens waits here


class Worker(QThread):
    """Has a performer at work, and posts what it says to a bounded outbox.

    It leaves its thread when the performer does; `begin` gives it a new one.
    """

    posted = Signal()  # carries nothing: the outbox does

    def __init__(self, performer: Performer, parent: QObject) -> None:
        super().__init__(parent)
        self.setObjectName(performer.name)
        self.outbox: Queue[tuple[Ticket, Event | Outcome]] = Queue(OUTBOX_SIZE)
        self._performer = performer
        self._leaving = False  # the thread takes no more tickets, and is about to end

    @property
    def waits(self) -> bool:
        """Whether something is in the inbox."""
        return not self._performer.inbox.empty()

    def take(self, ticket: Ticket) -> None:
        """Have a ticket performed."""
        self._performer.take(ticket)
        self.begin()

    def dismiss(self) -> None:
        """Have the thread leave when it has seen its tickets through."""
        self._performer.inbox.put(None)

    def begin(self) -> None:
        """Start a thread unless one is at work; one that is leaving is waited for first."""
        if self._leaving:
            self.wait()
            self._leaving = False
        if not self.isRunning():
            self.start()

    def run(self) -> None:
        self._performer.run(self._post)
        self._leaving = True

    def _post(self, ticket: Ticket, note: Event | Outcome) -> None:
        self.outbox.put((ticket, note))
        if self.outbox.qsize() == 1:
            self.posted.emit()
