"""The job that trains a sweep or a staged recipe: one run after another, and on from where it stopped."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.catalogue import Phrase, phrase
from studio.errors import DiskError, RecipeError, RunError, StudioError
from studio.events import Ended, Event, Log, SweepProgress, Validated
from studio.jobs.base import base_of, keep_start, parents_in_words, remarks_on_parent, with_parent
from studio.jobs.rows import keep_rows, made_whole
from studio.jobs.search import settled, told
from studio.jobs.train import check_shown, perform_run, prepare_again
from studio.language import tr
from studio.process import launched
from studio.recipe.recipe import Recipe
from studio.recipe.stages import StagedRecipe
from studio.recipe.sweep import Member, Sweep
from studio.runs.folder import RunFolder, clean_name
from studio.runs.history import history_of
from studio.runs.store import summarize
from studio.runs.sweeps import SweepFile, SweepMember, find_sweep, new_sweep, sweeps
from studio.train.trackers import check_trackers

if TYPE_CHECKING:
    from studio.models.cache import ModelCache
    from studio.train.dataset_cache import DatasetCache


@dataclass(frozen=True)
class SweepJob:
    """Train every member of a sweep, each an ordinary run under `runs`; of a guided search stage after stage.

    The same sweep asked for again goes on: members that are done are left as they are, one that was stopped
    or killed goes on from its newest checkpoint, and the rest start. A member that cannot be trained to
    its end is noted, and the others are trained all the same. Model and dataset are read once. With
    `changed_base` a member goes on also where its model is another by now; with `smaller` those that go on
    do so in smaller portions than before.

    A staged recipe is carried out likewise, but that each stage goes on from the run of the one before it,
    and that one that cannot be trained to its end ends the job: asked for again, it is tried again.
    """

    sweep: Sweep | StagedRecipe
    runs: Path
    name: str = ""
    changed_base: bool = False
    source: str = ""  # as TrainJob has it
    smaller: bool = False

    @classmethod
    def again(cls, file: SweepFile) -> SweepJob:
        """Go on with a sweep. Raises RunError when this version cannot read its recipe."""
        if file.staged:
            stages = tuple((member.name, member.changes) for member in file.members)
            return cls(StagedRecipe(base_of_sweep(file), stages), file.runs, file.name)
        over = tuple((path, tuple(values)) for path, values in file.over.items())
        return cls(Sweep(base_of_sweep(file), over, file.guided, file.alpha_follows), file.runs, file.name)

    @property
    def title(self) -> str:
        return tr("Stages") if self.staged else tr("Search") if self.guided else tr("Sweep")

    @property
    def staged(self) -> bool:
        return isinstance(self.sweep, StagedRecipe)

    @property
    def guided(self) -> bool:
        return isinstance(self.sweep, Sweep) and self.sweep.guided

    def _is_mine(self, found: SweepFile, changes: list[dict[str, Any]]) -> bool:
        """Whether a sweep began with this recipe and these runs; of another version's nobody can tell."""
        mine = self.sweep
        try:
            other = SweepJob.again(found).sweep
            if isinstance(mine, Sweep) and isinstance(other, Sweep) and mine.guided and other.guided:
                return mine.alpha_follows == other.alpha_follows and mine.plan() == other.plan()
        except (RunError, RecipeError):
            return False
        planned = [member.changes for member in found.members]
        return _sort(mine) == _sort(other) and planned == changes and mine.base == other.base

    def file(self) -> SweepFile:
        """Where the sweep is written down: as it was left, or a new one, not on the disk yet.

        Raises RecipeError for a grid that cannot run, or a name that another sweep has.
        """
        from studio.dataset.groups import GROUPING

        members = self.sweep.members()
        changes, name = [member.changes for member in members], clean_name(self.name) if self.name else ""
        for found in sweeps(self.runs):
            if self._is_mine(found, changes) and name in ("", found.name):
                return found
            if found.name == name:
                if self.staged:
                    raise RecipeError("stages.name_taken", name=name)
                raise RecipeError("sweep.name_taken", name=name)
        name = name or (members[-1].name if self.staged else self._usual_name())
        base = self.sweep.base.model_dump()
        named = [(member.name, member.changes) for member in members]
        if isinstance(self.sweep, StagedRecipe):
            return new_sweep(self.runs, name, base, {}, named, grouping=GROUPING, staged=True)
        return new_sweep(
            self.runs,
            name,
            base,
            {path: list(values) for path, values in self.sweep.over},
            named,
            grouping=GROUPING,
            guided=self.sweep.guided,
            alpha_follows=self.sweep.alpha_follows,
            count=self.sweep.count,
        )

    def _usual_name(self) -> str:
        return f"{Path(self.sweep.base.data.path).stem}-{self.title.lower()}"

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.train.dataset_cache import DatasetCache

        if launched():
            raise RecipeError("sweep.launched")
        file, caches = self.file(), (model_cache, DatasetCache())
        for member in self.sweep.members():
            check_trackers(member.recipe)
        for remark in self.sweep.remarks():
            yield Log(str(remark), "warning")
        index = 0
        for place in range(len(file.over) if self.guided else 1):
            for member in self._members(file, place):
                index += 1
                file = yield from self._perform(file, member, index, caches)
        yield Ended("done", closing(file))

    def _members(self, file: SweepFile, place: int) -> tuple[Member, ...]:
        """All runs; or of a search those of a stage, which begin with the best of the stages before."""
        if isinstance(self.sweep, StagedRecipe) or not self.sweep.guided:
            return self.sweep.members()
        return self.sweep.stage(place, settled(file, self.sweep.base, place))

    def _perform(
        self, file: SweepFile, member: Member, index: int, caches: tuple[ModelCache, DatasetCache]
    ) -> Generator[Event, None, SweepFile]:
        """Train one member, unless that is done or given up; returns what the sweep's file says."""
        file, planned = self._planned(file, member, index)
        state = _state(file, planned)
        changes = member.name if self.staged else member.words
        words = (file.name, index, file.asked, member.name, changes)
        yield SweepProgress(*words, state)
        if state in ("done", "failed"):
            return file
        try:
            return (yield from _train(file, planned, member.recipe, caches, self))
        except (DiskError, RunError):
            raise
        except StudioError as error:
            if self.staged:
                raise
            file = _given_up(file, planned, error)
            yield SweepProgress(*words, "failed")
            return file

    def _planned(self, file: SweepFile, member: Member, index: int) -> tuple[SweepFile, SweepMember]:
        """The member as it is written down; one that a search has just come to is added."""
        if not self.guided:
            return file, file.members[index - 1]
        if (known := file.member(member.changes)) is not None:
            return file, known
        file = file.with_member(member.name, member.changes)
        file.write()
        return file, file.members[-1]


