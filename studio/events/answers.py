"""What answering and evaluating announces."""

from __future__ import annotations

from dataclasses import dataclass

from studio.events.event import Event


@dataclass(frozen=True)
class AnswersBegin(Event, kind="AnswersBegin"):
    """Who answers from now on: a model, and a run with the step that what it learned is of, 0 if unknown."""

    model: str
    run: str
    step: int


@dataclass(frozen=True)
class AnswerPiece(Event, kind="AnswerPiece"):
    """A bit of streamed text for the column `who` ("base" or "tuned")."""

    who: str
    text: str


@dataclass(frozen=True)
class AnswerEnded(Event, kind="AnswerEnded"):
    """One column's answer is complete. `finish_reason` is stop, length or stopped."""

    who: str
    text: str
    prompt_tokens: int
    tokens: int
    tokens_per_second: float
    seconds_to_first: float
    finish_reason: str
