"""What is taken out of a file too big to hold: a part of its rows, or what is wrong with the others."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.large import LargeFiles
from studio.app.shared import Shared
from studio.dataset.steps.steps import steps_from
from studio.events import DatasetExported, DatasetSaved, Event, Progress
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.jobs.save import SaveJob
from studio.jobs.scan import BadRowsJob
from studio.paths import Paths
from studio.ui.dialogs.part import PartDialog
from studio.ui.panes.dataset.large import LargeView


class LargeParts(QObject):
    """Asks, writes, and says that it is written; one thing at a time."""

    taken = Signal(str)  # the folder of a dataset to open

    def __init__(self, shared: Shared, large: LargeFiles, paths: Paths) -> None:
        super().__init__(large)
        self._shared, self._large, self._paths = shared, large, paths
        self._ticket: Ticket | None = None
        self.dialog: PartDialog | None = None
        large.shown.connect(self._follow)
        large.left.connect(self.stop)

    def _follow(self) -> None:
        """Answer the view of the file that is shown now."""
        if (view := self._large.view) is not None:
            view.bar.part_requested.connect(self.ask)
            view.bar.bad_requested.connect(self.choose_file)
            view.bar.stop_requested.connect(self.stop)

    def ask(self) -> None:
        """Ask which rows to take."""
        view, scan = self._large.view, self._large.scan
        if view is None or scan is None:
            return
        table, window = view.table, self._shared.window
        state, search = table.chips.current, table.search.text().strip()
        self.dialog = PartDialog(self._large.path.name, scan, state, search, window)
        self.dialog.accepted.connect(self._take)
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.open()

    def choose_file(self) -> None:
        """Ask where to write what is wrong with the rows that cannot train."""
        path = self._large.path
        offered = str(path.with_name(f"{path.stem} bad rows.jsonl"))
        chosen, _ = QFileDialog.getSaveFileName(self._shared.window, "Save bad rows", offered, "*.jsonl")
        if chosen:
            self.write_bad_rows(Path(chosen))

    def write_bad_rows(self, out: Path) -> None:
        """Write file, line, column and reason of every row that cannot train."""
        if (scan := self._large.scan) is not None:
            self._begin(BadRowsJob(self._large.path, Path(scan.folder), out))

    def stop(self) -> None:
        """Give up what is being written; nothing of it stays."""
        if self._ticket is not None:
            self._ticket.stop()
            self._ticket = None
            self._rest()

    def _take(self) -> None:
        if self.dialog is not None:
            steps = steps_from(self.dialog.steps())
            recipe = self._shared.recipe.with_values({"data.path": str(self._large.path), "data.columns": ""})
            self._begin(SaveJob(recipe, self._free(), steps, scans=self._paths.scans))

    def _free(self) -> Path:
        """`posts part` for what is taken of `posts.jsonl`, then `posts part 2`."""
        names = (f"{self._large.path.stem} part{'' if n == 1 else f' {n}'}" for n in count(1))
        return next(path for name in names if not (path := self._paths.datasets / name).exists())

    def _begin(self, job: SaveJob | BadRowsJob) -> None:
        self.stop()
        view = self._large.view
        ticket = self._shared.queue.submit(
            job,
            Lane.SCANNING,
            lambda event: self._show(ticket, view, event),
            lambda end: self._end(ticket, end),
        )
        self._ticket = ticket

    def _show(self, ticket: Ticket, view: LargeView | None, event: Event) -> None:
        if ticket is not self._ticket or view is None or view is not self._large.view:
            return
        match event:
            case Progress():
                view.bar.show_progress(event)
            case DatasetSaved():
                self.taken.emit(event.path)
            case DatasetExported():
                words = f"{event.rows:,} bad rows written to {Path(event.files[0]).name}."
                self._shared.window.show_notice(words, "good")

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is self._ticket:
            self._ticket = None
            self._rest()
            if isinstance(outcome, Failed):
                self._shared.window.show_notice(outcome.summary, "bad")

    def _rest(self) -> None:
        view, scan = self._large.view, self._large.scan
        if view is not None and scan is not None and scan.finished:
            view.show_scan(scan)
