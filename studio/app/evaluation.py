"""The evaluation pane at work: who competes, what is found, what was found before."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal

from studio import words
from studio.app.adding import Adding
from studio.app.answer_words import AnswerWords
from studio.app.reports import Reports
from studio.app.request import Listeners, RunRequest
from studio.app.state import Controller, Services
from studio.app.subjects import Picking
from studio.evaluate.registry import GROUPS, MEASURES
from studio.events import Evaluated, Event, Log, Progress
from studio.generate.contestant import PARENT, contestant_of
from studio.jobs.evaluate import ORIGINAL, EvaluateJob
from studio.jobs.evaluations import (
    EvaluationEntry,
    EvaluationReady,
    EvaluationReadyJob,
    StoredEvaluationJob,
    TakeCheckpointJob,
    WordsStored,
)
from studio.jobs.job import Done, Failed, Outcome, Stopped
from studio.jobs.queue import QueueName
from studio.jobs.rescore import RescoreJob
from studio.jobs.rows import golden_of_run
from studio.jobs.side_by_side import LaidBeside, SideBySideJob
from studio.language import tr
from studio.runs.evaluations import EvaluationStored
from studio.runs.folder import RunFolder
from studio.runs.store import RunSummary
from studio.ui.panes.evaluation.pane import EvaluationPane
from studio.ui.tables.scores import ScoreSide


class Evaluation(Controller):
    """Compares the run that the pane is about with its base, and with whoever else competes."""

    finished = Signal(str)  # the run that was evaluated
    failed = Signal(str, str)  # the run that could not be, and why
    checkpoint_taken = Signal(str)  # the run whose result is another one now

    def __init__(self, services: Services, pane: EvaluationPane) -> None:
        super().__init__(services, pane)
        self._pane = pane
        self._golden: Path | None = None
        self._shown: Path | None = None
        self._begun = False
        self._run: RunSummary | None = None  # that was evaluated last
        self._entries: dict[str, EvaluationEntry] = {}
        self.request = RunRequest(self._queue, self._window, self._begin)
        self._stored, self._ready, self._beside = self._request(), self._request(), self._request()
        self._taking = self._request()
        contestants = pane.setup.contestants
        self.adding = Adding(services, pane, contestants.menu, contestants.add)
        self.words = AnswerWords(services, pane)
        self.reports = Reports(services, pane)
        pane.set_measures(MEASURES, GROUPS)
        pane.show_no_run()
        self._connect(pane)
        self._picking = Picking(self._subjects, "evaluation", pane.picker, _can_answer, self.choose)
        self._subjects.changed.connect(self._follow)

    def choose(self, name: str) -> None:
        """Let the pane be about another run, unless one is being evaluated."""
        if not self.request.busy or self._run is None:
            self._subjects.choose("evaluation", name)
        elif self._run.name != name:
            self._answer(
                tr("{name} is being evaluated. Stop that first, or wait for its end.", name=self._run.name)
            )

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
            self._pane.setup.contestants.clear()
            self._bring_back(None)
            self._look(run)

    def outdate(self, run: str) -> None:
        """A run learns on: what was measured of it is history."""
        if self._subjects.name("evaluation") == run and not self.request.busy:
            self._pane.forget_result()

    def start(self) -> None:
        """Evaluate the run that the pane is about; it waits its turn while something trains."""
        run = self._subjects.run("evaluation")
        if run is None or self.request.busy:
            return
        if problem := self._pane.setup.problem():
            self._answer(problem)
            return
        self._subjects.choose("evaluation", run.name)  # and what is found stays on show
        self._run = run
        against = PARENT if self._by_parent(run) else ORIGINAL
        more = tuple(self._pane.setup.contestants.more)
        options = self._pane.setup.options()
        self._begin(
            EvaluateJob(RunFolder(run.folder), self._golden, against=against, options=options, more=more)
        )

    def evaluate(self, name: str) -> None:
        """Evaluate a run, unless another one is being evaluated."""
        self._window.show_pane("evaluation")
        self.choose(name)
        self.start()

    def _connect(self, pane: EvaluationPane) -> None:
        pane.evaluate_requested.connect(self.start)
        pane.stop_requested.connect(self._stop)
        pane.golden_requested.connect(self._choose_golden)
        pane.against_changed.connect(self.show_run)
        pane.setup_changed.connect(self._show_forecast)
        pane.checkpoint_requested.connect(self._take_checkpoint)
        pane.report_requested.connect(self._report)
        pane.results.answers.ruled.connect(self._count_rulings)
        pane.results.verdict.rescore_requested.connect(self._rescore)
        pane.results.evaluation_chosen.connect(self._open)
        pane.results.beside_chosen.connect(self._lay_beside)

    def _follow(self, pane: str) -> None:
        if pane == "evaluation":
            self.show_run()

    # what there is

    def _look(self, run: RunSummary) -> None:
        """Learn what a run's evaluation could show, and which evaluations there are."""
        others = [
            each.folder
            for each in self._subjects.runs
            if each.name != run.name and each.tuned_exact is not None
        ]
        job = EvaluationReadyJob(RunFolder(run.folder), self._golden_of(run), tuple(others))
        self._ready.ask(job, QueueName.READING, {EvaluationReady: self._show_ready})

    def _show_ready(self, ready: EvaluationReady) -> None:
        run = self._subjects.run("evaluation")
        if run is None:
            return
        setup, results = self._pane.setup, self._pane.results
        runs = [each.name for each in self._subjects.runs if each.name != run.name and each.can_answer]
        setup.contestants.offer(
            tr("step {step:,}", step=run.step), ready.steps, runs, has_parent=bool(run.parent)
        )
        setup.show_power(str(ready.power))
        self._entries = {str(each.folder): each for each in (*ready.own, *ready.others)}
        shown = str(self.words.folder or "")
        results.show_evaluations([(str(each.folder), _entry_words(each)) for each in ready.own], shown)
        results.show_offers(
            [(str(each.folder), _entry_words(each)) for each in ready.own if str(each.folder) != shown]
            + [(str(each.folder), f"{each.run} · {_entry_words(each)}") for each in ready.others]
        )
        self._verify()
        self._show_forecast()

    def _show_forecast(self) -> None:
        """How long as much took before; of another suite, by how many measures it had."""
        setup, known = self._pane.setup, [each for each in self._entries.values() if each.seconds]
        same = [each.seconds for each in known if each.suite == setup.suites.current]
        count = len(setup.chosen_measures())
        others = [each.seconds / each.measures * count for each in known if each.measures]
        taken = next(iter(same + others), 0.0)
        setup.show_forecast(tr("about {duration}", duration=words.duration(taken)) if taken else "")

    def _bring_back(self, folder: Path | None) -> None:
        """Show an evaluation of another day, the newest where none is named."""
        run = self._subjects.run("evaluation")
        if run is not None:
            heard: Listeners = {EvaluationStored: self._show_stored, WordsStored: self._show_words}
            self._stored.ask(StoredEvaluationJob(RunFolder(run.folder), folder), QueueName.READING, heard)

    def _show_stored(self, event: EvaluationStored) -> None:
        self._pane.show_busy("", waits=False)
        self.words.begin()
        self.words.turn_to(event.folder)
        self._pane.results.set_contestants(event.result.contestants)
        for item in (*event.events, event.result):
            self._pane.show_event(item)
        self._verify()

    def _show_words(self, words_: WordsStored) -> None:
        self.words.show(words_)
        self._count_rulings()

    def _verify(self) -> None:
        entry = self._entries.get(str(self.words.folder or ""))
        self._pane.results.verdict.show_verified(entry.shared if entry is not None else "")
        self._count_rulings()

    def _count_rulings(self) -> None:
        """Offer to count what a person ruled since the scores were taken."""
        entry = self._entries.get(str(self.words.folder or ""))
        known = self._pane.results.answers.model.known()
        ruled = {(row.asked.id, who) for row in known for who in row.rulings}
        fresh = len(ruled) - entry.rulings if entry is not None else 0
        self._pane.results.verdict.show_rulings(fresh)

    def _open(self, folder: str) -> None:
        if not self.request.busy:
            self._bring_back(Path(folder))

    def _lay_beside(self, folder: str) -> None:
        entry = self._entries.get(folder)
        if entry is not None:
            job = StoredEvaluationJob(RunFolder(entry.folder.parents[1]), entry.folder)
            self._beside.ask(job, QueueName.READING, {EvaluationStored: self._show_beside})

    def _show_beside(self, event: EvaluationStored) -> None:
        entry, result = self._entries.get(str(event.folder)), event.result
        title = _entry_words(entry) if entry is not None else result.run
        compared = next((key for key, _ in result.contestants[1:]), "")
        scores = {(each.measure, each.part): each for each in result.scores}
        self._pane.results.show_beside(ScoreSide(title, result.contestants, compared, scores))
        run, mine = self._subjects.run("evaluation"), self.words.folder
        if run is not None and mine is not None:
            other = RunFolder(event.folder.parents[1])
            job = SideBySideJob(RunFolder(run.folder), other, mine, event.folder)
            self._beside.ask(job, QueueName.READING, {LaidBeside: self._show_direct})

    def _show_direct(self, event: LaidBeside) -> None:
        """How this evaluation does against the one beside it, row by row."""
        scores = {(each.measure, each.part): each for each in event.scores}
        worse = {each for rows in event.rows if rows.measure == event.primary for each in rows.worse}
        side = ScoreSide(tr("This against it"), event.contestants, event.contestants[1][0], scores)
        self._pane.results.show_direct(side, worse)

    # an evaluation

    def _begin(self, job: EvaluateJob) -> None:
        if self._run is None or self.request.busy:
            return
        self._shown = self._run.folder
        self._window.show_pane("evaluation")
        self._describe(self._run)
        waits = self._queue.engine_busy
        self._ask(job, tr("Waiting for the engine to be free") if waits else tr("Loading the models"))
        self._pane.results.set_contestants([(each.key, each.title) for each in job.contestants])

    def _ask(self, job: EvaluateJob | RescoreJob, words_: str, *, waits: bool = True) -> None:
        """Ask for what ends in an evaluation, which is shown as it comes."""
        self._stored.drop()
        self._begun = False
        self._pane.show_busy(words_, waits=waits)
        self.words.begin()
        heard: Listeners = {Event: self._take, Log: self._show_log, Progress: self._show_progress}
        self.request.ask(job, QueueName.ENGINE, heard, self._end)
        name = self._run.name if self._run is not None else ""
        self._subjects.hold("evaluation", name, tr("{name} is being evaluated.", name=name))

    def _golden_of(self, run: RunSummary) -> Path | None:
        golden = self._golden or golden_of_run(RunFolder(Path(run.folder)), Path(run.dataset))
        return golden if golden is not None and golden.exists() else None

    def _describe(self, run: RunSummary) -> None:
        golden = self._golden_of(run)
        told = tr("the golden set {name}", name=golden.name) if golden else tr("the run's own test examples")
        told += (
            tr(", against {parent}, which it goes on from", parent=run.parent) if self._by_parent(run) else ""
        )
        self._pane.show_run(run, told)
        self._pane.setup.contestants.against.setVisible(bool(run.parent))

    def _by_parent(self, run: RunSummary) -> bool:
        """Whether a run is to be compared with what it goes on from."""
        return bool(run.parent) and self._pane.setup.contestants.against.currentIndex() == 1

    def _take(self, event: Event) -> None:
        self._begun = True
        self._pane.show_event(event)
        if isinstance(event, Evaluated) and event.folder:
            self.words.turn_to(Path(event.folder))
            self.words.look()

    def _show_progress(self, event: Progress) -> None:
        share = event.done / event.total if event.total else None
        self._window.set_engine(tr("Evaluating"), event.what, share)

    def _end(self, outcome: Outcome) -> None:
        self._subjects.release("evaluation")
        match outcome:
            case Failed(summary, _):
                self._pane.show_failure(summary)
                self.failed.emit(self._run.name if self._run is not None else "", summary)
            case Stopped():
                self._pane.show_stopped()
            case _ if self._run is not None:
                self.finished.emit(self._run.name)
        if self._run is not None and self._subjects.name("evaluation") != self._run.name:
            self.show_run()  # it was deleted or renamed meanwhile
        elif self._run is not None:
            self._look(self._run)

    def _stop(self) -> None:
        if not self.request.busy:
            return
        self.request.stop()
        if not self._begun:  # it waits behind a run and would answer only after that
            self.request.drop()
            self._end(Stopped())

    def _choose_golden(self) -> None:
        if path := self._choose_file(tr("Choose a golden set"), tr("Golden sets (*.jsonl)")):
            self._golden = path
            self.show_run()
            if (run := self._subjects.run("evaluation")) is not None:
                self._look(run)

    def _rescore(self) -> None:
        """Score the answers on show anew, as the person ruled: an evaluation of its own, without a model."""
        run, folder = self._subjects.run("evaluation"), self.words.folder
        if run is not None and folder is not None and not self.request.busy:
            self._run = run
            contestants = self._pane.results.side.contestants
            self._ask(
                RescoreJob(RunFolder(run.folder), folder=folder), tr("Counting your rulings"), waits=False
            )
            self._pane.results.set_contestants(contestants)

    def _report(self, action: str) -> None:
        run = self._subjects.run("evaluation")
        if run is not None and self.words.folder is not None:
            self.reports.perform(action, RunFolder(run.folder), self.words.folder)

    def _take_checkpoint(self, key: str) -> None:
        """Let a run's result be one of its checkpoints, named by the contestant that it was."""
        run, step = self._subjects.run("evaluation"), contestant_of(key).step
        if run is None or not step:
            return

        def end(outcome: Outcome) -> None:
            self._show_if_failed(outcome)
            if isinstance(outcome, Done):
                told = tr(
                    "Step {step:,} is the result of {name} now. The one before is kept beside it.",
                    step=step,
                    name=run.name,
                )
                self._notice(told, "good")
                self.checkpoint_taken.emit(run.name)

        self._taking.ask(TakeCheckpointJob(RunFolder(run.folder), step), QueueName.READING, {}, end)


def _entry_words(entry: EvaluationEntry) -> str:
    """An evaluation in a list: 27 Nov, 14:02 · standard · Better: 78 of 100 right."""
    time = words.when(entry.time) if entry.time is not None else entry.folder.name
    return " · ".join(filter(None, (time, entry.suite, entry.headline)))


def _can_answer(run: RunSummary) -> bool:
    return run.can_answer
