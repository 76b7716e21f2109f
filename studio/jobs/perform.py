"""Tickets for jobs, the queues they wait in, and what performs them one after another. Without Qt."""

from __future__ import annotations

import logging
import signal
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from enum import Enum
from queue import Empty, SimpleQueue
from threading import Event as Flag
from typing import Any, Protocol, runtime_checkable

from studio.catalogue import Phrase
from studio.errors import StudioError
from studio.events import Event
from studio.jobs.job import Done, Failed, Job, Outcome, Stopped, is_metal, said_of

log = logging.getLogger(__name__)

OnEvent = Callable[[Event], None]
OnEnd = Callable[[Outcome], None]


class QueueName(Enum):
    """The queue that a job waits in; each but INTERRUPT has a thread of its own."""

    ENGINE = "engine"  # one heavy job at a time, in order of submission
    INTERRUPT = "interrupt"  # a short job on the engine thread: goes in between two events of the heavy one
    READING = "reading"  # the second thread: datasets, no MLX
    SCANNING = "scanning"  # the third: follows child processes that read big files
    FETCHING = "fetching"  # the fifth: follows what is downloaded and uploaded
    LISTING = "listing"  # the sixth: which models are on this machine, and what they may be used for
    BRINGING = "bringing"  # the eighth: brings models from the Hub, one after another
    LOOKING = "looking"  # the seventh: what the Hub has, which must not wait for a download
    ASKING = "asking"  # the fourth: makes rows by a server, which may take its time, or by no model


class Ticket:
    """One submitted job, who listens to it on the window's thread, and the flag that stops it."""

    def __init__(self, job: Job, queue_name: QueueName, on_event: OnEvent, on_end: OnEnd) -> None:
        self.job = job
        self.queue_name = queue_name
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
        on_end, self.on_event, self.on_end = self.on_end, ignore, ignore
        on_end(outcome)


def ignore(note: Event | Outcome) -> None:
    """Nobody listens any more."""


@runtime_checkable
class Bench(Protocol):
    """What stays on a thread between jobs, and has something to set up for the time of each."""

    def at_work(self) -> AbstractContextManager[None]:
        """For the time of one job; those of jobs that take turns overlap."""
        ...


def at_work(context: Any) -> AbstractContextManager[None]:
    """What a job on this context is performed in."""
    return context.at_work() if isinstance(context, Bench) else nullcontext()


class Performer:
    """Performs the tickets it takes, on the thread that calls `run`.

    It leaves when it is told to by None in its inbox, or after a Metal failure, which breaks MLX in its
    thread.
    """

    def __init__(self, name: str, make_context: Callable[[], Any]) -> None:
        self.name = name
        self.inbox: SimpleQueue[Ticket | None] = SimpleQueue()
        self.broken = False  # MLX can no longer be used in this thread
        self._interrupts: SimpleQueue[Ticket] = SimpleQueue()
        self._make_context = make_context
        self._context: Any = None
        self._say: Callable[[Ticket, Event | Outcome], None] = _unheard

    def take(self, ticket: Ticket) -> None:
        """Queue a ticket, from any thread."""
        if ticket.queue_name is QueueName.INTERRUPT:
            self._interrupts.put(ticket)
        self.inbox.put(ticket)

    can_be_ended = False

    def end_now(self, said: Phrase, number: int = signal.SIGKILL) -> None:
        """End what is performed, from any thread, where that is possible; its job fails with what is said."""

    def run(self, say: Callable[[Ticket, Event | Outcome], None]) -> None:
        """Perform until it is time to leave. `say` gets events and outcomes, and may take its time."""
        self._say = say
        while not self.broken and (ticket := self.inbox.get()) is not None:
            if ticket.queue_name is QueueName.INTERRUPT:
                self._perform_interrupts()
            else:
                self._begin(ticket)
        self._leave_context()
        self.broken = False

    def _leave_context(self) -> None:
        """Drop all that MLX made in this thread; where Metal has failed, that may fail once more."""
        context, self._context = self._context, None
        if context is None:
            return
        try:
            context.close()
        except Exception:
            log.exception("The %s thread could not be tidied up", self.name)

    def _perform_interrupts(self) -> None:
        """Perform the short jobs that wait or come meanwhile, an event of each in turn, so that a long answer
        keeps no other waiting. Their inbox entries find the queue empty later.
        """
        running: list[tuple[Ticket, Generator[Event | Outcome]]] = []
        while True:
            running += [(ticket, self._notes(ticket)) for ticket in self._waiting()]
            if not running:
                return
            for each in list(running):
                ticket, notes = each
                note = next(notes)
                self._say(ticket, note)
                if isinstance(note, Outcome):
                    running.remove(each)

    def _waiting(self) -> Iterator[Ticket]:
        while True:
            try:
                yield self._interrupts.get_nowait()
            except Empty:
                return

    def _begin(self, ticket: Ticket) -> None:
        """Perform a ticket, and say how it ended."""
        for note in self._notes(ticket):
            self._say(ticket, note)
            if ticket.queue_name is QueueName.ENGINE and isinstance(note, Event):
                self._perform_interrupts()

    def _notes(self, ticket: Ticket) -> Generator[Event | Outcome]:
        """What a ticket's job says, and at last how it ended."""
        self._note_begin(ticket)
        if ticket.is_stopping():
            yield Stopped()
            return
        stopped = False
        try:
            with at_work(context := self._work_context()):
                events = ticket.job.run_events(context)
                for event in events:
                    yield event
                    if stopped := ticket.is_stopping():
                        events.close()  # here a job saves what it has
                        break
        except StudioError as error:
            log.info("%s: %s", ticket.job.title, error)
            yield self._failed(error)
        except Exception as error:
            log.exception("%s failed", ticket.job.title)
            yield self._failed(error)
        else:
            yield Stopped() if stopped else Done()

    def _note_begin(self, ticket: Ticket) -> None:
        """A ticket's turn has come; for those who tell of it."""

    def _failed(self, error: Exception) -> Failed:
        self.broken = self.broken or is_metal(error)
        return Failed(said_of(error), traceback.format_exc())

    def _work_context(self) -> Any:
        """What stays on this thread between jobs, made here when the first job needs it."""
        if self._context is None:
            self._context = self._make_context()
        return self._context


def _unheard(ticket: Ticket, note: Event | Outcome) -> None:
    raise RuntimeError("nothing is performed before `run`")


def model_cache() -> Any:
    """What stays on the engine thread between jobs: the models that are loaded."""
    from studio.models.tokenizer import LOADING

    with LOADING:
        from studio.models.cache import ModelCache
    return ModelCache()
