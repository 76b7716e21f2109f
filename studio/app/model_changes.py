"""Models of this Mac that go, or become others: deleted after a question, quantized, made trainable."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal

from studio.app.request import Listeners
from studio.app.state import Controller, Services
from studio.events import ModelConverted, ModelDeleted, ModelFacts, Progress
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.models import ConvertModelJob, DeleteModelJob
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.ui.dialogs.convert import ConvertDialog
from studio.ui.dialogs.task import QuestionDialog
from studio.ui.panes.models import words
from studio.ui.panes.models.pane import ModelsPane
from studio.words import file_size

_NO_TRASH = "disk.no_trash"
_FROM_CACHE = tr(
    "{size} are free again at once. Every revision of it in the Hugging Face cache goes; "
    "it can be downloaded again."
)
_TO_TRASH = tr("It lies in {place}. {size} are free again when the Trash is emptied.")


class ModelChanges(Controller):
    """Asks before a model goes, and does what was agreed to."""

    changed = Signal()  # a model is gone, or there is another one
    converted = Signal(str)  # the folder of the new model
    taken_off = Signal(object)  # ModelFacts of one that only leaves the list

    def __init__(self, services: Services, pane: ModelsPane) -> None:
        super().__init__(services, pane)
        self._deleting = self._request()
        self._converting = self._request()
        self.question: QuestionDialog | None = None
        self.dialog: ConvertDialog | None = None
        pane.delete_requested.connect(self.ask_to_delete)
        pane.convert_requested.connect(self.ask_to_convert)

    def ask_to_delete(self, facts: ModelFacts) -> None:
        """Ask whether a model shall go; one that the person added only leaves the list."""
        name, size = words.short_name(facts), file_size(facts.size)
        match facts.source:
            case "folder":
                self.taken_off.emit(facts)
            case "ollama":
                self._delete(facts)  # which says why not, and what to do instead
            case "hub":
                self._ask(tr("Delete {name}?", name=name), _FROM_CACHE.format(size=size), "Delete", facts)
            case _:
                told = _TO_TRASH.format(size=size, place=facts.place)
                self._ask(tr("Move {name} to the Trash?", name=name), told, tr("Move to Trash"), facts)

    def ask_to_convert(self, facts: ModelFacts) -> None:
        """Ask into which form a model is to be made, and make it."""
        if self.dialog is not None:
            return
        self.dialog = dialog = ConvertDialog(facts, self._window)
        dialog.convert_requested.connect(partial(self._convert, facts))
        dialog.stop_requested.connect(self._converting.stop)
        dialog.finished.connect(self._forget)
        dialog.open()

    def _convert(self, facts: ModelFacts) -> None:
        if (dialog := self.dialog) is None:
            return
        bits, group, mode, precision = dialog.form()
        out = self._paths.models / dialog.name.text().strip()
        if out.exists():
            dialog.rest(tr("There is a model called {name} already. Choose another name.", name=out.name))
            return
        job = ConvertModelJob(facts.place, out, bits, group, mode, precision)
        heard: Listeners = {Progress: dialog.show_busy, ModelConverted: self._show_converted}
        self._converting.ask(job, QueueName.ENGINE, heard, self._end_converting)

    def _show_converted(self, converted: ModelConverted) -> None:
        if self.dialog is not None:
            self.dialog.show_done(converted)
        self.converted.emit(converted.folder)

    def _end_converting(self, outcome: Outcome) -> None:
        if self.dialog is None:
            return
        match outcome:
            case Failed(summary, _):
                self.dialog.rest(summary)
            case Stopped():
                self.dialog.rest(tr("Stopped. Nothing was written."))

    def _forget(self) -> None:
        self._converting.drop()
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None

    def _ask(
        self, question: str, told: str, agree: str, facts: ModelFacts, *, for_good: bool = False
    ) -> None:
        self.question = question_dialog = QuestionDialog(question, told, agree, self._window)
        question_dialog.accepted.connect(partial(self._delete, facts, for_good=for_good))
        question_dialog.finished.connect(question_dialog.deleteLater)
        question_dialog.open()

    def _delete(self, facts: ModelFacts, *, for_good: bool = False) -> None:
        job = DeleteModelJob(facts, self._paths, for_good)
        heard: Listeners = {ModelDeleted: self._say_deleted}
        self._deleting.ask(job, QueueName.READING, heard, partial(self._end, facts))

    def _say_deleted(self, deleted: ModelDeleted) -> None:
        name = deleted.name.rpartition("/")[2]
        freed = (
            tr("{file_size} are free again", file_size=file_size(deleted.freed))
            if deleted.freed
            else tr("it is in the Trash")
        )
        self._notice(tr("{name} is deleted: {freed}.", name=name, freed=freed), "good")
        self.changed.emit()

    def _end(self, facts: ModelFacts, outcome: Outcome) -> None:
        if not isinstance(outcome, Failed):
            return
        if outcome.code == _NO_TRASH:
            question = tr("Delete {short_name} for good?", short_name=words.short_name(facts))
            told = tr(
                "{summary} {file_size} are free again then.",
                summary=outcome.summary,
                file_size=file_size(facts.size),
            )
            self._ask(question, told, "Delete", facts, for_good=True)
        else:
            self._notice(outcome.summary, "bad")
