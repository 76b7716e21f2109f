"""The dataset pane at work: reading files, showing examples."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.app.shared import Shared
from studio.data.store.source import is_large
from studio.events import DatasetRead, Event, Progress, Rendered
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.jobs.read import DatasetJob, ExampleJob
from studio.paths import resource
from studio.ui.panes.dataset import DatasetPane

RENDERING = ("data.template", "data.train_on", "data.too_long", "data.max_length")
SAMPLE = "starter/instructions.jsonl"


class Datasets(QObject):
    """Reads what the person brings, on the reading thread, and keeps the pane true to the recipe."""

    changed = Signal()  # there is another dataset, or none
    read_whole = Signal(str)  # a path that could be read
    large_brought = Signal(str)  # a file to be shown by pages

    def __init__(self, shared: Shared, pane: DatasetPane) -> None:
        super().__init__(pane)
        self._shared, self._pane = shared, pane
        self._reading: Ticket | None = None
        self._readable = ""  # the file read last without an error
        pane.sample_requested.connect(self.open_sample)
        pane.example_chosen.connect(self._render)
        pane.stop_requested.connect(self._give_up)
        self.show_rendering()

    @property
    def is_sample(self) -> bool:
        """Whether the dataset at hand is the one in the box."""
        return Path(self._shared.recipe.data.path) == resource(SAMPLE)

    @property
    def busy(self) -> bool:
        """Whether a dataset is being read."""
        return self._reading is not None

    def open_sample(self) -> None:
        """Open the dataset in the box."""
        self.open(str(resource(SAMPLE)))

    def open(self, path: str) -> None:
        """Read a dataset as the recipe at hand would; a big file is shown by pages instead."""
        if is_large(Path(path)):
            self._let_go()
            self.large_brought.emit(path)
        else:
            self.read(path)

    def _let_go(self) -> None:
        self._stop()
        self._shared.recipe = self._shared.recipe.with_values({"data.path": ""})
        self._shared.dataset = None
        self.changed.emit()

    def read(self, path: str) -> None:
        """Read a dataset of any size into memory."""
        self._shared.recipe = self._shared.recipe.with_values({"data.path": path})
        self.read_again()

    def read_again(self) -> None:
        """Read the recipe's dataset: another file, or another model, objective, template, length or split."""
        if not self._shared.recipe.data.path:
            return
        self._stop()
        self._shared.dataset = None
        self.changed.emit()
        self.show_rendering()
        self._pane.show_busy(self._shared.recipe.data.path)
        job = DatasetJob(self._shared.recipe)
        ticket = self._shared.queue.submit(
            job, Lane.READING, lambda event: self._take(ticket, event), lambda end: self._end(ticket, end)
        )
        self._reading = ticket

    def _take(self, ticket: Ticket, event: Event) -> None:
        if ticket is not self._reading:
            return
        match event:
            case Progress():
                self._pane.show_progress(event)
            case DatasetRead():
                self._shared.dataset = event
                self._readable = self._shared.recipe.data.path
                self._pane.show_dataset(event)
                self.read_whole.emit(event.path)
                self.changed.emit()

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is not self._reading:
            return
        self._reading = None
        if isinstance(outcome, Failed):
            if self._shared.recipe.data.path != self._readable:  # else another objective or length mends it
                self._shared.recipe = self._shared.recipe.with_values({"data.path": ""})
            self._pane.show_failure(outcome.summary)

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.stop()
            self._reading = None

    def _give_up(self) -> None:
        self._stop()
        self._pane.show_empty()

    def show_rendering(self) -> None:
        """Say in the pane how the recipe at hand renders."""
        data = self._shared.recipe.data
        self._pane.show_rendering({path: getattr(data, path.partition(".")[2]) for path in RENDERING})

    def _render(self, line: int) -> None:
        job = ExampleJob(self._shared.recipe, line)
        self._shared.queue.submit(job, Lane.READING, self._take_example, self._end_example)

    def _take_example(self, event: Event) -> None:
        if isinstance(event, Rendered) and self._shared.dataset is not None:
            self._pane.show_example(event)

    def _end_example(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._shared.window.show_notice(outcome.summary, "bad")
