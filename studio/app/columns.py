"""The question which columns of a dataset are what, asked in a dialog that tries each answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.app.shared import Shared
from studio.events import ColumnsAsked, ColumnsTried, Event
from studio.jobs.health import ColumnsJob, TryColumnsJob
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.ui.dialogs.columns import ColumnsDialog


class Columns(QObject):
    """One dialog at a time; what is agreed to goes to whoever asked."""

    chosen = Signal(str, str)  # the dataset, and the recipe's `data.columns` for it

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared.window)
        self._shared = shared
        self._then: Callable[[str], None] | None = None
        self._trying: Ticket | None = None
        self.dialog: ColumnsDialog | None = None

    def look(self, path: str, columns: str) -> None:
        """Ask about a dataset that was read before, with these columns or with none."""
        self._shared.queue.submit(
            ColumnsJob(Path(path), columns), Lane.READING, self._take_columns, self._end
        )

    def ask(self, asked: ColumnsAsked, then: Callable[[str], None] | None = None) -> None:
        """Show the dialog; the answer goes to `then`, or else is announced."""
        if self.dialog is not None:
            self.dialog.reject()
        self._then = then
        self.dialog = dialog = ColumnsDialog(asked, self._shared.window)
        dialog.trial_wanted.connect(self._try)
        dialog.accepted.connect(self._agree)
        dialog.finished.connect(self._forget)
        if columns := dialog.columns():
            self._try(columns)
        dialog.open()

    def _take_columns(self, event: Event) -> None:
        if isinstance(event, ColumnsAsked):
            self.ask(event)

    def _try(self, columns: str) -> None:
        if self._trying is not None:
            self._trying.stop()
        if self.dialog is not None:
            job = TryColumnsJob(Path(self.dialog.path), columns)
            self._trying = self._shared.queue.submit(job, Lane.READING, self._take_trial, self._end_trial)

    def _take_trial(self, event: Event) -> None:
        if isinstance(event, ColumnsTried) and self.dialog is not None:
            self.dialog.show_trial(event)

    def _end_trial(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and self.dialog is not None:
            self.dialog.show_problem(outcome.summary)

    def _agree(self) -> None:
        if self.dialog is None:
            return
        path, columns = self.dialog.path, self.dialog.columns()
        if self._then is not None:
            self._then(columns)
        else:
            self.chosen.emit(path, columns)

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._shared.window.show_notice(outcome.summary, "bad")
