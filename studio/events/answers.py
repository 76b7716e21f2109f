"""What answering announces, and what looking into an answer finds."""

from __future__ import annotations

from dataclasses import dataclass

from studio.events.event import Event


@dataclass(frozen=True)
class AnswersBegin(Event, kind="AnswersBegin"):
    """Who answers from now on: a model, and a run with the step that what it learned is of, 0 if unknown.

    `who` is the contestant's key; one of these comes for each that is asked. `fingerprint` is of all its
    weights, and `is_shared` whether they were verified to lie on the untouched original's own copy.
    """

    model: str
    run: str
    step: int
    who: str = ""
    title: str = ""
    prompt_tokens: int = 0
    seed: int = 0
    template: str = ""  # how the prompt was written, in words
    fingerprint: str = ""
    is_shared: bool = False


@dataclass(frozen=True)
class AnswerPiece(Event, kind="AnswerPiece"):
    """A bit of streamed text of the contestant whose key is `who`."""

    who: str
    text: str


@dataclass(frozen=True)
class MadeCall:
    """A call of a tool in an answer. `arguments` is a JSON object as text."""

    name: str
    arguments: str


@dataclass(frozen=True)
class AnswerEnded(Event, kind="AnswerEnded"):
    """One contestant's answer is complete. `finish_reason` is stop, length or stopped.

    `ids` are the answer's own tokens, nothing for an answer that came from a server. `calls` are the tools
    that it calls, as they stand in its text.
    """

    who: str
    text: str
    prompt_tokens: int
    tokens: int
    tokens_per_second: float
    seconds_to_first: float
    finish_reason: str
    ids: tuple[int, ...] = ()
    calls: tuple[MadeCall, ...] = ()


@dataclass(frozen=True)
class LikelyToken:
    """A token that could stand at a place, with its probability there; `ends` says that it ends an answer."""

    id: int
    text: str
    probability: float
    ends: bool = False


@dataclass(frozen=True)
class TokenRead:
    """A token of an answer, as the contestant that gave it and the others read it.

    `probability` and `entropy` (nats) are the answerer's own, at temperature 1 and before any penalty.
    `shifts` are how far each reader is from it there, log p - log p', nats, and `likely` are the likeliest
    tokens of each, both in the order of the event's `readers`.
    """

    id: int
    text: str
    probability: float
    entropy: float
    shifts: tuple[float, ...]
    likely: tuple[tuple[LikelyToken, ...], ...] = ()


@dataclass(frozen=True)
class AnswerRead(Event, kind="AnswerRead"):
    """An answer of `who`, token by token; `readers` are the keys of those that read it, `who` first."""

    who: str
    readers: tuple[str, ...]
    tokens: tuple[TokenRead, ...]


@dataclass(frozen=True)
class GridAnswered(Event, kind="GridAnswered"):
    """One answer of a grid of prompts and contestants: of the prompt at `place`, by the contestant `who`.

    `seconds` is its share of the time that a batch took. `finish_reason` is as in AnswerEnded.
    """

    place: int
    who: str
    text: str
    tokens: int
    seconds: float
    finish_reason: str


@dataclass(frozen=True)
class GridColumn:
    """What one contestant's answers in a grid come to: how many there are, and their means.

    `cut` of them ended at the maximum of tokens, `empty` say nothing, and `same` say what the first
    contestant says to the same prompt.
    """

    who: str
    title: str
    answers: int
    tokens: float
    seconds: float
    characters: float
    cut: int
    empty: int
    same: int


@dataclass(frozen=True)
class GridEnded(Event, kind="GridEnded"):
    """A grid is whole: a column for each contestant, in their order."""

    columns: tuple[GridColumn, ...]
