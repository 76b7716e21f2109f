"""Answers that a test writes itself, in the place of what a model would say."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.evaluate.answering import AnswerTable, Tell
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.registry import BY_KEY
from studio.evaluate.store import KeptAnswer
from studio.evaluate.task import TaskItem
from studio.events import Event, Score
from studio.generate.sampling import GREEDY, Sampling

type Says = Callable[[TaskItem, int], str]
"""What a contestant answers to an item, in which sample."""


@dataclass(eq=False)
class ToldSetting(Setting):
    """A setting whose contestants answer as `says` has it, each by its key."""

    says: Mapping[str, Says] = field(default_factory=dict)

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
        tell = None if task in self.told else tell
        self.told.add(task)
        table: AnswerTable = {}
        for index, item in enumerate(items):
            table[item.id] = {
                who: [KeptAnswer(says(item, sample), 5, 0.1, "stop") for sample in range(samples)]
                for who, says in self.says.items()
            }
            if tell is not None:
                yield tell(index, item, table[item.id])
        return table


def scores_of(measure: str, setting: Setting) -> dict[str, Score]:
    """The scores of a measure by their parts."""
    events = list(measure_of(measure).run(setting))
    scores = [event for event in events if isinstance(event, Score)]
    assert {score.measure for score in scores} == {measure}
    return {score.part: score for score in scores}


def direction(score: Score) -> str:
    """What the score says of the last contestant beside the baseline."""
    return score.direction(score.differences[-1])


def measure_of(key: str) -> Measure:
    return BY_KEY[key]


def told(**says: Any) -> dict[str, Says]:
    """Contestants that answer by the item alone."""
    return {who: (lambda item, _, say=say: say(item)) for who, say in says.items()}
