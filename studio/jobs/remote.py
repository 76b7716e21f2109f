"""The engine's thread, where the engine is a process: it sends jobs there, and passes on what comes."""

from __future__ import annotations

import itertools
import json
import logging
import signal
import traceback
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from studio.catalogue import Phrase, phrase
from studio.child_process import ENGINE, Child
from studio.errors import StudioError
from studio.events import Ended, RunOpened
from studio.jobs.job import Failed, Outcome, Stopped, said_of_death
from studio.jobs.messages import JsonMessage, note_in, packed
from studio.jobs.perform import Performer, Ticket
from studio.logs import hearing
from studio.runs.folder import RunFolder

log = logging.getLogger(__name__)

_TICK = 0.03  # seconds between two looks at who is to stop or to interrupt, while the process says nothing
_PATIENCE = 30.0  # seconds that the process has to leave, once its jobs have ended
LEAVES_WITHIN = 60.0  # seconds that it has to stop and save in, when the window is gone
_WORDS = 60  # so many of its last lines tell why it died
_UNREADABLE = phrase("engine.unreadable")


class _EngineProcess:
    """The process, and its last words; what libraries print there goes to the log."""

    def __init__(self) -> None:
        self.last_words: deque[str] = deque(maxlen=_WORDS)
        self.proven = False  # it has begun a ticket
        self.child = Child(ENGINE, str(LEAVES_WITHIN), hear=hearing(__name__, self.last_words.append))

    def close(self) -> int:
        """Let it leave; its exit code."""
        return self.child.leave(_PATIENCE)


@dataclass
class _Sent:
    """A ticket that the process has, and what is known of it here."""

    ticket: Ticket
    begun: bool = False
    stop_sent: bool = False
    run: RunFolder | None = None  # the run that it writes


class RemotePerformer(Performer):
    """Has tickets performed by a process that is started for the first, and anew after one that died.

    Tickets that interrupt are sent at once; the process performs them between two events of the heavy one.
    """

    can_be_ended = True

    def __init__(self) -> None:
        super().__init__("engine", _EngineProcess)
        self._ended_for: Phrase | None = None  # why it was ended from here
        self._sent: dict[int, _Sent] = {}
        self._numbers = itertools.count(1)
        self._leaves = False  # the process says that it cannot go on

    def end_now(self, said: Phrase, number: int = signal.SIGKILL) -> None:
        """End the process by a signal, from any thread; its jobs fail with what is said."""
        process: _EngineProcess | None = self._context
        if process is not None and process.child.is_running:
            self._ended_for = said
            process.child.kill(number)

    def _begin(self, ticket: Ticket) -> None:
        if (
            self._context is not None and not self._context.child.is_running
        ):  # it died while nothing was asked
            self._leave_context()
        self._send(ticket)
        if self._sent:
            self._see_through(self._context)

    def _perform_interrupts(self) -> None:
        for ticket in self._waiting():
            self._begin(ticket)

    def _send(self, ticket: Ticket) -> None:
        if ticket.is_stopping():
            self._say(ticket, Stopped())
            return
        try:
            message = packed(ticket.job)
            process: _EngineProcess = self._work_context()
        except Exception as error:
            log.exception("%s cannot be sent to the engine", ticket.job.title)
            self._say(ticket, Failed(f"{type(error).__name__}: {error}", traceback.format_exc()))
            return
        number = next(self._numbers)
        self._sent[number] = _Sent(ticket)
        process.child.send({"ticket": number, "queue_name": ticket.queue_name.value, "job": message})

    def _see_through(self, process: _EngineProcess) -> None:
        """Pass on what the process says until it has answered every ticket; bury it where it cannot."""
        reason = None
        try:
            self._follow(process)
        except Exception:
            log.exception("%s", _UNREADABLE)
            reason = _UNREADABLE
            process.child.end()
        if self._sent:
            self._bury(process, reason)
        elif self._leaves:
            self._leave_context()
            self._leaves = False

    def _follow(self, process: _EngineProcess) -> None:
        for line in process.child.lines(_TICK):
            if line is not None:
                self._pass_on(json.loads(line))
            if not self._sent:
                return
            self._send_waiting()
            self._send_stops(process)

    def _send_waiting(self) -> None:
        """Send what is to interrupt the ticket at work."""
        waiting = self._waiting()
        while not self._leaves and (ticket := next(waiting, None)) is not None:
            self._send(ticket)

    def _send_stops(self, process: _EngineProcess) -> None:
        for number, sent in self._sent.items():
            if sent.ticket.is_stopping() and not sent.stop_sent:
                sent.stop_sent = True
                process.child.send({"stop": number})

    def _pass_on(self, message: JsonMessage) -> None:
        number: int = message["ticket"]
        sent = self._sent[number]
        if "begins" in message:
            sent.begun = self._context.proven = True
            return
        note = note_in(message)
        if isinstance(note, Outcome):
            del self._sent[number]
            self._leaves = self._leaves or message["leaves"]
        if isinstance(note, RunOpened):
            sent.run = RunFolder(Path(note.folder))
        self._say(sent.ticket, note)

    def _bury(self, process: _EngineProcess, reason: Phrase | None) -> None:
        """Tell the end of what a process that is gone had begun, and have a fresh one perform the rest.

        Where it never began anything, the next would fare no better. `reason` is why it is gone, where the
        signal that ended it does not say it.
        """
        code = process.close()
        reason, self._ended_for = reason or self._ended_for, None
        last_words = "\n".join(process.last_words)
        self._context = None
        left, self._sent, self._leaves = list(self._sent.values()), {}, False
        for sent in left:
            if sent.begun or not process.proven:
                said = said_of_death(code, last_words, sent.run, reason)
                _note(sent, said)
                self._say(sent.ticket, Failed(said, f"exit {code}\n{last_words}"))
        for sent in left:
            if process.proven and not sent.begun:
                self._begin(sent.ticket)


def _note(sent: _Sent, said: Phrase) -> None:
    """Note why a ticket failed: in the log, and in the run that was at work, if one was."""
    log.error("%s: %s", sent.ticket.job.title, said)
    if sent.run is None:
        return
    with suppress(StudioError):
        events = sent.run.events()
        if not (events and isinstance(events[-1], Ended)):  # a sweep may have died between two runs
            sent.run.append(Ended("failed", said))
