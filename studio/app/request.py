"""Questions to the queue: one at a time of each kind, so that no late answer of an older one is shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from studio.catalogue import phrase
from studio.events import BaseChanged, Event
from studio.jobs.job import Failed, Job, Outcome
from studio.jobs.queue import JobQueue, QueueName, Ticket
from studio.language import tr
from studio.ui.dialogs.task import QuestionDialog
from studio.ui.window import MainWindow

Listeners = Mapping[type[Event], Callable[[Any], object]]
"""Who hears which event; those of `Event` itself hear every one. Called in this order."""


class Request:
    """A question that can be asked again and again; only the answers to the last one are heard."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue
        self._ticket: Ticket | None = None
        self._ended = False

    @property
    def busy(self) -> bool:
        """Whether more is to be heard of the last question."""
        return self._ticket is not None and not self._ended

    @property
    def stopping(self) -> bool:
        """Whether the last question was stopped, as all are when the window closes."""
        return self._ticket is not None and self._ticket.is_stopping()

    def ask(
        self,
        job: Job,
        queue_name: QueueName,
        listeners: Listeners,
        on_end: Callable[[Outcome], object] = lambda _: None,
    ) -> None:
        """Ask, in place of the last question; `on_end` hears how it ended, when it is busy no more."""
        self.drop()
        ticket = self._queue.submit(
            job,
            queue_name,
            lambda event: self._take(ticket, listeners, event),
            lambda outcome: self._end(ticket, on_end, outcome),
        )
        self._ticket, self._ended = ticket, False

    def stop(self) -> None:
        """Stop the job; what it says until its end, and that, is still heard."""
        if self._ticket is not None:
            self._ticket.stop()

    def drop(self) -> None:
        """Stop the job, and hear nothing more of it."""
        self.stop()
        self._ticket = None

    def _take(self, ticket: Ticket, listeners: Listeners, event: Event) -> None:
        for kind, listen in listeners.items():
            if ticket is self._ticket and isinstance(event, kind):
                listen(event)

    def _end(self, ticket: Ticket, on_end: Callable[[Outcome], object], outcome: Outcome) -> None:
        if ticket is self._ticket:
            self._ended = True
            on_end(outcome)


class RunRequest(Request):
    """Asks what uses a run; where its base has changed since, the person says whether to use it all the same.

    `again` is called with the same job, which then uses the changed base.
    """

    def __init__(self, queue: JobQueue, window: MainWindow, again: Callable[[Any], None]) -> None:
        super().__init__(queue)
        self._window, self._again = window, again
        self._changed: BaseChanged | None = None
        self.dialog: QuestionDialog | None = None

    def ask(
        self,
        job: Any,
        queue_name: QueueName,
        listeners: Listeners,
        on_end: Callable[[Outcome], object] = lambda _: None,
    ) -> None:
        self._changed = None
        heard: Listeners = {BaseChanged: self._note, **listeners}
        super().ask(job, queue_name, heard, lambda outcome: on_end(self._outcome(job, outcome)))

    def _note(self, changed: BaseChanged) -> None:
        self._changed = changed

    def _outcome(self, job: Any, outcome: Outcome) -> Outcome:
        """The outcome in the window's words, after asking whether to do it with the changed base."""
        if self._changed is None or not isinstance(outcome, Failed):
            return outcome
        sentence = self._changed.sentence
        if not self.stopping:
            self._ask_person(str(sentence), job)
        return replace(outcome, said=phrase("base.agree", changed=sentence))

    def _ask_person(self, sentence: str, job: Any) -> None:
        words = tr("Continue with the changed model?")
        self.dialog = dialog = QuestionDialog(words, sentence, tr("Use the changed model"), self._window)
        dialog.accepted.connect(lambda: self._again(replace(job, changed_base=True)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
