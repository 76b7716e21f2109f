"""The question in the window before a run is used with a base that changed since."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from studio.app.shared import Shared
from studio.events import BaseChanged, Event
from studio.jobs.job import Failed, Outcome
from studio.jobs.queue import Ticket
from studio.ui.dialogs.task import QuestionDialog


class BaseQuestion:
    """Listens to one job at a time; where it is refused for its base, asks whether to do it all the same."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._told: BaseChanged | None = None
        self.dialog: QuestionDialog | None = None

    def take(self, event: Event) -> None:
        if isinstance(event, BaseChanged):
            self._told = event

    def settle(self, ticket: Ticket | None, outcome: Outcome, again: Callable[[], None]) -> Outcome:
        """The outcome in the window's words, after asking whether to do it `again` with the changed base."""
        told, self._told = self._told, None
        if told is None or not isinstance(outcome, Failed):
            return outcome
        if ticket is not None and not ticket.is_stopping():  # as everything is when the window closes
            self._ask(told.sentence, again)
        return replace(outcome, summary=f"{told.sentence} Put the earlier files back, or agree when asked.")

    def _ask(self, sentence: str, again: Callable[[], None]) -> None:
        words = "Go on with the changed model?"
        self.dialog = dialog = QuestionDialog(words, sentence, "Use the changed model", self._shared.window)
        dialog.accepted.connect(lambda: again())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
