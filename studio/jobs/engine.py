"""The engine as a process of its own: it performs jobs that it is sent, and keeps its models between them.

It is sent lines such as {"ticket": 1, "lane": "engine", "job": {…}} and {"stop": 1}, and answers by events
and an outcome for each ticket. When nothing more can come it stops what runs, which saves, and leaves.
"""

from __future__ import annotations

import faulthandler
import logging
import sys
from typing import Any

from studio.child_process import Parent
from studio.events import Event
from studio.jobs.job import Outcome
from studio.jobs.messages import Packed, said_of
from studio.jobs.perform import Lane, Performer, Ticket, ignore, model_cache
from studio.process import prepare_process


class _Numbered(Ticket):
    """A ticket of the other process, by its number there."""

    def __init__(self, number: int, message: dict[str, Any]) -> None:
        super().__init__(Packed(message["job"]), Lane(message["lane"]), ignore, ignore)
        self.number = number


class _Engine:
    """Performs in the thread that calls `run`, and listens on another."""

    def __init__(self) -> None:
        self._tickets: dict[int, Ticket] = {}
        self._performer = Performer("engine", model_cache)
        self._parent = Parent(self._hear, self._stop_all)

    def run(self) -> None:
        """Perform until MLX is spoilt or the parent has gone."""
        self._performer.run(self._say)

    def _hear(self, message: dict[str, Any]) -> None:
        if (stopped := message.get("stop")) is not None:
            if (ticket := self._tickets.get(stopped)) is not None:
                ticket.stop()
            return
        number = message["ticket"]
        self._tickets[number] = ticket = _Numbered(number, message)
        self._performer.take(ticket)

    def _stop_all(self) -> None:
        for ticket in list(self._tickets.values()):
            ticket.stop()
        self._performer.inbox.put(None)

    def _say(self, ticket: Ticket, note: Event | Outcome) -> None:
        assert isinstance(ticket, _Numbered)
        if isinstance(note, Outcome):
            del self._tickets[ticket.number]
        self._parent.say(said_of(ticket.number, note, leaves=self._performer.spoilt))


def main() -> int:
    """Be the engine until nobody asks any more."""
    faulthandler.enable()
    prepare_process()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    _Engine().run()
    return 0
