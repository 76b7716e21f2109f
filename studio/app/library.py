"""The library at work: what is opened is written down, and the list of it opens, shows and removes."""

from __future__ import annotations

from pathlib import Path

from studio.app.large import LargeFiles
from studio.app.opening import Datasets, Opening
from studio.app.request import Listeners
from studio.app.reveal import reveal
from studio.app.state import Controller, Services
from studio.dataset.library import Library, LibraryListed
from studio.dataset.store.manifest import steps_key
from studio.errors import StudioError
from studio.files import NoTrash
from studio.jobs.queue import QueueName
from studio.jobs.read import LibraryJob, NoteOpenedJob
from studio.ui.dialogs.library import LibraryDialog
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.theme import Theme


class LibraryController(Controller):
    """Keeps the library true to what is opened, and shows it when it is asked for."""

    def __init__(
        self,
        services: Services,
        pane: DatasetPane,
        theme: Theme,
        datasets: Datasets,
        opening: Opening,
        large: LargeFiles,
    ) -> None:
        super().__init__(services, pane)
        self._theme, self._opening, self._large, self._datasets = theme, opening, large, datasets
        self._listing = self._request()
        self._noted: NoteOpenedJob | None = None
        self.dialog: LibraryDialog | None = None
        self._state.dataset_changed.connect(self._note)
        large.rested.connect(self._note_large)
        pane.open_menu.library_requested.connect(self.show)
        pane.library_requested.connect(self.show)

    def show(self) -> None:
        """Show the library; the list comes when it is read."""
        if self.dialog is None:
            self.dialog = dialog = LibraryDialog(self._theme, self._window)
            dialog.open_requested.connect(self._open)
            dialog.reveal_requested.connect(_reveal)
            dialog.remove_requested.connect(self.remove)
            dialog.remove_for_good_requested.connect(self.remove_for_good)
            dialog.finished.connect(self._forget)
            dialog.open()
            dialog.search.setFocus()
        self._refresh()

    def remove(self, path: str, *, for_good: bool = False) -> None:
        """Take a dataset off the list; a copy of ours goes to the Trash, and is no longer on show."""
        try:
            Library(self._paths).forget(path, for_good=for_good)
        except NoTrash as error:
            if self.dialog is not None:
                self.dialog.ask_for_good(str(error))
            return
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self._opening.forget(path)
        if path in (self._state.recipe.data.path, str(self._large.path)) and not Path(path).exists():
            self._datasets.give_up()
        self._refresh()

    def remove_for_good(self, path: str) -> None:
        """The same for a copy that no Trash takes."""
        self.remove(path, for_good=True)

    def _refresh(self) -> None:
        job = LibraryJob(self._paths, self._services.store, self._opening.recent)
        heard: Listeners = {LibraryListed: self._show_list}
        self._listing.ask(job, QueueName.READING, heard, self._show_if_failed)

    def _show_list(self, listed: LibraryListed) -> None:
        if self.dialog is not None:
            self.dialog.show_entries(listed.entries)

    def _open(self, path: str) -> None:
        self._window.show_pane("dataset")
        self._opening.bring([Path(path)])

    def _forget(self) -> None:
        self._listing.drop()
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _note(self) -> None:
        """Write down what is on show now, or how many rows it has by now."""
        if (dataset := self._state.dataset) is not None:
            rows = len(dataset.rows) + dataset.golden
            self._write(Path(dataset.path), dataset.format, rows, dataset.source)

    def _note_large(self) -> None:
        if (scan := self._large.scan) is not None:
            try:
                source = steps_key(self._large.path, self._large.columns)
            except (StudioError, OSError):
                return  # it was taken away meanwhile
            self._write(self._large.path, scan.format, scan.rows, source)

    def _write(self, path: Path, format: str, rows: int, source: str) -> None:
        job = NoteOpenedJob(self._paths, path, format, rows, source)
        if job != self._noted:
            self._noted = job
            self._request().ask(job, QueueName.READING, {}, self._show_if_failed)


def _reveal(path: str) -> None:
    """Show where a dataset lies."""
    reveal(Path(path))
