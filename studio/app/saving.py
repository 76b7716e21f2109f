"""The dataset at hand taken elsewhere: saved, exported; shown while it happens, and stopped where asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.shared import Shared
from studio.dataset.save.export import layout_in
from studio.dataset.save.target import check_folder
from studio.dataset.steps.steps import Split, Step
from studio.errors import StudioError
from studio.events import DatasetExported, DatasetSaved, Event, Progress
from studio.jobs.job import Failed, Job, Outcome, Stopped
from studio.jobs.queue import Lane
from studio.jobs.save import ExportBadJob, ExportJob, SaveJob
from studio.ui.dialogs.task import QuestionDialog, TaskDialog
from studio.ui.panes.dataset.pane import DatasetPane

_LINES = "JSON Lines (*.jsonl)"


class Saving(QObject):
    """Everything is written whole or not at all, and over nothing before the person has been asked."""

    saved = Signal(str)  # the folder of a dataset to open

    def __init__(self, shared: Shared, pane: DatasetPane, overlays: Path) -> None:
        super().__init__(pane)
        self._shared, self._pane, self._overlays = shared, pane, overlays
        self.chooser: QFileDialog | None = None
        self.question: QuestionDialog | None = None
        self.task: TaskDialog | None = None
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
        job = SaveJob(self._shared.recipe, folder, overlays=self._overlays, fingerprint=self._known())
        try:
            job.check_target()
            replaced = check_folder(folder)
        except StudioError as error:
            self._shared.window.show_notice(str(error), "bad")
            return
        if replaced:
            words = f"“{folder.name}” is a saved dataset already."
            more = f"Once the new one is complete, it replaces: {', '.join(replaced)}."
            self._ask(words, more, lambda: self._run(job))
        else:
            self._run(job)

    def export(self, file: Path) -> None:
        """Write the dataset to a JSONL file, which the file dialog has asked about."""
        recipe, known = self._shared.recipe, self._known()
        out, asked = _lines(file), file.suffix.lower() == ".jsonl"
        job = ExportJob(recipe, out, overlays=self._overlays, fingerprint=known, replace=True)
        if out.exists() and not asked:  # the dialog asked about a name without the ending
            self._ask(f"“{out.name}” exists already.", f"Replaced: {out}.", lambda: self._run(job))
        else:
            self._run(job)

    def export_layout(self, folder: Path) -> None:
        """Write the dataset to a folder; rows in no part yet are divided as a run would divide them."""
        recipe, known = self._shared.recipe, self._known()
        job = ExportJob(recipe, folder, self._divided(), self._overlays, fingerprint=known, replace=True)
        if there := layout_in(folder):
            names = ", ".join(path.name for path in there)
            words = f"“{folder.name}” holds an export already."
            self._ask(words, f"Replaced: {names}.", lambda: self._run(job))
        else:
            self._run(job)

    def export_bad(self, file: Path) -> None:
        """Write the rows that cannot train to a JSONL file."""
        self._run(ExportBadJob(self._shared.recipe, _lines(file)))

    def _stem(self) -> str:
        dataset = self._shared.dataset
        return Path(dataset.path).stem if dataset is not None else ""

    def _known(self) -> str:
        """The dataset in which the person's edits were made."""
        return self._shared.dataset.fingerprint if self._shared.dataset is not None else ""

    def _divided(self) -> tuple[Step, ...]:
        dataset, recipe = self._shared.dataset, self._shared.recipe
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
        self.chooser = chooser = QFileDialog(self._shared.window, title, str(Path.home()), kinds)
        chooser.setFileMode(QFileDialog.FileMode.Directory if folder else QFileDialog.FileMode.AnyFile)
        if not folder:
            chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            chooser.selectFile(name)
        chooser.fileSelected.connect(lambda path: then(Path(path)))
        chooser.finished.connect(chooser.deleteLater)
        chooser.open()

    def _ask(self, words: str, more: str, then: Callable[[], None]) -> None:
        self.question = question = QuestionDialog(words, more, "Replace", self._shared.window)
        question.accepted.connect(lambda: then())
        question.finished.connect(question.deleteLater)
        question.open()

    def _run(self, job: Job) -> None:
        self.task = task = TaskDialog(job.title, self._shared.window)
        ticket = self._shared.queue.submit(
            job, Lane.READING, lambda event: self._take(task, event), lambda end: self._end(task, end)
        )
        task.stop_requested.connect(ticket.stop)

    def _take(self, task: TaskDialog, event: Event) -> None:
        match event:
            case Progress():
                task.progress.show_progress(event)
            case DatasetSaved():
                self._say(f"Saved as {event.path}.", event.remarks)
                self.saved.emit(event.path)
            case DatasetExported():
                rows = "row" if event.rows == 1 else "rows"
                where = event.files[0] if len(event.files) == 1 else str(Path(event.files[0]).parent)
                self._say(f"{event.rows:,} {rows} written to {where}.", event.remarks)

    def _say(self, sentence: str, remarks: tuple[str, ...]) -> None:
        self.task = None  # a stop comes too late now
        self._shared.window.show_notice("\n".join((sentence, *remarks[:5])), "warn" if remarks else "good")

    def _end(self, task: TaskDialog, outcome: Outcome) -> None:
        task.finish()
        task.deleteLater()
        match outcome:
            case Failed(summary, _):
                self._shared.window.show_notice(summary, "bad")
            case Stopped() if task is self.task:
                self._shared.window.show_notice("Stopped. Nothing was written.", "dim")


def _lines(file: Path) -> Path:
    return file if file.suffix.lower() == ".jsonl" else file.with_name(f"{file.name}.jsonl")
