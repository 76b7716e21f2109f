"""Everything that is done to datasets in the window, wired together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QApplication

from studio.app.bringing import Bringing
from studio.app.columns import Columns
from studio.app.datasets import Datasets
from studio.app.editing import Editing
from studio.app.file_menu import FileMenu
from studio.app.history import History
from studio.app.hub import Hub
from studio.app.large import LargeFiles
from studio.app.large_parts import LargeParts
from studio.app.making import Making
from studio.app.saving import Saving
from studio.app.shaping import Shaping
from studio.app.shared import Shared
from studio.app.training import Training
from studio.app.uploading import Uploading
from studio.dataset.documents.paragraphs import are_documents
from studio.paths import Paths
from studio.ui.panes.dataset.pane import DatasetPane
from studio.ui.theme import Theme


class DatasetDesk(QObject):
    """The parts behind the dataset pane and the File menu; what one of them brings, the others follow."""

    ready_to_train = Signal()  # the person wants to train on the dataset, and it is as they left it

    def __init__(
        self,
        shared: Shared,
        pane: DatasetPane,
        training: Training,
        theme: Theme,
        paths: Paths,
        recent: Sequence[str],
    ) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._training = shared, pane, training
        self._trains_next = False
        self.datasets = Datasets(shared, pane)
        self.shaping = Shaping(shared, pane, paths)
        self.editing = Editing(shared, pane, paths.overlays)
        self.columns = Columns(shared)
        self.hub = Hub(shared, paths.hub)
        self.saving = Saving(shared, pane, paths.overlays)
        self.uploading = Uploading(shared, pane, paths.overlays)
        self.bringing = Bringing(shared, pane, self.columns, paths.datasets, recent)
        self.history = History(shared, pane, self.shaping)
        self.making = Making(shared, pane, self.shaping, paths.made, paths.confirmed)
        self.large = LargeFiles(shared, pane, theme, paths.scans)
        self.large_parts = LargeParts(shared, self.large, paths)
        self.file_menu = FileMenu(shared, self.bringing, self.hub, self.saving, self.uploading, self.open)
        self._wire()
        self._wire_training()

    @Slot(str)
    def open(self, path: str) -> None:
        """Show what was brought: a dataset, or a document to make rows from."""
        self.open_all([path])

    def open_all(self, paths: Sequence[str]) -> None:
        """Show what was brought together: several files are one dataset, documents are made rows from."""
        self._shared.window.show_pane("dataset")
        if are_documents(map(Path, paths)):
            self.large.leave()
            self.making.bring(paths)
        else:
            self.bringing.bring([Path(path) for path in paths])

    def act(self, action: str) -> None:
        """What the Edit menu means for rows: paste, undo or redo."""
        match action:
            case "paste":
                self.bringing.paste(QApplication.clipboard().mimeData())
            case "undo" if self._pane.making.isVisible():
                self.making.reviewing.undo()
            case "undo" | "redo":
                getattr(self.editing, action)()

    def _wire(self) -> None:
        for part in (self.shaping.follow, self.editing.follow, self.history.follow, self.making.follow):
            self.datasets.changed.connect(part)
        self.datasets.changed.connect(self.file_menu.follow)
        self.datasets.changed.connect(self.large.leave)
        self.datasets.changed.connect(self.bringing.stop)
        self.datasets.read_whole.connect(self.bringing.remember)
        self.datasets.large_brought.connect(self.large.open)
        self.datasets.columns_asked.connect(self.columns.ask)
        self.datasets.columns_doubted.connect(self.columns.look)
        self.columns.chosen.connect(self.datasets.read_columns)
        self.large.read_requested.connect(self.datasets.read)
        self.large.shown.connect(self.bringing.remember)
        self.large_parts.taken.connect(self.datasets.open)
        self.bringing.begun.connect(self.datasets.let_go)
        self.bringing.ready.connect(self.datasets.open)
        self.bringing.hub_named.connect(self.hub.ask_for)
        self.hub.ready.connect(self.open)
        self.saving.saved.connect(self._open_written)
        self.shaping.written.connect(self._open_written)
        self.shaping.ended.connect(self._stay)
        self._pane.open_menu.hub_requested.connect(self.hub.ask)
        self._pane.train_requested.connect(self._train)

    def _wire_training(self) -> None:
        self.datasets.changed.connect(self._training.show_dataset)
        self.datasets.columns_set.connect(self._training.show_columns)
        self._training.dataset_affected.connect(self.large.show_rendering)
        self._training.dataset_affected.connect(self.datasets.read_again)
        self._training.forecasting.forecasted.connect(self._pane.show_forecast)
        self._pane.recipe_wanted.connect(self._change_recipe)

    @Slot(object)
    def _change_recipe(self, values: Mapping[str, Any]) -> None:
        """Let the form follow what was tried on the dataset, or the dataset's pane the form."""
        if not self._training.change(values):
            self.datasets.show_rendering()
            self.large.show_rendering()

    @Slot()
    def _train(self) -> None:
        """What was changed by hand is saved first, so that it trains."""
        self._trains_next = bool(self.editing.count)
        if self._trains_next:
            self.shaping.apply()
        else:
            self.ready_to_train.emit()

    @Slot(str)
    def _open_written(self, folder: str) -> None:
        self.datasets.open(folder)
        if self._trains_next:
            self._stay()
            self._shared.window.show_pane("training")

    @Slot()
    def _stay(self) -> None:
        """Where edits could not be saved, a dataset saved later does not lead to training."""
        self._trains_next = False
