"""Jobs around evaluations: what a run keeps of them, what a person says, what another one could show."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.catalogue import Said
from studio.evaluate.store import EvaluationStore, Ruling, Vote
from studio.events import Answered, Event, Prepared, Score
from studio.files import parsed
from studio.generate.contestant import BASE
from studio.language import tr
from studio.runs.evaluations import (
    PLAN,
    evaluations_of,
    latest_evaluation,
    read_evaluation,
    result_in,
)
from studio.runs.folder import RunFolder
from studio.runs.history import history_of
from studio.runs.result import result_steps, take_checkpoint

if TYPE_CHECKING:
    from studio.train.dataset_cache import DatasetCache

_OTHERS = 12
"""The newest evaluations of so many other runs can be laid beside one."""
_NAME_OF_TIME = "%Y%m%d-%H%M%S-%f"


@dataclass(frozen=True)
class EvaluationEntry:
    """One evaluation in a list: where it is, of which run and when, how much was measured, what came out."""

    folder: Path
    run: str
    time: datetime | None
    suite: str
    headline: str
    seconds: float
    measures: int = 0  # so many were taken
    rulings: int = 0  # of a person, that its scores count
    shared: str = ""
    """The fingerprint of the one copy of the weights that everybody answered from; else nothing."""


@dataclass(frozen=True, eq=False)
class EvaluationReady(Event, kind="EvaluationReady"):
    """What is known before a run is evaluated. For the window only.

    `power` says what the rows that are asked can show; it is empty where it is not known how many there are.
    `steps` are those of its checkpoints; `own` its evaluations, `others` those of other runs, newest first.
    """

    power: Said
    steps: tuple[int, ...]
    own: tuple[EvaluationEntry, ...]
    others: tuple[EvaluationEntry, ...]


@dataclass(frozen=True, eq=False)
class WordsStored(Event, kind="WordsStored"):
    """What a person said of the answers in an evaluation. For the window only."""

    rulings: tuple[Ruling, ...]
    votes: tuple[Vote, ...]
    notes: Mapping[str, str]
    contradictions: frozenset[tuple[str, str]] = frozenset()
    """Where a judge prefers the wrong answer to the right one: each as (item, contestant)."""
    agreement: tuple[Score, ...] = ()
    """How a judge and the votes agree by now; nothing where no judge was asked."""
    judged: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What a judge said of each (item, contestant), in words."""


@dataclass(frozen=True)
class EvaluationReadyJob:
    """Look what a run's evaluation could show, who could compete, and which evaluations there are."""

    run: RunFolder
    golden: Path | None
    others: tuple[Path, ...] = ()  # folders of other runs

    @property
    def title(self) -> str:
        return tr("Looking at evaluations")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        from studio.evaluate.sentences import can_show

        rows = _rows_in(self.golden) if self.golden is not None else _test_rows(self.run)
        others = []
        for folder in self.others[:_OTHERS]:
            newest = next((e for path in evaluations_of(RunFolder(folder)) if (e := entry_of(path))), None)
            others += [newest] if newest is not None else []
        yield EvaluationReady(
            can_show(rows, "question") if rows else "",
            result_steps(self.run),
            tuple(filter(None, map(entry_of, evaluations_of(self.run)))),
            tuple(others),
        )


@dataclass(frozen=True)
class StoredEvaluationJob:
    """Bring back an evaluation of a run, by default its newest, and what a person said of it."""

    run: RunFolder
    folder: Path | None = None

    @property
    def title(self) -> str:
        return tr("Opening an evaluation")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        stored = read_evaluation(self.folder) if self.folder else latest_evaluation(self.run)
        if stored is not None:
            yield stored
            yield words_in(EvaluationStore(stored.folder))


@dataclass(frozen=True)
class WordsJob:
    """Look what a person, and a judge, said of the answers in an evaluation."""

    folder: Path

    @property
    def title(self) -> str:
        return tr("Looking at what was said")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        yield words_in(EvaluationStore(self.folder))


