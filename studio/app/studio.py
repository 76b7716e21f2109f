"""The window and everything behind it, wired."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPlainTextEdit, QTextEdit

from studio import __version__
from studio.app.asking import Evaluation, Playground
from studio.app.bringing import Bringing
from studio.app.columns import Columns
from studio.app.datasets import Datasets
from studio.app.editing import Editing
from studio.app.file_menu import FileMenu
from studio.app.history import History
from studio.app.hub import Hub
from studio.app.large import LargeFiles
from studio.app.large_parts import LargeParts
from studio.app.library import Runs
from studio.app.making import Making
from studio.app.panes import Panes
from studio.app.saving import Saving
from studio.app.shaping import Shaping
from studio.app.shared import Shared
from studio.app.training import Training
from studio.app.uploading import Uploading
from studio.data.making.documents import are_documents
from studio.errors import StudioError
from studio.jobs.queue import JobQueue
from studio.paths import Paths
from studio.runs.store import RunStore
from studio.settings import Settings, write_settings
from studio.ui.theme import Theme
from studio.ui.window import MainWindow

ABOUT = "Fine-tune language models on this Mac, and learn whether they really got better."


class Studio(QObject):
    """Furnishes the window with panes, and passes on what concerns more than one of them."""

    def __init__(self, paths: Paths, theme: Theme, settings: Settings, window: MainWindow) -> None:
        super().__init__(window)
        self._paths, self._theme, self._settings = paths, theme, settings
        self.window = window
        self.panes = Panes(theme, window)
        self.queue = JobQueue(self)
        self.shared = Shared(self.queue, RunStore(paths.runs), self.window)
        self.datasets = Datasets(self.shared, self.panes.dataset)
        self.shaping = Shaping(self.shared, self.panes.dataset, paths)
        self.editing = Editing(self.shared, self.panes.dataset, paths.overlays)
        self.columns = Columns(self.shared)
        self.hub = Hub(self.shared, paths.hub)
        self.saving = Saving(self.shared, self.panes.dataset, paths.overlays)
        self.uploading = Uploading(self.shared, self.panes.dataset, paths.overlays)
        self.bringing = Bringing(
            self.shared, self.panes.dataset, self.columns, paths.datasets, settings.recent
        )
        self.history = History(self.shared, self.panes.dataset, self.shaping)
        self.making = Making(self.shared, self.panes.dataset, self.shaping, paths.made)
        self.file_menu = FileMenu(
            self.shared, self.bringing, self.hub, self.saving, self.uploading, self.open_path
        )
        self._trains_next = False
        self.large = LargeFiles(self.shared, self.panes.dataset, theme, paths.scans)
        self.large_parts = LargeParts(self.shared, self.large, paths)
        self.training = Training(self.shared, self.panes.training)
        self.evaluation = Evaluation(self.shared, self.panes.evaluation)
        self.playground = Playground(self.shared, self.panes.playground)
        self.runs = Runs(self.shared, self.panes.runs)
        self._wire()

    @Slot()
    def warm_up(self) -> None:
        """Load MLX in the background, and list the runs; called after the first paint."""
        self.window.set_engine("Loading MLX", "", None)
        self.training.forecasting.count()
        self.runs.refresh()

    @Slot(str)
    def open_path(self, path: str) -> None:
        """Take what was dropped or named: a dataset, a model's folder, or a document to make rows from."""
        if (Path(path) / "config.json").is_file():
            self.training.use_model(path)
            self.window.show_pane("training")
        elif are_documents([Path(path)]):
            self._make_from([path])
        else:
            self.window.show_pane("dataset")
            self.datasets.open(path)

    def _make_from(self, documents: Sequence[str]) -> None:
        self.window.show_pane("dataset")
        self.large.leave()
        self.making.bring(documents)

    @Slot(object)
    def open_paths(self, paths: Sequence[str]) -> None:
        """Take what was dropped: one thing as it is, several files as one dataset."""
        if len(paths) == 1:
            self.open_path(paths[0])
        elif are_documents(map(Path, paths)):
            self._make_from(paths)
        else:
            self.window.show_pane("dataset")
            self.bringing.bring([Path(path) for path in paths])

    @Slot()
    def close(self) -> None:
        """Stop what runs (it saves), wait for the threads, and keep the preferences."""
        self.window.hide()  # nobody should watch a frozen window while a step ends
        self.queue.shut_down()
        size = self.window.size()
        kept = replace(self._settings, width=size.width(), height=size.height(), recent=self.bringing.recent)
        with contextlib.suppress(StudioError, OSError):
            write_settings(self._paths.settings, kept)

    def _wire(self) -> None:
        self.window.files_dropped.connect(self.open_paths)
        self.window.close_requested.connect(self.close)
        self.window.action_triggered.connect(self._act)
        self.datasets.changed.connect(self.training.show_dataset)
        self.datasets.changed.connect(self.file_menu.follow)
        self.datasets.changed.connect(self.large.leave)
        self.datasets.large_brought.connect(self.large.open)
        self.large.read_requested.connect(self.datasets.read)
        self.large.shown.connect(self.bringing.remember)
        self.large_parts.taken.connect(self.datasets.open)
        self.training.dataset_affected.connect(self.large.show_rendering)
        self.training.dataset_affected.connect(self.datasets.read_again)
        self.training.opened.connect(self.evaluation.outdate)
        self.training.forecasting.forecasted.connect(self.panes.dataset.show_forecast)
        self.training.run_changed.connect(self.runs.use)
        self.evaluation.finished.connect(self.runs.use)
        self.runs.deleted.connect(self.training.forget)
        self.runs.run_changed.connect(self.evaluation.show_run)
        self.runs.run_changed.connect(self.playground.show_run)
        self.panes.dataset.train_requested.connect(self._train_on_this)
        self.datasets.changed.connect(self.shaping.check)
        self.datasets.changed.connect(self.editing.follow)
        self.datasets.columns_asked.connect(self.columns.ask)
        self.datasets.columns_doubted.connect(self.columns.look)
        self.datasets.columns_set.connect(self.training.show_columns)
        self.columns.chosen.connect(self.datasets.read_columns)
        self.datasets.read_whole.connect(self.bringing.remember)
        self.bringing.ready.connect(self.datasets.open)
        self.panes.dataset.open_menu.hub_requested.connect(self.hub.ask)
        self.bringing.hub_named.connect(self.hub.ask_for)
        self.hub.ready.connect(self._open_downloaded)
        self.datasets.changed.connect(self.history.follow)
        self.datasets.changed.connect(self.making.follow)
        self.saving.saved.connect(self._open_written)
        self.shaping.written.connect(self._open_written)
        self.panes.dataset.recipe_wanted.connect(self._change_recipe)
        self.panes.training.dataset_requested.connect(self._show_dataset)
        self.panes.training.evaluate_requested.connect(self.evaluation.start)
        self.panes.evaluation.train_requested.connect(self._begin)
        self.panes.evaluation.playground_requested.connect(self.playground.ask)
        self.panes.playground.train_requested.connect(self._begin)
        runs = self.panes.runs
        runs.sample_requested.connect(self._try_sample)
        runs.resume_requested.connect(self.training.resume)
        runs.evaluate_requested.connect(self._evaluate)
        runs.playground_requested.connect(self._open_playground)

    @Slot()
    def _train_on_this(self) -> None:
        """Go on to training; on the sample, where nothing needs to be chosen, start at once.

        What was changed by hand is saved first, so that it trains.
        """
        if self.editing.count:
            self._trains_next = True
            self.shaping.apply()
            return
        self.window.show_pane("training")
        if self.datasets.is_sample and not self.training.busy:
            self.panes.training.start()

    @Slot(str)
    def _open_written(self, folder: str) -> None:
        self.datasets.open(folder)
        if self._trains_next:
            self._trains_next = False
            self.window.show_pane("training")

    @Slot(str)
    def _open_downloaded(self, path: str) -> None:
        self.window.show_pane("dataset")
        self.datasets.open(path)

    @Slot(object)
    def _change_recipe(self, values: Mapping[str, Any]) -> None:
        """Let the form follow what was tried on the dataset, or the dataset's pane the form."""
        if not self.training.change(values):
            self.datasets.show_rendering()
            self.large.show_rendering()

    @Slot()
    def _show_dataset(self) -> None:
        self.window.show_pane("dataset")

    @Slot()
    def _try_sample(self) -> None:
        self.window.show_pane("dataset")
        self.datasets.open_sample()

    @Slot()
    def _begin(self) -> None:
        """There is no run yet: go to where one begins."""
        self.window.show_pane("dataset" if self.shared.dataset is None else "training")

    @Slot(str)
    def _evaluate(self, name: str) -> None:
        self.window.show_pane("evaluation")
        self.runs.use(name)

    @Slot(str)
    def _open_playground(self, name: str) -> None:
        self.window.show_pane("playground")
        self.runs.use(name)

    @Slot(str)
    def _act(self, action: str) -> None:
        """Menu actions that concern more than the window itself."""
        match action:
            case "paste" if self._edits_rows():
                self.bringing.paste(QApplication.clipboard().mimeData())
            case "undo" if self._edits_rows() and self.panes.dataset.making.isVisible():
                self.making.reviewing.undo()
            case "undo" | "redo" if self._edits_rows():
                getattr(self.editing, action)()
            case "start":
                self.window.show_pane("training")
                self.panes.training.start()
            case "stop":
                self.training.stop()
            case "appearance:system" | "appearance:light" | "appearance:dark":
                mode = action.partition(":")[2]
                self._settings = replace(self._settings, appearance=mode)
            case "about":
                self._show_about()

    def _edits_rows(self) -> bool:
        """Whether undo is meant for the rows of the dataset, not for a field."""
        in_field = isinstance(QApplication.focusWidget(), QLineEdit | QTextEdit | QPlainTextEdit)
        return self.window.current_pane() == "dataset" and not in_field

    def _show_about(self) -> None:
        about = QMessageBox(self.window)
        about.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        about.setWindowTitle("About Tuning Studio")
        about.setText(f"Tuning Studio {__version__}")
        about.setInformativeText(f"{ABOUT}\n\nRuns are kept in {self.shared.store.folder}")
        about.open()
