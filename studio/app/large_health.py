"""What is wrong with the rows of a big file, and what a fix would do, before it is written elsewhere."""

from __future__ import annotations

from studio.app.checking import REST_MILLISECONDS, FixPreview
from studio.app.large import LargeFiles, LargeParts
from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.events import Checked, Finding, Log, Progress
from studio.jobs.health import HealthJob, PreviewJob
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.ui.widgets.timing import Debounce

AT_ONCE = 200_000
"""Rows up to which the checks begin by themselves: it takes about a minute."""

_OFFER = tr(
    "Duplicates, contradictions, personal data and all other checks, over every row: some minutes for a "
    "million. The rows can be looked at meanwhile."
)
_CHANGED = tr("What was found before is not true of them any more. The rows can be looked at meanwhile.")
_UNREAD = tr("Reading was stopped, and the checks go over all rows.")
_KEPT = tr("{name} itself stays as it is: all its rows are written elsewhere, so mended, and opened here.")


class LargeHealth(Controller):
    """Looks the file on show over, as it was changed: by itself where it is soon done, else when asked."""

    def __init__(self, services: Services, large: LargeFiles, parts: LargeParts) -> None:
        super().__init__(services, large)
        self._large = large
        self._checking = self._request()
        self.preview = FixPreview(services, self, parts.choose_fixed)
        self._has_begun = False
        self._pause = Debounce(self, REST_MILLISECONDS, self.check)
        large.shown.connect(self._follow)
        large.rested.connect(self._begin)
        large.left.connect(self._leave)
        large.own_changed.connect(self._outdate)
        parts.begun.connect(self.stop)

    def check(self) -> None:
        """Look all rows over, once they are read."""
        view, scan = self._large.view, self._large.scan
        if view is None or scan is None:
            return
        if not scan.finished:
            self._large.open(str(self._large.path))
            return
        self._has_begun = True
        view.health.show_busy()
        heard: Listeners = {Progress: view.health.show_progress, Checked: self._show, Log: self._show_log}
        job = HealthJob(self._large.edited_recipe, self._paths.scans, indexed=True)
        self._checking.ask(job, QueueName.SCANNING, heard, self._end)

    def stop(self) -> None:
        """Look no further; it can be begun again."""
        self._pause.stop()
        if self._checking.busy:
            self._checking.drop()
            self._offer()

    def _follow(self) -> None:
        """Answer the view of the file that is shown now."""
        if (view := self._large.view) is not None:
            view.health.again_requested.connect(self.check)
            view.health.stop_requested.connect(self.stop)
            view.health.fix_requested.connect(self._preview)

    def _begin(self) -> None:
        """Check what is soon checked, once the scan is finished; offer it else."""
        if self._has_begun or (scan := self._large.scan) is None:
            return
        if scan.finished and scan.rows <= AT_ONCE:
            self.check()
        else:
            self._offer()

    def _outdate(self) -> None:
        """Rows were changed: look again where that is soon done, once no more comes; offer it else."""
        view, scan = self._large.view, self._large.scan
        if view is None or scan is None or not self._has_begun:
            return
        self._checking.drop()
        if scan.rows <= AT_ONCE:
            view.health.show_busy()
            self._pause.trigger()
        else:
            view.health.show_offer(tr("Rows were changed"), _CHANGED, tr("Check all rows"))

    def _offer(self) -> None:
        if (view := self._large.view) is not None and (scan := self._large.scan) is not None:
            if scan.finished:
                view.health.show_offer(
                    tr("Check all {rows:,} rows", rows=scan.rows), _OFFER, tr("Check all rows")
                )
            else:
                view.health.show_offer(tr("Not every row has been read"), _UNREAD, tr("Read on"))

    def _show(self, checked: Checked) -> None:
        if (view := self._large.view) is not None:
            view.show_health(checked.findings)

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed) and (view := self._large.view) is not None:
            view.health.show_failure(outcome.summary)

    def _leave(self) -> None:
        """What was found in the file before is not fixed in another."""
        self._pause.stop()
        self._checking.drop()
        self.preview.drop()
        self._has_begun = False

    def _preview(self, finding: Finding) -> None:
        job = PreviewJob(self._large.edited_recipe, finding.check, self._paths.scans, True, finding.lines)
        self.preview.ask(job, finding, _KEPT.format(name=self._large.path.name))
