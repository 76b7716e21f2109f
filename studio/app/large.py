"""Files too big to hold, in the dataset pane: scanned in a child process, shown page by page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.opening import RENDERING, Datasets, free_path
from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.dataset.steps.steps import AnyStep, Fix, steps_from, steps_text
from studio.dataset.store.manifest import size_of
from studio.events import (
    ColumnsAsked,
    DatasetExported,
    DatasetSaved,
    Progress,
    RowsFound,
    RowShown,
    Scanned,
)
from studio.jobs.job import Failed, Job, Outcome
from studio.jobs.queue import QueueName
from studio.jobs.save import ExportJob, SaveJob
from studio.jobs.scan import BadRowsJob, FindJob, MemoryChecked, MemoryCheckJob, RowJob, RowRead, ScanJob
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.ui.dialogs.steps import SubsetDialog
from studio.ui.panes.dataset.large import LargeView
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.theme import Theme
from studio.ui.widgets.timing import Throttle

if TYPE_CHECKING:
    from studio.dataset.store.reader import Store

_GROW_MILLISECONDS = 100
_FIND_AGAIN_MILLISECONDS = 2000
_FIXED = tr("JSON Lines, opened by pages (*.jsonl);;Dataset with its history, a folder (*)")


class LargeFiles(Controller):
    """Opens one big file at a time, and answers what its view asks."""

    shown = Signal(str)  # the path of a file whose first rows are there
    rested = Signal()  # its scan is finished, or stopped
    left = Signal()
    own_changed = Signal()  # more was changed by hand, or taken back

    def __init__(self, services: Services, pane: DatasetPane, theme: Theme, datasets: Datasets) -> None:
        super().__init__(services, pane)
        self._pane, self._theme, self._datasets = pane, theme, datasets
        self.view: LargeView | None = None  # what shows the file, if there is one
        self.scan: Scanned | None = None  # how far it is checked
        self.path, self.columns = Path(), ""  # as the recipe's data.columns
        self._store: Store | None = None
        self._asked: ColumnsAsked | None = None  # what a person must say before the file can be scanned
        self._named: dict[Path, str] = {}  # what was said of the columns of each file so far
        self._scanning, self._finding, self._showing = self._request(), self._request(), self._request()
        self._measuring = self._request()
        self._number = 0
        self.own: tuple[AnyStep, ...] = ()  # what was changed in it by hand
        self._grow = Throttle(self, _GROW_MILLISECONDS, self._show_growth)
        self._find_again = Throttle(self, _FIND_AGAIN_MILLISECONDS, self._find)
        datasets.large_opened.connect(self.open)
        pane.columns_requested.connect(self.ask_columns)
        self._state.dataset_changed.connect(self.leave)
        self._state.reading_changed.connect(self.show_rendering)

    @property
    def recipe(self) -> Recipe:
        """The recipe on show, as it would read this file without what was changed in it."""
        named = {"data.path": str(self.path), "data.columns": self.columns, "data.history": ""}
        return self._state.recipe.with_values(named)

    @property
    def edited_recipe(self) -> Recipe:
        """The same with what was changed by hand."""
        return self.recipe.with_values({"data.history": steps_text(self.own)})

    def open(self, path: str) -> None:
        """Show a big file's first rows at once, and check the others."""
        self.leave()
        self.path = Path(path)
        self.columns = self._named.get(self.path, "")
        self.view = view = LargeView(self._theme)
        view.stop_requested.connect(self._stop)
        view.read_requested.connect(self._read)
        view.query_changed.connect(self._find)
        view.row_chosen.connect(self._show_row)
        view.line_chosen.connect(self.choose_line)
        view.recipe_wanted.connect(self._pane.recipe_wanted)
        self.show_rendering()
        self._pane.show_large(self.path, size_of(self.path), view)
        heard: Listeners = {
            Progress: view.show_progress,
            Scanned: self._take,
            ColumnsAsked: self._note_columns,
        }
        job = ScanJob(self.path, self._paths.scans, self.columns)
        self._scanning.ask(job, QueueName.SCANNING, heard, self._end)

    def leave(self) -> None:
        """Let go of the file; a scan of it stops."""
        for request in (self._scanning, self._finding, self._showing, self._measuring):
            request.drop()
        for timer in (self._grow, self._find_again):
            timer.stop()
        self.view = self.scan = self._store = self._asked = None
        self._number, self.own = 0, ()
        self.left.emit()

    def show_own(self, steps: tuple[AnyStep, ...]) -> None:
        """Show the row that is stood on with what was changed by hand."""
        is_other, self.own = steps != self.own, steps
        self._show_row(self._number)
        if is_other:
            self.own_changed.emit()

    def show_rendering(self) -> None:
        """Render the row that is shown as the recipe says now."""
        if self.view is not None:
            data = self._state.recipe.data
            values = {path: getattr(data, path.partition(".")[2]) for path in RENDERING}
            self.view.show_rendering(values)
            self._show_row(self._number)

    def _take(self, scan: Scanned) -> None:
        self.scan = scan
        if self._store is None and scan.rows:
            self._begin(scan)
        self._grow.trigger()

    def _begin(self, scan: Scanned) -> None:
        from studio.dataset.store.reader import Store

        self._store = Store(self.path, Path(scan.folder))
        if self.view is not None:
            self._pane.show_large_facts(self.path, size_of(self.path), scan.format)
            self._pane.offer_columns(not self.path.is_dir())
            self.view.show_source(self._store)
            self.view.show_scan(scan)
        self.shown.emit(str(self.path))

    def _show_growth(self) -> None:
        if self.view is None or self._store is None or self.scan is None:
            return
        self._store.refresh()
        self.view.show_growth(self.scan)
        if self.scan.finished:
            self._check_memory(self.view.show_memory)
            self.rested.emit()
        if self.view.query():
            self._find_again.trigger()

    def _end(self, outcome: Outcome) -> None:
        if not isinstance(outcome, Failed):
            return
        summary = outcome.summary
        if (asked := self._asked) is not None:
            self.leave()
            self._asked = asked
            self._pane.show_columns_wanted(asked)
            self.ask_columns()
        elif self._store is None:
            self._check_memory(lambda words: self._leave_unread(summary if words else ""))
        else:
            self.leave()
            self._pane.show_failure(summary)

    def _note_columns(self, asked: ColumnsAsked) -> None:
        self._asked = asked

    def ask_columns(self) -> None:
        """Ask which columns of the file are what: before it can be scanned, or of the file on show."""
        if self._asked is not None:
            self._datasets.columns.ask(self._asked, self.name_columns)
        elif self.view is not None:
            self._datasets.columns.look(str(self.path), self.columns, self.name_columns)

    def name_columns(self, columns: str) -> None:
        """Scan the file with these columns."""
        self._named[self.path] = columns
        self.open(str(self.path))

    def _leave_unread(self, why: str) -> None:
        """Read a file whole in which no row was found; or say why not."""
        self.leave()
        if why:
            self._datasets.refuse(why)
        else:
            self._read()

    def _check_memory(self, tell: Callable[[str], object]) -> None:
        """Tell why the file cannot be read whole; an empty sentence where it can."""
        heard: Listeners = {MemoryChecked: lambda found: tell(found.words)}
        self._measuring.ask(MemoryCheckJob(self.path), QueueName.READING, heard, self._show_if_failed)

    def _stop(self) -> None:
        if self._scanning.busy and self.view is not None:
            self._scanning.drop()
            self.view.show_stopped(self.scan.rows if self.scan else 0)
            self._check_memory(self.view.show_memory)
            self.rested.emit()

    def _read(self) -> None:
        steps = steps_text(self.own) if self.own else None
        self._datasets.read(str(self.path), columns=self.columns or None, steps=steps)

    def choose_line(self, line: int) -> None:
        """Go to the row that starts on a line, if one does."""
        if self.view is not None and self._store is not None:
            number = self._store.number_of(line)
            if number is not None:
                self.view.choose_row(number)

    def _find(self) -> None:
        """Let the table show what is asked of it."""
        if self.view is None or self._store is None:
            return
        self._finding.drop()
        if not (query := self.view.query()):
            self.view.show_found(None)
            return
        job = FindJob(self.path, self._store.folder, query)
        self._finding.ask(job, QueueName.READING, {RowsFound: self._show_found}, self._show_if_failed)

    def _show_found(self, found: RowsFound) -> None:
        if self.view is not None and self._store is not None:
            self._store.refresh()
            self.view.show_found(Path(found.file))

    def _show_row(self, number: int) -> None:
        """Show a row whole."""
        self._number = number
        if self.view is None or self._store is None or self.scan is None:
            return
        job = RowJob(self.path, self._store.folder, number, self.scan.format, self._state.recipe, self.own)
        heard: Listeners = {RowShown: self.view.show_row, RowRead: self._let_edit}
        self._showing.ask(job, QueueName.READING, heard, self._show_if_failed)

    def _let_edit(self, read: RowRead) -> None:
        if self.view is not None:
            self.view.table.set_whole(read.line, read.texts)


