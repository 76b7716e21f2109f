"""A model that is asked one question after another: what is asked, and its reply, whole or none."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.dataset.record import Message

if TYPE_CHECKING:
    from studio.generate.server import Server  # which needs a tenth of a second for its client

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
    """The model of a server. Several questions may wait for their replies at once. Raises ServerError."""
    from studio.generate.server import QuestionRefused, connected

    with connected(server) as send:

        def ask(question: Question) -> Generator[None, None, str]:
            turns = [{"role": turn.role, "content": turn.content} for turn in question.messages]
            try:
                reply = yield from send(turns, question.max_tokens, question.temperature, question.seed)
            except QuestionRefused as error:
                raise NoReply(REFUSED) from error
            return whole_reply(reply.text, reply.finish, reply.instead)

        yield ask
