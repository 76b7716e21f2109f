"""Answers that were given once, scored anew: by other scorers, and as a person ruled. Nobody is asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from studio.dataset.record import Call, Message
from studio.errors import DataError, RunError
from studio.evaluate.answering import AnswerTable, Tell
from studio.evaluate.golden import Golden
from studio.evaluate.measure import Measure, Setting
from studio.evaluate.registry import BY_KEY, MEASURES
from studio.evaluate.store import ANSWERS, NOTES, ROWS, RULINGS, VOTES, EvaluationStore
from studio.evaluate.task import TaskItem
from studio.events import Answered, Event
from studio.files import parsed, write_text
from studio.generate.contestant import Contestant, OpenContestant
from studio.generate.sampling import GREEDY, Sampling
from studio.runs.evaluations import finished_measures, kept_events

GOLDEN_FILE = "golden.json"
_RESCORED = ("answers", "failures")
"""The groups of measures that look at nothing but answers."""
_NEEDS_MORE = ("training_overlap", "contamination", "golden_meaning")
"""Those of them that need the training rows or a model besides."""
_AGREEMENT = "judge_agreement"
"""What changes with every vote."""

_DAMAGE = (OSError, ValueError, TypeError, KeyError, AttributeError)


@dataclass(frozen=True)
class KeptContestant:
    """One that answered, and is not opened: what an evaluation's plan says of it."""

    contestant: Contestant
    key: str
    title: str

    def has_tokens_of(self, other: OpenContestant) -> bool:
        """Whatever was read of its tokens is taken over as it was found."""
        return True


@dataclass(eq=False)
class KeptSetting(Setting):
    """A setting in which every answer was given before, and nobody can be asked."""

    def golden_limit(self, most: int) -> int:
        return most

    @cached_property
    def readers(self) -> tuple[OpenContestant, ...]:
        """All of them: nothing is read, so whose tokens are alike is no question."""
        return self.contestants

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
        """The answers that are kept. Raises RunError where one is missing."""
        known = self.store.answers_of(task)
        whose = [
            each.key
            for each in self.contestants
            if each.contestant.is_local or any((item.id, each.key) in known for item in items)
        ]
        table: AnswerTable = {}
        for item in items:
            table[item.id] = {who: known.get((item.id, who), [])[:samples] for who in whose}
            if not all(table[item.id].values()):
                raise RunError("rescore.no_answer", item=item.id)
        if tell is not None and task not in self.told:
            for index, item in enumerate(items):
                yield tell(index, item, table[item.id])
        self.told.add(task)
        return table


def keep_golden(store: EvaluationStore, golden: Golden) -> None:
    """Write down what was asked, so that the answers can be scored anew when the file is another."""
    items = [{**asdict(item), "extras": dict(item.extras)} for item in golden.items]
    text = json.dumps({"description": golden.description, "items": items}, ensure_ascii=False)
    if not (store.folder / GOLDEN_FILE).exists():
        write_text(store.folder / GOLDEN_FILE, text + "\n")


def kept_golden(folder: Path) -> Golden:
    """What was asked in an evaluation. Raises RunError where that was not kept."""
    try:
        found = parsed((folder / GOLDEN_FILE).read_text(encoding="utf-8"))
        return Golden(str(found["description"]), tuple(map(_item, found["items"])))
    except _DAMAGE as error:
        raise RunError("rescore.no_golden", folder=folder.name) from error


def _item(found: Mapping[str, Any]) -> TaskItem:
    turns = tuple(
        Message(**{**turn, "calls": tuple(Call(**call) for call in turn["calls"])}) for turn in found["turns"]
    )
    return TaskItem(**{**found, "turns": turns})


def kept_contestants(plan: Mapping[str, Any], folder: Path) -> tuple[OpenContestant, ...]:
    """Those that answered, as a plan names them, the baseline first. Raises RunError where it names none."""
    try:
        named = [
            Contestant.model_validate(
                {name: value for name, value in each.items() if name in Contestant.model_fields}
            )
            for each in plan["contestants"]
        ]
    except _DAMAGE as error:
        raise RunError("rescore.no_golden", folder=folder.name) from error
    return tuple(cast("OpenContestant", KeptContestant(each, each.key, each.title)) for each in named)


def begin(old: EvaluationStore, new: EvaluationStore, *, judged: bool = False) -> None:
    """Copy what was answered and said, and what the measures found that are not scored anew.

    `judged` is whether another judge is asked.
    """
    for name in (ANSWERS, RULINGS, VOTES, NOTES, ROWS, GOLDEN_FILE):
        _copy(old.folder / name, new.folder / name)
    for path in old.folder.glob("*.cache.jsonl"):
        _copy(path, new.folder / path.name)
    for key in finished_measures(old.folder):
        if not is_rescored(key, judged=judged) and not new.is_finished(key):
            new.begin(key)
            for event in kept_events(old.folder, key):
                if not isinstance(event, Answered):
                    new.keep(key, event)
            new.finish(key)


def is_rescored(key: str, *, judged: bool = False) -> bool:
    """Whether a measure looks at nothing but answers and so is taken anew; with a judge, what that says."""
    if key not in BY_KEY or key in _NEEDS_MORE:
        return False
    group = BY_KEY[key].group
    return group in _RESCORED or key == _AGREEMENT or (judged and group == "judge")


def measures_of(old: EvaluationStore, asked: Iterable[Measure], *, judged: bool = False) -> list[Measure]:
    """What an evaluation measured, and of what is asked for now that which looks at answers alone."""
    keys = set(finished_measures(old.folder))
    keys |= {measure.key for measure in asked if is_rescored(measure.key)}
    keys |= {measure.key for measure in MEASURES if judged and measure.group == "judge"}
    return [measure for measure in MEASURES if measure.key in keys]


def _copy(source: Path, target: Path) -> None:
    """Copy a file where there is one, and it was not copied before."""
    if target.exists() or not source.exists():
        return
    try:
        half = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, half)
        half.replace(target)
    except OSError as error:
        raise DataError("disk.unreadable", file=source, fault=error.strerror or error) from error
