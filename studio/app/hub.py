"""The Hub at work: datasets are looked up and downloaded, and the one on show is uploaded."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.dataset.hub.wanted import Wanted
from studio.errors import StudioError
from studio.events import AccessWanted, DatasetRead, Downloaded, HubListed, Progress, Uploaded
from studio.jobs.hub import DownloadJob, LookUpJob, PublishJob
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.ui.dialogs.hub import HubDialog
from studio.ui.dialogs.upload import UploadDialog
from studio.ui.panes.dataset.pane import DatasetPane

_STOPPED = tr("Stopped before the rows were on the Hub.")


class Downloading(Controller):
    """One dialog; a token that was typed is used until the app ends, and kept by the jobs once it works."""

    def __init__(self, services: Services, open_path: Callable[[str], object]) -> None:
        super().__init__(services, services.window)
        self._open_path, self._folder = open_path, services.paths.hub
        self._asking = self._request()
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
            self.dialog = dialog = HubDialog(self._window)
            dialog.look_up_requested.connect(self._look_up)
            dialog.download_requested.connect(self._download)
            dialog.stop_requested.connect(self._asking.stop)
            dialog.page_requested.connect(open_page)
            dialog.finished.connect(self._forget)
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def _look_up(self, wanted: Wanted) -> None:
        self._ask(LookUpJob(replace(wanted, rows=None), self._typed()))

    def _download(self, wanted: Wanted) -> None:
        self._ask(DownloadJob(wanted, self._folder, self._typed()))

    def _typed(self) -> str:
        if self.dialog is not None and (typed := self.dialog.token()):
            self._token = typed
        return self._token

    def _ask(self, job: LookUpJob | DownloadJob) -> None:
        if (dialog := self.dialog) is None:
            return
        self._page = ""
        heard: Listeners = {
            Progress: dialog.show_busy,
            HubListed: dialog.show_listed,
            AccessWanted: self._note_page,
            Downloaded: self._open,
        }
        self._asking.ask(job, QueueName.FETCHING, heard, lambda outcome: self._end(job, outcome))

    def _note_page(self, wanted: AccessWanted) -> None:
        self._page = wanted.page

    def _open(self, downloaded: Downloaded) -> None:
        self._asking.drop()  # a stop comes too late now
        if self.dialog is not None:
            self.dialog.accept()
        self._open_path(downloaded.path)

    def _end(self, job: LookUpJob | DownloadJob, outcome: Outcome) -> None:
        if self.dialog is None:
            return
        if isinstance(outcome, Failed):
            self.dialog.rest(outcome.summary, self._page)
        elif isinstance(outcome, Stopped) and isinstance(job, DownloadJob):
            self.dialog.show_stopped()
        else:
            self.dialog.rest("")

    def _forget(self) -> None:
        self._asking.drop()
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


class Uploading(Controller):
    """One dialog; the upload goes on beside whatever else the window does."""

    def __init__(self, services: Services, pane: DatasetPane) -> None:
        super().__init__(services, pane)
        self._asking = self._request()
        self._recipe, self._fingerprint = self._state.recipe, ""
        self._page = ""
        self.dialog: UploadDialog | None = None
        pane.save_menu.upload_requested.connect(self.ask)

    def ask(self) -> None:
        """Show the dialog for the dataset at hand."""
        dataset = self._state.dataset
        if dataset is None or self.dialog is not None:
            return
        self._recipe = self._state.recipe  # another dataset may be opened beside the dialog
        self._fingerprint = dataset.source
        name = Path(dataset.path).stem
        what = tr(
            "The rows of {name}, with your edits, go up as Parquet, with a card that says "
            "where they come from. {listed} What a dataset of that name held before stays in "
            "its history.",
            name=dataset.name,
            listed=_listed(dataset),
        )
        suggested = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "dataset"
        self.dialog = dialog = UploadDialog(suggested, what, self._window)
        dialog.upload_requested.connect(self._upload)
        dialog.stop_requested.connect(self._asking.stop)
        dialog.page_requested.connect(open_page)
        dialog.finished.connect(self._forget)
        dialog.show()
        dialog.activateWindow()

    def _upload(self, repository: str, private: bool) -> None:
        if (dialog := self.dialog) is None:
            return
        self._page = ""
        job = PublishJob(self._recipe, repository, private, dialog.token(), self._fingerprint)
        heard: Listeners = {
            Progress: dialog.show_busy,
            AccessWanted: self._note_page,
            Uploaded: self._show_done,
        }
        self._asking.ask(job, QueueName.FETCHING, heard, self._end)

    def _note_page(self, wanted: AccessWanted) -> None:
        self._page = wanted.page

    def _show_done(self, uploaded: Uploaded) -> None:
        self._asking.drop()  # a stop comes too late now
        if self.dialog is not None:
            self.dialog.show_done(uploaded.address)

    def _end(self, outcome: Outcome) -> None:
        if self.dialog is not None and isinstance(outcome, Failed):
            self.dialog.rest(outcome.summary, self._page)
        elif self.dialog is not None:
            self.dialog.rest(_STOPPED, tone="dim")

    def _forget(self) -> None:
        self._asking.drop()
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


def open_page(address: str) -> None:
    """Show a page of the Hub in the person's browser."""
    QDesktopServices.openUrl(QUrl(address))


def _listed(dataset: DatasetRead) -> str:
    """Which files would leave this Mac, in a sentence; their sizes where they are saved already."""
    from studio.dataset.hub.upload import leaving
    from studio.dataset.manifest import NAME, is_saved
    from studio.dataset.read.folders import GOLDEN_FILE
    from studio.dataset.save.target import CARD
    from studio.hub.upload import listed_files

    path = Path(dataset.path)
    if is_saved(path) and not dataset.steps:
        try:
            files = [listed_files(leaving(path))]
        except StudioError as error:
            return str(error)
    else:
        files = [NAME, CARD, tr("part-00000.parquet and so on"), *([GOLDEN_FILE] if dataset.golden else [])]
    return tr("These files leave this Mac, and no paths of it: {listed}.", listed=", ".join(files))
