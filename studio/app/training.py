"""The training pane at work: counting, starting, stopping, going on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.base_question import BaseQuestion
from studio.app.forecasting import Forecasting
from studio.app.recipe_files import RecipeFiles
from studio.app.shared import Shared
from studio.errors import RecipeError, StudioError
from studio.events import (
    Ended,
    Event,
    Prepared,
    RunOpened,
    Saved,
    Step,
    SweepProgress,
)
from studio.jobs.job import Done, Failed, Outcome, Stopped
from studio.jobs.queue import Lane, Ticket
from studio.jobs.sweep import SweepJob
from studio.jobs.train import ResumeJob, TrainJob, recipe_of
from studio.recipe.files import ready_recipes
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.ui.panes.training.pane import TrainingPane
from studio.words import duration, memory

NO_DATASET = "Choose a dataset first: drop a file here, or open the sample."
ALREADY = "A run is training already. Stop it first, or wait for its end."


class Training(QObject):
    """Sends recipes to the engine, and shows what comes back."""

    dataset_affected = Signal()  # the recipe reads the dataset differently now
    opened = Signal(str)  # a run begins, or goes on
    run_changed = Signal(str)  # a run was opened, or it ended

    def __init__(self, shared: Shared, pane: TrainingPane) -> None:
        super().__init__(pane)
        self._shared, self._pane = shared, pane
        self._training: Ticket | None = None
        self.forecasting = Forecasting(shared, pane)
        self._files = RecipeFiles(shared, pane)
        self.base = BaseQuestion(shared)
        self._run = ""
        self._ended = ""
        self._opened = False
        self._sweep: SweepJob | None = None  # that was asked for, until it is done
        self._member = ""
        pane.set_recipe(shared.recipe)
        pane.show_state("idle")
        pane.show_no_dataset()
        pane.set_ready_recipes(ready_recipes())
        pane.recipe_changed.connect(self._change_recipe)
        pane.forecast_requested.connect(self.forecasting.count)
        pane.start_requested.connect(self.start)
        pane.sweep_requested.connect(self.sweep)
        pane.stop_requested.connect(self.stop)
        pane.resume_requested.connect(self._resume_shown)
        pane.choose_model_requested.connect(self._choose_model)

    @property
    def busy(self) -> bool:
        """Whether a run is being prepared, trained or saved."""
        return self._training is not None

    def show_dataset(self) -> None:
        """Say which examples the recipe would train on."""
        dataset = self._shared.dataset
        if dataset is None:
            self._pane.show_no_dataset()
            return
        rows = [row.split for row in dataset.rows]
        self._pane.show_dataset(dataset.name, rows.count("train"), rows.count("validation"))
        self.forecasting.count()

    def start(self, recipe: Recipe) -> None:
        """Train on the dataset at hand."""
        dataset = self._shared.dataset
        if dataset is None:
            self._warn(NO_DATASET)
            return
        self._shared.recipe = recipe.with_values({"data.path": dataset.path})
        self._sweep = None
        self._submit(TrainJob(self._shared.recipe, self._shared.store.folder))

    def sweep(self, sweep: Sweep) -> None:
        """Train a grid of runs on the dataset at hand, one after another."""
        dataset = self._shared.dataset
        if dataset is None:
            self._warn(NO_DATASET)
            return
        base = sweep.base.with_values({"data.path": dataset.path})
        self._sweep = SweepJob(Sweep(base, sweep.over), self._shared.store.folder)
        self._submit(self._sweep)

    def resume(self, name: str) -> None:
        """Go on with a run."""
        if self.busy:
            self._warn(ALREADY)
            return
        try:
            run = self._shared.store.find(name)
            recipe = recipe_of(run.manifest()).with_values({"data.path": self._shared.recipe.data.path})
            self._pane.load_events(run.events())
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return
        self._run, self._sweep = run.name, None
        self._pane.set_recipe(recipe)  # the form says what is trained with, also when it said something else
        self._change_recipe(recipe)
        self.forecasting.count()
        self._submit(ResumeJob(run))

    def forget(self, name: str) -> None:
        """A run was deleted: do not offer to go on with it."""
        if name == self._run and not self.busy:
            self._run = ""
            self._pane.clear_run()
            self._pane.show_state("idle")

    def stop(self) -> None:
        """Stop at the next step; the run saves and can go on later."""
        if self._training is not None:
            self._training.stop()
            self._pane.show_state("stopping", "Saving a checkpoint after this step.")

    def _submit(self, job: TrainJob | ResumeJob | SweepJob) -> None:
        if self.busy:
            self._warn(ALREADY)
            return
        if not isinstance(job, ResumeJob):
            self._pane.clear_run()
            self._run = ""
        self._ended, self._member = "", ""
        self._opened = False
        self._pane.show_state("preparing", "Loading the model and the dataset.")
        self._shared.window.set_engine("Preparing", "Loading the model and the dataset", None)
        self._shared.window.show_pane("training")
        self._training = self._shared.queue.submit(
            job, Lane.ENGINE, self._take, lambda end: self._end(job, end)
        )

    def _take(self, event: Event) -> None:
        self._pane.show_event(event)
        self.base.take(event)
        match event:
            case SweepProgress():
                self._begin_member(event)
            case RunOpened():
                self._run, self._opened = event.run, True
                self.opened.emit(event.run)
                self.run_changed.emit(event.run)
            case Prepared():
                if self._training is not None and not self._training.is_stopping():
                    self._pane.show_state("running")
            case Step():
                left = f"{duration(event.seconds_left)} left · {memory(event.memory_process)}"
                text = f"Training{self._member} · step {event.step:,} of {event.steps:,}"
                self._shared.window.set_engine(text, left, event.step / event.steps)
            case Saved():
                self.run_changed.emit(self._run)
            case Ended():
                self._ended = event.summary

    def _begin_member(self, event: SweepProgress) -> None:
        """Show the run that a sweep comes to; those that are done or given up are passed over."""
        if event.state not in ("starts", "goes on"):
            return
        self._pane.clear_run()
        self._member = f" · run {event.index} of {event.count}"
        self._pane.show_state("preparing", f"Run {event.index} of {event.count}: {event.changes}")

    def _end(self, job: TrainJob | ResumeJob | SweepJob, outcome: Outcome) -> None:
        if isinstance(job, ResumeJob):
            again = replace(job, changed_base=True)
            outcome = self.base.settle(self._training, outcome, lambda: self._submit(again))
        self._training = None
        if isinstance(outcome, Done):
            self._sweep = None
        self._shared.rest()
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
        if self._run:
            self.run_changed.emit(self._run)

    def _warn(self, sentence: str) -> None:
        self._shared.window.show_notice(sentence, "warn")

    def _resume_shown(self) -> None:
        if self._sweep is not None:
            self._submit(self._sweep)  # asked for again it goes on
        else:
            self.resume(self._run)

    def _change_recipe(self, recipe: Recipe) -> None:
        before = self._shared.recipe
        recipe = recipe.with_values({"data.path": before.data.path})
        self._shared.recipe = recipe
        if _reading(recipe) != _reading(before):
            self.dataset_affected.emit()

    def _choose_model(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._pane, "Choose a model folder")
        if folder:
            self.use_model(folder)

    def use_model(self, folder: str) -> None:
        """Train the model in `folder`."""
        self._pane.set_recipe(self._pane.recipe().with_values({"model": str(Path(folder))}))
        self._change_recipe(self._pane.recipe())
        self.forecasting.count()

    def show_columns(self, columns: str) -> None:
        """Let the form say which columns the dataset at hand is read with, which came with it."""
        if self._pane.recipe().data.columns != columns:
            self._pane.set_recipe(self._pane.recipe().with_values({"data.columns": columns}))

    def change(self, values: Mapping[str, Any]) -> bool:
        """Put values into the form, by path, as if they were typed there; False while a run holds it."""
        try:
            recipe = self._pane.recipe().with_values(values)
        except RecipeError as error:
            self._warn(str(error))
            return False
        if self.busy:
            self._warn("The run that is training keeps its recipe. Change it when the run has ended.")
            return False
        self._pane.set_recipe(recipe)
        self._change_recipe(recipe)
        self.forecasting.count()
        return True


def _reading(recipe: Recipe) -> tuple[object, ...]:
    """What decides how a dataset is read."""
    return recipe.data, recipe.objective, recipe.model, recipe.loop.seed
