"""Jobs that take a dataset somewhere: into a saved dataset, to JSONL files."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.events import DatasetExported, DatasetSaved, Event, Progress
from studio.language import tr
from studio.paths import Paths
from studio.recipe.recipe import Recipe

if TYPE_CHECKING:
    from studio.dataset.read.load import Reading
    from studio.dataset.render.render import Renderer
    from studio.dataset.steps.result import Shaped
    from studio.dataset.steps.steps import AnyStep
    from studio.jobs.scan import Streamed
    from studio.train.dataset_cache import DatasetCache


@dataclass(frozen=True)
class _Shaping:
    """The recipe's dataset with steps done to it: those of the recipe, then `steps`.

    Where `fingerprint` is given, it is that of the source in which rows were changed by hand, and DataError
    is raised when the file holds another one by now. `scans` keeps the indexes of files too big to hold; else
    the person's own folder does. The recipe's model counts the tokens where a step asks for them.
    """

    recipe: Recipe
    out: Path
    steps: tuple[AnyStep, ...] = ()
    scans: Path | None = None
    fingerprint: str = ""

    def all_steps(self) -> tuple[AnyStep, ...]:
        """The recipe's steps and those after them."""
        from studio.dataset.steps.steps import steps_in

        return (*steps_in(self.recipe.data.history), *self.steps)

    def check_target(self) -> None:
        """Raise TargetError where writing `out` would touch the dataset, or another that is mixed in."""
        from studio.dataset.save.target import check_sources
        from studio.dataset.steps.steps import Mix

        mixed = [Path(step.path) for step in self.all_steps() if isinstance(step, Mix)]
        check_sources(self.out, [Path(self.recipe.data.path), *mixed])

    def shaped(self) -> Generator[Event, None, tuple[Reading | Streamed, Shaped]]:
        """What was read, and what came out; of a big file, without holding its rows."""
        from studio.dataset.read.load import reading
        from studio.dataset.read.mapping import Mapping
        from studio.dataset.steps.apply import apply
        from studio.dataset.steps.prepared import check_unchanged, context_of, divided_before_leakage
        from studio.dataset.store.source import is_large
        from studio.jobs.scan import Streamed, chosen, scanned

        data, seed = self.recipe.data, self.recipe.loop.seed
        path = Path(data.path).expanduser()
        source: Reading | Streamed
        if is_large(path):
            source = yield from scanned(path, self.scans or Paths.for_user().scans, data.columns)
        else:
            source = yield from reading(path, Mapping.parse(data.columns) if data.columns else None)
            check_unchanged(path.name, self.fingerprint, source.fingerprint, self.all_steps())
        steps = divided_before_leakage(self.all_steps(), source, data, seed)
        context = context_of(source, steps, data, lambda: _renderer(self.recipe))
        if isinstance(source, Streamed):
            return source, (yield from chosen(source, steps, context))
        return source, (yield from apply(source.records, steps, source.given, context))


@dataclass(frozen=True)
class SaveJob(_Shaping):
    """Save the recipe's dataset, after the steps, as the folder `out`."""

    @property
    def title(self) -> str:
        return tr("Saving the dataset")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.save.folder import save, sources_of
        from studio.dataset.save.target import check_folder
        from studio.dataset.steps.steps import Mix

        yield Progress(tr("Reading the dataset"), 0)
        self.check_target()
        check_folder(self.out.expanduser())
        source, shaped = yield from self.shaped()
        mixed = [Path(step.path).expanduser() for step in shaped.steps if isinstance(step, Mix)]
        manifest = yield from save(
            self.out,
            shaped,
            format=source.format,
            steps=shaped.steps,
            sources=sources_of([source.path, *mixed]),
            columns=columns_of(self.recipe),
            problems=source.problems,
        )
        yield DatasetSaved(
            path=str(self.out.expanduser().absolute()),
            name=manifest.name,
            fingerprint=manifest.fingerprint,
            train=manifest.rows.get("train", 0),
            validation=manifest.rows.get("validation", 0),
            test=manifest.rows.get("test", 0),
            golden=manifest.rows.get("golden", 0),
            undivided=manifest.rows.get("", 0),
            history=tuple(f"{c.words}: {c.before:,} → {c.after:,} rows" for c in shaped.counts),
            remarks=manifest.remarks,
        )


@dataclass(frozen=True)
class ExportJob(_Shaping):
    """Write the recipe's dataset, after the steps, to a JSONL file or to a folder in mlx-lm's layout.

    `replace` replaces a file that exists, and removes files of an earlier export in the folder that this one
    has no more.
    """

    replace: bool = False

    @property
    def title(self) -> str:
        return tr("Exporting the dataset")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.save.export import export

        yield Progress(tr("Reading the dataset"), 0)
        self.check_target()
        _, shaped = yield from self.shaped()
        files = yield from export(shaped.records, shaped.parts, self.out, replace=self.replace)
        golden = len(shaped.golden) if len(files) == 1 and files[0].suffix == ".jsonl" else 0
        remarks = (
            (tr("{golden:,} golden rows were left out, so that they never train.", golden=golden),)
            if golden
            else ()
        )
        yield DatasetExported(tuple(map(str, files)), len(shaped.records) - golden, remarks)


@dataclass(frozen=True)
class ExportBadJob:
    """Write the rows of the recipe's dataset that cannot train, each with its reason, to a JSONL file."""

    recipe: Recipe
    out: Path

    @property
    def title(self) -> str:
        return tr("Exporting the rows that cannot train")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        from studio.dataset.read.file_reader import NothingUsable
        from studio.dataset.rows import LineMap
        from studio.dataset.save.bad_rows import export_bad
        from studio.dataset.save.target import check_sources

        yield Progress(tr("Reading the dataset"), 0)
        check_sources(self.out, [Path(self.recipe.data.path)])
        try:
            dataset = yield from dataset_cache.open(self.recipe)
            found = dataset.path, dataset.places, dataset.problems
        except NothingUsable as error:
            found = error.path, LineMap(), error.problems
        count = yield from export_bad(*found, self.out)
        yield DatasetExported((str(self.out),), count)


def columns_of(recipe: Recipe) -> str:
    """The columns that the recipe's dataset was read with, or that it was saved from."""
    from studio.dataset.manifest import Manifest, is_saved

    path = Path(recipe.data.path).expanduser()
    return Manifest.read(path).columns if is_saved(path) else recipe.data.columns


def _renderer(recipe: Recipe) -> Renderer:
    """What renders rows with the recipe's model."""
    from studio.dataset.render.render import Renderer, Rendering
    from studio.models.folder import read_config
    from studio.models.tokenizer import load_tokenizer
    from studio.paths import model_folder

    folder = model_folder(recipe.model)
    read_config(folder)
    return Renderer(load_tokenizer(folder), Rendering(recipe.data.template))