class LargeParts(Controller):
    """Takes a part of a big file's rows, all of them fixed, or what is wrong with some; one at a time."""

    begun = Signal()

    def __init__(self, services: Services, large: LargeFiles, datasets: Datasets) -> None:
        super().__init__(services, large)
        self._large, self._datasets = large, datasets
        self._writing = self._request()
        self.dialog: SubsetDialog | None = None
        large.shown.connect(self._follow)
        large.left.connect(self.stop)

    def _follow(self) -> None:
        """Answer the view of the file that is shown now."""
        if (view := self._large.view) is not None:
            view.part_requested.connect(self.ask)
            view.bad_requested.connect(self.choose_file)
            view.stop_requested.connect(self.stop)
            view.edits.save_requested.connect(self.choose_fixed)

    def ask(self) -> None:
        """Ask which rows to take."""
        view, scan = self._large.view, self._large.scan
        if view is None or scan is None:
            return
        self.dialog = dialog = SubsetDialog(self._large.path.name, scan, *view.filter(), self._window)
        dialog.accepted.connect(self._take)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def choose_file(self) -> None:
        """Ask where to write what is wrong with the rows that cannot train."""
        path = self._large.path
        offered = str(path.with_name(tr("{stem} bad rows.jsonl", stem=path.stem)))
        chosen, _ = QFileDialog.getSaveFileName(self._window, tr("Save bad rows"), offered, "*.jsonl")
        if chosen:
            self.write_bad_rows(Path(chosen))

    def write_bad_rows(self, out: Path) -> None:
        """Write file, line, column and reason of every row that cannot train."""
        if (scan := self._large.scan) is not None:
            self._begin(BadRowsJob(self._large.path, Path(scan.folder), out))

    def stop(self) -> None:
        """Give up what is being written; nothing of it stays."""
        if self._writing.busy:
            self._writing.drop()
            self._rest()

    def _take(self) -> None:
        if self.dialog is not None:
            steps = steps_from(self.dialog.steps())
            folder = free_path(self._paths.datasets, tr("{stem} part", stem=self._large.path.stem))
            self._begin(
                SaveJob(self._large.recipe, folder, (*self._large.own, *steps), scans=self._paths.scans)
            )

    def choose_fixed(self, *fixes: Fix) -> None:
        """Ask where to write all rows, as changed by hand and as fixes leave them."""
        offered = str(
            free_path(self._large.path.parent, tr("{stem} fixed", stem=self._large.path.stem), ".jsonl")
        )
        chosen, _ = QFileDialog.getSaveFileName(self._window, tr("Save fixed dataset"), offered, _FIXED)
        if chosen:
            self.write_fixed(Path(chosen), *fixes)

    def write_fixed(self, out: Path, *fixes: Fix) -> None:
        """Write all rows, as changed by hand and fixed, and open them: as JSONL, or as a saved dataset."""
        about = self._large.recipe, out, (*self._large.own, *fixes)
        if out.suffix.lower() == ".jsonl":
            self._begin(ExportJob(*about, scans=self._paths.scans, replace=True), self._open_exported)
        else:
            self._begin(SaveJob(*about, scans=self._paths.scans))

    def _begin(self, job: Job, then: Callable[[DatasetExported], object] | None = None) -> None:
        self.stop()
        self.begun.emit()
        heard: Listeners = {
            Progress: self._show_progress,
            DatasetSaved: self._open,
            DatasetExported: then or self._say_written,
        }
        self._writing.ask(job, QueueName.SCANNING, heard, self._end)

    def _show_progress(self, progress: Progress) -> None:
        if self._large.view is not None:
            self._large.view.show_progress(progress)

    def _open(self, saved: DatasetSaved) -> None:
        self._datasets.open(saved.path)

    def _open_exported(self, exported: DatasetExported) -> None:
        self._datasets.open(exported.files[0])
        self._notice(
            tr("{rows:,} rows written to {name}.", rows=exported.rows, name=Path(exported.files[0]).name),
            "good",
        )

    def _say_written(self, exported: DatasetExported) -> None:
        self._notice(
            tr("{rows:,} bad rows written to {name}.", rows=exported.rows, name=Path(exported.files[0]).name),
            "good",
        )

    def _end(self, outcome: Outcome) -> None:
        self._rest()
        self._show_if_failed(outcome)

    def _rest(self) -> None:
        view, scan = self._large.view, self._large.scan
        if view is not None and scan is not None and scan.finished:
            view.show_scan(scan)
