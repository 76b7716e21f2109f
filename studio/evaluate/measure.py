"""What a measure is, and what it is given to measure with."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.catalogue import listed, phrase
from studio.evaluate.answering import AnswerTable, Tell, answer_all, can_be_sent
from studio.evaluate.golden import NO_GOLDEN, Golden
from studio.evaluate.options import STANDARD, EvaluationOptions
from studio.evaluate.store import EvaluationStore
from studio.evaluate.task import TaskItem
from studio.events import Answered, Event, Log, Progress
from studio.generate.sampling import GREEDY, Sampling

if TYPE_CHECKING:
    from studio.dataset.dataset import Dataset
    from studio.dataset.record import Record
    from studio.dataset.render.render import Tokens
    from studio.evaluate.approaches.retrieval import PassageIndex
    from studio.evaluate.failures.shared_runs import SharedRuns
    from studio.evaluate.failures.training_rows import TrainingRows
    from studio.evaluate.reading import RowLosses
    from studio.generate.contestant import OpenContestant
    from studio.generate.parties import Contest
    from studio.generate.served import ServedContestant
    from studio.recipe.recipe import Recipe
    from studio.runs.folder import RunFolder


@dataclass(frozen=True)
class Measure:
    """One thing that is measured of every contestant.

    `unit` is share, nats, ratio, score, seconds, tokens or bits; `better` is higher, lower or neither. A
    `primary` measure can be what the headline is about; where a `cost` is worse, the headline says so
    whatever else it says. `run` yields Progress, Answered, Score and Figure events.
    """

    key: str
    title: str
    help: str
    unit: str
    better: str
    group: str
    suites: tuple[str, ...]
    run: Callable[[Setting], Generator[Event]]
    primary: bool = False
    cost: bool = False


@dataclass(eq=False)
class Setting:
    """Everything that a measure may ask for. The first contestant is the baseline.

    `contestants` are those whose weights are here; `servers` only answer, and only where `answers` are asked
    for.
    """

    contestants: tuple[OpenContestant, ...]
    store: EvaluationStore
    options: EvaluationOptions = STANDARD
    golden: Golden = NO_GOLDEN
    data: Dataset | None = None
    recipe: Recipe | None = None
    run: RunFolder | None = None
    servers: tuple[ServedContestant, ...] = ()
    told: set[str] = field(default_factory=set)  # tasks whose answers were announced
    losses_known: dict[str, Mapping[str, RowLosses]] = field(default_factory=dict)
    known: dict[str, Any] = field(default_factory=dict)  # what one measure found and another needs as well

    @property
    def baseline(self) -> str:
        return self.contestants[0].key

    @property
    def titles(self) -> dict[str, str]:
        """What all who compete are called, by their keys: the baseline first, servers last."""
        here = {each.key: each.title for each in self.contestants}
        return here | {each.key: each.title for each in self.servers}

    @cached_property
    def training_rows(self) -> TrainingRows | None:
        """What was trained on, to be searched for what answers and questions share with it."""
        from studio.evaluate.failures.training_rows import rows_of

        return rows_of(self.data) if self.data is not None else None

    @cached_property
    def shared_runs(self) -> SharedRuns:
        """The longest run that any text shares with what was trained on; each text is searched once."""
        from studio.evaluate.failures.shared_runs import SharedRuns

        return SharedRuns(self.store, lambda: self.training_rows)

    def golden_limit(self, most: int) -> int:
        """The tokens that are enough for any ideal answer: a base model may never stop by itself."""
        encode = self.contestants[0].tokenizer.encode
        longest = max(len(encode(item.ideal, add_special_tokens=False)) for item in self.golden.items)
        return min(most, 2 * longest + 8)

    @cached_property
    def readers(self) -> tuple[OpenContestant, ...]:
        """Those whose losses can be compared: they have the baseline's tokens."""
        return tuple(each for each in self.contestants if each.has_tokens_of(self.contestants[0]))

    @cached_property
    def _contest(self) -> Contest:
        """The contestants, ready to answer together."""
        from studio.generate.parties import Contest

        return Contest(self.contestants)

    def answers(
        self,
        task: str,
        items: Sequence[TaskItem],
        *,
        limit: int,
        sampling: Sampling = GREEDY,
        samples: int = 1,
        tell: Tell | None = None,
    ) -> Generator[Event, None, AnswerTable]:
        """What every contestant answers to every item, at most `limit` tokens; what is kept is not asked.

        `tell` makes the event that is announced once all contestants have answered an item; of each task that
        is done once, whichever measure asks first. A server is not in the table where it cannot be asked one
        of the items. Raises ServerError where one is not there any more; what was answered is kept.
        """
        tell = None if task in self.told else tell
        put = yield from self._put(items, limit)
        servers = yield from self._servers_for(task, items)
        self.told.add(task)
        of = self._contest, self.store, task, items
        return (yield from answer_all(*of, limit, sampling, samples, tell, put, servers))

    def _servers_for(
        self, task: str, items: Sequence[TaskItem]
    ) -> Generator[Event, None, tuple[ServedContestant, ...]]:
        """The servers that can be asked all of a task's items; where there are none, that is said once."""
        if not self.servers or all(map(can_be_sent, items)):
            return self.servers
        if task not in self.told:
            titles = listed([each.title for each in self.servers])
            yield Log(str(phrase("evaluation.not_sent", who=titles)), "warning")
        return ()

    @property
    def records(self) -> list[Record]:
        """The rows that were trained on, at least the first of them."""
        from studio.evaluate.approaches.retrieval import trained_records

        return trained_records(self.data)

    def passages(self) -> Generator[Event, None, PassageIndex]:
        """What is read before questions where retrieval competes: of the documents, else of the trained rows.

        Raises DataError where documents were named and none can be read.
        """
        from studio.evaluate.approaches.retrieval import reading_index

        if "passages" not in self.known:
            documents = [Path(each).expanduser() for each in self.options.documents]
            name = self.data.name if self.data else ""
            self.known["passages"] = yield from reading_index(documents, self.records, name)
        index: PassageIndex = self.known["passages"]
        return index

    def _put(
        self, items: Sequence[TaskItem], limit: int
    ) -> Generator[Event, None, dict[str, tuple[TaskItem, ...]]]:
        """The items as those contestants are asked them who have an approach of their own."""
        from studio.evaluate.approaches.putting import put_items
        from studio.generate.contestant import RETRIEVAL

        found: dict[str, tuple[TaskItem, ...]] = {}
        for each in self.contestants:
            way = each.contestant.approach
            if way.name:
                index = (yield from self.passages()) if way.name == RETRIEVAL else None
                found[each.key] = put_items(each, items, index, self.options.passages, limit)[0]
        return found

    def losses(self, name: str, rows: Sequence[Tokens]) -> Generator[Progress, None, Mapping[str, RowLosses]]:
        """What all `readers` give these rows, in their order; read once for each `name`."""
        from studio.evaluate.reading import row_losses_of

        if name not in self.losses_known:
            found: dict[str, RowLosses] = {}
            for number, contestant in enumerate(self.readers):
                steps = row_losses_of(contestant.module, rows)
                found[contestant.key] = yield from _counted(steps, name, number, len(self.readers))
            self.losses_known[name] = found
        return self.losses_known[name]


def _counted[T](
    steps: Generator[tuple[int, int], None, T], name: str, number: int, of: int
) -> Generator[Progress, None, T]:
    """The steps of one contestant as progress over all of them."""
    while True:
        try:
            done, total = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        yield Progress(name, number * total + done, of * total)


def told_of(task: str, index: int, item: TaskItem, answers: Sequence[Any]) -> Answered:
    """The event of an item that every contestant has answered."""
    return Answered(task, item.id, item.prompt, item.ideal, tuple(answers), item.category, index)
