"""Datasets from the Hub at work: looked up and downloaded while the window goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from studio.app.shared import Shared
from studio.dataset.hub.wanted import Wanted
from studio.events import AccessWanted, Downloaded, Event, HubListed, Progress
from studio.jobs.hub import DownloadJob, LookUpJob
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.queue import Lane, Ticket
from studio.ui.dialogs.hub import HubDialog


class Hub(QObject):
    """One dialog; a token that was typed is used until the app ends, and kept by the jobs once it works."""

    ready = Signal(str)  # the path of a dataset to open

    def __init__(self, shared: Shared, folder: Path) -> None:
        super().__init__(shared.window)
        self._shared, self._folder = shared, folder
        self._work: Ticket | None = None
        self._token, self._page = "", ""
        self.dialog: HubDialog | None = None

    def ask_for(self, name: str) -> None:
        """Show the dialog with a name in it."""
        self.ask()
        if self.dialog is not None:
            self.dialog.set_name(name)

    def ask(self) -> None:
        """Show the dialog, or bring it to the front."""
        if self.dialog is None:
            self.dialog = dialog = HubDialog(self._shared.window)
            dialog.look_up_requested.connect(self._look_up)
            dialog.download_requested.connect(self._download)
            dialog.stop_requested.connect(self._stop)
            dialog.access.page_requested.connect(self._open_page)
            dialog.finished.connect(self._forget)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _look_up(self, wanted: Wanted) -> None:
        self._submit(LookUpJob(replace(wanted, rows=None), self._typed()))

    def _download(self, wanted: Wanted) -> None:
        self._submit(DownloadJob(wanted, self._folder, self._typed()))

    def _typed(self) -> str:
        if self.dialog is not None and (typed := self.dialog.access.token.text().strip()):
            self._token = typed
        return self._token

    def _submit(self, job: LookUpJob | DownloadJob) -> None:
        self._stop()
        self._page = ""
        ticket = self._shared.queue.submit(
            job, Lane.FETCHING, lambda event: self._take(ticket, event), lambda end: self._end(ticket, end)
        )
        self._work = ticket

    def _stop(self) -> None:
        if self._work is not None:
            self._work.stop()

    def _take(self, ticket: Ticket, event: Event) -> None:
        if ticket is not self._work or self.dialog is None:
            return
        match event:
            case Progress():
                self.dialog.show_busy(event)
            case HubListed():
                self.dialog.show_listed(event)
            case AccessWanted():
                self._page = event.page
            case Downloaded():
                self._work = None
                self.dialog.accept()
                self.ready.emit(event.path)

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is not self._work:
            return
        self._work = None
        if self.dialog is None:
            return
        if isinstance(outcome, Failed):
            self.dialog.rest(outcome.summary, self._page)
        elif isinstance(outcome, Stopped) and isinstance(ticket.job, DownloadJob):
            self.dialog.show_stopped()
        else:
            self.dialog.rest("")

    def _open_page(self, address: str) -> None:
        QDesktopServices.openUrl(QUrl(address))

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None
