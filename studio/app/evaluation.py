"""The evaluation pane and the playground at work: asking a run's base and tuned model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Signal

from studio.app.request import Listeners, RunRequest
from studio.app.state import Controller, Services
from studio.app.subjects import Picking
from studio.events import Event, Log, Progress
from studio.generate.contestant import PARENT
from studio.generate.sampling import Sampling
from studio.jobs.answers import ChatJob
from studio.jobs.evaluate import ORIGINAL, EvaluateJob
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.queue import QueueName
from studio.jobs.read import StoredEvaluationJob
from studio.jobs.rows import golden_of_run
from studio.runs.evaluations import EvaluationStored
from studio.runs.folder import RunFolder
from studio.runs.store import RunSummary
from studio.ui.panes.evaluation.pane import EvaluationPane
from studio.ui.panes.playground.pane import PlaygroundPane


class Evaluation(Controller):
    """Compares the run that the pane is about with its base."""

    finished = Signal(str)  # the run that was evaluated

    def __init__(self, services: Services, pane: EvaluationPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self._golden: Path | None = None
        self._shown: Path | None = None
        self._begun = False
        self._run: RunSummary | None = None  # that was evaluated last
        self.request = RunRequest(self._queue, self._window, self._begin)
        self._stored = self._request()
        pane.show_no_run()
        pane.evaluate_requested.connect(self.start)
        pane.stop_requested.connect(self._stop)
        pane.golden_requested.connect(self._choose_golden)
        pane.against_changed.connect(self.show_run)
        self._picking = Picking(self._subjects, "evaluation", pane.picker, _can_answer, self.choose)
        self._subjects.changed.connect(self._follow)

    def choose(self, name: str) -> None:
        """Let the pane be about another run, unless one is being evaluated."""
        if not self.request.busy or self._run is None:
            self._subjects.choose("evaluation", name)
        elif self._run.name != name:
            self._answer(f"{self._run.name} is being evaluated. Stop that first, or wait for its end.")

    def _follow(self, pane: str) -> None:
        if pane == "evaluation":
            self.show_run()

    def show_run(self) -> None:
        """Say which run would be evaluated, on what."""
        if self.request.busy:
            return
        run = self._subjects.run("evaluation")
        if run is None:
            self._stored.drop()
            self._shown = None
            self._pane.show_no_run()
            return
        self._describe(run)
        if run.folder != self._shown:
            self._shown = run.folder
            job = StoredEvaluationJob(RunFolder(run.folder))
            self._stored.ask(job, QueueName.READING, {EvaluationStored: self._show_stored})

    def outdate(self, run: str) -> None:
        """A run learns on: what was measured of it is history."""
        if self._subjects.name("evaluation") == run and not self.request.busy:
            self._pane.forget_result()

    def _show_stored(self, event: EvaluationStored) -> None:
        """Bring back what was measured on another day."""
        self._pane.show_busy("")
        for item in (*event.answers, event.result):
            self._pane.show_event(item)

    def start(self) -> None:
        """Evaluate the run that the pane is about; it waits its turn while something trains."""
        if (run := self._subjects.run("evaluation")) is not None and not self.request.busy:
            self._subjects.choose("evaluation", run.name)  # and what is found stays on show
            self._run = run
            against = PARENT if self._by_parent(run) else ORIGINAL
            self._begin(EvaluateJob(RunFolder(run.folder), self._golden, against=against))

    def evaluate(self, name: str) -> None:
        """Evaluate a run, unless another one is being evaluated."""
        self._window.show_pane("evaluation")
        self.choose(name)
        self.start()

    def _begin(self, job: EvaluateJob) -> None:
        if self._run is None or self.request.busy:
            return
        self._shown, self._begun = self._run.folder, False
        self._stored.drop()
        self._window.show_pane("evaluation")
        self._describe(self._run)
        waits = self._queue.engine_busy
        self._pane.show_busy("Waiting for the engine to be free" if waits else "Loading the models")
        heard: Listeners = {Event: self._take, Log: self._show_log, Progress: self._show_progress}
        self.request.ask(job, QueueName.ENGINE, heard, self._end)
        self._subjects.hold("evaluation", self._run.name, f"{self._run.name} is being evaluated.")

    def _describe(self, run: RunSummary) -> None:
        golden = self._golden or golden_of_run(RunFolder(Path(run.folder)), Path(run.dataset))
        is_there = golden is not None and golden.exists()
        words = f"the golden set {golden.name}" if golden and is_there else "the run's own test examples"
        words += f", against {run.parent}, which it goes on from" if self._by_parent(run) else ""
        self._pane.show_run(run, words)

    def _by_parent(self, run: RunSummary) -> bool:
        """Whether a run is to be compared with what it goes on from."""
        return bool(run.parent) and self._pane.against.currentIndex() == 1

    def _take(self, event: Event) -> None:
        self._begun = True
        self._pane.show_event(event)

    def _show_progress(self, event: Progress) -> None:
        share = event.done / event.total if event.total else None
        self._window.set_engine("Evaluating", event.what, share)

    def _end(self, outcome: Outcome) -> None:
        self._subjects.release("evaluation")
        match outcome:
            case Failed(summary, _):
                self._pane.show_failure(summary)
            case Stopped():
                self._pane.show_stopped()
            case _ if self._run is not None:
                self.finished.emit(self._run.name)
        if self._run is not None and self._subjects.name("evaluation") != self._run.name:
            self.show_run()  # it was deleted or renamed meanwhile

    def _stop(self) -> None:
        if not self.request.busy:
            return
        self.request.stop()
        if not self._begun:  # it waits behind a run and would answer only after that
            self.request.drop()
            self._end(Stopped())

    def _choose_golden(self) -> None:
        if path := self._choose_file("Choose a golden set", "Golden sets (*.jsonl)"):
            self._golden = path
            self.show_run()


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
        self._ask(ChatJob(folder, prompt, sampling, typed_tokens=typed_tokens, changed_base=agreed))

    def _ask(self, job: ChatJob) -> None:
        self._pane.show_busy()
        self._subjects.hold("playground", job.run.name, f"{job.run.name} is answering.")
        self.request.ask(job, QueueName.INTERRUPT, {Event: self._take}, self._end)

    def _ask_again(self, job: ChatJob) -> None:
        if not self.request.busy:
            self._agreed = job.run.path
            self._pane.ask_again(job.prompt)
            self._ask(replace(job, changed_base=True))

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
