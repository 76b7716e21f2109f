"""The runs pane at work: listing, opening, deleting; and which run is on show."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices

from studio.app.state import Controller, Services
from studio.errors import StudioError
from studio.files import NoTrash
from studio.jobs.queue import Lane
from studio.jobs.read import CompareJob, RunJob, RunsJob
from studio.jobs.train import recipe_of
from studio.runs.store import RunsCompared, RunShown, RunsListed, RunSummary
from studio.ui.panes.runs.pane import RunsPane


class Runs(Controller):
    """Keeps the list of runs true, and puts one of them on show for the other panes."""

    deleted = Signal(str)
    renamed = Signal(str, str)  # a run's name, and the one it has now
    recipe_wanted = Signal(object)  # the recipe of a run, to be trained with again
    listed = Signal(object)  # the summaries of all runs

    def __init__(self, services: Services, pane: RunsPane) -> None:
        super().__init__(services, pane)
        self._pane, self._store = pane, services.store
        self._shown = ""
        self._wanted = ""  # the run that is to be on show once the list is read
        self._listing, self._reading = self._request(), self._request()
        pane.show_runs([])
        pane.run_chosen.connect(self.show)
        pane.runs_chosen.connect(self.compare)
        pane.delete_requested.connect(self._delete)
        pane.delete_for_good_requested.connect(self._delete_for_good)
        pane.reveal_requested.connect(self._reveal)
        pane.rename_requested.connect(self._rename)
        pane.notes_written.connect(self._note)
        pane.recipe_requested.connect(self._use_recipe)

    def refresh(self) -> None:
        """Read the list again."""
        job = RunsJob(self._store)
        self._listing.ask(job, Lane.READING, {RunsListed: self._show_list}, self._show_if_failed)

    def use(self, name: str) -> None:
        """Put a run on show, as it is by now."""
        self._wanted = name
        self.refresh()

    def show(self, name: str) -> None:
        """Show one run's history and files."""
        self._shown = name
        try:
            job = RunJob(self._store.find(name))
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self._reading.ask(job, Lane.READING, {RunShown: self._show_run}, self._show_if_failed)

    def compare(self, names: list[str]) -> None:
        """Show several runs beside each other."""
        self._shown = ""
        job = CompareJob(self._store, tuple(names))
        self._reading.ask(job, Lane.READING, {RunsCompared: self._show_comparison}, self._show_if_failed)

    def _show_list(self, listed: RunsListed) -> None:
        self._pane.show_runs(listed.runs, listed.damaged_sweeps)
        wanted = self._wanted or (self._state.run.name if self._state.run else "")
        self._wanted = ""
        found = next((run for run in listed.runs if run.name == wanted), None)
        self._state.show_run(found or next((run for run in listed.runs if _can_answer(run)), None))
        self.listed.emit(listed.runs)
        if self._shown and any(run.name == self._shown for run in listed.runs):
            self.show(self._shown)

    def _show_run(self, event: RunShown) -> None:
        self._pane.show_run(event.summary, event.history, list(event.files))

    def _show_comparison(self, event: RunsCompared) -> None:
        self._pane.show_comparison(event.runs, event.curves)

    def _delete(self, name: str, *, for_good: bool = False) -> None:
        try:
            self._store.delete(name, for_good=for_good)
        except NoTrash as error:
            self._pane.ask_to_delete_for_good(name, str(error))
            return
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        if self._shown == name:
            self._shown = ""
            self._reading.drop()
        self.deleted.emit(name)
        self.refresh()

    def _rename(self, name: str, wanted: str) -> None:
        try:
            new = self._store.rename(name, wanted)
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self.renamed.emit(name, new)
        if self._shown == name:
            self._shown = new
        if self._state.run is not None and self._state.run.name == name:
            self._wanted = new
        self.refresh()

    def _note(self, name: str, notes: str) -> None:
        try:
            self._store.find(name).write_notes(notes)
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self.refresh()

    def _use_recipe(self, name: str) -> None:
        try:
            recipe = recipe_of(self._store.find(name).manifest())
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self.recipe_wanted.emit(recipe)

    def _delete_for_good(self, name: str) -> None:
        self._delete(name, for_good=True)

    def _reveal(self, name: str) -> None:
        try:
            folder = self._store.find(name).path
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def _can_answer(run: RunSummary) -> bool:
    return (run.folder / "adapter" / "adapters.safetensors").exists()
