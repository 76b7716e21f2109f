"""What a person changes by hand in a big file, written down at once; the file is never touched."""

from __future__ import annotations

from collections.abc import Callable

from studio.app.large import LargeFiles
from studio.app.state import Controller, Services
from studio.dataset.steps.edits import without_restored
from studio.dataset.steps.journal import StepHistory, StepJournal
from studio.dataset.steps.steps import AnyStep, Delete, Edit, Restore, field_words
from studio.dataset.store.manifest import steps_key
from studio.errors import StudioError
from studio.language import tr


class LargeEditing(Controller):
    """Keeps the changes in the same journals as those of other datasets, by the identity of the index."""

    def __init__(self, services: Services, large: LargeFiles) -> None:
        super().__init__(services, large)
        self._large, self._folder = large, services.paths.step_journals
        self._history, self._journal = StepHistory(), StepJournal(self._folder / "nothing")
        large.shown.connect(self._follow)

    @property
    def steps(self) -> tuple[AnyStep, ...]:
        """The changes in force: without deletions that were taken back."""
        return without_restored(self._history.steps)

    @property
    def _deleted(self) -> frozenset[int]:
        return frozenset(step.line for step in self.steps if isinstance(step, Delete))

    def edit(self, line: int, field: str, value: str) -> None:
        """Give a row another prompt, answer or text."""
        if not value.strip():
            self._notice(
                tr(
                    "The {field_words} cannot be empty. Delete the row instead.",
                    field_words=field_words(field),
                )
            )
            return
        self._do(Edit.model_validate({"line": line, "field": field, "value": value}))

    def toggle(self, line: int) -> None:
        """Leave a row out, or take it back in."""
        self._do(Restore(line=line) if line in self._deleted else Delete(line=line))

    def undo(self) -> None:
        if self._history.can_undo:
            self._change(self._journal.undo, self._history.undone())

    def redo(self) -> None:
        if self._history.can_redo:
            self._change(self._journal.redo, self._history.redone())

    def _follow(self) -> None:
        """Bring back what was changed in the file that is shown now."""
        if (view := self._large.view) is None:
            return
        view.edited.connect(self.edit)
        view.delete_toggled.connect(self.toggle)
        view.edits.undo_requested.connect(self.undo)
        view.edits.redo_requested.connect(self.redo)
        self._history = StepHistory()
        try:
            known = steps_key(self._large.path, self._large.columns)
            self._journal = StepJournal.of(self._folder, known)
            self._history = self._journal.read()
        except (StudioError, OSError) as error:
            self._notice(str(error), "bad")
        self._show()

    def _do(self, step: AnyStep) -> None:
        after = self._history.with_steps((*self._history.steps, step))
        self._change(lambda: self._journal.add(step), after)

    def _change(self, write: Callable[[], None], after: StepHistory) -> None:
        try:
            write()
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self._history = after
        self._show()

    def _show(self) -> None:
        if (view := self._large.view) is not None:
            history, steps = self._history, self.steps
            edits = [step for step in steps if isinstance(step, Edit)]
            changes: dict[tuple[int, str], str] = {(edit.line, edit.field): edit.value for edit in edits}
            view.show_changes(changes, frozenset(edit.line for edit in edits), self._deleted)
            view.edits.show_count(len(steps), can_undo=history.can_undo, can_redo=history.can_redo)
            self._large.show_own(steps)
