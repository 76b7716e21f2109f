"""The runs pane at work: listing, opening, deleting; and which run is at hand."""

from __future__ import annotations

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from studio.app.shared import Shared
from studio.errors import StudioError
from studio.events import Event
from studio.files import NoTrash
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane, Ticket
from studio.jobs.read import CompareJob, RunJob, RunsJob
from studio.runs.store import RunsCompared, RunShown, RunsListed, RunSummary
from studio.ui.panes.runs.pane import RunsPane


class Runs(QObject):
    """Keeps the list of runs true, and hands the run at hand to the other parts."""

    deleted = Signal(str)
    run_changed = Signal()  # Shared.run is another one, or says something new

    def __init__(self, shared: Shared, pane: RunsPane) -> None:
        super().__init__(pane)
        self._shared, self._pane = shared, pane
        self._shown = ""
        self._comparing: Ticket | None = None
        pane.show_runs([])
        pane.run_chosen.connect(self.show)
        pane.runs_chosen.connect(self.compare)
        pane.delete_requested.connect(self._delete)
        pane.delete_for_good_requested.connect(self._delete_for_good)
        pane.reveal_requested.connect(self._reveal)

    def refresh(self, at_hand: str = "") -> None:
        """Read the list again; `at_hand` names the run that the other panes are to work with from now on."""

        def take(event: Event) -> None:
            if isinstance(event, RunsListed):
                self._take_list(event, at_hand)

        self._shared.queue.submit(RunsJob(self._shared.store), Lane.READING, take, self._end)

    def use(self, name: str) -> None:
        """Make a run the one at hand."""
        self.refresh(name)

    def show(self, name: str) -> None:
        """Show one run's history and files."""
        self._shown = name
        try:
            job = RunJob(self._shared.store.find(name))
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return
        self._shared.queue.submit(job, Lane.READING, self._take_run, self._end)

    def compare(self, names: list[str]) -> None:
        """Show several runs beside each other; what was asked before and is not read yet is dropped."""
        self._shown = ""
        if self._comparing is not None:
            self._comparing.stop()
        job = CompareJob(self._shared.store, tuple(names))
        self._comparing = self._shared.queue.submit(job, Lane.READING, self._take_comparison, self._end)

    def _take_list(self, listed: RunsListed, at_hand: str) -> None:
        self._pane.show_runs(list(listed.runs))
        wanted = at_hand or (self._shared.run.name if self._shared.run else "")
        found = next((run for run in listed.runs if run.name == wanted), None)
        found = found or next((run for run in listed.runs if _can_answer(run)), None)
        if found != self._shared.run:
            self._shared.run = found
            self.run_changed.emit()
        if self._shown and any(run.name == self._shown for run in listed.runs):
            self.show(self._shown)

    def _take_run(self, event: Event) -> None:
        if isinstance(event, RunShown) and event.summary.name == self._shown:
            self._pane.show_run(event.summary, list(event.events), list(event.files))

    def _take_comparison(self, event: Event) -> None:
        if isinstance(event, RunsCompared):
            self._pane.show_comparison(event.runs, event.curves)

    def _delete(self, name: str, *, for_good: bool = False) -> None:
        try:
            self._shared.store.delete(name, for_good=for_good)
        except NoTrash as error:
            self._pane.ask_to_delete_for_good(name, str(error))
            return
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return
        if self._shown == name:
            self._shown = ""
        self.deleted.emit(name)
        self.refresh()

    def _delete_for_good(self, name: str) -> None:
        self._delete(name, for_good=True)

    def _reveal(self, name: str) -> None:
        try:
            folder = self._shared.store.find(name).path
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._shared.window.show_notice(outcome.summary, "bad")


def _can_answer(run: RunSummary) -> bool:
    return (run.folder / "adapter" / "adapters.safetensors").exists()
