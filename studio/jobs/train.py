"""Jobs that train: a new run, and one that goes on."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.catalogue import Phrase, phrase
from studio.errors import DataError, DiskError, DiskLow, RecipeError, RunError
from studio.events import Ended, Event, Log, RunOpened, Validated
from studio.events.training import outcome_of
from studio.files import PROOF, check_least
from studio.jobs.base import base_of, keep_start, parents_in_words, remarks_on_parent, same_base, with_parent
from studio.jobs.job import note_way_on, said_of
from studio.jobs.portions import in_portions
from studio.jobs.read import check_same, meet, own_copy, own_runs
from studio.jobs.recording import recorder
from studio.jobs.rows import keep_rows, kept_recipe, made_whole, named_as_read
from studio.language import tr
from studio.macos.activity import awake
from studio.paths import model_name
from studio.process import rank
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.history import history_of
from studio.train.trackers import check_trackers

if TYPE_CHECKING:
    from studio.dataset.dataset import Dataset
    from studio.models.cache import ModelCache
    from studio.train.dataset_cache import DatasetCache
    from studio.train.loop import Watcher
    from studio.train.prepare import Ready


@dataclass(frozen=True)
class TrainJob:
    """Fine-tune a model as the recipe says, in a new run folder under `runs`.

    The folder is made when model and dataset have been read without an error, so that a bad request
    leaves nothing behind. With `source`, the fingerprint of what the person saw, DataError is raised where
    the file holds something else by now.
    """

    recipe: Recipe
    runs: Path
    name: str = ""
    source: str = ""

    @property
    def title(self) -> str:
        return tr("Training")

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        from studio.dataset.groups import GROUPING
        from studio.train.prepare import prepare

        check_trackers(self.recipe)
        check_least(self.runs)
        meet()
        recipe = with_parent(self.recipe, self.runs)
        yield from remarks_on_parent(recipe)
        ready = yield from prepare(recipe, model_cache)
        check_shown(recipe, ready, self.source)
        check_same(recipe.data.path, ready.data.fingerprint)
        manifest = {
            "recipe": recipe.model_dump(),
            "fingerprint": ready.data.fingerprint,
            "grouping": GROUPING,
            "base": base_of(recipe),
            **parents_in_words(recipe),
        }
        name = self.name or f"{Path(recipe.data.path).stem}-{model_name(recipe.model)}"
        with own_runs(self.runs) as runs:
            with made_whole(RunFolder.create(runs, name, manifest)) as run:
                recipe = keep_start(recipe, run)
                if rank() == 0:
                    yield from keep_rows(ready.data, run)
            yield from perform_run(recipe, run, ready)


@dataclass(frozen=True)
class ResumeJob:
    """Go on with a run from its newest checkpoint, as if it had never stopped.

    With `changed_base` also where its model is another by now; with `smaller` in smaller portions than it
    was computed in, from now on.
    """

    run: RunFolder
    changed_base: bool = False
    smaller: bool = False

    @property
    def title(self) -> str:
        return tr("Training")

    def run_events(self, model_cache: ModelCache) -> Generator[Event]:
        check_least(self.run.path)
        meet()
        with own_copy(self.run) as run:
            yield from _proofs(run)
            recipe, ready = yield from prepare_again(run, model_cache, changed_base=self.changed_base)
            yield from perform_run(recipe, run, ready, smaller=self.smaller)


def _proofs(run: RunFolder) -> Generator[Event]:
    """Say what of a run nothing proves. Raises RunError naming a file that is not as it was written."""
    from studio.train.checkpoint import check_adapter, latest

    if run.adapter.is_dir() and not check_adapter(run):
        yield Log(unproven(run.adapter))
    elif (folder := latest(run)) is not None and not (folder / PROOF).exists():
        yield Log(unproven(folder))


def unproven(folder: Path) -> str:
    """What is said of a folder that an earlier release wrote."""
    return f"{folder.name} has no checksums, as an earlier version wrote it: nothing proves that it is whole."


def prepare_again(
    run: RunFolder,
    model_cache: ModelCache,
    dataset_cache: DatasetCache | None = None,
    *,
    changed_base: bool = False,
) -> Generator[Event, None, tuple[Recipe, Ready]]:
    """What an earlier run was made with: the rows that it kept, or else its dataset.

    Raises RunError when that is not the same any more, for another file would be split differently: what was
    held out could have been trained on. Raises it when the model is not the same, too, unless `changed_base`
    asks for that. A run of the first release trains the answers that it began with.
    """
    from studio.dataset.groups import BY_QUESTION
    from studio.train.prepare import prepare

    manifest = run.manifest()
    recipe = yield from same_base(run, manifest, recipe_of(manifest), changed_base=changed_base)
    grouping = manifest.get("grouping", BY_QUESTION)
    every_answer = run.trains_every_answer()
    kept = kept_recipe(run, recipe)
    ready = yield from prepare(kept, model_cache, dataset_cache, grouping=grouping, every_answer=every_answer)
    if kept != recipe:
        return recipe, named_as_read(ready, recipe, manifest.get("fingerprint", ""))
    if ready.data.fingerprint != manifest.get("fingerprint"):
        raise RunError("dataset.changed_since", path=recipe.data.path, run=run.name)
    return recipe, ready


def check_shown(recipe: Recipe, ready: Ready, source: str) -> None:
    """Raise DataError where the dataset is not the one that the person saw."""
    if source and ready.data.prepared.source != source:
        raise DataError("dataset.changed_since_opened", path=recipe.data.path)


def recipe_of(manifest: dict[str, Any]) -> Recipe:
    """The recipe in a run's `run.json`. Raises RunError when this version cannot read it."""
    try:
        return Recipe.kept(manifest["recipe"])
    except RecipeError as error:
        raise RunError("run.recipe_unreadable", reason=error) from error


