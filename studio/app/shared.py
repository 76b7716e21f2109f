"""What the parts of the window share: the recipe as it stands, the dataset and the run at hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.events import DatasetRead
from studio.jobs.queue import JobQueue
from studio.recipe.recipe import Recipe
from studio.runs.store import RunStore, RunSummary
from studio.ui.window import MainWindow


@dataclass
class Shared:
    """One of these, made by Studio and handed to every part."""

    queue: JobQueue
    store: RunStore
    window: MainWindow
    recipe: Recipe = field(default_factory=Recipe)
    dataset: DatasetRead | None = None
    run: RunSummary | None = None

    def rest(self) -> None:
        """Say that the engine is ready, unless it has something else to do."""
        if not self.queue.engine_busy:
            self.window.set_engine("Ready")
