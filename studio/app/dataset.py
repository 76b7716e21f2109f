"""The dataset pane, the File menu and what the Edit menu means for rows: the parts, and how they meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication

from studio.app.checking import Checking
from studio.app.hub import Downloading, Uploading
from studio.app.large import LargeFiles, LargeParts
from studio.app.large_edits import LargeEditing
from studio.app.large_health import LargeHealth
from studio.app.library import LibraryController
from studio.app.opening import Datasets, Opening
from studio.app.reveal import reveal
from studio.app.saving import Saving
from studio.app.state import Controller, Services
from studio.app.steps import DatasetSteps, History
from studio.app.synthesis import Synthesis
from studio.app.training import Training
from studio.dataset.documents.paragraphs import are_documents
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.theme import Theme


class DatasetController(Controller):
    """Makes the parts, each of which follows the state by itself, and passes on what one asks of another."""

    ready_to_train = Signal()  # the person wants to train on the dataset on show

    def __init__(
        self, services: Services, pane: DatasetPane, training: Training, theme: Theme, recent: Sequence[str]
    ) -> None:
        super().__init__(services, pane)
        self._pane, self._training = pane, training
        self.datasets = Datasets(services, pane)
        self.columns = self.datasets.columns
        self.opening = Opening(services, pane, self.datasets, recent)
        self.saving = Saving(services, pane, self.datasets)
        self.steps = DatasetSteps(services, pane, self.datasets)
        self.checking = Checking(services, pane, self.steps)
        self.history = History(services, pane, self.steps)
        self.synthesis = Synthesis(services, pane, self.steps, self.saving)
        self.downloading = Downloading(services, self.open)
        self.uploading = Uploading(services, pane)
        self.large = LargeFiles(services, pane, theme, self.datasets)
        self.large_parts = LargeParts(services, self.large, self.datasets)
        self.large_editing = LargeEditing(services, self.large)
        self.large_health = LargeHealth(services, self.large, self.large_parts)
        self.library = LibraryController(services, pane, theme, self.datasets, self.opening, self.large)
        self._opens: dict[str, Callable[[], object]] = {
            "open_dataset": self.opening.choose,
            "open_folder": self.opening.choose_folder,
            "open_hub": self.downloading.ask,
            "library": self.library.show,
        }
        self._takes_elsewhere: dict[str, Callable[[], object]] = {
            "save_dataset": self.saving.choose_folder,
            "export_lines": self.saving.choose_file,
            "export_layout": self.saving.choose_layout,
            "upload": self.uploading.ask,
            "reveal_dataset": self._reveal,
        }
        self._connect()
        self._offer_recent()
        self._offer()

    def open(self, path: str) -> None:
        """Show what was brought: a dataset, or a document to make rows from."""
        self.open_all([path])

    def open_all(self, paths: Sequence[str]) -> None:
        """Show what was brought together: several files are one dataset, documents are made rows from."""
        self._window.show_pane("dataset")
        if are_documents(map(Path, paths)):
            self.large.leave()
            self.synthesis.bring(paths)
        else:
            self.opening.bring([Path(path) for path in paths])

    def edit(self, action: str) -> None:
        """What paste, undo and redo mean for rows."""
        match action:
            case "paste":
                self.opening.paste(QApplication.clipboard().mimeData())
            case "undo" if self._pane.synthesis.isVisible():
                self.synthesis.reviewing.undo()
            case "undo":
                self._editor.undo()
            case "redo":
                self._editor.redo()

    @property
    def _editor(self) -> DatasetSteps | LargeEditing:
        """What keeps the changes of the rows on show."""
        return self.steps if self.large.view is None else self.large_editing

    def _connect(self) -> None:
        self._state.dataset_changed.connect(self._offer)
        self._window.action_triggered.connect(self._act)
        self._training.forecasting.forecasted.connect(self._pane.show_forecast)
        self._pane.recipe_wanted.connect(self._change_recipe)
        self._pane.train_requested.connect(self.ready_to_train)
        self._pane.open_menu.hub_requested.connect(self.downloading.ask)
        self.opening.hub_named.connect(self.downloading.ask_for)
        self.opening.recent_changed.connect(self._window.show_recent)
        self._window.menu_opening.connect(self._offer_recent)
        self._window.menu_opening.connect(self._offer)
        self.large.shown.connect(self.opening.remember)
        self.large.shown.connect(self.datasets.note_large)

    def _offer_recent(self) -> None:
        """Offer what is there now; what lies on a disk that is not plugged in comes back with it."""
        self._window.show_recent(self.opening.there())

    def _offer(self) -> None:
        """Offer to take the dataset on show elsewhere, if there is one."""
        for action in self._takes_elsewhere:
            self._window.action(action).setEnabled(self._state.dataset is not None)
        is_on_show = self._state.dataset is not None or self.large.view is not None
        self._window.action("reveal_dataset").setEnabled(is_on_show)

    def _reveal(self) -> None:
        """Show where the dataset on show lies."""
        view = self.large.view
        reveal(Path(self._state.recipe.data.path) if view is None else self.large.path)

    def _act(self, action: str) -> None:
        """The File menu: the same as the menus in the pane's head, where a person looks for it first."""
        kind, _, path = action.partition(":")
        if action in self._opens:
            self._window.show_pane("dataset")
            self._opens[action]()
        elif action in self._takes_elsewhere:
            self._takes_elsewhere[action]()
        elif kind == "recent":
            self.open(path)
        elif action == "forget_recent":
            self.opening.forget()

    def _change_recipe(self, values: Mapping[str, Any]) -> None:
        """Let the form follow what was tried on the dataset, or the dataset's pane the form."""
        if not self._training.change(values):
            self.datasets.show_rendering()
            self.large.show_rendering()
