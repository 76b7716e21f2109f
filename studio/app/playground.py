"""The playground at work: asking base and tuned the same thing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.app.request import RunRequest
from studio.app.state import Controller, Services
from studio.app.subjects import Picking
from studio.events import Event, Log
from studio.generate.contestant import one_prompt
from studio.generate.sampling import Sampling
from studio.jobs.answers import ChatJob
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.queue import QueueName
from studio.runs.folder import RunFolder
from studio.runs.store import RunSummary
from studio.ui.panes.playground.pane import PlaygroundPane


class Playground(Controller):
    """Asks base and tuned the same thing, also while a run is training."""

    def __init__(self, services: Services, pane: PlaygroundPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self._agreed: Path | None = None  # the run that is asked with a changed base in this session
        self.request = RunRequest(self._queue, self._window, self._ask_again)
        pane.show_no_run()
        pane.send_requested.connect(self._send)
        pane.stop_requested.connect(self.request.stop)
        self._picking = Picking(self._subjects, "playground", pane.picker, _can_answer, self.choose)
        self._subjects.changed.connect(self._follow)

    def choose(self, name: str) -> None:
        """Let the pane ask another run, unless an answer is still coming."""
        if not self.request.busy:
            self._subjects.choose("playground", name)
        elif self._subjects.name("playground") != name:
            self._answer("An answer is still coming. Stop it first, or wait for its end.")

    def _follow(self, pane: str) -> None:
        if pane == "playground":
            self.show_run()

    def show_run(self) -> None:
        """Say whether there is a run that answers."""
        if self.request.busy:
            return
        if self._subjects.run("playground") is None:
            self._pane.show_no_run()
        else:
            self._pane.show_ready()

    def ask(self, prompt: str, name: str = "") -> None:
        """Open the playground and ask this, of the run called `name` where one is named."""
        self._window.show_pane("playground")
        if name:
            self.choose(name)
        self._pane.set_prompt(prompt)
        if prompt:
            self._pane.send()

    def _send(self, prompt: str, sampling: Sampling, typed_tokens: bool) -> None:
        run = self._subjects.run("playground")
        if run is None or self.request.busy:
            return
        agreed = run.folder == self._agreed
        folder = RunFolder(run.folder)
        talks = one_prompt(prompt)
        self._ask(ChatJob(folder, talks, sampling, typed_tokens=typed_tokens, changed_base=agreed), folder)

    def _ask(self, job: ChatJob, run: RunFolder) -> None:
        self._pane.show_busy()
        self._subjects.hold("playground", run.name, f"{run.name} is answering.")
        self.request.ask(job, QueueName.INTERRUPT, {Event: self._take}, self._end)

    def _ask_again(self, job: ChatJob) -> None:
        if not self.request.busy and job.run is not None:
            self._agreed = job.run.path
            self._pane.ask_again(job.talks[0].turns[-1].content)
            self._ask(replace(job, changed_base=True), job.run)

    def _take(self, event: Event) -> None:
        if not self.request.stopping:
            self._pane.show_event(event)
            if isinstance(event, Log):
                self._show_log(event)

    def _end(self, outcome: Outcome) -> None:
        self._subjects.release("playground")
        self.show_run()  # it may be another by now
        match outcome:
            case Failed(summary, _):
                self._pane.show_failure(summary)
            case Stopped():
                self._pane.show_stopped()
            case _:
                self._pane.show_idle()


def _can_answer(run: RunSummary) -> bool:
    return run.can_answer
