"""Looking a dataset over: every check, what a fix would do, and which columns are what."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import DataError
from studio.events import (
    Change,
    Checked,
    ColumnsTried,
    Event,
    FixPreviewed,
    Log,
    Progress,
)
from studio.language import tr
from studio.paths import Paths
from studio.recipe.recipe import Recipe

if TYPE_CHECKING:
    from studio.dataset.checks.check import Subject
    from studio.dataset.record import Record
    from studio.dataset.render.render import Renderer
    from studio.train.dataset_cache import DatasetCache


@dataclass(frozen=True)
class HealthJob:
    """Check the recipe's dataset as a run would see it, and against the golden set beside it.

    A file too big to hold, and with `indexed` any big file, is gone through row by row by its index instead,
    which `scans` keeps: its rows are in the parts that its steps, or a saved dataset, give them, and their
    tokens are not counted.
    """

    recipe: Recipe
    scans: Path | None = None
    indexed: bool = False

    @property
    def title(self) -> str:
        return tr("Checking the dataset")

    def run_events(self, dataset_cache: DatasetCache | None) -> Generator[Event]:
        from studio.dataset.checks.registry import check_all

        yield Progress(tr("Checking the dataset"), 0)
        path = Path(self.recipe.data.path).expanduser()
        golden, trouble = golden_of(path)
        if trouble:
            yield Log(trouble, "warning")
        subject = yield from _subject(self.recipe, self.scans, self.indexed, golden, dataset_cache)
        findings = yield from check_all(subject)
        yield Checked(str(path), path.name, len(subject.records), findings)


def goes_by_index(recipe: Recipe, asked: bool = False) -> bool:
    """Whether the recipe's dataset is a file too big to hold; where `asked`, whether it is scanned at all."""
    from studio.dataset.read.memory_check import memory_words
    from studio.dataset.store.source import is_large

    path = Path(recipe.data.path).expanduser()
    return is_large(path) and (asked or bool(memory_words(path)))


def _subject(
    recipe: Recipe,
    scans: Path | None,
    indexed: bool,
    golden: Sequence[Record],
    dataset_cache: DatasetCache | None,
) -> Generator[Event, None, Subject]:
    """The rows as the checks look at them."""
    if dataset_cache is None:  # on a thread of its own, so that examples need not wait for it
        from studio.train.dataset_cache import DatasetCache

        dataset_cache = DatasetCache()
    if goes_by_index(recipe, indexed):
        renderer = dataset_cache.renderer(recipe)
        return (yield from _indexed(recipe, scans or Paths.for_user().scans, golden, renderer))
    return (yield from dataset_cache.open(recipe)).checked(golden)


def _indexed(
    recipe: Recipe, scans: Path, golden: Sequence[Record], renderer: Renderer
) -> Generator[Event, None, Subject]:
    """The rows of a big file after the recipe's steps, to be checked where they lie."""
    from studio.dataset.checks.check import golden_rows
    from studio.dataset.steps.prepared import context_of, divided_before_leakage
    from studio.dataset.steps.steps import steps_in
    from studio.dataset.store.records import subject_of
    from studio.jobs.scan import chosen, scanned

    data = recipe.data
    source = yield from scanned(Path(data.path).expanduser(), scans, data.columns)
    subject = subject_of(source.store, source.format, golden_rows(golden), renderer.special_texts)
    if not (steps := steps_in(data.history)):
        return replace(subject, parts=source.given)
    steps = divided_before_leakage(steps, source, data, recipe.loop.seed)
    shaped = yield from chosen(source, steps, context_of(source, steps, data, lambda: renderer))
    parts = {line: part for line, part in shaped.parts.items() if part}
    return replace(subject, records=shaped.records, parts=parts)


def golden_of(dataset: Path) -> tuple[tuple[Record, ...], str]:
    """The rows of the golden set an evaluation would take, and why there are none where it is damaged."""
    from studio.dataset.read.folders import golden_beside
    from studio.dataset.read.load import read

    path = golden_beside(dataset)
    if path is None:
        return (), ""
    try:
        return read(path).records, ""
    except DataError as error:
        return (), f"The golden set was not compared: {error}"


@dataclass(frozen=True)
class PreviewJob:
    """Show the first rows that the fix of a check would mend or remove.

    A file too big to hold is gone through as in HealthJob; where `lines` says which the check has flagged,
    only those are read.
    """

    recipe: Recipe
    check: str
    scans: Path | None = None
    indexed: bool = False
    lines: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        return tr("Trying a fix")

    def run_events(self, dataset_cache: DatasetCache | None) -> Generator[Event]:
        from studio.dataset.checks.registry import previewing

        golden, _ = golden_of(Path(self.recipe.data.path).expanduser())
        subject = yield from _subject(self.recipe, self.scans, self.indexed, golden, dataset_cache)
        mended = yield from previewing(subject, self.check, self.lines)
        changes = (
            Change(line, _text(before), _text(after) if after else "") for line, before, after in mended
        )
        yield FixPreviewed(self.check, tuple(changes))


def _text(record: Record | None) -> str:
    if record is None:
        return ""
    return record.text or "\n\n".join(message.whole for message in record.messages)


@dataclass(frozen=True)
class ColumnsJob:
    """Look which columns a dataset has, and what they probably are; `columns` is what they were taken for."""

    path: Path
    columns: str = ""

    @property
    def title(self) -> str:
        return tr("Looking at the columns")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.read.file_reader import columns_in
        from studio.dataset.read.mapping import Mapping, asked

        columns, guess = columns_in(self.path)
        yield asked(str(self.path), columns, Mapping.parse(self.columns) if self.columns else guess)


@dataclass(frozen=True)
class TryColumnsJob:
    """Read the first rows of a dataset with its columns named so."""

    path: Path
    columns: str

    @property
    def title(self) -> str:
        return tr("Trying the columns")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.examples import turns_of
        from studio.dataset.read.file_reader import preview
        from studio.dataset.read.mapping import Mapping

        found = preview(self.path, Mapping.parse(self.columns))
        turns = turns_of(found.record) if found.record else ()
        line = found.record.line if found.record else 0
        yield ColumnsTried(self.columns, turns, line, found.read, found.rows, found.reason)
