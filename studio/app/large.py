"""Files too big to hold, in the dataset pane: scanned in a child process, shown page by page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from studio.app.datasets import RENDERING
from studio.app.shared import Shared
from studio.dataset.memory_check import room_words
from studio.events import Event, Progress, RowsFound, RowShown, Scanned
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.jobs.scan import FindJob, RowJob, ScanJob
from studio.ui.panes.dataset.large import LargeView, large_facts
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.theme import Theme

if TYPE_CHECKING:
    from studio.dataset.store.reader import Store

_GROW_MILLISECONDS = 100
_FIND_AGAIN_MILLISECONDS = 2000


class LargeFiles(QObject):
    """Opens one big file at a time, and answers what its view asks."""

    read_requested = Signal(str)  # the path of a file to be held in memory after all
    shown = Signal(str)  # the path of a file whose first rows are there
    left = Signal()

    def __init__(self, shared: Shared, pane: DatasetPane, theme: Theme, cache: Path) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._theme, self._cache = shared, pane, theme, cache
        self._view: LargeView | None = None
        self.path = Path()
        self._store: Store | None = None
        self._scan: Scanned | None = None
        self._scanning: Ticket | None = None
        self._finding: Ticket | None = None
        self._showing: Ticket | None = None
        self._number = 0
        self._grow = self._timer(_GROW_MILLISECONDS, self._show_growth)
        self._find_again = self._timer(_FIND_AGAIN_MILLISECONDS, self._find)

    @property
    def view(self) -> LargeView | None:
        """What shows the file at hand, if there is one."""
        return self._view

    @property
    def scan(self) -> Scanned | None:
        """How far the file at hand is checked."""
        return self._scan

    def open(self, path: str) -> None:
        """Show a big file's first rows at once, and check the others."""
        self.leave()
        self.path = Path(path)
        self._view = view = LargeView(self._theme)
        view.bar.stop_requested.connect(self._stop)
        view.bar.read_requested.connect(self._read)
        view.table.query_changed.connect(self._find)
        view.table.row_chosen.connect(self._show_row)
        view.example.rendering.changed.connect(self._pane.recipe_wanted)
        self.show_rendering()
        self._pane.show_large(self.path, self.path.stat().st_size, view)
        self._pane.header.set_title(self.path.name)
        job = ScanJob(self.path, self._cache)
        ticket = self._shared.queue.submit(
            job, Lane.SCANNING, lambda event: self._take(ticket, event), lambda end: self._end(ticket, end)
        )
        self._scanning = ticket

    def leave(self) -> None:
        """Let go of the file at hand; a scan of it stops."""
        for ticket in (self._scanning, self._finding, self._showing):
            if ticket is not None:
                ticket.stop()
        for timer in (self._grow, self._find_again):
            timer.stop()
        self._view = self._store = self._scan = self._scanning = self._finding = self._showing = None
        self._number = 0
        self.left.emit()

    def show_rendering(self) -> None:
        """Render the row at hand as the recipe says now."""
        if self._view is not None:
            data = self._shared.recipe.data
            values = {path: getattr(data, path.partition(".")[2]) for path in RENDERING}
            self._view.example.rendering.set_values(values)
            self._show_row(self._number)

    def _timer(self, milliseconds: int, slot: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(slot)
        return timer

    def _take(self, ticket: Ticket, event: Event) -> None:
        if ticket is not self._scanning:
            return
        if isinstance(event, Progress) and self._view is not None:
            self._view.bar.show_progress(event)
        if not isinstance(event, Scanned):
            return
        self._scan = event
        if self._store is None and event.rows:
            self._begin(event)
        if not self._grow.isActive():
            self._grow.start()

    def _begin(self, scan: Scanned) -> None:
        from studio.dataset.store.reader import Store

        self._store = Store(self.path, Path(scan.folder))
        if self._view is not None:
            self._pane.header.set_subtitle(large_facts(self.path, self.path.stat().st_size, scan.format))
            self._view.show_source(self._store)
            self._view.show_scan(scan)
        self.shown.emit(str(self.path))

    def _show_growth(self) -> None:
        if self._view is None or self._store is None or self._scan is None:
            return
        self._store.refresh()
        self._view.table.model.grow()
        self._view.show_scan(self._scan)
        if self._scan.finished:
            self._view.bar.show_room(room_words(self.path))
        if self._view.table.query() and not self._find_again.isActive():
            self._find_again.start()

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is not self._scanning:
            return
        self._scanning = None
        if isinstance(outcome, Failed):
            unread = self._store is None and not room_words(self.path)
            self.leave()
            if unread:  # reading it whole can ask what its columns are
                self.read_requested.emit(str(self.path))
            else:
                self._pane.show_failure(outcome.summary)

    def _stop(self) -> None:
        if self._scanning is not None and self._view is not None:
            self._scanning.stop()
            rows = self._scan.rows if self._scan else 0
            self._view.bar.end(f"Stopped: the first {rows:,} rows are checked")
            self._view.bar.show_room(room_words(self.path))
            self._scanning = None

    def _read(self) -> None:
        self.read_requested.emit(str(self.path))

    def _find(self) -> None:
        """Let the table show what is asked of it; what was asked before is dropped."""
        if self._view is None or self._store is None:
            return
        if self._finding is not None:
            self._finding.stop()
            self._finding = None
        query = self._view.table.query()
        if not query:
            self._view.table.model.show_all()
            self._view.table.show_rows()
            return
        job = FindJob(self.path, self._store.folder, query)
        ticket = self._shared.queue.submit(
            job,
            Lane.READING,
            lambda event: self._show_found(ticket, event),
            lambda end: self._say_failure(ticket, end),
        )
        self._finding = ticket

    def _show_found(self, ticket: Ticket, event: Event) -> None:
        if ticket is self._finding and isinstance(event, RowsFound) and self._view is not None:
            if self._store is not None:
                self._store.refresh()
            self._view.table.model.show_found(Path(event.file))
            self._view.table.show_rows()

    def _show_row(self, number: int) -> None:
        """Show a row whole; of several asked for in a row only the last is waited for."""
        self._number = number
        if self._store is None or self._scan is None:
            return
        if self._showing is not None:
            self._showing.stop()
        job = RowJob(self.path, self._store.folder, number, self._scan.format, self._shared.recipe)
        ticket = self._shared.queue.submit(
            job,
            Lane.READING,
            lambda event: self._take_row(ticket, event),
            lambda end: self._say_failure(ticket, end),
        )
        self._showing = ticket

    def _take_row(self, ticket: Ticket, event: Event) -> None:
        if ticket is self._showing and isinstance(event, RowShown) and self._view is not None:
            self._view.show_row(event)

    def _say_failure(self, ticket: Ticket, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and ticket in (self._finding, self._showing):
            self._shared.window.show_notice(outcome.summary, "bad")
