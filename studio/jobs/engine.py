"""The engine as a process of its own: it performs jobs that it is sent, and keeps its models between them.

It is sent lines such as {"ticket": 1, "queue_name": "engine", "job": {…}} and {"stop": 1}, and says of each
ticket that it begins, what happens, and how it ends. When nothing more can come it stops what runs, which
saves, and leaves; what does not stop in time ends with the process, and a run goes on from its checkpoint.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import sys

from studio.child_process import Parent
from studio.events import Event
from studio.jobs.job import Outcome
from studio.jobs.messages import JsonMessage, Packed, line_about
from studio.jobs.perform import Performer, QueueName, Ticket, ignore, model_cache
from studio.process import prepare_process


class _Numbered(Ticket):
    """A ticket of the other process, by its number there."""

    def __init__(self, number: int, message: JsonMessage) -> None:
        super().__init__(Packed(message["job"]), QueueName(message["queue_name"]), ignore, ignore)
        self.number = number


class _Engine(Performer):
    """Performs in the thread that calls `run`, and listens on another."""

    def __init__(self, seconds: float) -> None:
        super().__init__("engine", model_cache)
        self._seconds = seconds  # to stop in when nobody is there any more
        self._alone = False
        self._tickets: dict[int, Ticket] = {}
        self._parent = Parent(self._hear, self._stop_all)

    def _hear(self, message: JsonMessage) -> None:
        if (stopped := message.get("stop")) is not None:
            if (ticket := self._tickets.get(stopped)) is not None:
                ticket.stop()
            return
        number = message["ticket"]
        self._tickets[number] = ticket = _Numbered(number, message)
        self.take(ticket)

    def _stop_all(self) -> None:
        if not self._alone:
            self._alone = True
            # A thread that needs no Python: it ends the process in the midst of whatever is computed.
            faulthandler.dump_traceback_later(self._seconds, exit=True)
        for ticket in list(self._tickets.values()):
            ticket.stop()
        self.inbox.put(None)

    def _note_begin(self, ticket: Ticket) -> None:
        assert isinstance(ticket, _Numbered)
        self._parent.report(json.dumps({"ticket": ticket.number, "begins": True}))

    def tell(self, ticket: Ticket, note: Event | Outcome) -> None:
        """Tell the parent."""
        assert isinstance(ticket, _Numbered)
        if isinstance(note, Outcome):
            del self._tickets[ticket.number]
        self._parent.report(line_about(ticket.number, note, leaves=self.broken))


def main(seconds: str) -> int:
    """Be the engine until nobody asks any more, and for so many seconds at most after that."""
    faulthandler.enable()
    prepare_process()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    engine = _Engine(float(seconds))
    engine.run(engine.tell)
    return 0
