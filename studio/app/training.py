"""The training pane at work: forecasting, starting, stopping, going on; and recipes in files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QFileDialog

from studio.app.request import Listeners, RunRequest
from studio.app.state import Controller, Services
from studio.errors import ModelError, RecipeError, StudioError
from studio.events import (
    Ended,
    Event,
    Forecasted,
    ModelCounted,
    Prepared,
    RunOpened,
    Saved,
    Step,
    SweepProgress,
)
from studio.jobs.forecast import Examples, ForecastJob
from studio.jobs.job import Done, Failed, Outcome, Stopped
from studio.jobs.queue import Lane
from studio.jobs.read import RunJob
from studio.jobs.sweep import SweepJob
from studio.jobs.train import ResumeJob, TrainJob, recipe_of
from studio.models.folder import read_config
from studio.models.present import present
from studio.models.weights import find_weights
from studio.recipe.files import read_recipe, ready_recipes, write_recipe
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.runs.folder import RunFolder
from studio.runs.store import RunShown
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.panes.training.recipe import adopted
from studio.words import duration, memory

NO_DATASET = "Choose a dataset first: drop a file here, or open the sample."
ALREADY = "A run is training already. Stop it first, or wait for its end."
KEEPS = "The run that is training keeps its recipe. Change it when the run has ended."
BUSY, NO_MODEL, NO_FORECAST = "busy", "no model", "no forecast"
"""Why something is said: a run trains; a folder is no model; what the recipe takes cannot be told."""
RECIPES = "Recipes (*.toml)"


class Forecasting(Controller):
    """Says what the recipe would train and take, in the training pane and to who else wants to know."""

    forecasted = Signal(object)  # Forecasted | None
    counted = Signal(object)  # ModelCounted

    def __init__(self, services: Services, pane: TrainingPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self._counting = self._request()

    def count(self) -> None:
        """Ask for the recipe as it stands. The first time, this is what loads MLX."""
        dataset = self._state.dataset
        examples = Examples.of(dataset.rows) if dataset is not None else None
        job = ForecastJob(self._state.recipe, examples, needs_weights=True)
        heard: Listeners = {ModelCounted: self._show_count, Forecasted: self._show}
        self._counting.ask(job, Lane.INTERRUPT, heard, self._end)

    def _show_count(self, count: ModelCounted) -> None:
        self._pane.show_count(count)
        self.counted.emit(count)

    def _show(self, forecast: Forecasted | None) -> None:
        self._pane.show_forecast(forecast)
        self.forecasted.emit(forecast)

    def _end(self, outcome: Outcome) -> None:
        match outcome:
            case Failed(summary, _):
                self._show(None)
                self._notice(summary, "bad", NO_FORECAST)
            case Done():
                self._window.end_notice(NO_FORECAST)


class RecipeFiles(Controller):
    """Asks for a file, and fills the form from it or writes the form to it."""

    def __init__(self, services: Services, pane: TrainingPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        pane.recipe_card.find_model = self.find_model
        pane.set_ready_recipes(ready_recipes())
        pane.open_recipe_requested.connect(self._open)
        pane.save_recipe_requested.connect(self._save)

    def find_model(self, model: str) -> str:
        """As what a recipe's model is to be had on this Mac; nothing where it is not here."""
        return present(model, self._pane.form.models())

    def _open(self) -> None:
        if not (file := self._choose_file("Open a recipe", RECIPES)):
            return
        try:
            self._pane.apply_recipe(read_recipe(file), file.stem)
        except StudioError as error:
            self._notice(str(error), "bad")

    def _save(self, recipe: Recipe) -> None:
        file, _ = QFileDialog.getSaveFileName(self._pane, "Save the recipe", "recipe.toml", RECIPES)
        if not file:
            return
        try:
            write_recipe(Path(file), recipe)
        except (StudioError, OSError) as error:
            self._notice(f"The recipe could not be saved: {error}", "bad")


