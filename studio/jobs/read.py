"""Jobs that look without training: at a dataset, an example, the datasets and the runs there are."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.dataset.read.mapping import UnknownColumns
from studio.errors import DataError, RunError
from studio.events import Event, Log, Progress
from studio.files import scratch_folder
from studio.language import tr
from studio.paths import Paths
from studio.process import launched, rank
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.history import RunHistory, history_of
from studio.runs.store import RunsCompared, RunShown, RunsListed, RunStore, look
from studio.runs.sweeps import damaged_sweeps, unfinished_sweeps

if TYPE_CHECKING:
    from studio.train.dataset_cache import DatasetCache


@dataclass(frozen=True)
class DatasetJob:
    """Read the recipe's dataset as a run would: do its steps, check it, render it, split it.

    With `journals`, the folder that keeps what was done to each dataset, that is done to it again. `source`
    is the fingerprint of what rows were changed by hand in: where the file holds other rows by now, DataError
    is raised.
    """

    recipe: Recipe
    journals: Path | None = None
    source: str = ""

    @property
    def title(self) -> str:
        return tr("Reading the dataset")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        from studio.dataset.steps.prepared import check_unchanged
        from studio.dataset.steps.steps import steps_in

        yield Progress(tr("Reading the dataset"), 0)
        try:
            source = yield from dataset_cache.source(self.recipe)
        except UnknownColumns as error:
            yield error.question(self.recipe.data.path)
            raise
        check_unchanged(source.name, self.source, source.fingerprint, steps_in(self.recipe.data.history))
        try:
            dataset = yield from dataset_cache.open(self._with_steps(source.fingerprint))
        except DataError as error:
            if self.journals is None:
                raise
            dataset = yield from dataset_cache.open(self.recipe)
            yield Log(
                tr(
                    "What was done to {name} before cannot be done again: {error}",
                    name=source.name,
                    error=error,
                ),
                "warning",
            )
        yield dataset.read_event(self.recipe.model)

    def _with_steps(self, fingerprint: str) -> Recipe:
        """The recipe with what was done to its dataset before."""
        from studio.dataset.steps.journal import StepJournal
        from studio.dataset.steps.steps import steps_text

        if self.journals is None:
            return self.recipe
        steps = StepJournal.of(self.journals, fingerprint).read().steps
        return self.recipe.with_values({"data.history": steps_text(steps)}) if steps else self.recipe


@dataclass(frozen=True)
class ExampleJob:
    """Show one example of the recipe's dataset token by token."""

    recipe: Recipe
    line: int

    @property
    def title(self) -> str:
        return tr("Rendering an example")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        dataset = yield from dataset_cache.open(self.recipe)
        yield (yield from dataset.rendering(self.line))


@dataclass(frozen=True)
class LibraryJob:
    """List every dataset that is known, and the runs on each; `recent` are those of earlier releases."""

    paths: Paths
    store: RunStore
    recent: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return tr("Listing the datasets")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.library import Library, LibraryListed

        runs: dict[str, list[str]] = {}
        for run in self.store.summaries():
            if run.dataset:
                runs.setdefault(run.dataset, []).append(run.name)
        yield LibraryListed(Library(self.paths).entries(runs, self.recent))


@dataclass(frozen=True)
class NoteOpenedJob:
    """Write down that a dataset was opened or saved; `source` is what its steps are kept by."""

    paths: Paths
    path: Path
    format: str
    rows: int
    source: str

    @property
    def title(self) -> str:
        return tr("Noting a dataset")

    def run_events(self, context: Any) -> Generator[Event]:
        from studio.dataset.library import Library

        Library(self.paths).note(self.path, self.format, self.rows, self.source)
        yield from ()


@dataclass(frozen=True)
class RunsJob:
    """List the runs."""

    store: RunStore

    @property
    def title(self) -> str:
        return tr("Listing the runs")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        runs, folder = tuple(self.store.summaries()), self.store.folder
        unfinished = unfinished_sweeps(folder, {run.name: run.state for run in runs})
        yield RunsListed(runs, tuple(damaged_sweeps(folder)), unfinished)


@dataclass(frozen=True)
class RunJob:
    """Read one run's whole history."""

    run: RunFolder

    @property
    def title(self) -> str:
        return tr("Opening a run")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        summary = look(self.run)
        history = history_of(self.run) if summary.state != "damaged" else RunHistory.of()
        yield RunShown(summary, history, tuple(self.run.files()))


@dataclass(frozen=True)
class CompareJob:
    """Read the curves of several runs, by name."""

    store: RunStore
    names: tuple[str, ...]

    @property
    def title(self) -> str:
        return tr("Comparing runs")

    def run_events(self, dataset_cache: DatasetCache) -> Generator[Event]:
        found = []
        for done, name in enumerate(self.names):
            yield Progress(tr("Reading the curves"), done, len(self.names))
            found.append(self.store.compared(name))
        yield RunsCompared(tuple(summary for summary, _ in found), tuple(curves for _, curves in found))


def meet() -> None:
    """Wait for the other processes: to be called first, as MLX gives up on those who come much later."""
    if launched():
        from studio.train.ranks import Ranks

        Ranks().number(0)


@contextmanager
def own_runs(runs: Path) -> Iterator[Path]:
    """Where this process makes a new run: under `runs`, or under a folder that is removed afterwards."""
    if rank() == 0:
        yield runs
        return
    with scratch_folder("run") as folder:
        yield folder


@contextmanager
def own_copy(run: RunFolder) -> Iterator[RunFolder]:
    """The run itself, or a copy of what is needed to go on with it, sent by the first process."""
    if not launched():
        yield run
        return
    from studio.train.checkpoint import latest
    from studio.train.ranks import Ranks

    with own_runs(run.path.parent) as runs:
        mine, names = RunFolder(runs / run.name), ["run.json"]
        if rank() == 0 and (newest := latest(run)) is not None:
            names += [str(file.relative_to(run.path)) for file in sorted(newest.iterdir())]
        if rank() == 0 and run.dataset.is_dir():
            names += [str(file.relative_to(run.path)) for file in sorted(run.dataset.iterdir())]
        for folder in run.parents() if rank() == 0 else ():
            names += [str(file.relative_to(run.path)) for file in sorted(folder.iterdir())]
        names += [run.template.name] if rank() == 0 and run.template.exists() else []
        if rank() == 0:
            run.manifest()  # refuses what is not a run
        mine.path.mkdir(exist_ok=True)
        Ranks().files_from_first(mine.path, names)
        yield mine


def check_same(path: str, fingerprint: str) -> None:
    """Make sure that all processes read the same dataset. Raises RunError in all of them when they do not."""
    if not launched():
        return
    from studio.train.ranks import Ranks

    ranks = Ranks()
    differs = ranks.from_first(fingerprint.encode()).decode() != fingerprint
    if ranks.number(differs):
        raise RunError("dataset.differs", path=path)
