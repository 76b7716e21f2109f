"""The dataset on show written elsewhere: saved, exported; shown while it happens."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
from studio.jobs.queue import QueueName
from studio.jobs.save import ExportBadJob, ExportJob, SaveJob
from studio.language import tr
from studio.ui.dialogs.task import QuestionDialog, TaskDialog
from studio.ui.panes.dataset.pane import DatasetPane

_LINES = tr("JSON Lines (*.jsonl)")
_MOST_REMARKS = 5


class Saving(Controller):
    """Takes the dataset on show elsewhere, and writes over nothing before the person has been asked."""

    def __init__(self, services: Services, pane: DatasetPane, datasets: Datasets) -> None:
        super().__init__(services, pane)
        self._datasets = datasets
        self.task: TaskDialog | None = None  # until what it shows is written
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
            self._choose(tr("Save as dataset"), tr("{name}, saved", name=name), self.save)

    def choose_file(self) -> None:
        """Ask for a JSONL file, and write the dataset to it."""
        if name := self._stem():
            self._choose(tr("Export as JSONL"), tr("{name}, exported.jsonl", name=name), self.export, _LINES)

    def choose_layout(self) -> None:
        """Ask for a folder, and write the dataset to it in the layout that mlx-lm reads."""
        if self._stem():
            self._choose(
                tr("Export for mlx-lm: choose or make a folder"), "", self.export_layout, folder=True
            )

    def choose_bad(self) -> None:
        """Ask for a file, and write the rows to it that cannot train."""
        if name := self._stem():
            self._choose(
                tr("Export the rows that cannot train"),
                tr("{name}, bad.jsonl", name=name),
                self.export_bad,
                _LINES,
            )

    def keep(self, source: Path, name: str) -> None:
        """Write a source as it is among the app's own datasets, under a name, and open that."""
        recipe = self._state.recipe.with_values(
            {"data.path": str(source), "data.columns": "", "data.history": ""}
        )
        self._run(SaveJob(recipe, free_path(self._paths.datasets, name)))

    def save(self, folder: Path) -> None:
        """Save the dataset with its steps done, and open what was saved."""
        job = SaveJob(self._state.recipe, folder, fingerprint=self._known())
        try:
            job.check_target()
            replaced = check_folder(folder)
        except StudioError as error:
            self._notice(str(error), "bad")
            return
        if replaced:
            words = tr("“{name}” is a saved dataset already.", name=folder.name)
            more = tr("Once the new one is complete, it replaces: {listed}.", listed=", ".join(replaced))
            self._ask(words, more, lambda: self._run(job))
        else:
            self._run(job)

    def export(self, file: Path) -> None:
        """Write the dataset to a JSONL file, which the file dialog has asked about."""
        recipe, known = self._state.recipe, self._known()
        out, asked = _lines(file), file.suffix.lower() == ".jsonl"
        job = ExportJob(recipe, out, fingerprint=known, replace=True)
        if out.exists() and not asked:  # the dialog asked about a name without the ending
            self._ask(
                tr("“{name}” exists already.", name=out.name),
                tr("Replaced: {out}.", out=out),
                lambda: self._run(job),
            )
        else:
            self._run(job)

    def export_layout(self, folder: Path) -> None:
        """Write the dataset to a folder; rows in no part yet are divided as a run would divide them."""
        recipe, known = self._state.recipe, self._known()
        job = ExportJob(recipe, folder, self._divided(), fingerprint=known, replace=True)
        if there := layout_in(folder):
            names = ", ".join(path.name for path in there)
            words = tr("“{name}” holds an export already.", name=folder.name)
            self._ask(words, tr("Replaced: {names}.", names=names), lambda: self._run(job))
        else:
            self._run(job)

    def export_bad(self, file: Path) -> None:
        """Write the rows that cannot train to a JSONL file."""
        self._run(ExportBadJob(self._state.recipe, _lines(file)))

    def _stem(self) -> str:
        dataset = self._state.dataset
        return Path(dataset.path).stem if dataset is not None else ""

    def _known(self) -> str:
        """The source in which the person's edits were made."""
        return self._state.dataset.source if self._state.dataset is not None else ""

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
        self.question = question = QuestionDialog(words, more, tr("Replace"), self._window)
        question.accepted.connect(lambda: then())
        question.finished.connect(question.deleteLater)
        question.open()

    def _run(self, job: Job) -> None:
        """Several may be written at once, each a request of its own."""
        heard: Listeners = {DatasetSaved: self._open, DatasetExported: self._say_exported}
        self._write(self._request(), job, heard)

    def _write(self, request: Request, job: Job, listeners: Listeners) -> None:
        self.task = task = TaskDialog(job.title, self._window)
        heard: Listeners = {Progress: task.progress.show_progress, **listeners}
        request.ask(job, QueueName.READING, heard, lambda outcome: self._end_task(task, outcome))
        task.stop_requested.connect(request.stop)

    def _note_written(self) -> None:
        """A stop comes too late now."""
        self.task = None

    def _end_task(self, task: TaskDialog, outcome: Outcome) -> None:
        task.finish()
        task.deleteLater()
        if isinstance(outcome, Stopped) and task is self.task:
            self._notice(tr("Stopped. Nothing was written."), "dim")
        self._show_if_failed(outcome)

    def _open(self, saved: DatasetSaved) -> None:
        self._say(tr("Saved as {path}.", path=saved.path), saved.remarks)
        self._datasets.open(saved.path)

    def _say_exported(self, exported: DatasetExported) -> None:
        rows = "row" if exported.rows == 1 else "rows"
        files = exported.files
        where = files[0] if len(files) == 1 else str(Path(files[0]).parent)
        self._say(
            tr("{rows:,} {rows2} written to {where}.", rows=exported.rows, rows2=rows, where=where),
            exported.remarks,
        )

    def _say(self, sentence: str, remarks: tuple[str, ...]) -> None:
        self._note_written()
        self._notice("\n".join((sentence, *remarks[:_MOST_REMARKS])), "warn" if remarks else "good")


def _lines(file: Path) -> Path:
    return file if file.suffix.lower() == ".jsonl" else file.with_name(f"{file.name}.jsonl")
