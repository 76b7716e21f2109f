"""The dataset at hand put on the Hub."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices

from studio.app.shared import Shared
from studio.errors import StudioError
from studio.events import AccessWanted, DatasetUploaded, Event, Progress
from studio.jobs.hub import PublishJob
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.ui.dialogs.upload import UploadDialog
from studio.ui.panes.dataset.pane import DatasetPane

_STOPPED = "Stopped before the rows were on the Hub."


class Uploading(QObject):
    """One dialog; the upload goes on beside whatever else the window does."""

    def __init__(self, shared: Shared, pane: DatasetPane, overlays: Path) -> None:
        super().__init__(pane)
        self._shared, self._overlays = shared, overlays
        self._work: Ticket | None = None
        self._recipe, self._fingerprint = shared.recipe, ""
        self._page = ""
        self.dialog: UploadDialog | None = None
        pane.save_menu.upload_requested.connect(self.ask)

    def ask(self) -> None:
        """Show the dialog for the dataset at hand."""
        dataset = self._shared.dataset
        if dataset is None or self.dialog is not None:
            return
        self._recipe = self._shared.recipe  # another dataset may be opened beside the dialog
        self._fingerprint = dataset.fingerprint
        name = Path(dataset.path).stem
        what = (
            f"The rows of {dataset.name}, with your edits, go up as Parquet, with a card that says where "
            f"they come from. {_listed(Path(dataset.path), dataset.golden > 0)} What a dataset of that "
            "name held before stays in its history."
        )
        suggested = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "dataset"
        self.dialog = dialog = UploadDialog(suggested, what, self._shared.window)
        dialog.upload_requested.connect(self._upload)
        dialog.stop_requested.connect(self._stop)
        dialog.page_requested.connect(self._open_page)
        dialog.finished.connect(self._forget)
        dialog.show()
        dialog.activateWindow()

    def _upload(self, repository: str, private: bool) -> None:
        if self.dialog is None:
            return
        self._page = ""
        token = self.dialog.access.token.text().strip()
        job = PublishJob(self._recipe, self._overlays, repository, private, token, self._fingerprint)
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
            case AccessWanted():
                self._page = event.page
            case DatasetUploaded():
                self._work = None
                self.dialog.show_done(event.address)

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is not self._work:
            return
        self._work = None
        if self.dialog is not None and isinstance(outcome, Failed):
            self.dialog.rest(outcome.summary, self._page)
        elif self.dialog is not None:
            self.dialog.rest(_STOPPED, tone="dim")

    def _open_page(self, address: str) -> None:
        QDesktopServices.openUrl(QUrl(address))

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


def _listed(path: Path, golden: bool) -> str:
    """Which files would leave this Mac, in a sentence; their sizes where they are saved already."""
    from studio.dataset.read.folders import GOLDEN_FILE
    from studio.dataset.save.hub import leaving, told
    from studio.dataset.save.manifest import NAME, is_saved
    from studio.dataset.save.target import CARD

    if is_saved(path):
        try:
            files = [told(leaving(path))]
        except StudioError as error:
            return str(error)
    else:
        files = [NAME, CARD, "part-00000.parquet and so on", *([GOLDEN_FILE] if golden else [])]
    return f"These files leave this Mac, and no paths of it: {', '.join(files)}."
