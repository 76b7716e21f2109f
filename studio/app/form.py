"""The form of the recipe at work: what it would take of this machine, and recipes in files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.errors import StudioError
from studio.events import DatasetRead, Forecasted, ModelCounted
from studio.jobs.base import with_parent
from studio.jobs.forecast import Examples, ForecastJob
from studio.jobs.job import Done, Failed, Outcome
from studio.jobs.queue import QueueName
from studio.jobs.sweep import SweepJob
from studio.language import tr
from studio.models.present import present
from studio.recipe.files import read_recipe, ready_recipes, write_recipe
from studio.recipe.recipe import Recipe
from studio.recipe.stages import has_stages, read_stages
from studio.ui.dialogs.dialog import Dialog
from studio.ui.panes.training.pane import TrainingPane
from studio.ui.panes.training.ready import NextData
from studio.words import counted

RECIPES = tr("Recipes (*.toml)")
NO_FORECAST = tr("no forecast")
"""Why something is said: what the recipe takes cannot be told."""


class Forecasting(Controller):
    """Says what the recipe would train and take, in the training pane and to who else wants to know."""

    forecasted = Signal(object)  # Forecasted | None
    counted = Signal(object)  # ModelCounted

    def __init__(self, services: Services, pane: TrainingPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self._counting = self._request()
        self._held = self._missed = False

    def count(self) -> None:
        """Ask for the recipe as it stands. The first time, this is what loads MLX."""
        self._missed = self._held
        dataset = self._state.dataset
        examples = Examples.of(dataset.rows) if dataset is not None else None
        try:
            recipe = with_parent(self._state.recipe, self._paths.runs)
        except StudioError as error:
            self._end(Failed(error.said, ""))
            return
        job = ForecastJob(recipe, examples, needs_weights=True)
        heard: Listeners = {ModelCounted: self._show_count, Forecasted: self._show}
        self._counting.ask(job, QueueName.INTERRUPT, heard, self._end)

    def hold(self, held: bool) -> None:
        """Whether a run trains, whose own forecast stays in the pane until it ends."""
        self._held = held
        if self._missed and not held:
            self.count()

    def _show_count(self, count: ModelCounted) -> None:
        if not self._held:
            self._pane.show_count(count)
        self.counted.emit(count)

    def _show(self, forecast: Forecasted | None) -> None:
        if not self._held:
            self._pane.show_forecast(forecast)
        self.forecasted.emit(forecast)

    def _end(self, outcome: Outcome) -> None:
        match outcome:
            case Failed():
                self._show(None)
                self._tell_failure(outcome, NO_FORECAST)
            case Done():
                self._window.end_notice(NO_FORECAST)


class RecipeFiles(Controller):
    """Asks for a file, and fills the form from it or writes the form to it; one in stages is carried out."""

    stages_wanted = Signal(object)  # the SweepJob that carries them out

    def __init__(self, services: Services, pane: TrainingPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self.question: Dialog | None = None
        pane.recipe_card.find_model = self.find_model
        pane.set_ready_recipes(ready_recipes())
        pane.open_recipe_requested.connect(self._open)
        pane.save_recipe_requested.connect(self._save)

    def find_model(self, model: str) -> str:
        """As what a recipe's model is to be had on this Mac; nothing where it is not here."""
        return present(model, self._pane.form.models())

    def _open(self) -> None:
        if not (file := self._choose_file(tr("Open a recipe"), RECIPES)):
            return
        try:
            if has_stages(file):
                self._ask(SweepJob(read_stages(file), self._paths.runs, file.stem))
            else:
                self._pane.apply_recipe(read_recipe(file), file.stem)
        except StudioError as error:
            self._notice(str(error), "bad")

    def _ask(self, job: SweepJob) -> None:
        """Ask whether stages are to be trained now: they are no form, and take their time."""
        members = job.sweep.members()
        stages = "\n".join(f"{member.name}: {Path(member.recipe.data.path).name}" for member in members)
        more = tr("{stages}\n\nStages that are done already are left as they are.", stages=stages)
        heading = tr("Train the {counted} of {name}?", counted=counted(len(members), "stage"), name=job.name)
        self.question = question = Dialog(heading, more, tr("Train"), self._window)
        question.fill()
        question.accepted.connect(lambda: self.stages_wanted.emit(job))
        question.finished.connect(question.deleteLater)
        question.open()

    def _save(self, recipe: Recipe) -> None:
        file, _ = QFileDialog.getSaveFileName(self._pane, tr("Save the recipe"), "recipe.toml", RECIPES)
        if not file:
            return
        try:
            write_recipe(Path(file), recipe)
        except (StudioError, OSError) as error:
            self._notice(tr("The recipe could not be saved: {error}", error=error), "bad")


def next_data(dataset: DatasetRead) -> NextData:
    """What the pane says of the dataset that would be trained on."""
    parts = [row.split for row in dataset.rows]
    untrained = len({item.line for item in dataset.problems if item.severity == "error"} - {0})
    source = (dataset.path, dataset.steps)
    return NextData(dataset.name, parts.count("train"), parts.count("validation"), untrained, source)
