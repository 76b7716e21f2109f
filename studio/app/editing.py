"""What a person changes in a dataset by hand: kept beside the app's data, undone and redone."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from studio.app.shared import Shared
from studio.dataset.steps.edits import Overlay, OverlayFile
from studio.dataset.steps.steps import Delete, Edit, Restore
from studio.errors import StudioError
from studio.ui.panes.dataset.pane import DatasetPane


class Editing(QObject):
    """Writes every change down at once; the source itself is never touched."""

    def __init__(self, shared: Shared, pane: DatasetPane, overlays: Path) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._overlays = shared, pane, overlays
        self._overlay, self._file = Overlay(), OverlayFile(overlays / "nothing")
        self._path = ""
        pane.table.edited.connect(self.edit)
        pane.table.delete_toggled.connect(self.toggle)
        pane.edits.undo_requested.connect(self.undo)
        pane.edits.redo_requested.connect(self.redo)

    @property
    def count(self) -> int:
        """How many changes are in force."""
        return len(self._overlay.steps)

    def follow(self) -> None:
        """Bring back what was changed in the dataset at hand; without one there is nothing to undo."""
        if (dataset := self._shared.dataset) is None:
            if self._shared.recipe.data.path != self._path:  # else it is read again, its rows in sight
                self._overlay, self._path = Overlay(), ""
                self._show()
            return
        self._path = self._shared.recipe.data.path
        self._file = OverlayFile.of(self._overlays, dataset.fingerprint)
        try:
            self._overlay = self._file.read()
        except StudioError as error:
            self._overlay = Overlay()
            self._shared.window.show_notice(str(error), "bad")
        self._show()

    def edit(self, line: int, field: str, value: str) -> None:
        """Give a row another prompt, answer or text."""
        if not value.strip():
            self._shared.window.show_notice(f"The {field} cannot be empty. Delete the row instead.", "warn")
            return
        self._do(Edit.model_validate({"line": line, "field": field, "value": value}))

    def toggle(self, line: int) -> None:
        """Leave a row out, or take it back in."""
        self._do(Restore(line=line) if line in self._overlay.deleted else Delete(line=line))

    def undo(self) -> None:
        if self._overlay.cursor:
            self._write("undo", self._overlay.undone())

    def redo(self) -> None:
        if self._overlay.cursor < len(self._overlay.done):
            self._write("redo", self._overlay.redone())

    def _do(self, step: Edit | Delete | Restore) -> None:
        self._write(step, self._overlay.with_step(step))

    def _write(self, change: Edit | Delete | Restore | str, after: Overlay) -> None:
        try:
            self._file.append(change)
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return
        self._overlay = after
        self._show()

    def _show(self) -> None:
        steps = self._overlay.steps
        edits = (step for step in steps if isinstance(step, Edit))
        changes: dict[tuple[int, str], str] = {(edit.line, edit.field): edit.value for edit in edits}
        can_redo = self._overlay.cursor < len(self._overlay.done)
        self._pane.show_edits(changes, self._overlay.deleted, len(steps), can_redo=can_redo)
