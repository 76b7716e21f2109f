"""A contestant behind an OpenAI-compatible server: it answers, and its weights are out of reach."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING

from studio.errors import StudioError
from studio.generate.address import fault_in
from studio.generate.asking import (
    AT_ONCE,
    NoReply,
    Question,
    RefusalCount,
    asked_at_once,
    replying_server,
    without_thoughts,
)
from studio.generate.contestant import Contestant
from studio.generate.keys import ServerError, server_key

if TYPE_CHECKING:
    from studio.generate.server import Replied, Server  # which needs a tenth of a second for its client

REFUSED = "refused"
"""Why an answer is empty that the server did not want to give."""
CUT = ("length", "max_tokens")


@dataclass(frozen=True, eq=False)
class ServedContestant:
    """Who is asked there. `lost` holds what it said when it answered no more: it is not asked again then."""

    contestant: Contestant
    server: Server
    lost: list[StudioError] = field(default_factory=list)

    @property
    def key(self) -> str:
        return self.contestant.key

    @property
    def title(self) -> str:
        return self.contestant.title

    @property
    def fingerprint(self) -> str:
        """All that is known of what answers there: its address and its name."""
        return self.key


@dataclass(frozen=True)
class ServedAnswer:
    """What came: `tokens` as the server counts them, `finish_reason` is stop, length or refused."""

    text: str
    tokens: int = 0
    seconds: float = 0.0
    finish_reason: str = REFUSED


def served(contestant: Contestant) -> ServedContestant:
    """The contestant with the key to its server. Raises ServerError, with nothing asked yet."""
    from studio.generate.server import Server

    if fault := fault_in(contestant.server):
        raise ServerError("server.no_address", fault=fault)
    if not contestant.model.strip():
        raise ServerError("contestant.no_model_name", server=contestant.server)
    key = server_key(contestant.server, typed=True)
    return ServedContestant(contestant, Server(contestant.server, contestant.model, key))


def served_answers(
    who: ServedContestant, questions: Sequence[Question], *, known: bool = False
) -> Generator[tuple[int, ServedAnswer] | None]:
    """Its answers as (index of the question, answer), as they come; None in between.

    Questions that it refuses come last, with empty answers; `known` is whether it answered others of their
    kind before. Raises ServerError where it is not there any more, or refuses one question after another.
    """
    if questions and who.lost:
        raise who.lost[0]
    try:
        yield from _answers(who, questions, known)
    except StudioError as error:
        who.lost.append(error)
        raise


def _answers(
    who: ServedContestant, questions: Sequence[Question], known: bool
) -> Iterator[tuple[int, ServedAnswer] | None]:
    refusals, refused = RefusalCount(answered=known), []
    with replying_server(who.server) as send:

        def ask(question: Question) -> Generator[None, None, ServedAnswer]:
            began = perf_counter()
            reply = yield from send(question)
            return _answer(reply, perf_counter() - began)

        for came in asked_at_once(ask, iter(enumerate(questions)), AT_ONCE):
            if came is None:
                yield None
                continue
            place, reply = came
            refusals.count(reply)
            if isinstance(reply, NoReply):
                refused.append(place)
            else:
                yield place, reply
    refusals.end()
    for place in refused:
        yield place, ServedAnswer("")


def _answer(reply: Replied, seconds: float) -> ServedAnswer:
    finish = "length" if reply.finish in CUT else "stop"
    return ServedAnswer(without_thoughts(reply.text), reply.tokens, seconds, finish)
