"""Jobs that take a dataset somewhere: into a saved dataset, to JSONL files."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import DataError
from studio.events import DatasetExported, DatasetSaved, Event, Progress
from studio.paths import Paths
from studio.recipe.recipe import Recipe

if TYPE_CHECKING:
    from studio.dataset.read.load import Reading
    from studio.dataset.record import Record
    from studio.dataset.render.render import Renderer
    from studio.dataset.steps.result import Around, Shaped
    from studio.dataset.steps.steps import AnyStep
    from studio.jobs.scan import Streamed
    from studio.train.dataset_cache import DatasetCache


@dataclass(frozen=True)
class _Shaping:
    """The recipe's dataset with steps done to it.

    Where `overlays` is given, what was changed in it by hand is done first; where `fingerprint` is, too, that
    is of the dataset it was changed in, and DataError is raised when the file holds another one by now.
    `scans` keeps the indexes of files too big to hold; else the person's own folder does. The recipe's model
    counts the tokens where a step asks for them.
    """

    recipe: Recipe
    out: Path
    steps: tuple[AnyStep, ...] = ()
    overlays: Path | None = None
    scans: Path | None = None
    fingerprint: str = ""

    def check_target(self) -> None:
        """Raise TargetError where writing `out` would touch the dataset, or another that is mixed in."""
        from studio.dataset.save.target import check_sources
        from studio.dataset.steps.steps import Mix

        mixed = [Path(step.path) for step in self.steps if isinstance(step, Mix)]
        check_sources(self.out, [Path(self.recipe.data.path), *mixed])

    def shaped(
        self,
    ) -> Generator[Event, None, tuple[Reading | Streamed, tuple[AnyStep, ...], Shaped]]:
        """What was read, all the steps, and what came out; of a big file, without holding its rows."""
        from studio.dataset.store.source import is_large

        path, columns = Path(self.recipe.data.path).expanduser(), self.recipe.data.columns
        if is_large(path):
            return (yield from self._streamed(path, columns))
        return (yield from self._read(path, columns))

    def _streamed(
        self, path: Path, columns: str
    ) -> Generator[Event, None, tuple[Streamed, tuple[AnyStep, ...], Shaped]]:
        from studio.jobs.scan import chosen, scanned

        source = yield from scanned(path, self.scans or Paths.for_user().scans, columns)
        steps = _divided_before_leakage(self.steps, source, self.recipe)
        around = _around(self.recipe, source, steps)
        return source, steps, (yield from chosen(source, steps, around))

    def _read(
        self, path: Path, columns: str
    ) -> Generator[Event, None, tuple[Reading, tuple[AnyStep, ...], Shaped]]:
        from studio.dataset.read.load import reading
        from studio.dataset.read.mapping import Mapping
        from studio.dataset.steps.apply import apply

        mapping = Mapping.parse(columns) if columns else None
        source = yield from reading(path, mapping)
        steps = _divided_before_leakage((*self._by_hand(source), *self.steps), source, self.recipe)
        around = _around(self.recipe, source, steps)
        shaped = yield from apply(source.records, steps, source.given, around)
        return source, steps, shaped

    def _by_hand(self, source: Reading) -> tuple[AnyStep, ...]:
        from studio.dataset.steps.edits import OverlayFile

        if self.overlays is None:
            return ()
        known = self.fingerprint or source.fingerprint
        own = OverlayFile.of(self.overlays, known).read().steps
        if own and known != source.fingerprint:
            raise DataError(
                f"{source.path.name} has changed since it was read, and your edits belong to the rows it "
                "had. Put the file back as it was, or open it again to go on without them."
            )
        return own


@dataclass(frozen=True)
class SaveJob(_Shaping):
    """Save the recipe's dataset, after the steps, as the folder `out`."""

    @property
    def title(self) -> str:
        return "Saving the dataset"

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.save.folder import save, sources_of
        from studio.dataset.save.target import check_folder
        from studio.dataset.steps.steps import Mix

        yield Progress("Reading the dataset", 0)
        self.check_target()
        check_folder(self.out.expanduser())
        source, steps, shaped = yield from self.shaped()
        mixed = [Path(step.path).expanduser() for step in steps if isinstance(step, Mix)]
        manifest = yield from save(
            self.out,
            shaped,
            format=source.format,
            steps=steps,
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
        return "Exporting the dataset"

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.save.export import export

        yield Progress("Reading the dataset", 0)
        self.check_target()
        _, _, shaped = yield from self.shaped()
        files = yield from export(shaped.records, shaped.parts, self.out, replace=self.replace)
        golden = len(shaped.golden) if len(files) == 1 and files[0].suffix == ".jsonl" else 0
        remarks = (f"{golden:,} golden rows were left out, so that they never train.",) if golden else ()
        yield DatasetExported(tuple(map(str, files)), len(shaped.records) - golden, remarks)


@dataclass(frozen=True)
class ExportBadJob:
    """Write the rows of the recipe's dataset that cannot train, each with its reason, to a JSONL file."""

    recipe: Recipe
    out: Path

    @property
    def title(self) -> str:
        return "Exporting the rows that cannot train"

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        from studio.dataset.read.file_reader import NothingUsable
        from studio.dataset.rows import Places
        from studio.dataset.save.bad_rows import export_bad
        from studio.dataset.save.target import check_sources

        yield Progress("Reading the dataset", 0)
        check_sources(self.out, [Path(self.recipe.data.path)])
        try:
            dataset = yield from dataset_cache.open(self.recipe)
            found = dataset.path, dataset.places, dataset.problems
        except NothingUsable as error:
            found = error.path, Places(), error.problems
        count = yield from export_bad(*found, self.out)
        yield DatasetExported((str(self.out),), count)


def columns_of(recipe: Recipe) -> str:
    """The columns that the recipe's dataset was read with, or that it was saved from."""
    from studio.dataset.manifest import Manifest, is_saved

    path = Path(recipe.data.path).expanduser()
    return Manifest.read(path).columns if is_saved(path) else recipe.data.columns


def _divided_before_leakage(
    steps: tuple[AnyStep, ...], source: Reading | Streamed, recipe: Recipe
) -> tuple[AnyStep, ...]:
    """The steps; where leakage is to be fixed in rows that are in no part yet, divided as a run would."""
    from studio.dataset.steps.steps import Fix, Split

    if source.given:
        return steps
    for place, step in enumerate(steps):
        if isinstance(step, Split):
            return steps
        if isinstance(step, Fix) and step.check == "leakage":
            divide = Split(
                validation_share=recipe.data.validation_share,
                test_share=recipe.data.test_share,
                stratify=False,
                seed=recipe.loop.seed,
            )
            return (*steps[:place], divide, *steps[place:])
    return steps


def _around(recipe: Recipe, source: Reading | Streamed, steps: tuple[AnyStep, ...]) -> Around:
    """What the steps may ask of the source and of the model, which is loaded only for steps that ask it."""
    from studio.dataset.steps.apply import column_of
    from studio.dataset.steps.result import Around
    from studio.dataset.steps.steps import Filter, Fix

    def columns(name: str) -> dict[int, str]:
        return column_of(source.path, source.places, name)

    asked = any(isinstance(s, Fix) or (isinstance(s, Filter) and s.counts_tokens) for s in steps)
    if not asked:
        return Around(columns=columns, format=source.format)
    renderer = _renderer(recipe)

    def tokens(record: Record) -> int:
        try:
            return sum(len(example.tokens.ids) for example in renderer.render(record))
        except DataError:
            return 0  # it is left out for another reason, which reading it will tell

    marks = renderer.special_texts
    return Around(tokens, columns, source.format, marks, recipe.data.max_length, _golden_beside(source.path))


def _golden_beside(source: Path) -> tuple[Record, ...]:
    """The golden rows in a file beside the source, which nothing that trains may resemble."""
    from studio.dataset.read.folders import golden_beside
    from studio.dataset.read.load import read

    path = golden_beside(source)
    return read(path).records if path is not None else ()


def _renderer(recipe: Recipe) -> Renderer:
    """The recipe's, without a maximum length."""
    from studio.dataset.render.render import Renderer, Rendering
    from studio.models.folder import read_config
    from studio.models.tokenizer import load_tokenizer
    from studio.paths import model_folder

    folder = model_folder(recipe.model)
    read_config(folder)
    return Renderer(load_tokenizer(folder), Rendering(recipe.data.template, max_length=2**31 - 1))
