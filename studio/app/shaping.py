"""A dataset's health and history at work: checking, fixing, and writing what comes of it."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from studio.app.shared import Shared
from studio.data.history.steps import Fix, Step
from studio.errors import StudioError
from studio.events import Checked, DatasetSaved, Event, Finding, FixPreviewed, Progress
from studio.jobs.health import HealthJob
from studio.jobs.job import Failed, Outcome
from studio.jobs.preview import PreviewJob
from studio.jobs.queue import Lane, Ticket
from studio.jobs.save import SaveJob, columns_of
from studio.paths import Paths
from studio.ui.panes.dataset import DatasetPane
from studio.ui.widgets.fix_dialog import FixDialog

_NUMBERED = re.compile(r" \d+$")


class Shaping(QObject):
    """Never touches the source: every change is written as a dataset of its own, which is then opened."""

    written = Signal(str)  # the folder of a dataset to open

    def __init__(self, shared: Shared, pane: DatasetPane, paths: Paths) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._paths = shared, pane, paths
        self._checking: Ticket | None = None
        self._finding: Finding | None = None
        self.dialog: FixDialog | None = None
        pane.health.fix_requested.connect(self._preview)
        pane.health.again_requested.connect(self.check)

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
        if self._shared.dataset is not None:
            self.save(self._next_folder(Path(self._shared.dataset.path)), *steps)

    def save(self, folder: Path, *steps: Step) -> None:
        """Write the dataset, as changed by hand and after these steps, to a folder, and open that."""
        if self._shared.dataset is not None:
            job = SaveJob(self._shared.recipe, folder, steps, self._paths.overlays)
            self._shared.queue.submit(job, Lane.READING, self._take_written, self._end_other)

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
        job = SaveJob(recipe, self._next_folder(source), steps, scans=self._paths.scans)
        self._shared.queue.submit(job, Lane.READING, self._take_written, self._end_other)

    def keep(self, source: Path, name: str) -> None:
        """Write a source as it is among the app's own datasets, under a name, and open that."""
        numbers = (self._paths.datasets / f"{name}{'' if n == 1 else f' {n}'}" for n in count(1))
        job = SaveJob(
            self._shared.recipe.with_values({"data.path": str(source), "data.columns": ""}),
            next(path for path in numbers if not path.exists()),
        )
        self._shared.queue.submit(job, Lane.READING, self._take_written, self._end_other)

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

    def _end(self, ticket: Ticket, outcome: Outcome) -> None:
        if ticket is self._checking:
            self._checking = None
            if isinstance(outcome, Failed):
                self._pane.health.show_failure(outcome.summary)

    def _preview(self, finding: Finding) -> None:
        self._finding = finding
        job = PreviewJob(self._shared.recipe, finding.check)
        self._shared.queue.submit(job, Lane.READING, self._take_preview, self._end_other)

    def _take_preview(self, event: Event) -> None:
        finding = self._finding
        if isinstance(event, FixPreviewed) and finding is not None and finding.check == event.check:
            self.dialog = FixDialog(finding, event.changes, self._shared.window)
            self.dialog.accepted.connect(self._fix)
            self.dialog.finished.connect(self.dialog.deleteLater)
            self.dialog.open()

    def _fix(self) -> None:
        if self._finding is not None:
            self.apply(Fix(check=self._finding.check))

    def _take_written(self, event: Event) -> None:
        if isinstance(event, DatasetSaved):
            if event.remarks:
                self._shared.window.show_notice("\n".join(event.remarks[:5]), "warn")
            self.written.emit(event.path)

    def _end_other(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._shared.window.show_notice(outcome.summary, "bad")
