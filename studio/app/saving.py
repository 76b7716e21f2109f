"""The dataset on show written elsewhere: transformed by steps, saved, exported; shown while it happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from studio.app.opening import Datasets, free_path
from studio.app.request import Listeners, Request
from studio.app.state import Controller, Services
from studio.dataset.save.export import layout_in
from studio.dataset.save.target import check_folder
from studio.dataset.steps.steps import AnyStep, Split
from studio.errors import StudioError
from studio.events import DatasetExported, DatasetSaved, Progress
from studio.jobs.job import Job, Outcome, Stopped
from studio.jobs.queue import Lane
from studio.jobs.save import ExportBadJob, ExportJob, SaveJob, columns_of
from studio.ui.dialogs.task import QuestionDialog, TaskDialog
from studio.ui.panes.dataset.pane import DatasetPane

_LINES = "JSON Lines (*.jsonl)"
_NUMBERED = re.compile(r" \d+$")
_READING = "The dataset is being read. Try again when its rows are there."
_WRITING = "A dataset is being written. Wait for it, or stop it, first."
_MOST_REMARKS = 5


class WriteTask(Controller):
    """Writes whole or not at all, with a dialog that shows how far it is and stops it."""

    def __init__(self, services: Services, parent: QObject, datasets: Datasets) -> None:
        super().__init__(services, parent)
        self._datasets = datasets
        self.task: TaskDialog | None = None  # until what it shows is written

    def _write(self, request: Request, job: Job, listeners: Listeners) -> None:
        self.task = task = TaskDialog(job.title, self._window)
        heard: Listeners = {Progress: task.progress.show_progress, **listeners}
        request.ask(job, Lane.READING, heard, lambda outcome: self._end_task(task, outcome))
        task.stop_requested.connect(request.stop)

    def _note_written(self) -> None:
        """A stop comes too late now."""
        self.task = None

    def _end_task(self, task: TaskDialog, outcome: Outcome) -> None:
        task.finish()
        task.deleteLater()
        if isinstance(outcome, Stopped) and task is self.task:
            self._notice("Stopped. Nothing was written.", "dim")
        self._show_if_failed(outcome)


class Transforming(WriteTask):
    """Never touches the source: what steps make of it is written as a dataset of its own, and opened."""

    def __init__(self, services: Services, pane: DatasetPane, datasets: Datasets) -> None:
        super().__init__(services, pane, datasets)
        self._writing = self._request()

    def apply(self, *steps: AnyStep, then: Callable[[], None] | None = None) -> None:
        """Write the dataset after these steps among the app's own, open the result, and then do `then`."""
        self.save(self._next_folder(Path(self._state.recipe.data.path)), *steps, then=then)

    def save(self, folder: Path, *steps: AnyStep, then: Callable[[], None] | None = None) -> None:
        """Write the dataset, as changed by hand and after these steps, to a folder, and open that."""
        if (dataset := self._state.dataset) is None:
            self._notice(_READING)
            return
        known, overlays = dataset.fingerprint, self._paths.overlays
        self._save(SaveJob(self._state.recipe, folder, steps, overlays, fingerprint=known), then)

    def replay(self, source: Path, *steps: AnyStep) -> None:
        """Do steps to a source anew, and open the result; the source itself where there are none left."""
        if not steps:
            self._datasets.open(str(source))
            return
        try:
            columns = columns_of(self._state.recipe)
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        recipe = self._state.recipe.with_values({"data.path": str(source), "data.columns": columns})
        self._save(SaveJob(recipe, self._next_folder(source), steps, scans=self._paths.scans))

    def keep(self, source: Path, name: str) -> None:
        """Write a source as it is among the app's own datasets, under a name, and open that."""
        recipe = self._state.recipe.with_values({"data.path": str(source), "data.columns": ""})
        self._save(SaveJob(recipe, free_path(self._paths.datasets, name)))

    def _next_folder(self, source: Path) -> Path:
        """`support 2` for what comes of `support.jsonl`, then `support 3`."""
        return free_path(self._paths.datasets, _NUMBERED.sub("", source.stem), first=2)

    def _save(self, job: SaveJob, then: Callable[[], None] | None = None) -> None:
        """Do one at a time: two at once could choose the same folder."""
        if self._writing.busy:
            self._notice(_WRITING)
            return
        shown = self._state.recipe.data.path
        self._write(self._writing, job, {DatasetSaved: lambda saved: self._open(saved, shown, then)})

    def _open(self, saved: DatasetSaved, shown: str, then: Callable[[], None] | None) -> None:
        self._note_written()
        if self._state.recipe.data.path != shown:  # the person has moved on
            self._notice(f"Saved as {saved.path}.", "good")
            return
        if saved.remarks:
            self._notice("\n".join(saved.remarks[:_MOST_REMARKS]))
        self._datasets.open(saved.path)
        if then is not None:
            then()


