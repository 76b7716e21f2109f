"""Answers of every contestant to the items of a task: kept ones first, the others generated and kept."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING

from studio.catalogue import phrase
from studio.evaluate.store import EvaluationStore, KeptAnswer
from studio.evaluate.task import TaskItem
from studio.events import Event, Log, Progress
from studio.generate.sampling import Sampling

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant

type AnswerTable = dict[str, dict[str, list[KeptAnswer]]]
"""Of each item, by its id, what each contestant answered, by its key: as many answers as samples."""

type Tell = Callable[[int, TaskItem, Mapping[str, list[KeptAnswer]]], Event]


def answer_all(
    contestants: Sequence[OpenContestant],
    store: EvaluationStore,
    task: str,
    items: Sequence[TaskItem],
    limit: int,
    sampling: Sampling,
    samples: int,
    tell: Tell | None,
) -> Generator[Event, None, AnswerTable]:
    """See `Setting.answers`."""
    table: AnswerTable = {item.id: {} for item in items}
    told: set[str] = set()
    for contestant in contestants:
        yield from _answers_of(contestant, store, task, items, limit, sampling, samples, table)
        for index, item in enumerate(items):
            whole = len(table[item.id]) == len(contestants)
            if tell is not None and whole and item.id not in told:
                told.add(item.id)
                yield tell(index, item, table[item.id])
    return table


def _answers_of(
    contestant: OpenContestant,
    store: EvaluationStore,
    task: str,
    items: Sequence[TaskItem],
    limit: int,
    sampling: Sampling,
    samples: int,
    table: AnswerTable,
) -> Generator[Event]:
    from studio.generate.stream import answers

    prompts = [contestant.renderer.prompt_ids(item.turns, item.tools) for item in items]
    hows = [_how(prompt, limit, sampling) for prompt in prompts]
    missing = []
    for item, how in zip(items, hows, strict=True):
        kept = [store.answer(task, item.id, contestant.key, how, n) for n in range(samples)]
        if all(kept):
            table[item.id][contestant.key] = [each for each in kept if each is not None]
        else:
            missing.append(item.id)
    places = [place for place, item in enumerate(items) if item.id in set(missing)]
    if not places:
        return
    asked = [prompts[place] for place in places]
    if warning := contestant.renderer.remark(asked, limit):
        yield Log(warning, "warning")
    done, began = 0, time.perf_counter()
    for answered in answers(contestant.module, contestant.tokenizer, asked, limit, contestant.renderer.stops):
        if answered:
            place, text = places[answered[0]], answered[1]
            tokens = len(contestant.tokenizer.encode(text, add_special_tokens=False))
            answer = KeptAnswer(text, tokens, time.perf_counter() - began, "")
            store.keep_answer(task, items[place].id, contestant.key, hows[place], 0, answer)
            table[items[place].id][contestant.key] = [answer]
            done += 1
        yield Progress(str(phrase("evaluation.asking", who=contestant.title)), done, len(places))


def _how(prompt: Sequence[int], limit: int, sampling: Sampling) -> str:
    """Equal where the same would be generated again."""
    asked = json.dumps([list(prompt), limit, sampling.model_dump()], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
