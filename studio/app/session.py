"""One session follows another: what was at hand comes back, what was stopped is offered, quitting asks."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from studio.app.dataset import DatasetController
from studio.app.details import COPY, COPY_CRASH
from studio.app.downloads import UNFINISHED
from studio.app.models import Models
from studio.app.runs import Runs
from studio.app.state import Controller, Services
from studio.app.training import Training
from studio.catalogue import worded
from studio.errors import RecipeError, StudioError
from studio.files import newer_among
from studio.generate.presets import PRESETS
from studio.generate.prompt_library import PROMPTS
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.runs.store import RunSummary
from studio.settings import Settings, write_settings
from studio.ui.dialogs.settings import SettingsDialog
from studio.ui.dialogs.task import QuestionDialog
from studio.ui.theme import Theme

RESUME, CONTINUE = "resume:", "continue:"
"""How the key of a notice's button begins that goes on with a run, or with a sweep."""
STOPPED = tr("stopped run")
"""Why something is said at the start: a run was not finished."""

_QUIT = tr("Quit while a run is training?")
CRASHED = tr("Tuning Studio ended unexpectedly. What was saved is kept. The details stay on this Mac.")

_KEPT = tr(
    "What was learned so far is saved, and Resume goes on exactly there. That takes the rest of a step, "
    "and a minute at most: an engine that does not answer by then is ended, and Resume goes on from the last "
    "checkpoint."
)


class AppSession(Controller):
    """Brings back the dataset, the recipe and the pane of the last session, and keeps those of this one."""

    def __init__(
        self,
        services: Services,
        theme: Theme,
        settings: Settings,
        dataset: DatasetController,
        training: Training,
        runs: Runs,
        models: Models,
    ) -> None:
        super().__init__(services, services.window)
        self.settings = settings
        self._theme, self._dataset, self._training = theme, dataset, training
        training.going_on.allowed = settings.goes_on
        self._says_stopped = False
        self.question: QuestionDialog | None = None
        self.dialog: SettingsDialog | None = None
        self._window.may_close = self._may_close
        self._runs, self._models = runs, models
        runs.listed.connect(self._say_stopped)
        training.opened.connect(lambda _: self._window.end_notice(STOPPED))
        self._state.dataset_changed.connect(self._say_subject)

    def begin(self, *, brings_dataset: bool = False) -> None:
        """Go on from the last session; its dataset stays away where another one `brings_dataset`."""
        self._says_stopped = True
        own = (
            (self._paths.presets, PRESETS),
            (self._paths.prompts, PROMPTS),
            (self._paths.downloads, UNFINISHED),
        )
        for told in (self.settings.damage, *map(str, newer_among(own))):
            if told:
                self._notice(told)
        self._window.place_splits(self.settings.splits)
        if not self.settings.reopen:
            return
        recipe = self._recipe()
        if recipe is not None:
            self._training.use_recipe(recipe)
        path = self.settings.dataset
        if path and Path(path).exists() and not brings_dataset:
            self._open(path, recipe.data.columns if recipe else "")
        if self.settings.pane and not brings_dataset:
            self._window.show_pane(self.settings.pane)

    def say_crashed(self, report: Path) -> None:
        """Say once, above all panes, that the last session ended without a word."""
        self._window.announce(CRASHED, "warn", action=COPY, key=f"{COPY_CRASH}{report}")

    def is_first(self) -> bool:
        """Whether nothing was done here before, so that a tour is of use."""
        return not (self.settings.toured or self.settings.recent or self._services.store.runs())

    def note_tour(self) -> None:
        """The tour was seen, or declined."""
        self.settings = replace(self.settings, toured=True)

    def keep(self) -> None:
        """Write down what the next session begins with; where it cannot be written, nothing is lost by it."""
        recipe, large = self._state.recipe, self._dataset.large
        kept = replace(
            self.settings,
            **self._window.place(),
            splits={**self.settings.splits, **self._window.splits()},
            recent=self._dataset.opening.recent,
            model_places=self._models.places,
            pane=self._window.current_pane(),
            dataset=recipe.data.path or (str(large.path) if large.view is not None else ""),
            recipe=recipe.model_dump(mode="json"),
        )
        with contextlib.suppress(StudioError, OSError):
            write_settings(self._paths.settings, kept)

    def ask_for_settings(self) -> None:
        """Show the settings, and take over what is agreed to."""
        self.dialog = dialog = SettingsDialog(self.settings, self._window)
        dialog.accepted.connect(lambda: self.take(dialog.settings()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def take(self, settings: Settings) -> None:
        """Work with these settings from now on."""
        self.settings = settings
        self._theme.set_mode(settings.appearance)
        self._theme.set_still(settings.still)
        self._training.going_on.allowed = settings.goes_on
        self._window.action(f"appearance:{settings.appearance}").setChecked(True)

    def _recipe(self) -> Recipe | None:
        """The recipe of the last session, unless there is none or another version wrote it."""
        with contextlib.suppress(ValidationError, RecipeError):
            return Recipe.model_validate(self.settings.recipe) if self.settings.recipe else None
        return None

    def _open(self, path: str, columns: str) -> None:
        if columns:
            self._dataset.datasets.read_columns(path, columns)
        else:
            self._dataset.datasets.open(path)

    def _say_subject(self) -> None:
        dataset = self._state.dataset
        self._window.set_subject(dataset.name if dataset is not None else "")

    def _say_stopped(self, runs: Sequence[RunSummary]) -> None:
        """Once, at the start: the newest run was not finished."""
        if not self._says_stopped:
            return
        self._says_stopped = False
        run = max(runs, key=lambda run: run.created, default=None)
        if run is None or self._training.busy:
            return
        sweep = next((each for each in self._runs.unfinished if each.name == run.sweep), None)
        if sweep is not None:
            self._offer(sweep.words, tr("Continue"), f"{CONTINUE}{sweep.name}")
        elif run.resumable:
            self._offer(_stopped(run), tr("Resume"), f"{RESUME}{run.name}")

    def _offer(self, sentence: str, action: str, key: str) -> None:
        """Say what was not finished, with a button that goes on."""
        pane = "training" if self._window.notice().isVisible() else ""
        self._window.show_notice(sentence, "dim", pane=pane, action=action, key=key, cause=STOPPED)

    def _may_close(self) -> bool:
        """Whether the window may close now; while a run trains the person is asked, who then closes it."""
        if not self._training.busy:
            return True
        if self.question is None:
            self.question = question = QuestionDialog(_QUIT, _KEPT, tr("Quit"), self._window)
            question.accepted.connect(self._window.close)
            question.finished.connect(self._forget_question)
            question.open()
        return False

    def _forget_question(self) -> None:
        if self.question is not None:
            self.question.deleteLater()
            self.question = None


def _stopped(run: RunSummary) -> str:
    """Where a run ended that was not finished, as a sentence."""
    how = tr("failed") if run.state == "failed" else tr("was {state}", state=worded(run.state))
    where = (
        tr("at step {step:,} of {steps:,}", step=run.step, steps=run.steps)
        if run.step
        else tr("before its first step")
    )
    if 0 < run.step == run.steps:
        where = tr("before its last validation")
    return tr("Run {name} {how} {where}.", name=run.name, how=how, where=where)
