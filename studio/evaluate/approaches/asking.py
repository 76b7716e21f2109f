"""The golden set asked in every way that competes, by the baseline and by what was tuned."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.evaluate.answering import answer_all
from studio.evaluate.approaches.grounding import context_precision, faithfulness
from studio.evaluate.approaches.prompting import asked_with, chosen_shots, usual_system
from studio.evaluate.approaches.retrieval import FoundPassage, PassageIndex, reading_index
from studio.evaluate.store import KeptAnswer
from studio.evaluate.task import TaskItem
from studio.events import Event
from studio.generate.contestant import Approach
from studio.generate.sampling import GREEDY

if TYPE_CHECKING:
    from studio.dataset.record import Record
    from studio.evaluate.measure import Setting
    from studio.generate.contestant import OpenContestant

SYSTEM, SHOTS, RETRIEVAL = "system_prompt", "few_shot", "retrieval"
_TASK = "approaches"  # also what is asked plainly: seconds are only alike where all is asked alike
_MOST_TOKENS = 512
_ROWS = 5000  # training rows that examples and passages are taken from, at most


@dataclass(frozen=True, eq=False)
class AskedApproach:
    """One contestant asked in one way: each question as it was put, what was found for it, and the answer."""

    contestant: OpenContestant
    items: tuple[TaskItem, ...]
    found: tuple[tuple[FoundPassage, ...], ...]
    answers: tuple[KeptAnswer, ...] = ()

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
    setting: Setting, items: Sequence[TaskItem]
) -> Generator[Event, None, list[AskedApproach]]:
    """Every way in the order of its effort: without tuning as it is, behind a system prompt, behind solved
    examples, with passages; then tuned, and tuned with passages.

    Raises DataError where documents were named and none can be read.
    """
    records = _records(setting)
    documents = [Path(each).expanduser() for each in setting.options.documents]
    index = yield from reading_index(documents, records, setting.data.name if setting.data else "")
    base, *others = setting.contestants
    plain, read = Approach(), Approach(name=RETRIEVAL, passages=", ".join(setting.options.documents))
    ways = [(base, plain), *((base, each) for each in _prompts(setting, items, records))]
    ways += [(base, read)] if index.passages else []
    for tuned in others[:1]:
        ways += [(tuned, plain), (tuned, read)] if index.passages else [(tuned, plain)]
    found: list[AskedApproach] = []
    for who, way in ways:
        found.append((yield from _asked(setting, items, _with(who, way), index)))
    return found


def _records(setting: Setting) -> list[Record]:
    """The rows that were trained on, each once."""
    rows = setting.data.train[: 2 * _ROWS] if setting.data else ()
    return list({id(example.record): example.record for example in rows}.values())[:_ROWS]


def _prompts(setting: Setting, items: Sequence[TaskItem], records: Sequence[Record]) -> list[Approach]:
    """The ways that need nothing but a better prompt."""
    options = setting.options
    system = options.system_prompt or usual_system(records)
    shots = chosen_shots(records, [item.prompt for item in items], options.examples)
    better = [Approach(name=SYSTEM, system=system)] if system else []
    return [*better, *([Approach(name=SHOTS, shots=shots)] if shots else [])]


def _with(opened: OpenContestant, approach: Approach) -> OpenContestant:
    if not approach.name:
        return opened
    return replace(opened, contestant=opened.contestant.model_copy(update={"approach": approach}))


def _asked(
    setting: Setting, items: Sequence[TaskItem], opened: OpenContestant, index: PassageIndex
) -> Generator[Event, None, AskedApproach]:
    from studio.generate.parties import Contest

    limit = setting.golden_limit(_MOST_TOKENS)
    put = _put(setting, items, opened, index, limit)
    contest = Contest((opened,))
    table = yield from answer_all(contest, setting.store, _TASK, put.items, limit, GREEDY, 1, None)
    return replace(put, answers=tuple(table[item.id][opened.key][0] for item in items))


def _put(
    setting: Setting, items: Sequence[TaskItem], opened: OpenContestant, index: PassageIndex, limit: int
) -> AskedApproach:
    """The questions as this approach puts them, with as many of the passages as the model can read."""
    approach = opened.contestant.approach
    put, passages = [], []
    for item in items:
        found = index.find(item.prompt, setting.options.passages) if approach.name == RETRIEVAL else ()
        while found and not _fits(opened, asked_with(item, approach, found), limit):
            found = found[:-1]
        put.append(asked_with(item, approach, found))
        passages.append(found)
    return AskedApproach(opened, tuple(put), tuple(passages))


def _fits(opened: OpenContestant, item: TaskItem, limit: int) -> bool:
    context = opened.renderer.limits.context
    return not context or len(opened.renderer.prompt_ids(item.turns, item.tools)) + limit <= context


def _texts(found: Sequence[FoundPassage]) -> list[str]:
    return [each.passage.text for each in found]