class Training(Controller):
    """Sends recipes to the engine, and shows what comes back."""

    opened = Signal(str)  # a run begins, or goes on
    run_changed = Signal(str)  # a run was opened, saved something, or ended
    busy_changed = Signal()

    def __init__(self, services: Services, pane: TrainingPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self.forecasting = Forecasting(services, pane)
        self._files = RecipeFiles(services, pane)
        self.request = RunRequest(self._queue, self._window, self._submit)
        self._run = ""
        self._ended = ""
        self._opened = False
        self._sweep: SweepJob | None = None  # that was asked for, until it is done
        self._member = ""
        self._model = self._state.recipe.model
        pane.set_recipe(self._state.recipe)
        pane.show_state("idle")
        pane.show_no_dataset()
        pane.recipe_changed.connect(self._state.change_recipe)
        pane.forecast_requested.connect(self.forecasting.count)
        pane.start_requested.connect(self.start)
        pane.sweep_requested.connect(self.sweep)
        pane.stop_requested.connect(self.stop)
        pane.resume_requested.connect(self._resume_shown)
        pane.choose_model_requested.connect(self._choose_model)
        self._state.recipe_changed.connect(self._show_columns)
        self._state.recipe_changed.connect(self._note_model)
        self._state.dataset_changed.connect(self._show_dataset)

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
        self._submit(TrainJob(self._on_show(recipe), self._services.store.folder, source=dataset.source))

    def sweep(self, sweep: Sweep) -> None:
        """Train a grid of runs on the dataset on show, one after another."""
        dataset = self._state.dataset
        if dataset is None:
            self._answer(NO_DATASET, cause=NO_DATASET)
            return
        asked = Sweep(self._on_show(sweep.base), sweep.over)
        self._sweep = SweepJob(asked, self._services.store.folder, source=dataset.source)
        self._submit(self._sweep)

    def _on_show(self, recipe: Recipe) -> Recipe:
        """The recipe with the dataset on show, and what was done to it so far."""
        data = self._state.recipe.data
        return recipe.with_values({"data.path": data.path, "data.history": data.history})

    def resume(self, name: str) -> None:
        """Go on with a run."""
        if self.busy:
            self._answer(ALREADY, cause=BUSY)
            return
        try:
            run = self._services.store.find(name)
            recipe = recipe_of(run.manifest())
        except StudioError as error:
            self._answer(str(error), "bad")
            return
        self._run, self._sweep = run.name, None
        self._put(recipe)  # the form says what is trained with, also when it said something else
        self._prepare("Reading what happened so far.")
        heard: Listeners = {RunShown: lambda event: self._pane.load_history(event.history)}
        self.request.ask(RunJob(run), Lane.READING, heard, lambda outcome: self._go_on(run, outcome))
        self.busy_changed.emit()

    def _go_on(self, run: RunFolder, outcome: Outcome) -> None:
        """Train on, once what happened so far is shown."""
        if isinstance(outcome, Done):
            self._submit(ResumeJob(run))
        else:
            self._end(outcome)

    def forget(self, name: str) -> None:
        """A run was deleted: do not offer to go on with it."""
        if name == self._run and not self.busy:
            self._run = ""
            self._pane.clear_run()
            self._pane.show_state("idle")

    def follow(self, name: str, new: str) -> None:
        """A run has another name now."""
        if self._run == name:
            self._run = new

    def stop(self) -> None:
        """Stop at the next step; the run saves and can go on later."""
        if self.busy:
            self.request.stop()
            self._pane.show_state("stopping", "Saving a checkpoint after this step.")

    def use_model(self, folder: str) -> None:
        """Train the model in `folder`; what is no model is refused, and the one that was chosen stays."""
        try:
            read_config(Path(folder))
            find_weights(Path(folder))
        except ModelError as error:
            self._answer(str(error), "bad", NO_MODEL)
        else:
            self.change({"model": str(Path(folder))})

    def use_recipe(self, recipe: Recipe) -> None:
        """Put a whole recipe into the form; the dataset stays, and the model where that one is not here."""
        if self.busy:
            self._answer(KEEPS, cause=BUSY)
            return
        at_hand = self._state.recipe
        self._put(
            adopted(recipe, at_hand, self._files.find_model).with_values(
                {"data.columns": at_hand.data.columns}
            )
        )

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
            self._run = ""
        self._prepare("Loading the model and the dataset.")
        heard: Listeners = {
            Event: self._pane.show_event,
            SweepProgress: self._begin_member,
            RunOpened: self._show_opened,
            Prepared: self._show_prepared,
            Step: self._show_step,
            Saved: self._show_saved,
            Ended: self._note_end,
        }
        self.request.ask(job, Lane.ENGINE, heard, self._end)
        self.busy_changed.emit()

    def _prepare(self, sentence: str) -> None:
        self._ended, self._member, self._opened = (
            "",
            "",
            False,
        )  # nothing of an earlier run is told of this one
        self._pane.show_state("preparing", sentence)
        self._window.set_engine("Preparing", sentence.removesuffix("."), None)
        self._window.show_pane("training")

    def _begin_member(self, event: SweepProgress) -> None:
        """Show the run that a sweep comes to; those that are done or given up are passed over."""
        if event.state not in ("starts", "goes on"):
            return
        self._pane.clear_run()
        self._member = f" · run {event.index} of {event.count}"
        self._pane.show_state("preparing", f"Run {event.index} of {event.count}: {event.changes}")

    def _show_opened(self, event: RunOpened) -> None:
        self._run, self._opened = event.run, True
        self.opened.emit(event.run)
        self.run_changed.emit(event.run)

    def _show_prepared(self, event: Prepared) -> None:
        if not self.request.stopping:
            self._pane.show_state("running")

    def _show_step(self, event: Step) -> None:
        left = f"{duration(event.seconds_left)} left · {memory(event.memory_process)}"
        text = f"Training{self._member} · step {event.step:,} of {event.steps:,}"
        self._window.set_engine(text, left, event.step / event.steps)

    def _show_saved(self, event: Saved) -> None:
        self.run_changed.emit(self._run)

    def _note_end(self, event: Ended) -> None:
        self._ended = event.summary

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Done):
            self._sweep = None
        match outcome:
            case Done() | Stopped() if self._ended:
                self._pane.show_state("done", self._ended)
            case Failed(summary, _) if self._opened:
                self._pane.show_state("failed", summary)
            case Failed(summary, _):
                self._pane.show_state("stopped" if self._run else "refused", summary)
            case _ if self._run:
                self._pane.show_state("stopped", "What was learned is kept; Resume goes on exactly here.")
            case _:
                self._pane.show_state("idle")
        self._window.end_notice(BUSY)
        self.busy_changed.emit()
        QApplication.alert(self._window)  # the Dock's icon jumps, unless the window is in front
        if self._run:
            self.run_changed.emit(self._run)

    def _resume_shown(self) -> None:
        if self._sweep is not None:
            self._submit(self._sweep)  # asked for again it goes on
        else:
            self.resume(self._run)

    def _choose_model(self) -> None:
        if folder := self._choose_folder("Choose a model folder"):
            self.use_model(str(folder))

    def _show_dataset(self) -> None:
        """Say which examples the recipe would train on."""
        dataset = self._state.dataset
        if dataset is None:
            self._pane.show_no_dataset()
            return
        self._window.end_notice(NO_DATASET)
        rows = [row.split for row in dataset.rows]
        self._pane.show_dataset(dataset.name, rows.count("train"), rows.count("validation"))
        self.forecasting.count()

    def _note_model(self) -> None:
        """Another model was chosen: what was said of a folder that is none is settled."""
        if self._state.recipe.model != self._model:
            self._model = self._state.recipe.model
            self._window.end_notice(NO_MODEL)

    def _show_columns(self) -> None:
        """Let the form say which columns the dataset on show is read with, which came with it."""
        recipe, columns = self._pane.recipe(), self._state.recipe.data.columns
        if recipe.data.columns != columns:
            self._pane.set_recipe(recipe.with_values({"data.columns": columns}))
