"""The runs pane at work: listing, opening, renaming, deleting."""

from __future__ import annotations

from PySide6.QtCore import Signal

from studio.app.reveal import reveal
from studio.app.state import Controller, Services
from studio.errors import StudioError
from studio.files import NoTrash
from studio.jobs.queue import QueueName
from studio.jobs.read import CompareJob, RunJob, RunsJob
from studio.jobs.train import recipe_of
from studio.language import tr
from studio.runs.store import RunsCompared, RunShown, RunsListed
from studio.runs.sweeps import UnfinishedSweep
from studio.ui.panes.runs.pane import RunsPane


class Runs(Controller):
    """Keeps the list of runs true, here and for the panes that are about one of them."""

    recipe_wanted = Signal(object)  # the recipe of a run, to be trained with again
    listed = Signal(object)  # the summaries of all runs

    def __init__(self, services: Services, pane: RunsPane) -> None:
        super().__init__(services, pane)
        self._pane, self._store = pane, services.store
        self._shown = ""
        self._newest = ""  # the run that learned something since the list was read
        self._listing, self._reading = self._request(), self._request()
        self.unfinished: tuple[UnfinishedSweep, ...] = ()  # sweeps that can be continued
        pane.show_runs([])
        pane.run_chosen.connect(self.show)
        pane.runs_chosen.connect(self.compare)
        pane.delete_requested.connect(self._delete)
        pane.delete_for_good_requested.connect(self._delete_for_good)
        pane.reveal_requested.connect(self._reveal)
        pane.rename_requested.connect(self._rename)
        pane.notes_written.connect(self._note)
        pane.recipe_requested.connect(self._use_recipe)
        pane.parent_requested.connect(self._continue)

    def refresh(self) -> None:
        """Read the list again."""
        job = RunsJob(self._store)
        self._listing.ask(job, QueueName.READING, {RunsListed: self._show_list}, self._show_if_failed)

    def use(self, name: str) -> None:
        """Read the list again for a run that has just learned something, or was measured."""
        self._newest = name
        self.refresh()

    def show(self, name: str) -> None:
        """Show one run's history and files."""
        self._shown = name
        try:
            job = RunJob(self._store.find(name))
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self._reading.ask(job, QueueName.READING, {RunShown: self._show_run}, self._show_if_failed)

    def compare(self, names: list[str]) -> None:
        """Show several runs beside each other."""
        self._shown = ""
        job = CompareJob(self._store, tuple(names))
        self._reading.ask(job, QueueName.READING, {RunsCompared: self._show_comparison}, self._show_if_failed)

    def _show_list(self, listed: RunsListed) -> None:
        self._pane.show_runs(listed.runs, listed.damaged_sweeps, listed.unfinished)
        self.unfinished = listed.unfinished
        newest, self._newest = self._newest, ""
        self._subjects.take(listed.runs, newest)
        self.listed.emit(listed.runs)
        if self._shown and any(run.name == self._shown for run in listed.runs):
            self.show(self._shown)

    def _show_run(self, event: RunShown) -> None:
        self._pane.show_run(event.summary, event.history, list(event.files))

    def _show_comparison(self, event: RunsCompared) -> None:
        self._pane.show_comparison(event.runs, event.curves)

    def _delete(self, name: str, *, for_good: bool = False) -> None:
        if self._is_held(name):
            return
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
        self.refresh()

    def _is_held(self, name: str) -> bool:
        """Whether a pane works with a run, which is said, and then is left as it is."""
        if why := self._subjects.why_held(name):
            self._notice(tr("{why} Stop that first, or wait for its end.", why=why), "bad")
            self.refresh()
        return bool(why)

    def _rename(self, name: str, wanted: str) -> None:
        if self._is_held(name):
            return
        try:
            new = self._store.rename(name, wanted)
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self._subjects.rename(name, new)
        if self._shown == name:
            self._shown = new
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

    def _continue(self, name: str) -> None:
        """Let the recipe at hand go on from a run: with its model, in the form in which that was trained."""
        try:
            run = self._store.find(name)
            asked = recipe_of(run.manifest())
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        form = {f"base.{field}": value for field, value in asked.base.model_dump().items()}
        changes = {**form, "model": asked.model, "base.adapter": run.name}
        self.recipe_wanted.emit(self._state.recipe.with_values(changes))

    def _delete_for_good(self, name: str) -> None:
        self._delete(name, for_good=True)

    def _reveal(self, name: str) -> None:
        try:
            folder = self._store.find(name).path
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        reveal(folder)
