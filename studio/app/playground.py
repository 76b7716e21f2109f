"""The playground at work: who can be asked, and asking them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from studio.app.adding import Adding, names_model
from studio.app.grid import AskedGrid
from studio.app.own_ways import OwnWays
from studio.app.request import RunRequest
from studio.app.sayings import KeptSayings
from studio.app.state import Controller, Services
from studio.app.subjects import Picking
from studio.app.transcripts import KeptTranscripts
from studio.events import Event, Log
from studio.generate.contestant import MODEL, RUN, Contestant
from studio.jobs.answers import ChatJob
from studio.jobs.job import Failed, Outcome, Stopped
from studio.jobs.prompts import PromptsFound, PromptsJob
from studio.jobs.queue import QueueName
from studio.language import tr
from studio.paths import STARTER_MODEL, model_folder
from studio.runs.folder import RunFolder
from studio.runs.store import RunSummary
from studio.ui.chat.side_by_side import AskedTalks
from studio.ui.form.model_picker import model_title
from studio.ui.panes.playground.pane import PlaygroundPane
from studio.ui.theme import Theme


class Playground(Controller):
    """Asks several versions of a model the same thing, also while a run is training."""

    def __init__(self, services: Services, pane: PlaygroundPane, theme: Theme) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self._agreed: Path | None = None  # the run that is asked with a changed base in this session
        self._asked: AskedTalks | None = None
        self._known: tuple[str, int] = "", 0
        self._steps: tuple[int, ...] = ()
        self.request = RunRequest(self._queue, self._window, self._ask_again)
        self._prompts = self._request()
        self.adding = Adding(services, pane, pane.menu, pane.add_contestant)
        self.sayings = KeptSayings(services, pane)
        self.ways = OwnWays(services, pane)
        self.transcripts = KeptTranscripts(services, pane)
        self.grid = AskedGrid(services, pane, theme)
        pane.show_no_run()
        pane.send_requested.connect(self._send)
        pane.stop_requested.connect(self.request.stop)
        pane.starter_requested.connect(self._talk_to_starter)
        self._picking = Picking(self._subjects, "playground", pane.picker, _can_answer, self.choose)
        self._subjects.changed.connect(self._follow)
        self._subjects.listed.connect(self._offer)

    def choose(self, name: str) -> None:
        """Let the pane ask another run, unless an answer is still coming."""
        if not self.request.busy:
            self._subjects.choose("playground", name)
        elif self._subjects.name("playground") != name:
            self._answer(tr("An answer is still coming. Stop it first, or wait for its end."))

    def show_run(self) -> None:
        """Say whether there is somebody who answers."""
        if self.request.busy:
            return
        run = self._subjects.run("playground")
        if run is not None:
            self._pane.show_run(model_title(run.model), run.name)
            self._look(run)
            self.ways.offer(model_folder(run.model))
        elif self._pane.chat.columns and not self._pane.chat.needs_run:
            self._pane.show_ready()
        else:
            self._known = "", 0
            self._pane.show_no_run()
        self._offer()

    def ask(self, prompt: str, name: str = "") -> None:
        """Open the playground and ask this, of the run called `name` where one is named."""
        self._window.show_pane("playground")
        if name:
            self.choose(name)
        if prompt:
            self._pane.ask_alone(prompt)

    def take_folders(self, paths: Sequence[str]) -> bool:
        """Add the model or the run that lies in a folder that was dropped; False where it holds neither."""
        runs = {run.folder.resolve(): run for run in self._subjects.runs}
        run = runs.get(Path(paths[0]).resolve()) if len(paths) == 1 else None
        if run is not None:
            self._take_run(run)
        elif len(paths) == 1 and names_model(paths[0]):
            self.adding.take_model(paths[0])
        else:
            return False
        return True

    def _take_run(self, run: RunSummary) -> None:
        if not run.can_answer:
            self._answer(tr("{name} has learned nothing yet that could be asked.", name=run.name))
        elif self._subjects.run("playground") is None:
            self.choose(run.name)
        elif run.name != self._subjects.name("playground"):
            self._pane.add_contestant(Contestant(kind=RUN, run=run.name))

    def _follow(self, pane: str) -> None:
        if pane == "playground":
            self.show_run()

    def _look(self, run: RunSummary) -> None:
        """Find what a run can be asked, unless that is known of it."""
        if self._known != (run.name, run.step):
            self._known = run.name, run.step
            job = PromptsJob(RunFolder(run.folder), Path(run.dataset))
            self._prompts.ask(job, QueueName.READING, {PromptsFound: self._show_prompts})

    def _show_prompts(self, found: PromptsFound) -> None:
        if found.run == self._subjects.name("playground"):
            self._steps = found.steps
            self._pane.system.set_trained(found.system)
            self._pane.suggest(found.golden)
            self._offer()

    def _offer(self) -> None:
        run = self._subjects.run("playground")
        names = [each.name for each in self._subjects.runs if each.can_answer and each != run]
        training = next((each.name for each in self._subjects.runs if each.state == "running"), "")
        self._pane.offer(self._steps if run else (), names, run=run is not None, training=training)

    def _talk_to_starter(self) -> None:
        folder = str(model_folder(STARTER_MODEL))
        self._pane.add_contestant(Contestant(kind=MODEL, model=folder, name=model_title(STARTER_MODEL)))

    def _send(self, asked: AskedTalks) -> None:
        run = self._subjects.run("playground")
        if self.request.busy or (run is None and self._pane.chat.needs_run):
            return
        self._asked = asked
        agreed = run is not None and run.folder == self._agreed
        folder = RunFolder(run.folder) if run is not None else None
        self._ask(ChatJob(folder, asked.talks, asked.sampling, asked.typed_tokens, changed_base=agreed))

    def _ask(self, job: ChatJob) -> None:
        self._pane.show_busy()
        if job.run is not None:
            self._subjects.hold("playground", job.run.name, tr("{name} is answering.", name=job.run.name))
        self.request.ask(job, QueueName.INTERRUPT, {Event: self._take}, self._end)

    def _ask_again(self, job: ChatJob) -> None:
        if not self.request.busy and job.run is not None and self._asked is not None:
            self._agreed = job.run.path
            self._pane.ask_again(self._asked)
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
