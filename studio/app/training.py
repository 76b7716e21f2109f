"""The training pane at work: starting, stopping, going on, and showing what came of earlier runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal

from studio.app.form import Forecasting, RecipeFiles, next_data
from studio.app.outcomes import KEPT, GoingOn, agrees, has_ended, look_of, look_of_failure
from studio.app.request import Listeners, RunRequest
from studio.app.state import Controller, Services
from studio.app.subjects import Picking
from studio.errors import RecipeError, StudioError
from studio.events import Ended, Event, Prepared, RunOpened, Saved, Step, SweepProgress
from studio.jobs.job import Done, Failed, Outcome, Stopped, is_paused
from studio.jobs.queue import QueueName
from studio.jobs.read import RunJob
from studio.jobs.sweep import SweepJob
from studio.jobs.train import ResumeJob, TrainJob, recipe_of
from studio.language import tr
from studio.models.present import why_unusable
from studio.paths import STARTER_MODEL, model_folder
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.runs.folder import RunFolder
from studio.runs.store import RunShown
from studio.runs.sweeps import find_sweep
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.panes.training.recipe import adopted
from studio.words import duration, memory

NO_DATASET = tr("Choose a dataset first: drop a file here, or open the sample.")
ALREADY = tr("A run is training already. Stop it first, or wait for its end.")
KEEPS = tr("The run that is training keeps its recipe. Change it when the run has ended.")
BUSY, NO_MODEL = "busy", tr("no model")
GOES_ON = "goes on in smaller portions"
"""Why something is said: a run trains; a folder is no model; a run that failed goes on by itself."""
TRAINS = tr("A run is training, and stays on show until it ends.")


class Training(Controller):
    """Sends recipes to the engine, and shows what comes back."""

    opened = Signal(str)  # a run begins, or goes on
    run_changed = Signal(str)  # a run was opened, saved something, or ended
    busy_changed = Signal()
    failed = Signal(object)  # why the run on show failed: Said

    def __init__(self, services: Services, pane: TrainingPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self.forecasting = Forecasting(services, pane)
        self._files = RecipeFiles(services, pane)
        self.request = RunRequest(self._queue, self._window, self._submit)
        self._reading = self._request()
        self._ended = ""
        self._opened = False
        self._sweep: SweepJob | None = None  # that was asked for, until it is done
        self._member: SweepProgress | None = None  # the run that it has come to
        self._drafted: Recipe | None = None  # the recipe of a new run, while that of another is on show
        self._lent: Recipe | None = None  # the recipe of the run that was chosen last
        self.going_on = GoingOn(partial(self._again, smaller=True), partial(self._notice, cause=GOES_ON))
        self._picking = Picking(self._subjects, "training", pane.picker, has_ended, self.choose)
        self._model = self._state.recipe.model
        self._read = ""  # the dataset that was on show last
        pane.set_recipe(self._state.recipe)
        pane.show_state("idle")
        pane.show_no_dataset()
        pane.recipe_changed.connect(self._state.change_recipe)
        pane.forecast_requested.connect(self.forecasting.count)
        pane.start_requested.connect(self.start)
        pane.sweep_requested.connect(self.sweep)
        self._files.stages_wanted.connect(self._carry_out)
        pane.stop_requested.connect(self.stop)
        pane.resume_requested.connect(self._again)
        pane.smaller_requested.connect(partial(self._again, smaller=True))
        pane.choose_model_requested.connect(self._choose_model)
        self._state.recipe_changed.connect(self._show_columns)
        self._state.recipe_changed.connect(self._note_model)
        self._state.dataset_changed.connect(self._show_dataset)
        self._subjects.changed.connect(self._follow)
        self.busy_changed.connect(self._hold)

    @property
    def busy(self) -> bool:
        """Whether a run is being prepared, trained or saved."""
        return self.request.busy

    def start(self, recipe: Recipe) -> None:
        """Train on the dataset on show."""
        dataset = self._state.dataset
        if dataset is None:
            self._answer(NO_DATASET, cause=NO_DATASET)
            return
        self._sweep = None
        self.going_on.begin()
        self._submit(TrainJob(self._on_show(recipe), self._services.store.folder, source=dataset.source))

    def sweep(self, sweep: Sweep) -> None:
        """Train a grid of runs on the dataset on show, one after another."""
        dataset = self._state.dataset
        if dataset is None:
            self._answer(NO_DATASET, cause=NO_DATASET)
            return
        asked = replace(sweep, base=self._on_show(sweep.base))
        self._carry_out(SweepJob(asked, self._services.store.folder, source=dataset.source))

    def _carry_out(self, job: SweepJob) -> None:
        """Train several runs one after another; asked for again they go on."""
        self._sweep = self._sweep if self.busy else job
        self.going_on.begin()
        self._submit(job)

    def continue_sweep(self, name: str) -> None:
        """Go on with a sweep or a search that was stopped."""
        try:
            job = SweepJob.again(find_sweep(self._services.store.folder, name))
        except StudioError as error:
            self._answer(str(error), "bad")
            return
        self._carry_out(job)

    def _on_show(self, recipe: Recipe) -> Recipe:
        """The recipe with the dataset on show, and what was done to it so far."""
        data = self._state.recipe.data
        return recipe.with_values({"data.path": data.path, "data.history": data.history})

    def resume(self, name: str, *, smaller: bool = False) -> None:
        """Go on with a run, in smaller portions where that is asked for."""
        if self.busy:
            self._answer(ALREADY, cause=BUSY)
            return
        try:
            run = self._services.store.find(name)
            recipe = recipe_of(run.manifest())
        except StudioError as error:
            self._answer(str(error), "bad")
            return
        self._sweep = None
        self.going_on.begin()
        self._subjects.choose("training", run.name)
        self._lend(recipe)  # the form says what is trained with, also when it said something else
        self._prepare(tr("Reading what happened so far."))
        heard: Listeners = {RunShown: lambda event: self._pane.load_history(event.history, recipe)}
        job = ResumeJob(run, smaller=smaller)
        self.request.ask(RunJob(run), QueueName.READING, heard, lambda outcome: self._go_on(job, outcome))
        self.busy_changed.emit()

    def _go_on(self, job: ResumeJob, outcome: Outcome) -> None:
        """Train on, once what happened so far is shown."""
        if isinstance(outcome, Done):
            self._submit(job)
        else:
            self._end(outcome)

    def choose(self, name: str) -> None:
        """Show an earlier run; or, with no name, what a new one would train."""
        if self.busy:
            self._answer(ALREADY, cause=BUSY)
            return
        self._sweep = None
        if name:
            self._pane.clear_run()
            self._pane.show_state("opening")
            job = RunJob(RunFolder(self._services.store.folder / name))
            self._reading.ask(job, QueueName.READING, {RunShown: self._show_earlier}, self._end_reading)
        self._subjects.choose("training", name)

    def _show_new(self) -> None:
        """No run is on show, and the recipe is what was typed for a new one, unless another was changed."""
        self._reading.drop()
        self._pane.clear_run()
        self._pane.show_state("idle")
        if self._drafted is not None and self._is_lent():
            self._put(self._drafted)

    def _end_reading(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._tell_failure(outcome)
            self._subjects.choose("training", "")

    def _show_earlier(self, event: RunShown) -> None:
        """Show a run that was chosen: its recipe in the form, and how it ended."""
        run, recipe = event.summary, None
        try:
            recipe = Recipe.kept(run.recipe)
        except RecipeError as error:
            self._notice(str(error), "bad")
        else:
            self._lend(recipe)
        self._pane.load_history(event.history, recipe)
        self._pane.show_state(*look_of(run, event.history))
        for ended in event.history.all_of(Ended)[-1:]:
            if run.state == "failed" or is_paused(ended.summary):
                self.failed.emit(ended.summary)

    def _follow(self, pane: str) -> None:
        """Say of the run on show what its folder says."""
        if pane != "training" or self.busy:
            return
        run, state = self._subjects.run("training"), self._pane.state()
        if not self._subjects.name("training"):
            self._show_new()
        elif run is not None and not agrees(state, run.state):
            self._pane.show_state(*look_of(run))

    def _hold(self) -> None:
        """While a run trains no other is on show."""
        self._pane.picker.hold(TRAINS if self.busy else "")
        self.forecasting.hold(self.busy)

    def _lend(self, recipe: Recipe) -> None:
        """Show a run's own recipe in the form; what was typed for a new one comes back with that."""
        if not self._is_lent():
            self._drafted = self._state.recipe
        self._put(recipe.with_values({"data.columns": self._state.recipe.data.columns}))
        self._lent = self._state.recipe

    def _is_lent(self) -> bool:
        """Whether the form says the recipe of the run that was chosen last, unchanged."""
        return self._lent is not None and _asked(self._state.recipe) == _asked(self._lent)

    def stop(self) -> None:
        """Stop at the next step; the run saves and can go on later."""
        if self.busy:
            self.request.stop()
            self._pane.show_state("stopping", tr("Saving a checkpoint after this step."))

    def use_model(self, model: str) -> bool:
        """Train the starter, or the model in a folder. What is no model is refused, and False."""
        folder = model_folder(model)
        if why := why_unusable(folder):
            self._answer(why, "bad", NO_MODEL)
            return False
        return self.change({"model": model if model == STARTER_MODEL else str(folder)})

    def use_recipe(self, recipe: Recipe) -> None:
        """Put a whole recipe into the form; the dataset stays, and the model where that one is not here."""
        if self.busy:
            self._answer(KEEPS, cause=BUSY)
            return
        at_hand = self._state.recipe
        taken = adopted(recipe, at_hand, self._files.find_model)
        self._put(taken.with_values({"data.columns": at_hand.data.columns}))

    def change(self, values: Mapping[str, Any]) -> bool:
        """Put values into the form, by path, as if they were typed there; False while a run holds it."""
        try:
            recipe = self._pane.recipe().with_values(values)
        except RecipeError as error:
            self._answer(str(error))
            return False
        if self.busy:
            self._answer(KEEPS, cause=BUSY)
            return False
        self._put(recipe)
        return True

    def _put(self, recipe: Recipe) -> None:
        """Show a recipe in the form, and work with it from now on."""
        recipe = recipe.with_values({"data.path": self._state.recipe.data.path})
        self._pane.set_recipe(recipe)
        self._state.change_recipe(recipe)
        self.forecasting.count()

    def _submit(self, job: TrainJob | ResumeJob | SweepJob) -> None:
        if self.busy:
            self._answer(ALREADY, cause=BUSY)
            return
        if not isinstance(job, ResumeJob):
            self._pane.clear_run()
        self._prepare(tr("Loading the model and the dataset."))
        heard: Listeners = {
            Event: self._pane.show_event,
            SweepProgress: self._begin_member,
            RunOpened: self._show_opened,
            Prepared: self._show_prepared,
            Step: self._show_step,
            Saved: lambda _: self.run_changed.emit(self._subjects.name("training")),
            Ended: self._note_end,
        }
        self.request.ask(job, QueueName.ENGINE, heard, self._end)
        if not isinstance(job, ResumeJob):
            self._subjects.choose("training", "")
        self.busy_changed.emit()

    def _prepare(self, sentence: str) -> None:
        self._reading.drop()
        self._ended, self._member, self._opened = "", None, False  # nothing is told of an earlier run
        self._pane.show_state("preparing", sentence)
        self._window.set_engine(tr("Preparing"), sentence.removesuffix("."), None)
        self._window.show_pane("training")

    def _begin_member(self, event: SweepProgress) -> None:
        """Show the run that a sweep comes to; those that are done or given up are passed over."""
        if event.state not in ("starts", "goes on"):
            return
        self._pane.clear_run()
        self._member, self._ended = event, ""
        self._subjects.choose("training", "")
        self._pane.show_state("preparing", tr("Run {run.index} of {run.count}: {run.changes}", run=event))

    def _show_opened(self, event: RunOpened) -> None:
        self._opened = True
        self._subjects.choose("training", event.run)
        member = self._member
        words = tr("Run {run.index} of {run.count} · {run.changes}", run=member) if member else ""
        recipe = recipe_of(RunFolder(Path(event.folder)).manifest())  # as it is written, and so trained
        self._pane.take_run(recipe, words)
        self.opened.emit(event.run)
        self.run_changed.emit(event.run)

    def _show_prepared(self, event: Prepared) -> None:
        if not self.request.stopping:
            self._pane.show_state("running")

    def _show_step(self, event: Step) -> None:
        step = tr("step {step:,} of {steps:,}", step=event.step, steps=event.steps)
        left = tr("{duration} left", duration=duration(event.seconds_left))
        if (member := self._member) is None:
            text, detail = tr("Training · {step}", step=step), f"{left} · {memory(event.memory_process)}"
        else:
            text, detail = tr("Training run {run.index} of {run.count}", run=member), f"{step} · {left}"
        self._window.set_engine(text, detail, event.step / event.steps)

    def _note_end(self, event: Ended) -> None:
        self._ended = str(event.summary)

    def _end(self, outcome: Outcome) -> None:
        run = self._subjects.name("training")
        if isinstance(outcome, Done):
            self._sweep = None
        self._pane.set_recipe(self._state.recipe)  # in a sweep it was that of the run that trained
        match outcome:
            case Done() | Stopped() if self._ended:
                self._pane.show_state("done" if run else "idle", self._ended)  # a sweep that was done before
            case Failed() if self._opened and self.going_on.after(outcome):
                return
            case Failed(summary, _):
                state = look_of_failure(outcome, "stopped" if run else "refused", opened=self._opened)
                self._pane.show_state(state, summary)
            case _ if run or self._member is not None:
                self._pane.show_state("stopped", KEPT)
            case _:
                self._pane.show_state("idle")
        for cause in (BUSY, GOES_ON):
            self._window.end_notice(cause)
        self.busy_changed.emit()
        if isinstance(outcome, Failed):
            self.failed.emit(outcome.said)
        if self._member is not None:
            self.forecasting.count()
        if run:
            self.run_changed.emit(run)

    def _again(self, *, smaller: bool = False) -> None:
        """Go on with the run, or the sweep, on show."""
        self.going_on.begin()
        if self._sweep is not None:
            self._submit(replace(self._sweep, smaller=smaller))  # asked for again it goes on
        else:
            self.resume(self._subjects.name("training"), smaller=smaller)

    def _choose_model(self) -> None:
        if folder := self._choose_folder(tr("Choose a model folder")):
            self.use_model(str(folder))

    def _show_dataset(self) -> None:
        """Say which examples the recipe would train on."""
        dataset = self._state.dataset
        if dataset is None:
            path = self._state.recipe.data.path
            self._pane.show_no_dataset(again=path != "" and path == self._read)
            return
        self._read = dataset.path
        self._window.end_notice(NO_DATASET)
        self._pane.show_dataset(next_data(dataset))
        self.forecasting.count()

    def _note_model(self) -> None:
        """Another model was chosen: what was said of a folder that is none is settled."""
        if self._state.recipe.model != self._model:
            self._model = self._state.recipe.model
            self._window.end_notice(NO_MODEL)

    def _show_columns(self) -> None:
        """Let the form say which columns the dataset on show is read with, which came with it."""
        recipe, columns = self._pane.recipe(), self._state.recipe.data.columns
        if not self.busy and recipe.data.columns != columns:  # a run that trains keeps its own
            self._pane.set_recipe(recipe.with_values({"data.columns": columns}))


def _asked(recipe: Recipe) -> Recipe:
    """What a recipe asks for, whichever dataset is on show."""
    return recipe.with_values({"data.path": "", "data.columns": "", "data.history": ""})
