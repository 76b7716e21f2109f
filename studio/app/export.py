"""The export sheet at work: a run's result is written, read back, and shown where it lies."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Slot

from studio.app.hub import open_page
from studio.app.request import Listeners, RunRequest
from studio.app.reveal import reveal
from studio.app.state import Controller, Services
from studio.errors import StudioError
from studio.events import AccessWanted, Exported, Log, Progress, Uploaded
from studio.files import free_place
from studio.jobs.export import PRECISIONS, RunExportJob, next_step
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.publish import RunPublishJob
from studio.jobs.queue import QueueName
from studio.jobs.rows import first_question
from studio.language import tr
from studio.models.library.places import lm_studio_folders
from studio.runs.folder import RunFolder
from studio.ui.dialogs.export import HUB, ExportDialog, ExportWish

_PUBLISHER = "tuning-studio"
"""LM Studio keeps models in folders of their publishers."""


class Exporting(Controller):
    """Opens the sheet on a run; one at a time."""

    def __init__(self, services: Services, parent: Controller) -> None:
        super().__init__(services, parent)
        self.request = RunRequest(self._queue, self._window, self._ask)
        self.dialog: ExportDialog | None = None
        self._folder: Path | None = None  # that the person chose

    def open(self, name: str) -> None:
        """Show the sheet for a run's result."""
        try:
            run = self._services.store.find(name)
        except StudioError as error:
            self._answer(str(error), "bad")
            return
        self._folder = None
        self.dialog = dialog = ExportDialog(run.name, PRECISIONS, first_question(run), self._window)
        dialog.export_requested.connect(partial(self._export, run))
        dialog.folder_wanted.connect(partial(self._choose, run))
        dialog.target_chosen.connect(partial(self._show_place, run))
        dialog.stop_requested.connect(self.request.stop)
        dialog.reveal_requested.connect(self._reveal)
        dialog.page_requested.connect(open_page)
        dialog.finished.connect(dialog.deleteLater)
        dialog.finished.connect(self._forget)
        self._show_place(run, dialog.target)
        dialog.open()

    def _show_place(self, run: RunFolder, target: str) -> None:
        if self.dialog is not None:
            name = f"{run.name}-{target}"
            lm_studio = _lm_studio(name) if target in ("fused", "gguf") else None
            chosen = self._folder / name if self._folder else free_place(_downloads() / name)
            self.dialog.set_folder(str(chosen), str(lm_studio or ""))

    def _choose(self, run: RunFolder) -> None:
        folder = self._choose_folder(tr("Choose the folder to put it into"))
        if folder is not None and self.dialog is not None:
            self._folder = folder
            self._show_place(run, self.dialog.target)

    def _export(self, run: RunFolder, wish: ExportWish) -> None:
        if wish.target == HUB:
            self._ask(RunPublishJob(run, wish.repository, wish.form, wish.private, wish.token))
            return
        job = RunExportJob(run, wish.target, Path(wish.folder), wish.weights, wish.precision)
        self._ask(replace(job, ollama_name=wish.ollama_name, prompt=wish.prompt))

    def _ask(self, job: RunExportJob | RunPublishJob) -> None:
        if self.dialog is None:
            return
        self.dialog.begin()
        self._subjects.hold("export", job.run.name, tr("{name} is being exported.", name=job.run.name))
        heard: Listeners = {Progress: self.dialog.show_busy}
        if isinstance(job, RunExportJob):
            heard = {**heard, Exported: partial(self._show, job)}
        else:
            heard = {
                **heard,
                Log: lambda log: self._tell(log.text),
                AccessWanted: lambda wanted: self._ask_for_access(wanted.page),
                Uploaded: lambda uploaded: self._show_uploaded(uploaded.address),
            }
        self.request.ask(job, QueueName.INTERRUPT, heard, self._end)

    def _tell(self, text: str) -> None:
        if self.dialog is not None:
            self.dialog.show_leaving(text)

    def _ask_for_access(self, page: str) -> None:
        if self.dialog is not None:
            self.dialog.access.ask(page)

    def _show_uploaded(self, address: str) -> None:
        if self.dialog is not None:
            self.dialog.show_uploaded(address)

    def _show(self, job: RunExportJob, event: Exported) -> None:
        if self.dialog is not None:
            self.dialog.show_done(event, next_step(event, job.run))

    def _end(self, outcome: Outcome) -> None:
        self._subjects.release("export")
        if self.dialog is None:
            return
        match outcome:
            case Failed(summary, _):
                self.dialog.rest(summary)
            case Stopped():
                self.dialog.rest(tr("Stopped before the end."))

    @Slot()
    def _forget(self) -> None:
        """The sheet was closed; what was still being written is stopped, and heard no more."""
        self.dialog = None

    def _reveal(self, folder: str) -> None:
        reveal(Path(folder))


def _downloads() -> Path:
    places = QStandardPaths.StandardLocation
    return Path(QStandardPaths.writableLocation(places.DownloadLocation) or Path.home())


def _lm_studio(name: str) -> Path | None:
    """Where LM Studio finds a model of this name; None where LM Studio is not on this machine."""
    folder = next((each for each in lm_studio_folders() if each.is_dir()), None)
    return free_place(folder / _PUBLISHER / name) if folder else None