def words_in(store: EvaluationStore) -> WordsStored:
    """All that was said of the answers in an evaluation."""
    from studio.evaluate.measures.judge_pairs import contradictions, was_judged

    against = contradictions(store, _baseline(store))
    rulings, votes = tuple(store.rulings().values()), tuple(store.votes())
    said = _judged(store) if was_judged(store) else {}
    return WordsStored(rulings, votes, store.notes(), against, _agreement(store), said)


def _judged(store: EvaluationStore) -> dict[tuple[str, str], str]:
    """What the judge said of each answer that it compared, shown second and shown first."""
    from studio.evaluate.measures.judge_pairs import words_on

    result, said = result_in(store.folder), {}
    items = {event.id for event in store.events() if isinstance(event, Answered)}
    for who in [key for key, _ in result.contestants[1:]] if result is not None else ():
        for item in items:
            both = zip(("shown second", "shown first"), words_on(store, who, item), strict=False)
            parts = [f"{place} it {found}{f' ({why})' if why else ''}" for place, (found, why) in both]
            if parts:
                said[item, who] = "; ".join(parts)
    return said


def _agreement(store: EvaluationStore) -> tuple[Score, ...]:
    """How a judge and the votes agree; nothing where no judge was asked."""
    from studio.evaluate.measures.judge_pairs import agreement_now, was_judged

    return tuple(agreement_now(store, _baseline(store))) if was_judged(store) else ()


def _baseline(store: EvaluationStore) -> str:
    result = result_in(store.folder)
    return result.contestants[0][0] if result is not None and result.contestants else BASE


@dataclass(frozen=True)
class KeepWordJob:
    """Keep what a person said of an answer: a ruling, a vote, or a note as (item, text).

    Of a vote it announces how a judge and all votes agree now.
    """

    folder: Path
    word: Ruling | Vote | tuple[str, str]

    @property
    def title(self) -> str:
        return tr("Keeping what you said")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        store = EvaluationStore(self.folder)
        if isinstance(self.word, tuple):
            store.note(*self.word)
        elif isinstance(self.word, Ruling):
            store.rule(self.word)
        else:
            store.vote(self.word)
            yield from _agreement(store)


@dataclass(frozen=True)
class TakeCheckpointJob:
    """Make a checkpoint of a run its result; the present one is kept beside."""

    run: RunFolder
    step: int

    @property
    def title(self) -> str:
        return tr("Taking step {step:,}", step=self.step)

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        take_checkpoint(self.run, self.step)
        yield from ()


def entry_of(folder: Path) -> EvaluationEntry | None:
    """What a list says of an evaluation; None where it cannot be read."""
    result = result_in(folder)
    if result is None:
        return None
    plan = _plan_of(folder)
    return EvaluationEntry(
        folder,
        result.run or folder.parents[1].name,
        _time_of(folder),
        result.suite,
        str(result.headline),
        result.seconds,
        len({score.measure for score in result.scores}),
        int(plan.get("rulings") or 0),
        str(plan.get("shared") or "") if len(result.contestants) > 1 else "",
    )


def _plan_of(folder: Path) -> dict[str, Any]:
    """What was asked; nothing where that cannot be read."""
    try:
        plan: Any = parsed((folder / PLAN).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return plan if isinstance(plan, dict) else {}


def _time_of(folder: Path) -> datetime | None:
    try:
        return datetime.strptime(folder.name[:22], _NAME_OF_TIME)
    except ValueError:
        return None


def _rows_in(golden: Path) -> int:
    try:
        with golden.open("rb") as file:
            return sum(bool(line.strip()) for line in file)
    except OSError:
        return 0


def _test_rows(run: RunFolder) -> int:
    """So many test examples stand in for a golden set."""
    from studio.evaluate.golden import LIMIT

    prepared = [event for event in history_of(run).events if isinstance(event, Prepared)]
    return min(prepared[-1].test_examples, LIMIT) if prepared else 0
