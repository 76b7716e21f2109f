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
from studio.generate.asking import Question
from studio.generate.sampling import Sampling

if TYPE_CHECKING:
    from studio.generate.batch import BatchAnswer
    from studio.generate.contestant import OpenContestant
    from studio.generate.parties import Contest
    from studio.generate.served import ServedAnswer, ServedContestant

type AnswerTable = dict[str, dict[str, list[KeptAnswer]]]
"""Of each item, by its id, what each contestant answered, by its key: as many answers as samples."""

type Tell = Callable[[int, TaskItem, Mapping[str, list[KeptAnswer]]], Event]


def who_answered(table: AnswerTable) -> list[str]:
    """Those who answered the items of a task, by their keys, the baseline first."""
    return list(next(iter(table.values()), ()))


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
    servers: Sequence[ServedContestant] = (),
) -> Generator[Event, None, AnswerTable]:
    """See `Setting.answers`."""
    sampling = sampling.model_copy(update={"max_tokens": limit})
    asking = _Asking(store, task, items, sampling, samples, put or {})
    for contestant in contest.contestants:
        yield from asking.prepare(contestant)
    for each in servers:
        asking.prepare_served(each)
    yield from asking.told(tell, range(len(items)))
    yield from asking.ask_here(contest, tell)
    for each in servers:
        yield from asking.ask_there(each, tell)
    return asking.table()


def can_be_sent(item: TaskItem) -> bool:
    """Whether a server is asked the same as a model here: tools and calls are each model's own way."""
    return not item.tools and all(turn.role != "tool" and not turn.calls for turn in item.turns)


@dataclass(frozen=True)
class _Wanted:
    """An answer that is not kept yet: of which item, by whom, and what is asked."""

    place: int
    who: str
    sample: int
    how: str
    asked: tuple[int, ...] | Question


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
    _wanted: dict[str, list[_Wanted]] = field(default_factory=dict)

    def prepare(self, contestant: OpenContestant) -> Generator[Event]:
        """Find what is kept of a contestant, and what it is to be asked."""
        put = self.put.get(contestant.key, self.items)
        prompts = [tuple(contestant.renderer.prompt_ids(item.turns, item.tools)) for item in put]
        hows = [_how(list(prompt), self.sampling) for prompt in prompts]
        wanted = self._missing(contestant.key, hows, lambda place, _: prompts[place])
        new = [prompts[each.place] for each in wanted]
        if new and (warning := contestant.renderer.remark(new, self.sampling.max_tokens)):
            yield Log(warning, "warning")

    def prepare_served(self, contestant: ServedContestant) -> None:
        """The same of one behind a server, which is sent the turns as they are."""
        hows = [_how([[turn.role, turn.shown] for turn in item.turns], self.sampling) for item in self.items]
        self._missing(contestant.key, hows, self._question)

    def _question(self, place: int, sample: int) -> Question:
        drawn = self.sampling
        warmth = 0.0 if drawn.is_greedy else drawn.temperature
        return Question(self.items[place].turns, drawn.max_tokens, warmth, (drawn.seed + sample) % 2**31)

    def _missing(
        self, who: str, hows: Sequence[str], asked: Callable[[int, int], tuple[int, ...] | Question]
    ) -> list[_Wanted]:
        wanted = self._wanted[who] = []
        for place, how in enumerate(hows):
            for sample in range(self.samples):
                kept = self.store.answer(self.task, self.items[place].id, who, how, sample)
                if kept is not None:
                    self._found[place, who, sample] = kept
                else:
                    wanted.append(_Wanted(place, who, sample, how, asked(place, sample)))
        return wanted

    def ask_here(self, contest: Contest, tell: Tell | None) -> Generator[Event]:
        """The answers of those whose weights are here, all in one batch; an item's one after another."""
        from studio.generate.batch import AskedPrompt, batch_answers

        all_ = [each for who in contest.contestants for each in self._wanted[who.key]]
        wanted = sorted(all_, key=lambda each: each.place)
        prompts = [
            AskedPrompt(each.who, each.asked, each.sample) for each in wanted if isinstance(each.asked, tuple)
        ]
        titles = [each.title for each in contest.contestants]
        yield from self._taken(titles, wanted, batch_answers(contest, prompts, self.sampling), tell)

    def ask_there(self, contestant: ServedContestant, tell: Tell | None) -> Generator[Event]:
        """The answers of one behind a server. Raises ServerError; what came until then is kept."""
        from studio.generate.served import served_answers

        wanted = self._wanted[contestant.key]
        questions = [each.asked for each in wanted if isinstance(each.asked, Question)]
        known = len(wanted) < len(self.items) * self.samples
        came = served_answers(contestant, questions, known=known)
        yield from self._taken([contestant.title], wanted, came, tell)

    def _taken(
        self,
        titles: Sequence[str],
        wanted: Sequence[_Wanted],
        came: Iterator[tuple[int, BatchAnswer | ServedAnswer] | None],
        tell: Tell | None,
    ) -> Iterator[Event]:
        done, what = 0, str(phrase("evaluation.asking", who=listed(titles)))
        for answered in came:
            if answered:
                self._take(wanted[answered[0]], answered[1])
                done += 1
                yield from self.told(tell, [wanted[answered[0]].place])
            yield Progress(what, done, len(wanted))

    def _take(self, wanted: _Wanted, given: BatchAnswer | ServedAnswer) -> None:
        """Keep an answer that has come."""
        answer = KeptAnswer(given.text.strip(), given.tokens, given.seconds, given.finish_reason)
        item = self.items[wanted.place].id
        self.store.keep_answer(self.task, item, wanted.who, wanted.how, wanted.sample, answer)
        self._found[wanted.place, wanted.who, wanted.sample] = answer

    def told(self, tell: Tell | None, places: Sequence[int]) -> Iterator[Event]:
        """Those of some items whose answers have all come, as events."""
        for place in places:
            if tell is not None and self._is_whole(place):
                yield tell(place, self.items[place], self._of(place))

    def table(self) -> AnswerTable:
        return {item.id: self._of(place) for place, item in enumerate(self.items)}

    def _is_whole(self, place: int) -> bool:
        return all((place, who, n) in self._found for who in self._wanted for n in range(self.samples))

    def _of(self, place: int) -> dict[str, list[KeptAnswer]]:
        return {who: [self._found[place, who, n] for n in range(self.samples)] for who in self._wanted}


def _how(asked: Sequence[object], sampling: Sampling) -> str:
    """Equal where the same would be generated again."""
    text = json.dumps([asked, sampling.model_dump()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
