"""A model that is asked one question after another: what is asked, and its reply, whole or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.dataset.record import Message
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.generate.server import Replied, Server  # which needs a tenth of a second for its client

_TAG = r"(?:think(?:ing)?|thought|reason(?:ing)?)"
_THOUGHT = re.compile(
    rf"<{_TAG}>.*?(?:</{_TAG}>|\Z)|\[think\].*?(?:\[/think\]|\Z)", re.DOTALL | re.IGNORECASE
)
_THOUGHT_OPENED = re.compile(rf"\A.*(?:</{_TAG}>|\[/think\])", re.DOTALL | re.IGNORECASE)
"""A thought whose opening the template had put into the prompt."""


def without_thoughts(reply: str) -> str:
    """What a reply says, without what its model thought before."""
    return _THOUGHT_OPENED.sub("", _THOUGHT.sub("", reply), count=1).strip()


@dataclass(frozen=True)
class Question:
    """What a model is asked once."""

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float
    seed: int


type AskModel = Callable[[Question], Generator[None, None, str]]
"""A model: yields while it works, so that it can be stopped, and returns its reply, or raises NoReply."""


class NoReply(Exception):
    """A question brought nothing that could be kept; another one may. `reason` is in a few words that can be
    counted; the error of a server that refused the question is the cause.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


CUT = "cut at the maximum of new tokens"
FILTERED = "held back by the server's filter"
DECLINED = "declined by the model"
THOUGHT = "reasoning without an answer"
SILENT = "an empty reply"
REFUSED = "refused by the server"
_REFUSALS = 20  # in a row, after which something else is wrong


def whole_reply(text: str, finish: str, instead: str = "") -> str:
    """The reply, if it is whole. Raises NoReply with the reason for one that is cut, held back or not there.

    `finish` is why it ended, as the protocol names it; `instead` what came beside the text, if anything.
    """
    match finish:
        case "length" | "max_tokens":
            raise NoReply(CUT)
        case "content_filter":
            raise NoReply(FILTERED)
    if not text.strip() and instead:
        raise NoReply(DECLINED if instead == "refusal" else THOUGHT)
    return text


@contextmanager
def asked_server(server: Server) -> Iterator[AskModel]:
    """The model of a server, whose replies are whole. Several questions may wait for theirs at once.

    Raises ServerError.
    """
    with replying_server(server) as send:

        def ask(question: Question) -> Generator[None, None, str]:
            reply = yield from send(question)
            return whole_reply(reply.text, reply.finish, reply.instead)

        yield ask


@contextmanager
def replying_server(server: Server) -> Iterator[Callable[[Question], Generator[None, None, Replied]]]:
    """The same with replies as they come: cut ones, empty ones, and why each ended."""
    from studio.generate.server import QuestionRefused, connected

    with connected(server) as send:

        def ask(question: Question) -> Generator[None, None, Replied]:
            turns = [{"role": turn.role, "content": turn.shown} for turn in question.messages]
            try:
                return (yield from send(turns, question.max_tokens, question.temperature, question.seed))
            except QuestionRefused as error:
                raise NoReply(REFUSED) from error

        yield ask


AT_ONCE = 4
"""Questions that wait for one server's replies at the same time: few enough for a model at home."""


def asked_at_once[Key: Hashable, Asked, Reply](
    ask: Callable[[Asked], Generator[None, None, Reply]], questions: Iterator[tuple[Key, Asked]], most: int
) -> Iterator[tuple[Key, Reply | NoReply] | None]:
    """Each reply as it comes, with the key of its question, `most` waited for at once; None in between."""
    running: dict[Key, Generator[None, None, Reply]] = {}
    try:
        while True:
            while len(running) < most and (following := next(questions, None)):
                running[following[0]] = ask(following[1])
            if not running:
                return
            for key, work in list(running.items()):
                ended, reply = _stepped(work)
                if ended:
                    del running[key]
                yield (key, reply) if ended and reply is not None else None
    finally:
        for work in running.values():
            work.close()


def _stepped[Reply](work: Generator[None, None, Reply]) -> tuple[bool, Reply | NoReply | None]:
    try:
        next(work)
    except StopIteration as end:
        return True, end.value
    except NoReply as lost:
        return True, lost
    return False, None


class RefusalCount:
    """Questions that a server refuses are passed over; but where it takes none at all, that is said."""

    def __init__(self, *, answered: bool = False) -> None:
        self._in_a_row, self._answered = 0, answered
        self._last: BaseException | None = None

    def count(self, reply: object) -> None:
        """Raises what the server said after too many refusals in a row."""
        cause = reply.__cause__ if isinstance(reply, NoReply) else None
        self._answered = self._answered or cause is None
        self._in_a_row = self._in_a_row + 1 if cause else 0
        self._last = cause or self._last
        if self._in_a_row >= _REFUSALS:
            self._raise()

    def end(self) -> None:
        """Raises what the server said, where it refused everything."""
        if self._last is not None and not self._answered:
            self._raise()

    def _raise(self) -> None:
        if isinstance(self._last, StudioError):
            raise self._last
