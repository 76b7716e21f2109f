"""Answers of every contestant to the items of a task: kept ones first, the others generated and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.catalogue import listed, phrase
from studio.evaluate.store import EvaluationStore, KeptAnswer
from studio.evaluate.task import TaskItem
from studio.events import Event, Log, Progress
from studio.generate.sampling import Sampling

if TYPE_CHECKING:
    from studio.generate.batch import AskedPrompt, BatchAnswer
    from studio.generate.contestant import OpenContestant
    from studio.generate.parties import Contest

type AnswerTable = dict[str, dict[str, list[KeptAnswer]]]
"""Of each item, by its id, what each contestant answered, by its key: as many answers as samples."""

type Tell = Callable[[int, TaskItem, Mapping[str, list[KeptAnswer]]], Event]


def answer_all(
    contest: Contest,
    store: EvaluationStore,
    task: str,
    items: Sequence[TaskItem],
    limit: int,
    sampling: Sampling,
    samples: int,
    tell: Tell | None,
    put: Mapping[str, Sequence[TaskItem]] | None = None,
) -> Generator[Event, None, AnswerTable]:
    """See `Setting.answers`."""
    from studio.generate.batch import batch_answers

    sampling = sampling.model_copy(update={"max_tokens": limit})
    asking = _Asking(store, task, items, sampling, samples, put or {})
    for contestant in contest.contestants:
        yield from asking.prepare(contestant)
    asked, done = asking.missing(), 0
    what = str(phrase("evaluation.asking", who=listed([each.title for each in contest.contestants])))
    yield from asking.told(tell, range(len(items)))
    for answered in batch_answers(contest, [each.prompt for each in asked], asking.sampling):
        if answered:
            wanted = asked[answered[0]]
            asking.take(wanted, answered[1])
            done += 1
            yield from asking.told(tell, [wanted.place])
        yield Progress(what, done, len(asked))
    return asking.table()


@dataclass(frozen=True)
class _Wanted:
    """An answer that is not kept yet: of which item, how it is asked for, and the prompt."""

    place: int
    how: str
    prompt: AskedPrompt


@dataclass(eq=False)
class _Asking:
    """One task's items to every contestant, each so many times."""

    store: EvaluationStore
    task: str
    items: Sequence[TaskItem]
    sampling: Sampling
    samples: int
    put: Mapping[str, Sequence[TaskItem]]  # the items as contestants with an approach of their own are asked
    _found: dict[tuple[int, str, int], KeptAnswer] = field(default_factory=dict)
    _wanted: list[_Wanted] = field(default_factory=list)
    _who: list[str] = field(default_factory=list)

    def prepare(self, contestant: OpenContestant) -> Generator[Event]:
        """Find what is kept of a contestant, and what it is to be asked."""
        from studio.generate.batch import AskedPrompt

        self._who.append(contestant.key)
        put = self.put.get(contestant.key, self.items)
        prompts = [tuple(contestant.renderer.prompt_ids(item.turns, item.tools)) for item in put]
        first = len(self._wanted)
        for place, (item, prompt) in enumerate(zip(self.items, prompts, strict=True)):
            how = _how(prompt, self.sampling)
            for sample in range(self.samples):
                kept = self.store.answer(self.task, item.id, contestant.key, how, sample)
                if kept is not None:
                    self._found[place, contestant.key, sample] = kept
                else:
                    asked = AskedPrompt(contestant.key, prompt, sample)
                    self._wanted.append(_Wanted(place, how, asked))
        new = [each.prompt.prompt for each in self._wanted[first:]]
        if new and (warning := contestant.renderer.remark(new, self.sampling.max_tokens)):
            yield Log(warning, "warning")

    def missing(self) -> list[_Wanted]:
        """What is to be asked, an item's contestants one after another."""
        return sorted(self._wanted, key=lambda each: each.place)

    def take(self, wanted: _Wanted, given: BatchAnswer) -> None:
        """Keep an answer that has come."""
        answer = KeptAnswer(given.text.strip(), given.tokens, given.seconds, given.finish_reason)
        who, sample = wanted.prompt.contestant, wanted.prompt.sample
        self.store.keep_answer(self.task, self.items[wanted.place].id, who, wanted.how, sample, answer)
        self._found[wanted.place, who, sample] = answer

    def told(self, tell: Tell | None, places: Sequence[int]) -> Iterator[Event]:
        """Those of some items whose answers have all come, as events."""
        for place in places:
            if tell is not None and self._is_whole(place):
                yield tell(place, self.items[place], self._of(place))

    def table(self) -> AnswerTable:
        return {item.id: self._of(place) for place, item in enumerate(self.items)}

    def _is_whole(self, place: int) -> bool:
        return all((place, who, n) in self._found for who in self._who for n in range(self.samples))

    def _of(self, place: int) -> dict[str, list[KeptAnswer]]:
        return {who: [self._found[place, who, n] for n in range(self.samples)] for who in self._who}


def _how(prompt: Sequence[int], sampling: Sampling) -> str:
    """Equal where the same would be generated again."""
    asked = json.dumps([list(prompt), sampling.model_dump()], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:16]
