"""The menus in the dataset pane's head: where datasets come from, and where they go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from studio.language import tr
from studio.ui.plain import keyless, tip
from studio.ui.widgets.popup import Menu


class OpenMenu(Menu):
    """Ways to bring a dataset, and those that were brought last."""

    files_requested = Signal()
    folder_requested = Signal()
    hub_requested = Signal()
    library_requested = Signal()
    columns_requested = Signal()
    recent_chosen = Signal(str)  # a path
    recent_changed = Signal(bool)  # whether there are any

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self.addAction(tr("Files…")).triggered.connect(self.files_requested)
        self.addAction(tr("Folder…")).triggered.connect(self.folder_requested)
        self.addAction(tr("From the Hub…")).triggered.connect(self.hub_requested)
        self.addAction(tr("Library…")).triggered.connect(self.library_requested)
        self.columns = self.addAction(tr("Columns…"))
        self.columns.setToolTip(tr("Say which columns of this dataset are what"))
        self.columns.triggered.connect(self.columns_requested)
        self.columns.setVisible(False)
        self._line = self.addSeparator()
        self._recent: list[QAction] = []
        self.show_recent(())

    def show_recent(self, paths: Sequence[str]) -> None:
        """Offer these datasets again."""
        for action in self._recent:
            self.removeAction(action)
            action.deleteLater()
        self._recent = [self._entry(path) for path in paths]
        self._line.setVisible(bool(paths))
        self.recent_changed.emit(bool(paths))

    def recent(self) -> list[QAction]:
        """The entries that open a recent dataset."""
        return self._recent

    def _entry(self, path: str) -> QAction:
        action = self.addAction(keyless(Path(path).name))
        action.setToolTip(tip(path))
        action.setData(path)
        action.triggered.connect(self._choose)
        return action

    def _choose(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.recent_chosen.emit(action.data())


class SaveMenu(Menu):
    """Ways to take the dataset at hand elsewhere."""

    save_requested = Signal()
    export_requested = Signal()
    layout_requested = Signal()
    bad_rows_requested = Signal()
    upload_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.addAction(tr("Save as dataset…")).triggered.connect(self.save_requested)
        self.addSeparator()
        self.addAction(tr("Export as JSONL…")).triggered.connect(self.export_requested)
        self.addAction(tr("Export for mlx-lm…")).triggered.connect(self.layout_requested)
        self.bad_rows = self.addAction("")
        self.bad_rows.triggered.connect(self.bad_rows_requested)
        self.addSeparator()
        self.addAction(tr("Upload to the Hub…")).triggered.connect(self.upload_requested)
        self.show_bad(0)

    def show_bad(self, count: int) -> None:
        """How many rows cannot train."""
        rows = tr("the row that cannot train") if count == 1 else tr("the rows that cannot train")
        self.bad_rows.setText(
            tr("Export {rows}…", rows=rows)
            if count < 2
            else tr("Export the {count:,} rows that cannot train…", count=count)
        )
        self.bad_rows.setEnabled(count > 0)
