"""Reports of evaluations: written into the run or elsewhere, then opened or shown."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from studio.app.request import Listeners
from studio.app.reveal import reveal
from studio.app.state import Controller, Services
from studio.files import free_place
from studio.jobs.queue import QueueName
from studio.jobs.report import ReportJob, ReportWritten
from studio.language import tr
from studio.runs.folder import RunFolder

_NAME = "report.html"


class Reports(Controller):
    """Writes the report of an evaluation, and does with it what the button's menu asks for."""

    def __init__(self, services: Services, parent: QWidget) -> None:
        super().__init__(services, parent)
        self._writing = self._request()
        self.written: Path | None = None
        """The folder of the last report."""

    @property
    def busy(self) -> bool:
        """Whether one is being written."""
        return self._writing.busy

    def perform(self, action: str, run: RunFolder, evaluation: Path) -> None:
        """Write a report, and then open it, or show where it lies; export writes it into a chosen folder."""
        target = None
        if action == "export":
            chosen = self._choose_folder(tr("Choose a folder for the report"))
            if chosen is None:
                return
            target = free_place(chosen / f"{run.name}-report")
        job = ReportJob(run, evaluation, target)
        heard: Listeners = {ReportWritten: partial(self._show, action)}
        self._writing.ask(job, QueueName.READING, heard, self._show_if_failed)

    def _show(self, action: str, event: ReportWritten) -> None:
        self.written = event.folder
        if action == "export":
            self._notice(tr("The report is in {folder}.", folder=event.folder), "good")
            return
        if action == "open":
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(event.folder / _NAME)))
        else:
            reveal(event.folder)
