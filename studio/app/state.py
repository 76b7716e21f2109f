"""What the controllers share: the recipe, the dataset on show, each pane's run, and what to work with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.details import helps
from studio.app.request import Request
from studio.app.subjects import Subjects
from studio.events import DatasetRead, Log
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import JobQueue
from studio.paths import Paths
from studio.recipe.recipe import Recipe
from studio.runs.store import RunStore
from studio.ui.window import MainWindow


class State(QObject):
    """The recipe as it stands, the dataset on show, and each pane's run; says when one changes."""

    recipe_changed = Signal()
    reading_changed = Signal()  # the recipe reads the same dataset differently now
    dataset_changed = Signal()  # another dataset is on show, or none

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._recipe = Recipe()
        self._dataset: DatasetRead | None = None
        self.subjects = Subjects(self)

    @property
    def recipe(self) -> Recipe:
        return self._recipe

    @property
    def dataset(self) -> DatasetRead | None:
        return self._dataset

    def change_recipe(self, recipe: Recipe) -> None:
        """Take a recipe over; which dataset is on show, and what is done to it, is not for it to say."""
        before = self._recipe
        kept = {"data.path": before.data.path, "data.history": before.data.history}
        self._recipe = recipe.with_values(kept)
        self.recipe_changed.emit()
        if _reading(self._recipe) != _reading(before):
            self.reading_changed.emit()

    def turn_to(self, path: str, columns: str, steps: str = "") -> None:
        """Let the recipe name another dataset, which is not read yet; or none."""
        named = {"data.path": path, "data.columns": columns, "data.history": steps}
        self._recipe = self._recipe.with_values(named)
        self.recipe_changed.emit()
        self.show_dataset(None)

    def set_steps(self, steps: str) -> None:
        """Let other steps be done to the dataset on show, as the recipe's `data.history`."""
        self._recipe = self._recipe.with_values({"data.history": steps})

    def show_dataset(self, dataset: DatasetRead | None) -> None:
        """Put a dataset that was read on show; None while it is read, and where there is none."""
        if dataset is not None:
            self.set_steps(dataset.steps)
        self._dataset = dataset
        self.dataset_changed.emit()


def _reading(recipe: Recipe) -> tuple[object, ...]:
    """What decides how a dataset is read."""
    return recipe.data, recipe.objective, recipe.model, recipe.loop.seed


@dataclass(frozen=True)
class Services:
    """What every controller works with."""

    window: MainWindow
    queue: JobQueue
    paths: Paths
    store: RunStore
    state: State


class Controller(QObject):
    """One part of the window's work: listens to a pane, asks jobs, and shows what they say."""

    def __init__(self, services: Services, parent: QObject) -> None:
        super().__init__(parent)
        self._services = services
        self._state, self._window, self._queue = services.state, services.window, services.queue
        self._paths, self._subjects = services.paths, services.state.subjects

    def _request(self) -> Request:
        return Request(self._queue)

    @property
    def _place(self) -> str:
        """The key of the pane that this is the work of; nothing where it is the window's."""
        owner = self.parent()
        while owner is not None and not self._window.key_of(owner):
            owner = owner.parent()
        return self._window.key_of(owner)

    def _notice(self, sentence: str, tone: str = "warn", cause: str = "") -> None:
        """Say something over the pane that it is about, whichever is in front; it leaves with its cause."""
        self._window.show_notice(sentence, tone, pane=self._place, cause=cause)

    def _answer(self, sentence: str, tone: str = "warn", cause: str = "") -> None:
        """Say over the pane in front why what was just asked there cannot be."""
        self._window.show_notice(sentence, tone, cause=cause)

    def _show_log(self, log: Log) -> None:
        """Show a warning; what is only good to know stays in the log."""
        if log.level == "warning":
            self._notice(log.text)

    def _show_if_failed(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._tell_failure(outcome)

    def _tell_failure(self, failed: Failed, cause: str = "") -> None:
        """Say what failed over the pane that it is about, with a button for what helps most."""
        (title, key), *_ = [*helps(failed.said, None), ("", "")]
        self._window.show_notice(failed.summary, "bad", pane=self._place, action=title, key=key, cause=cause)

    def _choose_folder(self, title: str) -> Path | None:
        folder = QFileDialog.getExistingDirectory(self._window, title)
        return Path(folder) if folder else None

    def _choose_file(self, title: str, kinds: str) -> Path | None:
        file, _ = QFileDialog.getOpenFileName(self._window, title, "", kinds)
        return Path(file) if file else None
