"""The dataset pane at work: reading files, showing examples."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

from studio.app.shared import Shared
from studio.dataset.read.source import kind_of
from studio.dataset.save.manifest import is_saved
from studio.dataset.store.source import is_large
from studio.events import ColumnsAsked, DatasetRead, Event, Progress, Rendered
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.jobs.read import DatasetJob, ExampleJob
from studio.paths import resource
from studio.ui.panes.dataset.pane import DatasetPane

RENDERING = ("data.template", "data.train_on", "data.too_long", "data.max_length")
SAMPLE = "starter/instructions.jsonl"


def has_columns(path: Path) -> bool:
    """Whether it can be asked what the columns of a dataset are: prose has none, a saved one is settled."""
    return not is_saved(path) and kind_of(path) not in (".txt", ".md")


class Datasets(QObject):
    """Reads what the person brings, on the reading thread, and keeps the pane true to the recipe."""

    changed = Signal()  # there is another dataset, or none
    read_whole = Signal(str)  # a path that could be read
    large_brought = Signal(str)  # a file to be shown by pages
    columns_asked = Signal(object)  # ColumnsAsked
    columns_doubted = Signal(str, str)  # a dataset that can be read, and its data.columns
    columns_set = Signal(str)  # the recipe's data.columns, which came with another dataset

    def __init__(self, shared: Shared, pane: DatasetPane) -> None:
        super().__init__(pane)
        self._shared, self._pane = shared, pane
        self._reading: Ticket | None = None
        self._readable = ""  # the file read last without an error
        self._asked: ColumnsAsked | None = None  # what a person must say before the file can be read
        self._columns: dict[str, str] = {}  # what was said of the columns of each dataset so far
        pane.sample_requested.connect(self.open_sample)
        pane.example_chosen.connect(self._render)
        pane.stop_requested.connect(self._give_up)
        pane.columns_requested.connect(self.ask_columns)
        self._templates = QFileSystemWatcher(self)
        self._templates.fileChanged.connect(self.read_again)
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
            self.let_go()
            self.large_brought.emit(path)
        else:
            self.read(path)

    def let_go(self) -> None:
        """Have no dataset at hand, and read none."""
        self._stop()
        self._shared.recipe = self._shared.recipe.with_values({"data.path": "", "data.columns": ""})
        self.columns_set.emit("")
        self._shared.dataset = None
        self.changed.emit()

    def read(self, path: str) -> None:
        """Read a dataset of any size into memory, with what was said of its columns, if anything was."""
        columns = self._columns.get(path, "")
        self._shared.recipe = self._shared.recipe.with_values({"data.path": path, "data.columns": columns})
        self.columns_set.emit(columns)
        self.read_again()

    def read_columns(self, path: str, columns: str) -> None:
        """Read a dataset with its columns named."""
        self._columns[path] = columns
        self.read(path)

    def ask_columns(self) -> None:
        """Ask which columns are what: of the file that could not be read, or of the dataset at hand."""
        if self._asked is not None:
            self.columns_asked.emit(self._asked)
        elif self._shared.dataset is not None:
            self.columns_doubted.emit(self._shared.recipe.data.path, self._shared.recipe.data.columns)

    def read_again(self) -> None:
        """Read the recipe's dataset: another file, or another model, objective, template, length or split."""
        if not self._shared.recipe.data.path:
            return
        self._stop()
        self._shared.dataset, self._asked = None, None
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
            case ColumnsAsked():
                self._asked = event
            case DatasetRead():
                self._shared.dataset = event
                self._readable = self._shared.recipe.data.path
                self._pane.show_dataset(event)
                self._pane.open_menu.columns.setVisible(has_columns(Path(event.path)))
                self.read_whole.emit(event.path)
                self.changed.emit()

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is not self._reading:
            return
        self._reading = None
        if isinstance(outcome, Failed):
            same = self._shared.recipe.data.path == self._readable
            if not same:  # else another template, objective or length mends it
                self._shared.recipe = self._shared.recipe.with_values({"data.path": ""})
            if self._asked is not None:
                self._pane.show_columns_wanted(self._asked)
                self.columns_asked.emit(self._asked)
            elif same:
                self._pane.show_rendering_failure(outcome.summary)
            else:
                self._pane.show_failure(outcome.summary)

    def _stop(self) -> None:
        if self._reading is not None:
            self._reading.stop()
            self._reading = None

    def _give_up(self) -> None:
        self.let_go()
        self._pane.show_empty()

    def show_rendering(self) -> None:
        """Say in the pane how the recipe at hand renders."""
        data = self._shared.recipe.data
        if watched := self._templates.files():
            self._templates.removePaths(watched)
        if Path(data.template).is_file():  # one of the person's own, which an editor may change
            self._templates.addPath(data.template)
        self._pane.show_rendering({path: getattr(data, path.partition(".")[2]) for path in RENDERING})

    def _render(self, line: int) -> None:
        job = ExampleJob(self._shared.recipe, line)
        self._shared.queue.submit(job, Lane.READING, self._take_example, self._end_example)

    def _take_example(self, event: Event) -> None:
        if isinstance(event, Rendered) and self._shared.dataset is not None:
            self._pane.show_example(event)

    def _end_example(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and self._shared.dataset is not None:
            self._pane.rows.show_failure(outcome.summary)
