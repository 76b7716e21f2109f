"""What a person opens: a file, several, a folder, the clipboard, a recent one; and reading it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from PySide6.QtCore import QFileSystemWatcher, QMimeData, Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.dataset.hub.wanted import recognize
from studio.dataset.manifest import is_saved
from studio.dataset.read.source import kind_of
from studio.dataset.store.source import is_large
from studio.errors import StudioError
from studio.events import ColumnsAsked, ColumnsTried, DatasetRead, DatasetSaved, Log, Progress, Rendered
from studio.files import write_text
from studio.jobs.bring import BringJob
from studio.jobs.health import ColumnsJob, TryColumnsJob
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import QueueName
from studio.jobs.read import DatasetJob, ExampleJob
from studio.language import tr
from studio.paths import resource
from studio.recipe.recipe import Recipe
from studio.ui.dialogs.columns import ColumnsDialog
from studio.ui.panes.dataset.pane import DatasetPane

KINDS = tr("Datasets (*.jsonl *.ndjson *.json *.csv *.tsv *.parquet *.arrow *.txt *.md *.gz);;All files (*)")
RENDERING = ("data.template", "data.train_on", "data.too_long", "data.max_length")
SAMPLE = "starter/instructions.jsonl"
MOST_RECENT = 10
UNREAD, DATASET = tr("unread file"), "dataset"
"""Why something is said: a file could not be opened; something of the dataset on show."""
READING = tr("The dataset is being read. Try again when its rows are there.")
_HUB = ("https://", "http://", "hf://", "huggingface.co/")


class Columns(Controller):
    """Asks which columns of a dataset are what, in one dialog that tries each answer."""

    def __init__(self, services: Services, pane: DatasetPane) -> None:
        super().__init__(services, pane)
        self._looking, self._trying = self._request(), self._request()
        self.dialog: ColumnsDialog | None = None

    def look(self, path: str, columns: str, then: Callable[[str], object]) -> None:
        """Ask about a dataset that was read before, with these columns or with none."""
        job = ColumnsJob(Path(path), columns)
        heard: Listeners = {ColumnsAsked: lambda asked: self.ask(asked, then)}
        self._looking.ask(job, QueueName.READING, heard, self._show_if_failed)

    def ask(self, asked: ColumnsAsked, then: Callable[[str], object]) -> None:
        """Show the dialog; the recipe's `data.columns` that are agreed to go to `then`."""
        if self.dialog is not None:
            self.dialog.reject()
        self.dialog = dialog = ColumnsDialog(asked, self._window)
        dialog.trial_wanted.connect(self._try)
        dialog.accepted.connect(lambda: then(dialog.columns()))
        dialog.finished.connect(self._forget)
        if columns := dialog.columns():
            self._try(columns)
        dialog.open()

    def _try(self, columns: str) -> None:
        if (dialog := self.dialog) is not None:
            job = TryColumnsJob(Path(dialog.path), columns)
            self._trying.ask(job, QueueName.READING, {ColumnsTried: dialog.show_trial}, self._end_trial)

    def _end_trial(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and self.dialog is not None:
            self.dialog.show_problem(outcome.summary)

    def _forget(self) -> None:
        self._trying.drop()
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


class Datasets(Controller):
    """Reads what the person opens, on the reading thread, and keeps the pane true to the recipe."""

    opened = Signal(str)  # a path that could be read
    large_opened = Signal(str)  # a file to be shown by pages
    steps_failed = Signal(str)  # why other steps cannot be done to the dataset on show

    def __init__(self, services: Services, pane: DatasetPane) -> None:
        super().__init__(services, pane)
        self._pane, self.columns = pane, Columns(services, pane)
        self._reading, self._rendering = self._request(), self._request()
        self._readable = ""  # the file read last without an error
        self._back: Callable[[], object] | None = None  # brings back what was on show before
        self._asked: ColumnsAsked | None = None  # what a person must say before the file can be read
        self._named: dict[str, str] = {}  # what was said of the columns of each dataset so far
        pane.sample_requested.connect(self.open_sample)
        pane.example_chosen.connect(self._render)
        pane.stop_requested.connect(self.give_up)
        pane.columns_requested.connect(self.ask_columns)
        self._templates = QFileSystemWatcher(self)
        self._templates.fileChanged.connect(self.read_again)
        self._state.recipe_changed.connect(self.show_rendering)
        self._state.reading_changed.connect(self.read_again)
        self.show_rendering()

    @property
    def is_sample(self) -> bool:
        """Whether the dataset on show is the one in the box."""
        return Path(self._state.recipe.data.path) == resource(SAMPLE)

    @property
    def busy(self) -> bool:
        """Whether a dataset is being read."""
        return self._reading.busy

    def open_sample(self) -> None:
        """Open the dataset in the box."""
        self.open(str(resource(SAMPLE)))

    def open(self, path: str) -> None:
        """Read a dataset as the recipe would; a big file is shown by pages instead."""
        self._window.end_notice(UNREAD)
        if is_large(Path(path)):
            self.let_go()
            self.large_opened.emit(path)
        else:
            self.read(path)

    def note_large(self, path: str) -> None:
        """A big file is on show: what cannot be opened after it leads back to it."""
        self._back = partial(self.open, path)

    def refuse(self, sentence: str) -> None:
        """Say why something could not be opened, over what was on show before, which stays."""
        back, self._back = self._back, None
        if back is None:
            self._pane.show_failure(sentence)
        else:
            back()
            self._notice(sentence, "bad", UNREAD)

    def _return_to(self, recipe: Recipe, dataset: DatasetRead) -> None:
        """Put a dataset on show again that was read as this recipe says."""
        data, path = recipe.data, dataset.path
        self._named[path] = data.columns
        self._state.turn_to(path, data.columns, data.history)
        if self._state.recipe == recipe:
            self._show(dataset)
        else:
            self._read(DatasetJob(self._state.recipe))

    def let_go(self) -> None:
        """Have no dataset on show, and read none."""
        self._reading.drop()
        self._asked = None
        self._state.turn_to("", "")

    def read(self, path: str, columns: str | None = None, steps: str | None = None) -> None:
        """Read a dataset of any size into memory.

        What is not given is as it was before: what was said of its columns, and what was done to it.
        """
        self._reading.drop()
        if columns is not None:
            self._named[path] = columns
        self._state.turn_to(path, self._named.get(path, ""), steps or "")
        self._read(DatasetJob(self._state.recipe, self._paths.step_journals if steps is None else None))

    def read_with(self, steps: str) -> None:
        """Read the dataset on show with other steps; until then it stays on show."""
        self._state.set_steps(steps)
        self._pane.show_busy(self._state.recipe.data.path)
        heard: Listeners = {Progress: self._pane.show_progress, DatasetRead: self._show}
        known = self._state.dataset.source if self._state.dataset is not None else ""
        job = DatasetJob(self._state.recipe, source=known)
        self._reading.ask(job, QueueName.READING, heard, self._end_steps)

    def _end_steps(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self.steps_failed.emit(outcome.summary)

    def read_columns(self, path: str, columns: str) -> None:
        """Read a dataset with its columns named."""
        self.read(path, columns)

    def ask_columns(self) -> None:
        """Ask which columns are what: of the file that could not be read, or of the dataset on show."""
        data = self._state.recipe.data
        if (asked := self._asked) is not None:
            self.columns.ask(asked, lambda columns: self.read_columns(asked.path, columns))
        elif self._state.dataset is not None:
            self.columns.look(data.path, data.columns, lambda columns: self.read_columns(data.path, columns))

    def read_again(self) -> None:
        """Read the recipe's dataset for another model, objective, template, length or split."""
        if self._state.recipe.data.path:
            self._reading.drop()
            self._state.show_dataset(None)
            self._read(DatasetJob(self._state.recipe))

    def _read(self, job: DatasetJob) -> None:
        self._asked = None
        self._window.end_notice(DATASET)
        self.show_rendering()
        self._pane.show_busy(self._state.recipe.data.path)
        heard: Listeners = {
            Progress: self._pane.show_progress,
            ColumnsAsked: self._note_columns,
            Log: self._show_remark,
            DatasetRead: self._show,
        }
        self._reading.ask(job, QueueName.READING, heard, self._end)

    def _show_remark(self, log: Log) -> None:
        if log.level == "warning":
            self._notice(log.text, cause=DATASET)

    def _note_columns(self, asked: ColumnsAsked) -> None:
        self._asked = asked

    def _show(self, dataset: DatasetRead) -> None:
        self._readable = self._state.recipe.data.path
        self._pane.show_dataset(dataset)
        read_with = self._state.recipe.with_values({"data.history": dataset.steps})
        self._back = partial(self._return_to, read_with, dataset)
        path = Path(dataset.path)  # prose has no columns, and those of a saved dataset are settled
        has_columns = not is_saved(path) and kind_of(path) not in (".txt", ".md")
        self._pane.offer_columns(has_columns)
        self.opened.emit(dataset.path)
        self._state.show_dataset(dataset)

    def _end(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Failed):
            return
        data = self._state.recipe.data
        same = data.path == self._readable
        if not same:  # else another template, objective or length mends it
            self._state.turn_to("", data.columns)
        if self._asked is not None:
            self._pane.show_columns_wanted(self._asked)
            self.ask_columns()
        elif same:
            self._pane.show_rendering_failure(outcome.summary)
        else:
            self.refuse(outcome.summary)

    def give_up(self) -> None:
        """Have nothing on show."""
        self.let_go()
        self._window.end_notice(DATASET)
        self._back = None
        self._pane.show_empty()

    def show_rendering(self) -> None:
        """Say in the pane how the recipe renders."""
        data = self._state.recipe.data
        if watched := self._templates.files():
            self._templates.removePaths(watched)
        if Path(data.template).is_file():  # one of the person's own, which an editor may change
            self._templates.addPath(data.template)
        self._pane.show_rendering({path: getattr(data, path.partition(".")[2]) for path in RENDERING})

    def _render(self, line: int) -> None:
        job = ExampleJob(self._state.recipe, line)
        self._rendering.ask(job, QueueName.READING, {Rendered: self._show_example}, self._end_example)

    def _show_example(self, event: Rendered) -> None:
        if self._state.dataset is not None:
            self._pane.show_example(event)

    def _end_example(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and self._state.dataset is not None:
            self._pane.show_example_failure(outcome.summary)


class Opening(Controller):
    """Turns whatever a person brings into one path that can be read."""

    hub_named = Signal(str)  # an address on the Hub
    recent_changed = Signal(object)  # the paths of recent datasets, the latest first

    def __init__(
        self, services: Services, pane: DatasetPane, datasets: Datasets, recent: Sequence[str]
    ) -> None:
        super().__init__(services, pane)
        self._pane, self._datasets = pane, datasets
        self._joining = self._request()
        self.recent: tuple[str, ...] = tuple(recent)
        pane.open_requested.connect(self.choose)
        pane.open_menu.folder_requested.connect(self.choose_folder)
        pane.open_menu.recent_chosen.connect(datasets.open)
        datasets.opened.connect(self.remember)
        self._state.dataset_changed.connect(self._joining.drop)  # something else is opened, or given up
        self._show_recent()

    def choose(self) -> None:
        """Let the person choose one file or several."""
        paths, _ = QFileDialog.getOpenFileNames(self._pane, tr("Open a dataset"), "", KINDS)
        self.bring([Path(path) for path in paths])

    def choose_folder(self) -> None:
        """Let the person choose a folder."""
        if folder := self._choose_folder(tr("Open a folder as a dataset")):
            self._datasets.open(str(folder))

    def bring(self, paths: Sequence[Path]) -> None:
        """Open one path; of several, make one dataset first."""
        if len(paths) == 1:
            self._datasets.open(str(paths[0]))
        elif paths:
            self._join(tuple(paths))

    def _join(self, paths: tuple[Path, ...], columns: str = "") -> None:
        name = tr("{stem} and {value} more", stem=paths[0].stem, value=len(paths) - 1)
        self._window.end_notice(UNREAD)
        self._datasets.let_go()
        self._pane.show_busy(name)
        heard: Listeners = {
            ColumnsAsked: lambda asked: self._datasets.columns.ask(
                asked, lambda named: self._join(paths, named)
            ),
            Progress: self._pane.show_progress,
            DatasetSaved: self._open_joined,
        }
        job = BringJob(paths, free_path(self._paths.datasets, name), columns, again=True)
        self._joining.ask(job, QueueName.READING, heard, self._end)

    def _open_joined(self, saved: DatasetSaved) -> None:
        self._datasets.open(saved.path)
        if saved.remarks:
            self._notice("\n".join(saved.remarks), cause=DATASET)

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._datasets.refuse(outcome.summary)

    def paste(self, data: QMimeData) -> None:
        """Open the files or the path on the clipboard, or its text as rows."""
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        text = data.text().strip()
        if not files and text and "\n" not in text and Path(text).expanduser().exists():
            files = [Path(text).expanduser()]
        if files:
            self.bring(files)
        elif text.startswith(_HUB) and recognize(text):
            self.hub_named.emit(text)
        elif text:
            self._open_text(text)
        else:
            self._notice(tr("There are no rows and no file on the clipboard."))

    def remember(self, path: str) -> None:
        """Put a dataset at the top of the recent ones."""
        self.recent = (path, *(other for other in self.recent if other != path))[:MOST_RECENT]
        self._show_recent()

    def there(self) -> list[str]:
        """The recent datasets that can still be opened."""
        return [path for path in self.recent if Path(path).exists()]

    def forget(self, path: str = "") -> None:
        """Offer this dataset no more as a recent one; without a path, none at all."""
        self.recent = tuple(other for other in self.recent if path and other != path)
        self._show_recent()

    def _show_recent(self) -> None:
        self._pane.open_menu.show_recent(self.there())
        self.recent_changed.emit(self.there())

    def _open_text(self, text: str) -> None:
        path = free_path(self._paths.datasets, "pasted", suffix_of(text))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text + "\n")
        except (StudioError, OSError) as error:
            self._notice(tr("The rows could not be kept: {error}", error=error), "bad")
            return
        self._datasets.open(str(path))


def free_path(folder: Path, name: str, suffix: str = "") -> Path:
    """A path in a folder that does not exist yet: `pasted.csv`, then `pasted 2.csv`."""
    names = (f"{name}{'' if number == 1 else f' {number}'}{suffix}" for number in count(1))
    return next(path for each in names if not (path := folder / each).exists())


def suffix_of(text: str) -> str:
    """Which kind of file the rows on a clipboard would be."""
    first = text.lstrip().split("\n", 1)[0]
    if first.startswith("{"):
        return ".jsonl"
    if first.startswith("["):
        return ".json"
    if "\t" in first:
        return ".tsv"
    return ".csv" if "," in first and "\n" in text.strip() else ".txt"
