"""What helps against a failure, offered where it is told and carried out when it is chosen."""

from __future__ import annotations

from collections.abc import Callable

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
from studio.failures.remedies import DATASET, DOWNLOADS, LOG, MODELS, RESUME, SIGN_IN
from studio.language import tr
from studio.ui.panes.models.pane import LOCAL, ModelsPane
from studio.ui.panes.training.pane import TrainingPane

COPIED = tr("The details are on the clipboard. They hold no prompts, no data and no keys.")
NOT_COPIED = tr("The details are not there any more.")
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
            SIGN_IN: sign_in,
            RESUME: pane.resume_requested.emit,
            LOG: lambda: show_log(self._paths),
        }
        self._models = models
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

    def _show_models(self) -> None:
        self._window.show_pane("models")
        self._models.show_place(LOCAL)
