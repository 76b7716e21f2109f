"""What answering a request of the local server announces."""

from __future__ import annotations

from dataclasses import dataclass

from studio.events.answers import MadeCall
from studio.events.event import Event


@dataclass(frozen=True)
class ReplyBegins(Event, kind="ReplyBegins"):
    """The prompts are tokens and fit: from now on it is answered. `fingerprint` is of all the weights."""

    prompt_tokens: int
    fingerprint: str


@dataclass(frozen=True)
class WeighedToken:
    """A token with the natural logarithm of its probability. `data` are its bytes, which may be only a part
    of a character, or nothing where its vocabulary does not tell.
    """

    text: str
    data: tuple[int, ...]
    log_prob: float


@dataclass(frozen=True)
class ReplyToken:
    """A token of a reply, and the likeliest at its place, which need not hold it."""

    token: WeighedToken
    likely: tuple[WeighedToken, ...] = ()


@dataclass(frozen=True)
class ReplyPiece(Event, kind="ReplyPiece"):
    """A bit of text of one of the replies, with its tokens where their probabilities were asked for."""

    choice: int
    text: str
    tokens: tuple[ReplyToken, ...] = ()


@dataclass(frozen=True)
class ReplyEnded(Event, kind="ReplyEnded"):
    """One of the replies is complete. `finish_reason` is stop, length or tool_calls.

    `tokens` counts the drawn ones, also one that ended it.
    """

    choice: int
    tokens: int
    finish_reason: str
    calls: tuple[MadeCall, ...] = ()