def _sort(sweep: Sweep | StagedRecipe) -> tuple[bool, ...]:
    """What tells two sweeps apart that have the same base and the same changes."""
    return (True,) if isinstance(sweep, StagedRecipe) else (False, sweep.guided, sweep.alpha_follows)


def closing(file: SweepFile) -> Phrase:
    """What came out of a sweep, in a sentence or two."""
    runs = [run for run in map(file.run_of, file.members) if run is not None]
    found = [summary for summary in map(summarize, runs) if summary.state == "done"]
    if file.staged:  # whose losses are of other data each
        return phrase("stages.done", done=len(found), count=len(file.members))
    losses = {summary.name: summary.best_loss for summary in found if summary.best_loss is not None}
    if not losses:
        return phrase("sweep.done", done=len(found), count=file.asked)
    best = min(losses, key=lambda name: losses[name])
    counts = {"done": len(found), "count": file.asked}
    said = phrase("sweep.best", **counts, name=best, loss=losses[best])
    if file.guided:
        for report in told(file, base_of_sweep(file)):
            said = phrase("sentences", one=said, other=report)
    measured = {tokens for run in runs for tokens in _measured(run)}
    if len(measured) <= 1:
        return said
    other = phrase("sweep.other_rows", fewest=min(measured), most=max(measured))
    return phrase("sentences", one=said, other=other)


def _measured(run: RunFolder) -> list[int]:
    """On how many tokens a run was validated, each time."""
    return [event.tokens for event in history_of(run).all_of(Validated)]


def base_of_sweep(file: SweepFile) -> Recipe:
    """The recipe that a sweep began with. Raises RunError when this version cannot read it."""
    try:
        return Recipe.kept(file.base)
    except RecipeError as error:
        raise RunError("sweep.recipe_unreadable", file=file.path, reason=error) from error


def _given_up(file: SweepFile, planned: SweepMember, error: StudioError) -> SweepFile:
    """Note that a member cannot be trained to its end. Raises the error where it was not even begun.

    Then what was asked for is at fault, and the members after it would fail as well.
    """
    if file.run_of(planned) is None:
        raise error
    file = find_sweep(file.runs, file.name).with_failure(planned.name, str(error))
    file.write()
    return file


def _state(file: SweepFile, planned: SweepMember) -> str:
    run = file.run_of(planned)
    if run is None:
        return "starts"
    if summarize(run).state == "done":
        return "done"
    return "failed" if planned.failed else "goes on"


def _after(file: SweepFile, planned: SweepMember, recipe: Recipe) -> Recipe:
    """A stage's recipe, going on from the run of the stage before."""
    before = file.before(planned)
    return recipe.with_values({"base.adapter": str(file.runs / before.run)}) if before else recipe


def _train(
    file: SweepFile,
    planned: SweepMember,
    recipe: Recipe,
    caches: tuple[ModelCache, DatasetCache],
    job: SweepJob,
) -> Generator[Event, None, SweepFile]:
    """Train one member, from its newest checkpoint or from the start; returns what the sweep's file says."""
    from studio.train.prepare import prepare

    run = file.run_of(planned)
    goes_on = run is not None
    if run is not None:
        recipe, ready = yield from prepare_again(run, *caches, changed_base=job.changed_base)
    else:
        recipe = with_parent(_after(file, planned, recipe), file.runs)
        yield from remarks_on_parent(recipe)
        ready = yield from prepare(recipe, *caches, grouping=file.grouping)
        check_shown(recipe, ready, job.source)
        if job.guided and not ready.data.validation:
            raise RecipeError("sweep.nothing_held_out")
        file = file.with_fingerprint(ready.data.fingerprint)
        file.write()
        asked = {
            "recipe": recipe.model_dump(),
            "fingerprint": ready.data.fingerprint,
            "grouping": file.grouping,
            "sweep": file.name,
            **({"stage": file.place_of(planned)} if file.staged else {}),
            "base": base_of(recipe),
            **parents_in_words(recipe),
        }
        with made_whole(RunFolder.create(file.runs, planned.run, asked)) as run:
            recipe = keep_start(recipe, run)
            like = None if file.staged else next(filter(None, map(file.run_of, file.members)), None)
            yield from keep_rows(ready.data, run, like if like != run else None)
    yield from perform_run(recipe, run, ready, smaller=goes_on and job.smaller)
    return file
