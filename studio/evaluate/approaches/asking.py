"""The golden set asked in every way that competes, by the baseline and by what was tuned."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.evaluate.answering import answer_all
from studio.evaluate.approaches.grounding import context_precision, faithfulness
from studio.evaluate.approaches.putting import put_items, with_approach
from studio.evaluate.approaches.retrieval import FoundPassage, PassageIndex
from studio.evaluate.store import EvaluationStore, KeptAnswer
from studio.evaluate.task import TaskItem
from studio.events import Event
from studio.generate.contestant import RETRIEVAL, Approach
from studio.generate.sampling import GREEDY

if TYPE_CHECKING:
    from studio.generate.contestant import OpenContestant

_TASK = "approaches"  # also what is asked plainly: seconds are only alike where all is asked alike


@dataclass(frozen=True, eq=False)
class AskedApproach:
    """One contestant asked in one way: each question as it was put, what was found for it, and the answer."""

    contestant: OpenContestant
    items: tuple[TaskItem, ...]
    found: tuple[tuple[FoundPassage, ...], ...]
    answers: tuple[KeptAnswer, ...]

    @property
    def key(self) -> str:
        return self.contestant.key

    @property
    def title(self) -> str:
        return self.contestant.title

    @property
    def reads(self) -> bool:
        """Whether passages stand before questions."""
        return any(self.found)

    @property
    def tokens_read(self) -> list[float]:
        renderer = self.contestant.renderer
        return [float(len(renderer.prompt_ids(item.turns, item.tools))) for item in self.items]

    @property
    def tokens_written(self) -> list[float]:
        return [float(answer.tokens) for answer in self.answers]

    @property
    def seconds(self) -> list[float]:
        return [answer.seconds for answer in self.answers]

    @property
    def faithful(self) -> list[float | None]:
        """The faithfulness of each answer to its passages."""
        pairs = zip(self.answers, self.found, strict=True)
        return [faithfulness(answer.text, _texts(found)) for answer, found in pairs]

    @property
    def precise(self) -> list[float | None]:
        """The context precision of what was found for each question."""
        pairs = zip(self.items, self.found, strict=True)
        return [context_precision(item.ideal, _texts(found)) for item, found in pairs]


def asked_in_all_ways(
    contestants: Sequence[OpenContestant],
    approaches: Sequence[Approach],
    items: Sequence[TaskItem],
    index: PassageIndex,
    store: EvaluationStore,
    passages: int,
    limit: int,
) -> Generator[Event, None, list[AskedApproach]]:
    """The first contestant as it is and in every approach, then the next as it is and with passages.

    So they stand in the order of the effort that they take. An approach that has nothing to show is left out.
    """
    shown = [each for each in approaches if each.system or each.shots]
    read = [each for each in approaches if each.name == RETRIEVAL and index.passages]
    base, *others = contestants
    ways = [base, *(with_approach(base, each) for each in (*shown, *read))]
    for tuned in others[:1]:
        ways += [tuned, *(with_approach(tuned, each) for each in read)]
    asked: list[AskedApproach] = []
    for opened in ways:
        put, found = put_items(opened, items, index, passages, limit)
        answers = yield from _answers(opened, put, store, limit)
        asked.append(AskedApproach(opened, put, found, answers))
    return asked


def _answers(
    opened: OpenContestant, items: Sequence[TaskItem], store: EvaluationStore, limit: int
) -> Generator[Event, None, tuple[KeptAnswer, ...]]:
    from studio.generate.parties import Contest

    table = yield from answer_all(Contest((opened,)), store, _TASK, items, limit, GREEDY, 1, None)
    return tuple(table[item.id][opened.key][0] for item in items)


def _texts(found: Sequence[FoundPassage]) -> list[str]:
    return [each.passage.text for each in found]
