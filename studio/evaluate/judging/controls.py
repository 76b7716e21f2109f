"""Whether a judge can rate at all: an ideal answer must get more than the ideal answer to another question.

This is asked before anything else is rated: a judge that cannot tell these two apart cannot tell two good
answers apart, and no more of its time is spent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from studio.catalogue import Phrase, phrase
from studio.evaluate.judging.judge import JudgeQuestion, JudgeReply
from studio.evaluate.judging.rubrics import rating, shipped_rubric
from studio.evaluate.judging.trust import CONSISTENCY, READABLE, like_a_coin, whole_percent
from studio.evaluate.statistics import wilson
from studio.events import INCOMPATIBLE, MEASURED, TOO_FEW, ContestantScore, Score

CONTROLS = 30
"""Questions whose ideal answers are rated."""

CONTROL = "right_above_wrong"
"""The part of the measure that says how often the right one got more."""

type Control = tuple[float | None, float | None]
"""The ratings of the ideal answer and of another question's; None for one that cannot be read."""


def control_questions(asked: Sequence[tuple[str, str]]) -> list[JudgeQuestion]:
    """What a judge has to be asked, of pairs (request, ideal answer); no reference is shown."""
    return [question for pair in _pairs(asked) for question in pair]


def _pairs(asked: Sequence[tuple[str, str]]) -> Iterator[tuple[JudgeQuestion, JudgeQuestion]]:
    relevance = shipped_rubric("relevance")
    able = [(request, ideal.strip()) for request, ideal in asked if ideal.strip()]
    for (request, ideal), (_, other) in list(zip(able, able[1:] + able[:1], strict=True))[:CONTROLS]:
        if ideal != other:
            yield relevance.question(request, ideal), relevance.question(request, other)


def controls_in(replies: Sequence[JudgeReply]) -> list[Control]:
    """The replies to `control_questions`, in that order."""
    each = [rating(reply) for reply in replies]
    return list(zip(each[::2], each[1::2], strict=True))


def cannot_rate(controls: Sequence[Control]) -> tuple[str, Phrase] | None:
    """The state and the reason where ratings of this judge would mean nothing; None where they may mean much.

    The right one must get more as often as a judge of pairs must keep its preference, for the same reason.
    """
    if refused := unreadable([each for pair in controls for each in pair]):
        return refused
    above, count = _above(controls)
    if not count:
        return None
    if above / count < CONSISTENCY:
        told, needed = whole_percent(above / count), whole_percent(CONSISTENCY)
        return INCOMPATIBLE, phrase(
            "judge.blind_to_content", above=f"{above:g}", count=count, share=told, needed=needed
        )
    if like_a_coin(above, count):
        return TOO_FEW, phrase("judge.few_controls", above=f"{above:g}", count=count)
    return None


def unreadable(ratings: Sequence[float | None]) -> tuple[str, Phrase] | None:
    """The state and the reason where so many ratings cannot be read that the rest is a selection."""
    unread = sum(each is None for each in ratings)
    if unread > (1 - READABLE) * len(ratings):
        return INCOMPATIBLE, phrase("judge.unreadable_ratings", unread=unread, count=len(ratings))
    return None


def control_score(measure: str, controls: Sequence[Control], challengers: Sequence[str]) -> Score:
    """How often the judge rated the right one higher; equal ratings are a half. The same for everybody."""
    above, count = _above(controls)
    if not count:
        return Score(measure, CONTROL, TOO_FEW, phrase("judge.unchecked"), "share", "neither")
    share, interval = above / count, wilson(above / count, count)
    scores = tuple(ContestantScore(who, share, *interval) for who in challengers)
    return Score(measure, CONTROL, MEASURED, "", "share", "neither", count, 0, scores)


def _above(controls: Sequence[Control]) -> tuple[float, int]:
    pairs = [(own, other) for own, other in controls if own is not None and other is not None]
    return sum(1.0 if own > other else 0.5 if own == other else 0.0 for own, other in pairs), len(pairs)
