"""What an approach is made of, and the questions as a contestant of that approach is asked them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.catalogue import listed
from studio.errors import RunError
from studio.evaluate.approaches.prompting import asked_with, chosen_shots, usual_system
from studio.evaluate.approaches.retrieval import FoundPassage, PassageIndex
from studio.evaluate.options import EvaluationOptions
from studio.evaluate.task import TaskItem
from studio.generate.contestant import APPROACHES, FEW_SHOT, RETRIEVAL, SYSTEM_PROMPT, Approach

if TYPE_CHECKING:
    from studio.dataset.record import Record
    from studio.generate.contestant import OpenContestant

type PutItems = tuple[tuple[TaskItem, ...], tuple[tuple[FoundPassage, ...], ...]]
"""The questions as they are put, and the passages that each has before it."""


def approach_of(
    name: str, options: EvaluationOptions, records: Sequence[Record], questions: Sequence[str]
) -> Approach:
    """The approach of this name with all that it shows. Raises RunError for a name that is none."""
    if name not in APPROACHES:
        raise RunError("approach.unknown", name=name, names=listed(list(APPROACHES)))
    if name == SYSTEM_PROMPT:
        return Approach(name=name, system=options.system_prompt or usual_system(records))
    if name == FEW_SHOT:
        return Approach(name=name, shots=chosen_shots(records, questions, options.examples))
    return Approach(name=name, passages=", ".join(options.documents))


def equipped(
    opened: Sequence[OpenContestant],
    options: EvaluationOptions,
    records: Sequence[Record],
    questions: Sequence[str],
) -> tuple[OpenContestant, ...]:
    """The contestants, those that are known by the name of their approach alone with what it shows."""
    return tuple(_equipped(each, options, records, questions) for each in opened)


def _equipped(
    opened: OpenContestant,
    options: EvaluationOptions,
    records: Sequence[Record],
    questions: Sequence[str],
) -> OpenContestant:
    own = opened.contestant.approach
    if own != Approach(name=own.name) or not own.name:
        return opened
    return with_approach(opened, approach_of(own.name, options, records, questions))


def with_approach(opened: OpenContestant, approach: Approach) -> OpenContestant:
    """The same weights, asked in this way."""
    return replace(opened, contestant=opened.contestant.model_copy(update={"approach": approach}))


def put_items(
    opened: OpenContestant, items: Sequence[TaskItem], index: PassageIndex | None, count: int, limit: int
) -> PutItems:
    """The questions as this contestant is asked them, with as many of `count` passages as it can read with an
    answer of `limit` tokens."""
    approach = opened.contestant.approach
    put, passages = [], []
    for item in items:
        found = index.find(item.prompt, count) if index and approach.name == RETRIEVAL else ()
        while found and not _fits(opened, asked_with(item, approach, found), limit):
            found = found[:-1]
        put.append(asked_with(item, approach, found))
        passages.append(found)
    return tuple(put), tuple(passages)


def _fits(opened: OpenContestant, item: TaskItem, limit: int) -> bool:
    context = opened.renderer.limits.context
    return not context or len(opened.renderer.prompt_ids(item.turns, item.tools)) + limit <= context
