"""A dataset's health and history at work: checking, fixing, and writing what comes of it."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.app.shared import Shared
from studio.dataset.steps.steps import Fix, Step
from studio.errors import StudioError
from studio.events import Checked, DatasetSaved, Event, Finding, FixPreviewed, Log, Progress
from studio.jobs.health import HealthJob, PreviewJob
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.queue import Lane, Ticket
from studio.jobs.save import SaveJob, columns_of
from studio.paths import Paths
from studio.ui.dialogs.fix import FixDialog
from studio.ui.dialogs.task import TaskDialog
from studio.ui.panes.dataset.pane import DatasetPane

_NUMBERED = re.compile(r" \d+$")
_READING = "The dataset is being read. Try again when its rows are there."
_WRITING = "A dataset is being written. Wait for it, or stop it, first."


class Shaping(QObject):
    """Never touches the source: every change is written as a dataset of its own, which is then opened."""

    written = Signal(str)  # the folder of a dataset to open
    ended = Signal()  # what was asked for is written by now, or never will be

    def __init__(self, shared: Shared, pane: DatasetPane, paths: Paths) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._paths = shared, pane, paths
        self._checking: Ticket | None = None
        self._previewing: Ticket | None = None
        self._writing: Ticket | None = None
        self.dialog: FixDialog | None = None
        self.task: TaskDialog | None = None
        pane.health.fix_requested.connect(self._preview)
        pane.health.again_requested.connect(self.check)

    def follow(self) -> None:
        """Turn to the dataset at hand: what was found in the one before is not mended in this one."""
        if self._previewing is not None:
            self._previewing.stop()
            self._previewing = None
        if self.dialog is not None:
            self.dialog.reject()
        self.check()

    def check(self) -> None:
        """Look the dataset at hand over, or forget what was found in the one before."""
        if self._checking is not None:
            self._checking.stop()
            self._checking = None
        if self._shared.dataset is None:
            return
        self._pane.health.show_busy()
        self._checking = ticket = self._shared.queue.submit(
            HealthJob(self._shared.recipe),
            Lane.SCANNING,
            lambda event: self._take(ticket, event),
            lambda end: self._end(ticket, end),
        )

    def apply(self, *steps: Step) -> None:
        """Write the dataset at hand after these steps among the app's own, and open the result."""
        self.save(self._next_folder(Path(self._shared.recipe.data.path)), *steps)

    def save(self, folder: Path, *steps: Step) -> None:
        """Write the dataset, as changed by hand and after these steps, to a folder, and open that."""
        if self._shared.dataset is None:
            self._refuse(_READING)
        else:
            known = self._shared.dataset.fingerprint
            self._write(SaveJob(self._shared.recipe, folder, steps, self._paths.overlays, fingerprint=known))

    def replay(self, source: Path, *steps: Step) -> None:
        """Do steps to a source anew, and open the result; the source itself where there are none left."""
        if not steps:
            self.written.emit(str(source))
            return
        try:
            columns = columns_of(self._shared.recipe)
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return
        recipe = self._shared.recipe.with_values({"data.path": str(source), "data.columns": columns})
        self._write(SaveJob(recipe, self._next_folder(source), steps, scans=self._paths.scans))

    def keep(self, source: Path, name: str) -> None:
        """Write a source as it is among the app's own datasets, under a name, and open that."""
        numbers = (self._paths.datasets / f"{name}{'' if n == 1 else f' {n}'}" for n in count(1))
        job = SaveJob(
            self._shared.recipe.with_values({"data.path": str(source), "data.columns": ""}),
            next(path for path in numbers if not path.exists()),
        )
        self._write(job)

    def _next_folder(self, source: Path) -> Path:
        """`support 2` for what comes of `support.jsonl`, then `support 3`."""
        name = _NUMBERED.sub("", source.stem)
        numbers = count(2)
        return next(path for n in numbers if not (path := self._paths.datasets / f"{name} {n}").exists())

    def _take(self, ticket: Ticket, event: Event) -> None:
        if ticket is not self._checking:
            return
        match event:
            case Progress():
                self._pane.health.show_progress(event)
            case Checked():
                self._pane.show_health(event.findings)
            case Log(text, level) if level == "warning":
                self._shared.window.show_notice(text, "warn")

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is self._checking:
            self._checking = None
            if isinstance(outcome, Failed):
                self._pane.health.show_failure(outcome.summary)

    def _preview(self, finding: Finding) -> None:
        if self._previewing is not None:
            self._previewing.stop()
        self._previewing = ticket = self._shared.queue.submit(
            PreviewJob(self._shared.recipe, finding.check),
            Lane.READING,
            lambda event: self._take_preview(ticket, finding, event),
            lambda end: self._end_preview(ticket, end),
        )

    def _take_preview(self, ticket: Ticket, finding: Finding, event: Event) -> None:
        if ticket is self._previewing and isinstance(event, FixPreviewed):
            self.dialog = FixDialog(finding, event.changes, self._shared.window)
            self.dialog.accepted.connect(self._fix)
            self.dialog.finished.connect(self._forget)
            self.dialog.open()

    def _end_preview(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is self._previewing:
            self._previewing = None
            if isinstance(outcome, Failed):
                self._shared.window.show_notice(outcome.summary, "bad")

    def _fix(self) -> None:
        if self.dialog is not None:
            self.apply(Fix(check=self.dialog.finding.check))

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _write(self, job: SaveJob) -> None:
        """Do one at a time: two at once could choose the same folder."""
        if self._writing is not None:
            self._refuse(_WRITING)
            return
        self.task = task = TaskDialog(job.title, self._shared.window)
        at_hand = self._shared.recipe.data.path
        self._writing = ticket = self._shared.queue.submit(
            job,
            Lane.READING,
            lambda event: self._take_written(task, at_hand, event),
            lambda end: self._end_written(task, end),
        )
        task.stop_requested.connect(ticket.stop)

    def _take_written(self, task: TaskDialog, at_hand: str, event: Event) -> None:
        if isinstance(event, DatasetSaved):
            self.task = None  # a stop comes too late now
        match event:
            case Progress():
                task.progress.show_progress(event)
            case DatasetSaved() if self._shared.recipe.data.path != at_hand:  # the person has moved on
                self._shared.window.show_notice(f"Saved as {event.path}.", "good")
            case DatasetSaved():
                if event.remarks:
                    self._shared.window.show_notice("\n".join(event.remarks[:5]), "warn")
                self.written.emit(event.path)

    def _end_written(self, task: TaskDialog, outcome: Outcome) -> None:
        self._writing = None
        task.finish()
        task.deleteLater()
        match outcome:
            case Failed(summary, _):
                self._refuse(summary, "bad")
            case Stopped() if task is self.task:
                self._refuse("Stopped. Nothing was written.", "dim")
        self.ended.emit()

    def _refuse(self, sentence: str, tone: str = "warn") -> None:
        self._shared.window.show_notice(sentence, tone)
        self.ended.emit()
