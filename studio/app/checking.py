"""What is wrong with the dataset on show, and what a fix would do before it is done."""

from __future__ import annotations

from collections.abc import Callable

from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.app.steps import DatasetSteps
from studio.dataset.steps.steps import Fix
from studio.events import Change, Checked, Finding, FixPreviewed, Log, Progress
from studio.jobs.health import HealthJob, PreviewJob
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import QueueName
from studio.ui.dialogs.fix import FixDialog
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.widgets.timing import Debounce

REST_MILLISECONDS = 1000


class FixPreview(Controller):
    """Shows what the fix of a finding would do to the rows, and does it once the person agrees."""

    def __init__(self, services: Services, parent: Controller, do: Callable[[Fix], object]) -> None:
        super().__init__(services, parent)
        self._do, self._looking = do, self._request()
        self.dialog: FixDialog | None = None

    def ask(self, job: PreviewJob, finding: Finding, kept: str = "") -> None:
        """Show what the job finds; `kept` says what becomes of the file, where that is not the usual."""
        heard: Listeners = {FixPreviewed: lambda preview: self._show(finding, preview.changes, kept)}
        self._looking.ask(job, QueueName.READING, heard, self._show_if_failed)

    def drop(self) -> None:
        """What is shown belongs to a dataset that is left."""
        self._looking.drop()
        if self.dialog is not None:
            self.dialog.reject()

    def _show(self, finding: Finding, changes: tuple[Change, ...], kept: str) -> None:
        self.dialog = dialog = FixDialog(finding, changes, self._window)
        if kept:
            dialog.text.setText(kept)
        dialog.accepted.connect(lambda: self._do(Fix(check=finding.check)))
        dialog.finished.connect(self._forget)
        dialog.open()

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


class Checking(Controller):
    """Looks the dataset on show over, and offers the fixes of what is found."""

    def __init__(self, services: Services, pane: DatasetPane, steps: DatasetSteps) -> None:
        super().__init__(services, pane)
        self._page, self._pane = pane.health, pane
        self._checking = self._request()
        self.preview = FixPreview(services, self, steps.do)
        self._pause = Debounce(self, REST_MILLISECONDS, self.check)
        self._source = ""
        self._page.fix_requested.connect(self._preview)
        self._page.again_requested.connect(self.check)
        self._state.dataset_changed.connect(self._follow)

    def check(self) -> None:
        """Look the dataset on show over, or forget what was found in the one before."""
        self._pause.stop()
        self._checking.drop()
        if self._state.dataset is None:
            return
        self._page.show_busy()
        heard: Listeners = {Progress: self._page.show_progress, Checked: self._show, Log: self._show_log}
        self._checking.ask(HealthJob(self._state.recipe), QueueName.SCANNING, heard, self._end)

    def _follow(self) -> None:
        """What was found in the dataset before is not fixed in this one."""
        self.preview.drop()
        before, dataset = self._source, self._state.dataset
        self._source = dataset.source if dataset is not None else ""
        if dataset is None or dataset.source != before:
            self.check()
        else:  # only its steps are others, and more of them may come
            self._checking.drop()
            self._page.show_busy()
            self._pause.trigger()

    def _show(self, checked: Checked) -> None:
        self._pane.show_health(checked.findings)

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._page.show_failure(outcome.summary)

    def _preview(self, finding: Finding) -> None:
        self.preview.ask(PreviewJob(self._state.recipe, finding.check), finding)
