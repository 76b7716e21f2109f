"""The job that lays a run's newest evaluation beside that of another run, or beside its own one before."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.catalogue import Said
from studio.errors import RunError
from studio.events import Event, Score
from studio.generate.contestant import TUNED
from studio.language import tr
from studio.runs.evaluations import EvaluationStored, evaluations_of, read_evaluation
from studio.runs.folder import RunFolder

if TYPE_CHECKING:
    from studio.evaluate.side_by_side import RowsBeside


@dataclass(frozen=True)
class DifferingRows:
    """The rows of one measure on which two contestants differ, by their ids, the largest first."""

    measure: str
    part: str
    better: tuple[str, ...]
    worse: tuple[str, ...]


@dataclass(frozen=True)
class LaidBeside(Event, kind="LaidBeside"):
    """Two evaluations beside each other: `this` of one run against `that` of another, its baseline.

    `contestants` are the keys and titles that the scores use, the baseline first; `folders` are those of the
    two evaluations in that order. `asked` is what rows that got worse ask, by their ids, where it is known.
    """

    contestants: tuple[tuple[str, str], ...]
    folders: tuple[str, ...]
    headline: Said
    verdict: tuple[Said, ...]
    primary: str
    scores: tuple[Score, ...]
    rows: tuple[DifferingRows, ...]
    asked: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SideBySideJob:
    """Compare what two runs came to, row by row, from what their newest evaluations kept.

    Of the same run it is compared with its evaluation before. `this` and `that` name other evaluations than
    the newest. Raises RunError where there is no complete one, or they share no rows.
    """

    run: RunFolder
    against: RunFolder
    this: Path | None = None
    that: Path | None = None

    @property
    def title(self) -> str:
        return tr("Laying evaluations side by side")

    def check(self) -> None:
        """Raises RunError where the other run was never evaluated."""
        if not evaluations_of(self.against):
            raise RunError("evaluation.none_yet", name=self.against.name)

    def run_events(self, model_cache: object = None) -> Generator[Event]:
        from studio.evaluate.registry import BY_KEY
        from studio.evaluate.side_by_side import THAT, THIS, lay_beside
        from studio.evaluate.store import EvaluationStore
        from studio.evaluate.verdict import judge

        this = _read(self.this, self.run)
        that = _read(self.that, self.against, without=this.folder)
        who, whom = _compared(this), _compared(that)
        stores = EvaluationStore(this.folder), EvaluationStore(that.folder)
        found = lay_beside(stores[0], who[0], stores[1], whom[0], BY_KEY)
        if not any(each.score.count for each in found):
            raise RunError("evaluation.no_shared_rows", one=self.run.name, other=self.against.name)
        titles = {THAT: f"{self.against.name}: {whom[1]}", THIS: f"{self.run.name}: {who[1]}"}
        scores = tuple(each.score for each in found)
        headline, verdict = judge(scores, BY_KEY, this.result.primary, titles)
        yield LaidBeside(
            contestants=tuple(titles.items()),
            folders=(str(that.folder), str(this.folder)),
            headline=headline,
            verdict=verdict,
            primary=this.result.primary,
            scores=scores,
            rows=tuple(map(_differing, found)),
            asked=_asked(this, {each for rows in found for each in rows.worse}),
        )


def _read(folder: Path | None, run: RunFolder, without: Path | None = None) -> EvaluationStored:
    """An evaluation, or a run's newest that can be read, but for one. Raises RunError where there is none."""
    folders = [folder] if folder else [each for each in evaluations_of(run) if each != without]
    found = next(filter(None, map(read_evaluation, folders)), None)
    if found is None:
        raise RunError("evaluation.none_yet", name=run.name)
    return found


def _compared(stored: EvaluationStored) -> tuple[str, str]:
    """Who is compared of an evaluation: what the run came to."""
    own = [each for each in stored.result.contestants if each[0] == TUNED]
    return (own or [stored.result.contestants[-1]])[0]


def _differing(found: RowsBeside) -> DifferingRows:
    return DifferingRows(found.score.measure, found.score.part, found.better, found.worse)


def _asked(stored: EvaluationStored, ids: set[str]) -> tuple[tuple[str, str], ...]:
    asked = {each.id: each.prompt for each in stored.answers}
    return tuple((each, prompt) for each, prompt in asked.items() if each in ids)