def perform_run(recipe: Recipe, run: RunFolder, ready: Ready, *, smaller: bool = False) -> Generator[Event]:
    """Train while holding the run; everything that is reported is first written to the run's folder.

    With `smaller` it is computed in smaller portions than before, from now on.
    """
    from studio.jobs.scan import sampler

    first = rank() == 0  # the others neither watch nor report
    watchers = [sampler(recipe, ready)] if first and recipe.watch.prompts.strip() else []
    with run.held(), awake(), recorder(recipe, run) as record:
        recipe, told = in_portions(recipe, run, ready, smaller=smaller)
        events = _trained(recipe, run, ready, watchers)
        try:
            if first:
                yield RunOpened(run.name, str(run.path))
            yield from record.record(told)
            yield from record.record(_remarks(recipe, ready))
            yield from record.record(events)
            yield from record.at_the_end()
        except GeneratorExit:
            try:
                events.close()  # saves
            except Exception as error:
                _note_failure(run, error)
                raise
            run.append(_how_it_stopped(run))
            raise
        except Exception as error:
            events.close()
            _note_failure(run, error)
            raise
        ended = Ended("done", _summary(run))
        run.append(ended)
        yield ended


def _how_it_stopped(run: RunFolder) -> Ended:
    """A run that was stopped after its last step, and measured then, is done."""
    history = history_of(run)
    last, measured = history.last_step, history.all_of(Validated)
    if last is None or last.step < last.steps:
        return Ended("stopped", phrase("ended.stopped"))
    if measured and measured[-1].step < last.step:
        return Ended("stopped", phrase("ended.unmeasured"))
    return Ended("done", _summary(run))


def _trained(recipe: Recipe, run: RunFolder, ready: Ready, watchers: Sequence[Watcher]) -> Generator[Event]:
    from studio.forecast.probe import Gate
    from studio.train.loop import train

    gate = Gate(recipe, ready.opened.folder, ready.data)
    yield from train(
        recipe,
        run,
        ready.opened,
        ready.data,
        ready.peak,
        general=ready.general,
        watchers=watchers,
        rehearse=gate.rehearse,
        spare=gate.spare,
    )


def _note_failure(run: RunFolder, error: Exception) -> None:
    """Write why the run ended, where the disk still takes it; a Metal failure learns how the run goes on."""
    note_way_on(error, run)
    state = "stopped" if isinstance(error, DiskLow) else "failed"  # it pauses, and goes on when there is room
    with contextlib.suppress(DiskError):
        run.append(Ended(state, said_of(error)))


def _remarks(recipe: Recipe, ready: Ready) -> Iterator[Event]:
    """What a person should know about the data before the first step."""
    data = ready.data
    yield Log(tr("Examples become text with {description}.", description=ready.renderer.description))
    for entry in recipe.idle():
        yield Log(tr("{title} has no effect in this recipe.", title=entry.title), "warning")
    for item in data.problems:
        if item.code in ("file.own_rows", "file.beyond_context"):
            yield Log(f"{item.reason}.", "info" if item.code == "file.own_rows" else "warning")
    if not data.renderer.rendering.every_answer:
        yield Log(
            tr("This run was begun by the first release: answers that the template rewrites do not train.")
        )
    if data.skipped:
        yield Log(
            tr(
                "{skipped} examples cannot be trained and are left out{for_length}; the dataset "
                "pane says why.",
                skipped=data.skipped,
                for_length=_for_length(data),
            ),
            "warning",
        )
    if data.cut:
        prompt = data.renderer.rendering.too_long == "cut_prompt"
        lost = "the beginning of their prompt" if prompt else "their end"
        yield Log(
            tr("{cut} examples are longer than the maximum length and lose {lost}.", cut=data.cut, lost=lost),
            "warning",
        )
    if not data.validation:
        yield Log(tr("There are no validation examples: the last adapter is kept, not the best."), "warning")


def _for_length(data: Dataset) -> str:
    """How many rows are left out for their length, and which maximum would keep most of them."""
    if not data.dropped:
        return ""
    limit, most, whole = data.renderer.rendering.max_length, data.length_for(0.95), data.length_for(1.0)
    keeps = f"a maximum of {most:,} would keep 95 %, " if most > limit else f"{limit:,} keeps 95 % or more, "
    return f", {data.dropped} of them for their length ({keeps}{whole:,} all)"


def _summary(run: RunFolder) -> Phrase:
    losses = history_of(run).all_of(Validated)
    if not losses:
        return phrase("ended.trained")
    return outcome_of(losses[0], min(losses, key=lambda e: e.loss))
