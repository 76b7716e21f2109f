"""How a measure asks questions of its own: as many as the suite allows, and what the answers came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from studio.catalogue import phrase
from studio.dataset.record import Message
from studio.evaluate.answering import AnswerTable, who_answered
from studio.evaluate.store import KeptAnswer
from studio.evaluate.task import TaskItem
from studio.events import MEASURED, TOO_FEW, GivenAnswer, Score
from studio.generate.contestant import is_served

if TYPE_CHECKING:
    from studio.evaluate.measure import Setting

TOY, TOY_TOKENS = 20_000_000, 60
"""A model of so few parameters says nothing in more than so many tokens."""

FLOOR = 0.1
"""Where nobody reaches more than this share, hardly anything is left that could be lost."""


def sampled[Row](setting: Setting, rows: Sequence[Row], quick: int, standard: int) -> tuple[Row, ...]:
    """So many of the rows as the suite allows, in their order; full takes all. The seed draws them.

    What a smaller suite takes, a larger one takes as well.
    """
    most = {"quick": quick, "standard": standard}.get(setting.options.suite, len(rows))
    places = Random(setting.options.seed).sample(range(len(rows)), len(rows))
    return tuple(rows[place] for place in sorted(places[:most]))


def question(text: str, ideal: str = "", category: str = "", cluster: str = "") -> TaskItem:
    """A question of one turn."""
    return TaskItem((Message("user", text),), ideal, category=category, cluster=cluster)


def answer_limit(setting: Setting, most: int) -> int:
    """How many tokens an answer may have: `most`; fewer in a quick evaluation, or where one is a toy."""
    from studio.models.arrays import count_entries

    smallest = min(count_entries(each.module) for each in setting.contestants)
    allowed = most // 4 if setting.options.suite == "quick" else most
    return allowed if smallest >= TOY else min(allowed, TOY_TOKENS)


def texts_of(table: AnswerTable, items: Sequence[TaskItem]) -> dict[str, list[str]]:
    """The first answer of each contestant to each item, in their order."""
    return {who: [table[item.id][who][0].text for item in items] for who in who_answered(table)}


def given(who: str, answer: KeptAnswer, score: float | None) -> GivenAnswer:
    """An answer with its score, as the table of answers shows it; all of it right is right."""
    right = None if score is None else score >= 1
    return GivenAnswer(who, answer.text, answer.tokens, answer.seconds, answer.finish_reason, score, right)


def with_floor(score: Score) -> Score:
    """The score; where all are so low that a loss could hardly be seen, and no gain was, it has too few.

    How high a server's model is says nothing of what could be lost here.
    """
    best = max((each.value for each in score.scores if not is_served(each.contestant)), default=1.0)
    if score.state != MEASURED or score.better != "higher" or best > FLOOR:
        return score
    mine = [each for each in score.differences if not is_served(each.contestant)]
    if any(score.direction(each) != "unclear" for each in mine):
        return score
    return replace(score, state=TOO_FEW, reason=phrase("score.floor", best=f"{best:.0%}"))
