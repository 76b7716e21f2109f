"""What is wrong with the dataset on show, and what is done to it: fixes, changes by hand, and steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.app.opening import KINDS
from studio.app.request import Listeners
from studio.app.saving import Transforming
from studio.app.state import Controller, Services
from studio.dataset.steps.edits import Overlay, OverlayFile
from studio.dataset.steps.steps import OWN, STEPS, AnyStep, Delete, Edit, Fix, Restore, step_from
from studio.errors import StudioError
from studio.events import Change, Checked, Finding, FixPreviewed, Log, Progress
from studio.jobs.health import HealthJob, PreviewJob
from studio.jobs.history import HistoryJob, HistoryRead, SourceCompared, SourceJob, StepDone
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Lane
from studio.ui.dialogs.fix import FixDialog
from studio.ui.dialogs.steps import StepDialog
from studio.ui.panes.dataset.pane import DatasetPane

_OFFERED = {kind: step for kind, step in STEPS.items() if step not in OWN and kind != "fix"}
_UNKNOWN = "several files, or a dataset that was replaced since"
_IN_BETWEEN = (
    "Rows were changed by hand in between, and belong to what was there then. "
    "Take the step out of the dataset it was first saved as."
)
_NO_SOURCE = "The source of this dataset is no longer where it was, so no step can be taken out."


class Checking(Controller):
    """Looks the dataset on show over, and shows what a fix would do before it is done."""

    def __init__(self, services: Services, pane: DatasetPane, transforming: Transforming) -> None:
        super().__init__(services, pane)
        self._page, self._pane, self._transforming = pane.health, pane, transforming
        self._checking, self._previewing = self._request(), self._request()
        self.dialog: FixDialog | None = None
        self._page.fix_requested.connect(self._preview)
        self._page.again_requested.connect(self.check)
        self._state.dataset_changed.connect(self._follow)

    def check(self) -> None:
        """Look the dataset on show over, or forget what was found in the one before."""
        self._checking.drop()
        if self._state.dataset is None:
            return
        self._page.show_busy()
        heard: Listeners = {Progress: self._page.show_progress, Checked: self._show, Log: self._show_log}
        self._checking.ask(HealthJob(self._state.recipe), Lane.SCANNING, heard, self._end)

    def _follow(self) -> None:
        """What was found in the dataset before is not fixed in this one."""
        self._previewing.drop()
        if self.dialog is not None:
            self.dialog.reject()
        self.check()

    def _show(self, checked: Checked) -> None:
        self._pane.show_health(checked.findings)

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._page.show_failure(outcome.summary)

    def _preview(self, finding: Finding) -> None:
        job = PreviewJob(self._state.recipe, finding.check)
        heard: Listeners = {FixPreviewed: lambda preview: self._offer(finding, preview.changes)}
        self._previewing.ask(job, Lane.READING, heard, self._show_if_failed)

    def _offer(self, finding: Finding, changes: tuple[Change, ...]) -> None:
        self.dialog = dialog = FixDialog(finding, changes, self._window)
        dialog.accepted.connect(lambda: self._transforming.apply(Fix(check=finding.check)))
        dialog.finished.connect(self._forget)
        dialog.open()

    def _forget(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


class Editing(Controller):
    """What a person changes by hand, written down at once; the source is never touched."""

    def __init__(self, services: Services, pane: DatasetPane) -> None:
        super().__init__(services, pane)
        self._pane, self._overlays = pane, services.paths.overlays
        self._overlay, self._file = Overlay(), OverlayFile(self._overlays / "nothing")
        self._path = ""
        pane.table.edited.connect(self.edit)
        pane.table.delete_toggled.connect(self.toggle)
        pane.edits.undo_requested.connect(self.undo)
        pane.edits.redo_requested.connect(self.redo)
        self._state.dataset_changed.connect(self._follow)

    @property
    def count(self) -> int:
        """How many changes are in force."""
        return len(self._overlay.steps)

    def edit(self, line: int, field: str, value: str) -> None:
        """Give a row another prompt, answer or text."""
        if not value.strip():
            self._notice(f"The {field} cannot be empty. Delete the row instead.")
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

    def _follow(self) -> None:
        """Bring back what was changed in the dataset on show; without one there is nothing to undo."""
        path = self._state.recipe.data.path
        if (dataset := self._state.dataset) is None:
            if path != self._path:  # else it is read again, its rows in sight
                self._overlay, self._path = Overlay(), ""
                self._show()
            return
        self._path = path
        self._file = OverlayFile.of(self._overlays, dataset.fingerprint)
        try:
            self._overlay = self._file.read()
        except StudioError as error:
            self._overlay = Overlay()
            self._notice(str(error), "bad")
        self._show()

    def _do(self, step: Edit | Delete | Restore) -> None:
        self._write(step, self._overlay.with_step(step))

    def _write(self, change: Edit | Delete | Restore | str, after: Overlay) -> None:
        try:
            self._file.append(change)
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        self._overlay = after
        self._show()

    def _show(self) -> None:
        steps = self._overlay.steps
        edits = (step for step in steps if isinstance(step, Edit))
        changes: dict[tuple[int, str], str] = {(edit.line, edit.field): edit.value for edit in edits}
        can_redo = self._overlay.cursor < len(self._overlay.done)
        self._pane.show_edits(changes, self._overlay.deleted, len(steps), can_redo=can_redo)


class History(Controller):
    """The steps that made the dataset on show; without one of them they are done again to its source."""

    def __init__(self, services: Services, pane: DatasetPane, transforming: Transforming) -> None:
        super().__init__(services, pane)
        self._page, self._transforming = pane.history, transforming
        self._reading, self._comparing = self._request(), self._request()
        self._read: HistoryRead | None = None
        self.form: StepDialog | None = None
        self._page.set_kinds([(kind, step.title, step.help) for kind, step in _OFFERED.items()])
        self._page.add_requested.connect(self._ask)
        self._page.remove_requested.connect(self.remove)
        self._page.replay_requested.connect(self._choose_source)
        self._state.dataset_changed.connect(self._follow)

    @property
    def _lines(self) -> list[StepDone]:
        return [line for link in self._read.links for line in link] if self._read is not None else []

    def _follow(self) -> None:
        self._comparing.drop()
        self._reading.drop()
        if (dataset := self._state.dataset) is not None:
            self._read = None
            job = HistoryJob(Path(dataset.path))
            self._reading.ask(job, Lane.READING, {HistoryRead: self._show}, self._end)

    def _show(self, read: HistoryRead) -> None:
        self._read = read
        name = Path(read.source).name if read.source else _UNKNOWN
        self._show_lines(name)

    def _end(self, outcome: Outcome) -> None:
        if isinstance(outcome, Failed):
            self._show_if_failed(outcome)
            self._show_lines(_UNKNOWN)

    def _show_lines(self, name: str) -> None:
        if (dataset := self._state.dataset) is not None:
            lines = [(line.words, line.before, line.after) for line in self._lines]
            self._page.show_steps(name, lines, len(dataset.rows))

    def remove(self, place: int) -> None:
        """Do the steps of the other lines again to the source, and open what comes of it."""
        if (read := self._read) is None:
            return
        lines = self._lines
        steps = [step for line in (*lines[:place], *lines[place + 1 :]) for step in line.steps]
        source = Path(read.source)
        if any(isinstance(line.steps[0], OWN) for link in read.links[1:] for line in link):
            self._notice(_IN_BETWEEN)
        elif not read.source or not source.exists():
            self._notice(_NO_SOURCE)
        elif read.then is not None and any(isinstance(step, OWN) for step in steps):
            heard: Listeners = {SourceCompared: lambda compared: self._replay_on(compared, source, steps)}
            self._comparing.ask(SourceJob(read.then), Lane.READING, heard, self._show_if_failed)
        else:
            self._transforming.replay(source, *steps)

    def _replay_on(self, compared: SourceCompared, source: Path, steps: list[AnyStep]) -> None:
        if compared.has_changed:
            self._notice(
                f"{source.name} holds other rows by now, and what was changed by hand belongs to the "
                "old ones. Put the file back as it was, or replay the history on it."
            )
        else:
            self._transforming.replay(source, *steps)

    def _choose_source(self) -> None:
        if file := self._choose_file("Replay the history on a file", KINDS):
            self.replay(file)

    def replay(self, source: Path) -> None:
        """Do all steps to a new source, and open what comes of it; changes by hand belong to the old rows."""
        if self._read is None:  # still being read anew
            return
        steps = [step for line in self._lines for step in line.steps]
        kept = [step for step in steps if not isinstance(step, OWN)]
        if len(kept) < len(steps):
            self._notice(
                f"{len(steps) - len(kept):,} changes by hand belong to other rows, and were left out."
            )
        self._transforming.replay(source, *kept)

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
        self._transforming.apply(step)
