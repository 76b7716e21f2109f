"""The evaluation pane and the playground at work: asking a run's base and tuned model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from studio.app.base_question import BaseQuestion
from studio.app.shared import Shared
from studio.dataset.read.folders import golden_beside
from studio.events import Event, Log, Progress
from studio.generate.sampling import Sampling
from studio.jobs.answers import ChatJob, EvaluateJob
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.queue import Lane, Ticket
from studio.jobs.read import StoredEvaluationJob
from studio.runs.folder import RunFolder
from studio.runs.store import EvaluationStored, RunSummary
from studio.ui.panes.evaluation.pane import EvaluationPane
from studio.ui.panes.playground.pane import PlaygroundPane


class Evaluation(QObject):
    """Compares the run at hand with its base."""

    finished = Signal(str)  # the run that was evaluated

    def __init__(self, shared: Shared, pane: EvaluationPane) -> None:
        super().__init__(pane)
        self._shared, self._pane = shared, pane
        self._golden: Path | None = None
        self._shown: Path | None = None
        self._begun = False
        self._ticket: Ticket | None = None
        self.base = BaseQuestion(shared)
        pane.show_no_run()
        pane.evaluate_requested.connect(self.start)
        pane.stop_requested.connect(self._stop)
        pane.golden_requested.connect(self._choose_golden)

    def show_run(self) -> None:
        """Say which run would be evaluated, on what."""
        run = self._shared.run
        if run is None or self._ticket is not None:
            return
        self._pane.show_run(run, self._described(Path(run.dataset)))
        if run.folder != self._shown:
            self._shown = run.folder
            job = StoredEvaluationJob(RunFolder(run.folder))
            self._shared.queue.submit(job, Lane.READING, self._show_stored, lambda _: None)

    def outdate(self, run: str) -> None:
        """A run learns on: what was measured of it is history."""
        if self._shared.run is not None and self._shared.run.name == run and self._ticket is None:
            self._pane.forget_result()

    def _show_stored(self, event: Event) -> None:
        """Bring back what was measured on another day."""
        run = self._shared.run
        if isinstance(event, EvaluationStored) and run and run.name == event.result.run and not self._ticket:
            self._pane.show_busy("")
            for item in (*event.answers, event.result):
                self._pane.show_event(item)

    def start(self) -> None:
        """Evaluate the run at hand; it waits its turn while something trains."""
        if self._shared.run is not None:
            self._evaluate(self._shared.run)

    def _evaluate(self, run: RunSummary, *, changed_base: bool = False) -> None:
        if self._ticket is not None:
            return
        self._shown = run.folder
        self._begun = False
        self._shared.window.show_pane("evaluation")
        self._pane.show_run(run, self._described(Path(run.dataset)))
        waits = self._shared.queue.engine_busy
        self._pane.show_busy("Waiting for the engine to be free" if waits else "Loading the models")
        job = EvaluateJob(RunFolder(run.folder), self._golden, changed_base)
        ticket = self._shared.queue.submit(
            job,
            Lane.ENGINE,
            lambda event: self._take(ticket, event),
            lambda end: self._end(ticket, run, end),
        )
        self._ticket = ticket

    def _described(self, dataset: Path) -> str:
        golden = self._golden or golden_beside(dataset)
        return (
            f"the golden set {golden.name}" if golden and golden.exists() else "the run's own test examples"
        )

    def _take(self, ticket: Ticket, event: Event) -> None:
        if ticket is not self._ticket:
            return
        self._begun = True
        self.base.take(event)
        self._pane.show_event(event)
        if isinstance(event, Log) and event.level == "warning":
            self._shared.window.show_notice(event.text, "warn")
        if isinstance(event, Progress):
            share = event.done / event.total if event.total else None
            self._shared.window.set_engine("Evaluating", event.what, share)

    def _end(self, ticket: Ticket, run: RunSummary, outcome: Outcome) -> None:
        self._shared.rest()
        if ticket is not self._ticket:
            return
        self._ticket = None
        match self.base.settle(ticket, outcome, lambda: self._evaluate(run, changed_base=True)):
            case Failed(summary, _):
                self._pane.show_failure(summary)
            case Stopped():
                self._pane.show_stopped()
            case _:
                self.finished.emit(run.name)

    def _stop(self) -> None:
        if self._ticket is None:
            return
        self._ticket.stop()
        if not self._begun:  # it waits behind a run and would answer only after that
            self._ticket = None
            self._pane.show_stopped()

    def _choose_golden(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._pane, "Choose a golden set", "", "Golden sets (*.jsonl)")
        if path:
            self._golden = Path(path)
            self.show_run()


class Playground(QObject):
    """Asks base and tuned the same thing, also while a run is training."""

    def __init__(self, shared: Shared, pane: PlaygroundPane) -> None:
        super().__init__(pane)
        self._shared, self._pane = shared, pane
        self._ticket: Ticket | None = None
        self._agreed: Path | None = None  # the run that is asked with a changed base in this session
        self.base = BaseQuestion(shared)
        pane.show_no_run()
        pane.send_requested.connect(self._send)
        pane.stop_requested.connect(self._stop)

    def show_run(self) -> None:
        """Say which run answers."""
        if self._shared.run is not None and self._ticket is None:
            self._pane.show_run(self._shared.run)

    def ask(self, prompt: str) -> None:
        """Open the playground and ask this."""
        self._shared.window.show_pane("playground")
        self._pane.set_prompt(prompt)
        if prompt:
            self._pane.send()

    def _send(self, prompt: str, sampling: Sampling, typed_tokens: bool) -> None:
        run = self._shared.run
        if run is None or self._ticket is not None:
            return
        agreed = run.folder == self._agreed
        folder = RunFolder(run.folder)
        self._ask(ChatJob(folder, prompt, sampling, typed_tokens=typed_tokens, changed_base=agreed))

    def _ask(self, job: ChatJob) -> None:
        self._pane.show_busy()
        ticket = self._shared.queue.submit(
            job, Lane.ASIDE, lambda event: self._take(ticket, event), lambda end: self._end(ticket, job, end)
        )
        self._ticket = ticket

    def _ask_again(self, job: ChatJob) -> None:
        if self._ticket is None:
            self._agreed = job.run.path
            self._pane.columns.ask(job.prompt)
            self._ask(replace(job, changed_base=True))

    def _take(self, ticket: Ticket, event: Event) -> None:
        if ticket is self._ticket and not ticket.is_stopping():
            self.base.take(event)
            self._pane.show_event(event)
            if isinstance(event, Log) and event.level == "warning":
                self._shared.window.show_notice(event.text, "warn")

    def _end(self, ticket: Ticket, job: ChatJob, outcome: Outcome) -> None:
        if ticket is not self._ticket:
            return
        self._ticket = None
        match self.base.settle(ticket, outcome, lambda: self._ask_again(job)):
            case Failed(summary, _):
                self._pane.show_failure(summary)
            case Stopped():
                self._pane.show_stopped()
            case _:
                self._pane.show_idle()

    def _stop(self) -> None:
        if self._ticket is not None:
            self._ticket.stop()
