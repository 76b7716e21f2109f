"""What a person brings in other ways than one file: several, a folder, the clipboard, a recent one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.columns import Columns
from studio.app.shared import Shared
from studio.dataset.hub.wanted import recognize
from studio.errors import StudioError
from studio.events import ColumnsAsked, DatasetSaved, Event, Progress
from studio.files import write_text
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.jobs.read import BringJob
from studio.ui.panes.dataset.pane import DatasetPane

KINDS = "Datasets (*.jsonl *.ndjson *.json *.csv *.tsv *.parquet *.arrow *.txt *.md *.gz);;All files (*)"
MOST_RECENT = 10
_HUB = ("https://", "http://", "hf://", "huggingface.co/")


class Bringing(QObject):
    """Turns whatever is brought into one path that can be opened."""

    begun = Signal()  # several files are read, in place of what is at hand
    ready = Signal(str)  # the path of a dataset to open
    hub_named = Signal(str)  # an address on the Hub
    recent_changed = Signal(object)  # the paths of recent datasets, the latest first

    def __init__(
        self, shared: Shared, pane: DatasetPane, columns: Columns, folder: Path, recent: Sequence[str]
    ) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._columns, self._folder = shared, pane, columns, folder
        self._work: Ticket | None = None
        self.recent: tuple[str, ...] = tuple(recent)
        pane.open_requested.connect(self.choose)
        pane.open_menu.folder_requested.connect(self.choose_folder)
        pane.open_menu.recent_chosen.connect(self.ready)
        self._show_recent()

    def choose(self) -> None:
        """Let the person choose one file or several."""
        paths, _ = QFileDialog.getOpenFileNames(self._pane, "Open a dataset", "", KINDS)
        self.bring([Path(path) for path in paths])

    def choose_folder(self) -> None:
        """Let the person choose a folder."""
        if folder := QFileDialog.getExistingDirectory(self._pane, "Open a folder as a dataset"):
            self.ready.emit(folder)

    def bring(self, paths: Sequence[Path]) -> None:
        """Open one path; of several, make one dataset first."""
        if len(paths) == 1:
            self.ready.emit(str(paths[0]))
        elif paths:
            self._bring_together(tuple(paths))

    def _bring_together(self, paths: tuple[Path, ...], columns: str = "") -> None:
        name = f"{paths[0].stem} and {len(paths) - 1} more"
        job = BringJob(paths, self._free(name, ""), columns)
        self.begun.emit()
        self._pane.show_busy(name)
        ticket = self._shared.queue.submit(
            job,
            Lane.READING,
            lambda event: self._take(ticket, event, paths),
            lambda end: self._end(ticket, end),
        )
        self._work = ticket

    def stop(self) -> None:
        """Give up what is brought: something else is opened, or the person has enough."""
        if self._work is not None:
            self._work.stop()
            self._work = None

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
            self._shared.window.show_notice("There are no rows and no file on the clipboard.", "warn")

    def remember(self, path: str) -> None:
        """Put a dataset at the top of the recent ones."""
        self.recent = (path, *(other for other in self.recent if other != path))[:MOST_RECENT]
        self._show_recent()

    def there(self) -> list[str]:
        """The recent datasets that can still be opened."""
        return [path for path in self.recent if Path(path).exists()]

    def forget(self) -> None:
        """Offer no recent dataset any more."""
        self.recent = ()
        self._show_recent()

    def _show_recent(self) -> None:
        self._pane.open_menu.show_recent(self.there())
        self.recent_changed.emit(self.there())

    def _open_text(self, text: str) -> None:
        path = self._free("pasted", suffix_of(text))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text + "\n")
        except (StudioError, OSError) as error:
            self._shared.window.show_notice(f"The rows could not be kept: {error}", "bad")
            return
        self.ready.emit(str(path))

    def _free(self, name: str, suffix: str) -> Path:
        """A path that does not exist yet: `pasted.csv`, then `pasted 2.csv`."""
        names = (f"{name}{'' if number == 1 else f' {number}'}{suffix}" for number in count(1))
        return next(path for each in names if not (path := self._folder / each).exists())

    def _take(self, ticket: Ticket, event: Event, paths: tuple[Path, ...]) -> None:
        if ticket is not self._work:
            return
        match event:
            case ColumnsAsked():
                self._columns.ask(event, lambda columns: self._bring_together(paths, columns))
            case Progress():
                self._pane.show_progress(event)
            case DatasetSaved():
                if event.remarks:
                    self._shared.window.show_notice("\n".join(event.remarks), "warn")
                self.ready.emit(event.path)

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is not self._work:
            return
        self._work = None
        if isinstance(outcome, Failed):
            self._pane.show_failure(outcome.summary)


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
