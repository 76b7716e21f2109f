"""What is done to the dataset on show: fixes, changes by hand, and steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from studio.app.opening import DATASET, KINDS, READING, Datasets
from studio.app.state import Controller, Services
from studio.dataset.steps.apply import together
from studio.dataset.steps.edits import without_restored
from studio.dataset.steps.journal import StepHistory, StepJournal
from studio.dataset.steps.steps import (
    BY_HAND,
    STEPS,
    AnyStep,
    Delete,
    Edit,
    Restore,
    field_words,
    step_from,
    steps_in,
    steps_text,
)
from studio.errors import StudioError
from studio.events import StepRows
from studio.jobs.history import HistoryJob, HistoryRead, StepDone
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.ui.dialogs.steps import StepDialog
from studio.ui.panes.dataset.pane import DatasetPane

_OFFERED = {kind: step for kind, step in STEPS.items() if step not in BY_HAND and kind != "fix"}
_UNKNOWN = tr("several files, or a dataset that was replaced since")
_IN_BETWEEN = tr(
    "Rows were changed by hand in between, and belong to what was there then. "
    "Take the step out of the dataset it was first saved as."
)
_NO_SOURCE = tr("The source of this dataset is no longer where it was, so no step can be taken out.")


class DatasetSteps(Controller):
    """The steps of the dataset on show: done, undone, done again, and each written down at once."""

    def __init__(self, services: Services, pane: DatasetPane, datasets: Datasets) -> None:
        super().__init__(services, pane)
        self._pane, self._datasets, self._folder = pane, datasets, services.paths.step_journals
        self._history, self._journal = StepHistory(), StepJournal(self._folder / "nothing")
        self._path = self._source = ""
        self._is_written = True  # whether the journal ends with the steps in force
        pane.table.edited.connect(self.edit)
        pane.table.delete_toggled.connect(self.toggle)
        pane.edits.undo_requested.connect(self.undo)
        pane.edits.redo_requested.connect(self.redo)
        datasets.steps_failed.connect(self._take_back)
        self._state.dataset_changed.connect(self._follow)

    @property
    def current(self) -> tuple[AnyStep, ...]:
        """The steps in force, whether they are shown already or still being done."""
        return steps_in(self._state.recipe.data.history)

    def do(self, *steps: AnyStep) -> None:
        """Do more steps to the dataset on show."""
        self.set((*self.current, *steps))

    def set(self, steps: Sequence[AnyStep]) -> None:
        """Let these be its steps, in place of those it has."""
        if self._state.dataset is None:
            self._notice(READING)
            return
        before = self.current
        if self._is_written and len(steps) == len(before) + 1 and tuple(steps[:-1]) == before:
            written = self._write(self._journal.add, steps[-1])
        else:
            written = self._write(self._journal.set, steps)
        if written:
            self._change(self._history.with_steps(steps))

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
        self.do(Edit.model_validate({"line": line, "field": field, "value": value}))

    def toggle(self, line: int) -> None:
        """Leave a row out, or take it back in."""
        self.do(Restore(line=line) if line in _deleted(self.current) else Delete(line=line))

    def undo(self) -> None:
        if self._history.can_undo and self._write(self._journal.undo):
            self._change(self._history.undone())

    def redo(self) -> None:
        if self._history.can_redo and self._write(self._journal.redo):
            self._change(self._history.redone())

    def open(self, path: Path, columns: str, steps: Sequence[AnyStep]) -> None:
        """Read another dataset, or the same, with these steps."""
        self._datasets.read(str(path), columns=columns, steps=steps_text(steps))

    def _follow(self) -> None:
        """Bring back what was done to the dataset on show; without one there is nothing to undo."""
        path = self._state.recipe.data.path
        if (dataset := self._state.dataset) is None:
            if path != self._path:  # else it is read again, its rows in sight
                self._history, self._path, self._source = StepHistory(), "", ""
                self._show()
            return
        self._path = path
        if dataset.source != self._source:
            self._source = dataset.source
            self._journal = StepJournal.of(self._folder, dataset.source)
            self._history = self._read()
        self._settle(steps_in(dataset.steps))
        if dataset.remarks:
            self._notice("\n".join(dataset.remarks[:_MOST_REMARKS]), cause=DATASET)
        self._show()

    def _settle(self, done: tuple[AnyStep, ...]) -> None:
        """Make the history end with the steps that were done to what is on show."""
        self._is_written = _plain(without_restored(self._history.steps)) == _plain(done)
        if self._is_written:
            self._history = self._history.as_done(done)
        elif done and self._write(self._journal.set, done):
            self._history, self._is_written = self._history.with_steps(done), True

    def _read(self) -> StepHistory:
        try:
            return self._journal.read()
        except StudioError as error:
            self._notice(str(error), "bad")
            return StepHistory()

    def _write(self, write: Any, *values: Any) -> bool:
        try:
            write(*values)
        except StudioError as error:
            self._notice(str(error), "bad")
            return False
        return True

    def _change(self, history: StepHistory) -> None:
        self._history, self._is_written = history, True
        self._datasets.read_with(steps_text(history.steps))
        self._show()

    def _take_back(self, why: str) -> None:
        """Go back to the steps of the dataset on show, because those after them cannot be done."""
        self._notice(why, "bad")
        if (dataset := self._state.dataset) is None:
            return
        shown = steps_in(dataset.steps)
        while self._history.can_undo and _plain(self._history.steps) != _plain(shown):
            self._write(self._journal.undo)
            self._history = self._history.undone()
        self._settle(shown)
        self._state.set_steps(dataset.steps)
        self._pane.show_dataset(dataset)
        self._show()

    def _show(self) -> None:
        """Mark what was changed by hand, and show what is not read yet."""
        dataset, steps = self._state.dataset, self.current
        shown = len(steps_in(dataset.steps)) if dataset is not None else 0
        ahead = steps[shown:]
        ahead_edits = [step for step in ahead if isinstance(step, Edit)]
        changes: dict[tuple[int, str], str] = {(step.line, step.field): step.value for step in ahead_edits}
        edited = frozenset(step.line for step in steps if isinstance(step, Edit))
        self._pane.show_changes(changes, edited, _deleted(ahead))
        self._pane.edits.show_count(
            len(steps), can_undo=self._history.can_undo, can_redo=self._history.can_redo
        )


_MOST_REMARKS = 5


def _deleted(steps: Sequence[AnyStep]) -> frozenset[int]:
    """The lines of the rows that steps leave out by hand."""
    return frozenset(step.line for step in without_restored(steps) if isinstance(step, Delete))


def _plain(steps: Iterable[AnyStep]) -> list[dict[str, Any]]:
    """The steps without what only doing them finds out."""
    return [step.model_dump(exclude={"digest"}) for step in steps]


class History(Controller):
    """What was done to the dataset on show, line by line: before it was saved, and since it was opened."""

    def __init__(self, services: Services, pane: DatasetPane, steps: DatasetSteps) -> None:
        super().__init__(services, pane)
        self._page, self._steps = pane.history, steps
        self._reading = self._request()
        self._read: HistoryRead | None = None
        self.form: StepDialog | None = None
        self._page.set_kinds([(kind, step.title, step.help) for kind, step in _OFFERED.items()])
        self._page.add_requested.connect(self._ask)
        self._page.remove_requested.connect(self.remove)
        self._page.replay_requested.connect(self._choose_source)
        self._state.dataset_changed.connect(self._follow)

    @property
    def _saved(self) -> list[StepDone]:
        """What was done before the dataset was saved."""
        return [line for link in self._read.links for line in link] if self._read is not None else []

    def _follow(self) -> None:
        self._reading.drop()
        if (dataset := self._state.dataset) is not None:
            self._read = None
            job = HistoryJob(Path(dataset.path))
            self._reading.ask(job, QueueName.READING, {HistoryRead: self._show}, self._end)

    def _show(self, read: HistoryRead) -> None:
        self._read = read
        self._show_lines(Path(read.source).name if read.source else _UNKNOWN)

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._show_if_failed(outcome)
            self._show_lines(_UNKNOWN)

    def _show_lines(self, name: str) -> None:
        if (dataset := self._state.dataset) is not None:
            done: list[StepDone | StepRows] = [*self._saved, *dataset.counts]
            lines = [(line.words, line.before, line.after) for line in done]
            self._page.show_steps(name, lines, len(dataset.rows))

    def remove(self, place: int) -> None:
        """Take a line out; where it was done before the dataset was saved, its source is read anew."""
        saved = self._saved
        if place >= len(saved):
            groups = [_group(step) for step in together(self._steps.current)]
            del groups[place - len(saved)]
            self._steps.set(tuple(chain.from_iterable(groups)))
        elif self._read is not None:
            self._redo_saved(self._read, [*saved[:place], *saved[place + 1 :]])

    def _redo_saved(self, read: HistoryRead, lines: Sequence[StepDone]) -> None:
        source = Path(read.source)
        own_later = any(isinstance(line.steps[0], BY_HAND) for link in read.links[1:] for line in link)
        if own_later or any(isinstance(step, BY_HAND) for step in self._steps.current):
            self._notice(_IN_BETWEEN)
        elif not read.source or not source.exists():
            self._notice(_NO_SOURCE)
        else:
            steps = (*chain.from_iterable(line.steps for line in lines), *self._steps.current)
            self._steps.open(source, read.columns, steps)

    def _choose_source(self) -> None:
        if file := self._choose_file(tr("Replay the history on a file"), KINDS):
            self.replay(file)

    def replay(self, source: Path) -> None:
        """Do all steps to another source, and show it; changes by hand belong to the rows of this one."""
        if self._read is None:  # still being read anew
            return
        steps = (*chain.from_iterable(line.steps for line in self._saved), *self._steps.current)
        kept = [step for step in steps if not isinstance(step, BY_HAND)]
        if len(kept) < len(steps):
            self._notice(
                tr(
                    "{value:,} changes by hand belong to other rows, and were left out.",
                    value=len(steps) - len(kept),
                )
            )
        self._steps.open(source, self._read.columns or self._state.recipe.data.columns, kept)

    def _ask(self, kind: str) -> None:
        step = _OFFERED[kind]
        self.form = form = StepDialog(step, self._window)
        form.submitted.connect(self._add)
        form.finished.connect(form.deleteLater)
        form.open()

    def _add(self, values: dict[str, Any]) -> None:
        try:
            step = step_from(values)
        except StudioError as error:
            if self.form is not None:
                self.form.show_problem(str(error))
            return
        if self.form is not None:
            self.form.accept()
        self._steps.do(step)


def _group(step: AnyStep | tuple[AnyStep, ...]) -> tuple[AnyStep, ...]:
    return step if isinstance(step, tuple) else (step,)
