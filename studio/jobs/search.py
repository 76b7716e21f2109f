"""What came out of a guided search so far: which value won each stage, by how much, and at what cost."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

from studio.catalogue import Phrase, phrase
from studio.errors import RunError
from studio.recipe.recipe import Recipe, find_field
from studio.recipe.sweep import short
from studio.runs.store import RunSummary, summarize
from studio.runs.sweeps import SweepFile, SweepMember
from studio.words import counted, duration, loss


@dataclass(frozen=True)
class TriedValue:
    """A value that was trained with in a stage; `loss` is the best on what is held out, None without one."""

    value: Any
    run: str
    loss: float | None
    seconds: float


@dataclass(frozen=True)
class StageOutcome:
    """A stage of the search: the field, what was tried, and the value that is kept.

    `before` is the validation loss that the stage began with (in the first stage that of the recipe as it
    was, None where that was not tried), `after` the one that it ended with; `best` is the run that has it.
    """

    path: str
    tried: tuple[TriedValue, ...]
    kept: Any
    before: float | None
    after: float
    best: str

    @property
    def gain(self) -> float | None:
        """How much lower the loss is by the stage."""
        return None if self.before is None else self.before - self.after

    @property
    def seconds(self) -> float:
        """What the stage cost: the time its runs trained."""
        return sum(each.seconds for each in self.tried)

    @property
    def phrase(self) -> Phrase:
        """The stage in a clause: Rank 8 won by 0.013 (2 runs, 40 s)."""
        if (gain := self.gain) is None:
            how = phrase("sweep.won")
        else:
            how = phrase("sweep.won_by", gain=loss(gain)) if gain > 0 else phrase("sweep.stays")
        return phrase(
            "sweep.stage",
            title=find_field(self.path).title,
            value=short(self.kept),
            how=how,
            runs=counted(len(self.tried), "run"),
            time=duration(self.seconds),
        )


def outcomes(file: SweepFile, base: Recipe) -> tuple[StageOutcome, ...]:
    """The stages that were begun, in order. A stage counts from its first run with a validation loss on."""
    found: list[StageOutcome] = []
    leader: tuple[float, SweepMember] | None = None
    for place, path in enumerate(file.over):
        runs = [(member, summary) for member, summary in _runs(file) if len(member.changes) == place + 1]
        before = leader[0] if leader else _loss_as_it_was(path, base, runs)
        measured = [(run.best_loss, member) for member, run in runs if _counts(run)]
        for score, member in measured:
            if score is not None and (leader is None or score < leader[0]):
                leader = score, member
        if leader is None or not (runs or found):
            break
        kept = leader[1].changes.get(path, find_field(path).value(base))
        tried = tuple(TriedValue(m.changes[path], m.run, r.best_loss, r.seconds) for m, r in runs)
        found.append(StageOutcome(path, tried, kept, before, leader[0], leader[1].run))
    return tuple(found)


def settled(file: SweepFile, base: Recipe, stages: int) -> dict[str, Any]:
    """The values that so many stages settled, by their fields. Raises RunError where none was measured."""
    found = outcomes(file, base)[:stages]
    if len(found) < stages:
        raise RunError("sweep.no_loss", name=file.name)
    return {each.path: each.kept for each in found}


def told(file: SweepFile, base: Recipe) -> list[Phrase]:
    """The report of a search: a clause for every stage that was trained, and what all of it brought."""
    found = [each for each in outcomes(file, base) if each.tried]
    if not found:
        return []
    stages = reduce(lambda one, other: phrase("list.then", one=one, other=other), [s.phrase for s in found])
    first, last = found[0].before, found[-1].after
    fell = {} if first is None else {"first": loss(first)}
    cost = duration(sum(each.seconds for each in found))
    report = "sweep.report" if fell else "sweep.report_from_nothing"
    return [phrase(report, stages=stages, last=loss(last), time=cost, **fell)]


def _runs(file: SweepFile) -> list[tuple[SweepMember, RunSummary]]:
    found = ((member, file.run_of(member)) for member in file.members)
    return [(member, summarize(run)) for member, run in found if run is not None]


def _counts(run: RunSummary) -> bool:
    """Whether a run can win: it was trained to its end, and measured."""
    return run.state == "done" and run.best_loss is not None


def _loss_as_it_was(path: str, base: Recipe, runs: list[tuple[SweepMember, RunSummary]]) -> float | None:
    """The loss with the value that the recipe has, where that was one of those tried."""
    mine = find_field(path).value(base)
    return next((run.best_loss for member, run in runs if member.changes[path] == mine), None)
