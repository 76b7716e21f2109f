"""The job that trains a sweep or a staged recipe: one run after another, and on from where it stopped."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.catalogue import Phrase, phrase
from studio.errors import DiskError, RecipeError, RunError, StudioError
from studio.events import Ended, Event, Log, SweepProgress, Validated
from studio.jobs.base import base_of, keep_start, parents_in_words, remarks_on_parent, with_parent
from studio.jobs.rows import keep_rows, made_whole
from studio.jobs.train import check_shown, perform_run, prepare_again
from studio.process import launched
from studio.recipe.recipe import Recipe
from studio.recipe.stages import StagedRecipe
from studio.recipe.sweep import Sweep
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
    """Train every member of a sweep, each an ordinary run under `runs`.

    The same sweep asked for again goes on: members that are done are left as they are, one that was stopped
    or killed goes on from its newest checkpoint, and the rest start. A member that cannot be trained to
    its end is noted, and the others are trained all the same. Model and dataset are read once. With
    `changed_base` a member goes on also where its model is another by now.

    A staged recipe is carried out likewise, but that each stage goes on from the run of the one before it,
    and that one that cannot be trained to its end ends the job: asked for again, it is tried again.
    """

    sweep: Sweep | StagedRecipe
    runs: Path
    name: str = ""
    changed_base: bool = False
    source: str = ""  # as TrainJob has it

    @classmethod
    def again(cls, file: SweepFile) -> SweepJob:
        """Go on with a sweep. Raises RunError when this version cannot read its recipe."""
        if file.staged:
            stages = tuple((member.name, member.changes) for member in file.members)
            return cls(StagedRecipe(_base(file), stages), file.runs, file.name)
        over = tuple((path, tuple(values)) for path, values in file.over.items())
        return cls(Sweep(_base(file), over), file.runs, file.name)

    @property
    def title(self) -> str:
        return "Stages" if self.staged else "Sweep"

    @property
    def staged(self) -> bool:
        return isinstance(self.sweep, StagedRecipe)

    def _has_base(self, found: SweepFile) -> bool:
        """Whether a sweep began with this recipe; of another version's nobody can tell."""
        try:
            return _base(found) == self.sweep.base
        except RunError:
            return False

    def file(self) -> SweepFile:
        """Where the sweep is written down: as it was left, or a new one, not on the disk yet.

        Raises RecipeError for a grid that cannot run, or a name that another sweep has.
        """
        from studio.dataset.groups import GROUPING

        members = self.sweep.members()
        changes, name = [member.changes for member in members], clean_name(self.name) if self.name else ""
        for found in sweeps(self.runs):
            same = [member.changes for member in found.members] == changes and self._has_base(found)
            if same and found.staged == self.staged and name in ("", found.name):
                return found
            if found.name == name:
                if self.staged:
                    raise RecipeError("stages.name_taken", name=name)
                raise RecipeError("sweep.name_taken", name=name)
        over = {} if isinstance(self.sweep, StagedRecipe) else dict(self.sweep.over)
        name = name or (members[-1].name if self.staged else f"{Path(self.sweep.base.data.path).stem}-sweep")
        base = self.sweep.base.model_dump()
        named = [(member.name, member.changes) for member in members]
        listed = {path: list(values) for path, values in over.items()}
        return new_sweep(self.runs, name, base, listed, named, GROUPING, staged=self.staged)

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.train.dataset_cache import DatasetCache

        if launched():
            raise RecipeError("sweep.launched")
        file, members, dataset_cache = self.file(), self.sweep.members(), DatasetCache()
        for member in members:
            check_trackers(member.recipe)
        for remark in self.sweep.remarks():
            yield Log(str(remark), "warning")
        for index, (planned, member) in enumerate(zip(file.members, members, strict=True)):
            state = _state(file, planned)
            changes = member.name if self.staged else member.words
            words = (file.name, index + 1, len(members), member.name, changes)
            yield SweepProgress(*words, state)
            if state in ("done", "failed"):
                continue
            try:
                caches = (model_cache, dataset_cache)
                file = yield from _train(file, planned, member.recipe, caches, self)
            except (DiskError, RunError):
                raise
            except StudioError as error:
                if self.staged:
                    raise
                file = _given_up(file, planned, error)
                yield SweepProgress(*words, "failed")
        yield Ended("done", closing(file))


def closing(file: SweepFile) -> Phrase:
    """What came out of a sweep, in a sentence or two."""
    runs = [run for run in map(file.run_of, file.members) if run is not None]
    found = [summary for summary in map(summarize, runs) if summary.state == "done"]
    if file.staged:  # whose losses are of other data each
        return phrase("stages.done", done=len(found), count=len(file.members))
    losses = {summary.name: summary.best_loss for summary in found if summary.best_loss is not None}
    if not losses:
        return phrase("sweep.done", done=len(found), count=len(file.members))
    best = min(losses, key=lambda name: losses[name])
    counts = {"done": len(found), "count": len(file.members)}
    said = phrase("sweep.best", **counts, name=best, loss=losses[best])
    measured = {tokens for run in runs for tokens in _measured(run)}
    if len(measured) <= 1:
        return said
    other = phrase("sweep.other_rows", fewest=min(measured), most=max(measured))
    return phrase("sentences", one=said, other=other)


def _measured(run: RunFolder) -> list[int]:
    """On how many tokens a run was validated, each time."""
    return [event.tokens for event in history_of(run).all_of(Validated)]


def _base(file: SweepFile) -> Recipe:
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
    if run is not None:
        recipe, ready = yield from prepare_again(run, *caches, changed_base=job.changed_base)
    else:
        recipe = with_parent(_after(file, planned, recipe), file.runs)
        yield from remarks_on_parent(recipe)
        ready = yield from prepare(recipe, *caches, grouping=file.grouping)
        check_shown(recipe, ready, job.source)
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
    yield from perform_run(recipe, run, ready)
    return file