class Saving(WriteTask):
    """Takes the dataset on show elsewhere, and writes over nothing before the person has been asked."""

    def __init__(self, services: Services, pane: DatasetPane, datasets: Datasets) -> None:
        super().__init__(services, pane, datasets)
        self._overlays = services.paths.overlays
        self.chooser: QFileDialog | None = None
        self.question: QuestionDialog | None = None
        menu = pane.save_menu
        menu.save_requested.connect(self.choose_folder)
        pane.edits.save_requested.connect(self.choose_folder)
        menu.export_requested.connect(self.choose_file)
        menu.layout_requested.connect(self.choose_layout)
        menu.bad_rows_requested.connect(self.choose_bad)

    def choose_folder(self) -> None:
        """Ask where to save the dataset as one of ours, and do it."""
        if name := self._stem():
            self._choose("Save as dataset", f"{name}, saved", self.save)

    def choose_file(self) -> None:
        """Ask for a JSONL file, and write the dataset to it."""
        if name := self._stem():
            self._choose("Export as JSONL", f"{name}, exported.jsonl", self.export, _LINES)

    def choose_layout(self) -> None:
        """Ask for a folder, and write the dataset to it in the layout that mlx-lm reads."""
        if self._stem():
            self._choose("Export for mlx-lm: choose or make a folder", "", self.export_layout, folder=True)

    def choose_bad(self) -> None:
        """Ask for a file, and write the rows to it that cannot train."""
        if name := self._stem():
            self._choose("Export the rows that cannot train", f"{name}, bad.jsonl", self.export_bad, _LINES)

    def save(self, folder: Path) -> None:
        """Save the dataset, as it was changed by hand, and open what was saved."""
        job = SaveJob(self._state.recipe, folder, overlays=self._overlays, fingerprint=self._known())
        try:
            job.check_target()
            replaced = check_folder(folder)
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        if replaced:
            words = f"“{folder.name}” is a saved dataset already."
            more = f"Once the new one is complete, it replaces: {', '.join(replaced)}."
            self._ask(words, more, lambda: self._run(job))
        else:
            self._run(job)

    def export(self, file: Path) -> None:
        """Write the dataset to a JSONL file, which the file dialog has asked about."""
        recipe, known = self._state.recipe, self._known()
        out, asked = _lines(file), file.suffix.lower() == ".jsonl"
        job = ExportJob(recipe, out, overlays=self._overlays, fingerprint=known, replace=True)
        if out.exists() and not asked:  # the dialog asked about a name without the ending
            self._ask(f"“{out.name}” exists already.", f"Replaced: {out}.", lambda: self._run(job))
        else:
            self._run(job)

    def export_layout(self, folder: Path) -> None:
        """Write the dataset to a folder; rows in no part yet are divided as a run would divide them."""
        recipe, known = self._state.recipe, self._known()
        job = ExportJob(recipe, folder, self._divided(), self._overlays, fingerprint=known, replace=True)
        if there := layout_in(folder):
            names = ", ".join(path.name for path in there)
            words = f"“{folder.name}” holds an export already."
            self._ask(words, f"Replaced: {names}.", lambda: self._run(job))
        else:
            self._run(job)

    def export_bad(self, file: Path) -> None:
        """Write the rows that cannot train to a JSONL file."""
        self._run(ExportBadJob(self._state.recipe, _lines(file)))

    def _stem(self) -> str:
        dataset = self._state.dataset
        return Path(dataset.path).stem if dataset is not None else ""

    def _known(self) -> str:
        """The dataset in which the person's edits were made."""
        return self._state.dataset.fingerprint if self._state.dataset is not None else ""

    def _divided(self) -> tuple[AnyStep, ...]:
        dataset, recipe = self._state.dataset, self._state.recipe
        if dataset is None or any(file.part for file in dataset.files):
            return ()
        data = recipe.data
        return (
            Split(
                validation_share=data.validation_share,
                test_share=data.test_share,
                stratify=False,
                seed=recipe.loop.seed,
            ),
        )

    def _choose(
        self, title: str, name: str, then: Callable[[Path], None], kinds: str = "", *, folder: bool = False
    ) -> None:
        self.chooser = chooser = QFileDialog(self._window, title, str(Path.home()), kinds)
        chooser.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.AnyFile)
        if not folder:
            chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            chooser.selectFile(name)
        chooser.fileSelected.connect(lambda path: then(Path(path)))
        chooser.finished.connect(chooser.deleteLater)
        chooser.open()

    def _ask(self, words: str, more: str, then: Callable[[], None]) -> None:
        self.question = question = QuestionDialog(words, more, "Replace", self._window)
        question.accepted.connect(lambda: then())
        question.finished.connect(question.deleteLater)
        question.open()

    def _run(self, job: Job) -> None:
        """Several may be written at once, each a request of its own."""
        heard: Listeners = {DatasetSaved: self._open, DatasetExported: self._say_exported}
        self._write(self._request(), job, heard)

    def _open(self, saved: DatasetSaved) -> None:
        self._say(f"Saved as {saved.path}.", saved.remarks)
        self._datasets.open(saved.path)

    def _say_exported(self, exported: DatasetExported) -> None:
        rows = "row" if exported.rows == 1 else "rows"
        files = exported.files
        where = files[0] if len(files) == 1 else str(Path(files[0]).parent)
        self._say(f"{exported.rows:,} {rows} written to {where}.", exported.remarks)

    def _say(self, sentence: str, remarks: tuple[str, ...]) -> None:
        self._note_written()
        self._notice("\n".join((sentence, *remarks[:_MOST_REMARKS])), "warn" if remarks else "good")


def _lines(file: Path) -> Path:
    return file if file.suffix.lower() == ".jsonl" else file.with_name(f"{file.name}.jsonl")
