"""Jobs that look without training: at a dataset, an example, a model's size, the runs there are."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.data.mapping import UnknownColumns
from studio.events import Event, Progress
from studio.jobs.columns import asked
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore, latest_evaluation, look
from studio.runs.summary import RunsCompared, RunShown, RunsListed
from studio.train.recipe import Recipe

if TYPE_CHECKING:
    from studio.train.library import Library


@dataclass(frozen=True)
class DatasetJob:
    """Read the recipe's dataset as a run would: check it, render it, split it."""

    recipe: Recipe

    @property
    def title(self) -> str:
        return "Reading the dataset"

    def run_events(self, library: Library) -> Generator[Event]:
        yield Progress("Reading the dataset", 0)
        try:
            dataset = yield from library.open(self.recipe)
        except UnknownColumns as error:
            yield asked(self.recipe.data.path, error.columns, error.guess)
            raise
        yield dataset.read_event(self.recipe.model)


@dataclass(frozen=True)
class ExampleJob:
    """Show one example of the recipe's dataset token by token."""

    recipe: Recipe
    line: int

    @property
    def title(self) -> str:
        return "Rendering an example"

    def run_events(self, library: Library) -> Generator[Event]:
        dataset = yield from library.open(self.recipe)
        yield (yield from dataset.rendering(self.line))


@dataclass(frozen=True)
class RunsJob:
    """List the runs."""

    store: RunStore

    @property
    def title(self) -> str:
        return "Listing the runs"

    def run_events(self, library: Library) -> Generator[Event]:
        yield RunsListed(tuple(self.store.summaries()))


@dataclass(frozen=True)
class RunJob:
    """Read one run's whole history."""

    run: RunFolder

    @property
    def title(self) -> str:
        return "Opening a run"

    def run_events(self, library: Library) -> Generator[Event]:
        summary = look(self.run)
        events = self.run.events() if summary.state != "damaged" else []
        yield RunShown(summary, tuple(events), tuple(self.run.files()))


@dataclass(frozen=True)
class CompareJob:
    """Read the curves of several runs, by name."""

    store: RunStore
    names: tuple[str, ...]

    @property
    def title(self) -> str:
        return "Comparing runs"

    def run_events(self, library: Library) -> Generator[Event]:
        found = []
        for done, name in enumerate(self.names):
            yield Progress("Reading the curves", done, len(self.names))
            found.append(self.store.compared(name))
        yield RunsCompared(tuple(summary for summary, _ in found), tuple(curves for _, curves in found))


@dataclass(frozen=True)
class StoredEvaluationJob:
    """Bring back a run's newest evaluation, if it has one."""

    run: RunFolder

    @property
    def title(self) -> str:
        return "Opening an evaluation"

    def run_events(self, library: Library) -> Generator[Event]:
        if stored := latest_evaluation(self.run):
            yield stored
