"""What helps against a failure, offered where it is told and carried out when it is chosen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt

from studio.app.details import (
    COPY_CRASH,
    COPY_DETAILS,
    REMEDY,
    Wish,
    copy_crash,
    copy_details,
    helps,
    show_log,
)
from studio.app.state import Controller, Services
from studio.app.training import Training
from studio.catalogue import Said
from studio.failures.remedies import CHECKPOINTS, DATASET, DOWNLOADS, LOG, MODELS, RESUME, SIGN_IN
from studio.language import tr
from studio.runs.old_checkpoints import OldCheckpoints, delete_old_checkpoints, find_old_checkpoints
from studio.ui.dialogs.task import QuestionDialog
from studio.ui.panes.models.pane import LOCAL, ONLINE, ModelsPane
from studio.ui.panes.training.pane import TrainingPane
from studio.words import counted, file_size

COPIED = tr("The details are on the clipboard. They hold no prompts, no data and no keys.")
NOT_COPIED = tr("The details are not there any more.")
NO_CHECKPOINTS = tr("There are no old checkpoints: each run has only those that it needs to go on.")
KEEPS = tr("Each run keeps its last checkpoint, where it goes on, and its best. They do not go to the Trash.")
GONE_ON = tr("Changed. Start the training when you are ready.")


class Remedying(Controller):
    """Shows the training's failures with what helps, and does what any such button asks."""

    def __init__(
        self,
        services: Services,
        training: Training,
        pane: TrainingPane,
        models: ModelsPane,
        sign_in: Callable[[], object],
    ) -> None:
        super().__init__(services, services.window)
        self._training, self._pane = training, pane
        self._done: dict[str, Callable[[], object]] = {
            MODELS: self._show_models,
            DOWNLOADS: self._show_models,
            DATASET: lambda: self._window.show_pane("dataset"),
            CHECKPOINTS: self._ask_to_delete,
            RESUME: pane.resume_requested.emit,
            LOG: lambda: show_log(self._paths),
        }
        self._models, self._sign_in = models, sign_in
        self.question: QuestionDialog | None = None
        training.failed.connect(self._show)
        pane.failure.chosen.connect(self.act)
        pane.failure.copy_requested.connect(lambda: self.act(COPY_DETAILS))
        self._window.action_triggered.connect(self.act)

    def act(self, key: str) -> None:
        """Do what a button asks, if it is one of these."""
        if key == COPY_DETAILS:
            copy_details(self._paths)
            self._answer(COPIED, "good")
        elif key.startswith(COPY_CRASH):
            copied = copy_crash(key.removeprefix(COPY_CRASH))
            self._answer(COPIED if copied else NOT_COPIED, "good" if copied else "warn")
        elif key.startswith(REMEDY):
            self._help(Wish.of(key))

    def _help(self, asked: Wish) -> None:
        if asked.does == SIGN_IN:
            self._show_sign_in(asked.about)
            return
        if not asked.values:
            self._done[asked.does]()
            return
        self._window.show_pane("training")
        if self._training.change(asked.values):
            self._pane.failure.clear()
            self._pane.form.lead_to(next(iter(asked.values)))
            self._answer(GONE_ON, "good")

    def _show(self, said: Said) -> None:
        """Show what ended a run in its pane, with what helps."""
        self._pane.show_failure(str(said), helps(said, self._state.recipe, self._pane.rate))

    def _show_sign_in(self, model: str) -> None:
        """Show where a token is asked for: beside a model that is wanted, else in the dialog for datasets."""
        if not model and self._window.current_pane() != "models":
            self._sign_in()
            return
        self._window.show_pane("models")
        if (row := self._models.downloads.rows.get(model)) is not None:
            row.access.token.setFocus()
            return
        self._models.show_place(ONLINE)
        self._models.search.setText(model or self._models.search.text())

    def _ask_to_delete(self) -> None:
        """Ask whether checkpoints may go that no run needs, with what they take."""
        found = find_old_checkpoints(self._services.store.runs())
        if not found.count:
            self._answer(NO_CHECKPOINTS, "good")
            return
        checkpoints, size = counted(found.count, "checkpoint"), file_size(found.bytes)
        heading = tr("Delete {checkpoints} ({size})?", checkpoints=checkpoints, size=size)
        question = QuestionDialog(heading, KEEPS, tr("Delete"), self._window)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        question.accepted.connect(lambda: self._delete(found))
        self.question = question
        question.open()

    def _delete(self, found: OldCheckpoints) -> None:
        freed = file_size(delete_old_checkpoints(found))
        self._answer(tr("{size} are free again. Resume when you are ready.", size=freed), "good")

    def _show_models(self) -> None:
        self._window.show_pane("models")
        self._models.show_place(LOCAL)
