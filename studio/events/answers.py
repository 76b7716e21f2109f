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


@dataclass(frozen=True)
class GoldenAnswer(Event, kind="GoldenAnswer"):
    """Both answers to one golden prompt, and whether each matches the ideal exactly."""

    index: int
    prompt: str
    ideal: str
    base: str
    tuned: str
    base_right: bool
    tuned_right: bool


ENOUGH = 6
"""Fewer items show no direction: five of five move the same way by chance 1 time in 16."""


@dataclass(frozen=True)
class Measure:
    """One measure, base against tuned; `low` and `high` bound the difference tuned - base at 95 %.

    `better` is "higher" or "lower": which direction is an improvement. `unit` is "share", "nats" or "ratio".
    """

    name: str
    base: float
    tuned: float
    low: float
    high: float
    better: str
    unit: str
    count: int

    @property
    def difference(self) -> float:
        return self.tuned - self.base

    @property
    def verdict(self) -> str:
        """better or worse; unclear when the interval holds zero; else too few below ENOUGH items."""
        if self.low <= 0 <= self.high:
            return "unclear"
        if self.count < ENOUGH:
            return "too few"
        return "better" if (self.low > 0) == (self.better == "higher") else "worse"


@dataclass(frozen=True)
class Evaluated(Event, kind="Evaluated"):
    """The whole comparison of a run: the verdict in a sentence, the measures behind it, the time it took."""

    run: str
    golden: str
    headline: str
    verdict: str
    measures: tuple[Measure, ...]
    fixed: int
    broken: int
    both_right: int
    both_wrong: int
    seconds: float
    base: str = ""  # what the run was compared with, in words, where that could be more than one
