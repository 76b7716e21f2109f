"""The evaluation pane: did training make the model better, and at what cost?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from studio.events import Answered, Evaluated, Event, Figure, Progress, Score
from studio.generate.contestant import PARENT
from studio.language import tr
from studio.runs.store import RunSummary
from studio.ui.form.model_picker import model_title
from studio.ui.panes.evaluation.results import ResultsPage
from studio.ui.panes.evaluation.setup import SetupPage
from studio.ui.plain import tip
from studio.ui.tables.run_picker import RunPicker
from studio.ui.tables.score_words import MeasureWords
from studio.ui.theme import Theme
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.states import EmptyState, FailedState
from studio.ui.widgets.timing import Throttle

_REDRAW_MILLISECONDS = 100
REPORT = (
    ("open", tr("Write and Open Report")),
    ("reveal", tr("Show Report in Folder")),
    ("export", tr("Export Figures and Answers…")),
)
"""What the report button offers: the action and its words."""
_STOPPED = tr("What came before the stop is below. Nothing is lost: Resume goes on where it was.")


class EvaluationPane(Pane):
    """Asks for an evaluation and shows what comes of it. Knows nothing of models or files."""

    evaluate_requested = Signal()
    stop_requested = Signal()
    golden_requested = Signal()
    train_requested = Signal()
    against_changed = Signal()
    setup_changed = Signal()
    report_requested = Signal(str)  # one of REPORT
    checkpoint_requested = Signal(str)  # the key of a contestant
    playground_requested = Signal(str)  # prompt

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Evaluation"))
        self._run: RunSummary | None = None
        self._golden = ""
        self.shown: tuple[Path, str] | None = None
        """What the result on show is about: the run's folder, and what was asked."""
        self.busy = False
        self._arrived: list[Answered | Score | Figure] = []
        self._progress: Progress | None = None
        self.picker = RunPicker()
        self.header.add_subject(self.picker)
        self.setup, self.results = SetupPage(), ResultsPage(theme)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.setup)
        self._pages.addWidget(self.results)
        self.content.addWidget(self._pages)
        self._add_buttons()
        self._connect()
        self._redraw = Throttle(self, _REDRAW_MILLISECONDS, self._draw)
        self.show_no_run()

    def set_measures(self, measures: Sequence[MeasureWords], groups: Mapping[str, str]) -> None:
        """What there is to measure, in the order of the table, and what its groups are called."""
        self.setup.set_measures(measures, groups)
        self.results.set_measures(measures, groups)

    def show_no_run(self) -> None:
        self._run, self.busy = None, False
        self._reset()
        state = EmptyState(
            "scale",
            tr("Nothing to evaluate yet"),
            tr("Train a model first; then see here whether it really got better, and at what cost."),
            tr("Train a model"),
        )
        state.chosen.connect(self.train_requested)
        self.header.set_title(tr("Evaluation"))
        self.header.set_subtitle(tr("Base against tuned, on the same questions."))
        self._cover(state)

    def show_run(self, run: RunSummary, golden_description: str) -> None:
        """Say what would be measured; a result of the same run on the same golden set stays."""
        self._run, self._golden = run, golden_description
        self.header.set_title(tr("Evaluation of {name}", name=run.name))
        self.header.set_subtitle(
            tr(
                "{model_title} · {step:,} of {steps:,} steps",
                model_title=model_title(run.model),
                step=run.step,
                steps=run.steps,
            )
        )
        self.setup.show_golden(golden_description)
        if (run.folder, golden_description) == self.shown:
            return
        self._reset()
        self._turn(self.setup)

    def forget_result(self) -> None:
        """What is on show is not true any more: the run is learning on."""
        self.shown = None

    def show_busy(self, text: str, *, waits: bool = True) -> None:
        """Begin anew: whatever was on show before is gone; the measures that were chosen are waited for."""
        self._reset()
        self.busy = True
        self._turn(self.results)
        self.results.verdict.show_busy(text)
        self.results.await_measures(self.setup.chosen_measures() if waits else ())

    def show_event(self, event: Event) -> None:
        match event:
            case Progress():
                self._progress = event
            case Answered() | Score() | Figure():
                self._arrived.append(event)
            case Evaluated():
                self._show_result(event)
                return
            case _:
                return
        self._redraw.trigger()

    def show_failure(self, sentence: str) -> None:
        """Say what went wrong; what came before it stays to be read."""
        self._draw()
        self.results.give_up()
        self.busy = False
        title = tr("The evaluation could not finish")
        if not self.results.is_empty:
            self._turn(self.results)
            self.results.answers.settle()
            self.results.verdict.show_end(title, sentence, bad=True)
            return
        state = FailedState(title, sentence, tr("Try again"))
        state.chosen.connect(self.evaluate_requested)
        self._cover(state)

    def show_stopped(self) -> None:
        """Back to what can be asked; what arrived stays to be read."""
        self._draw()
        self.results.give_up()
        self.busy = False
        if self.results.is_empty:
            self._turn(self.setup)
            return
        self._turn(self.results)
        self.results.answers.settle()
        self.results.verdict.show_end(tr("Evaluation stopped"), _STOPPED)

    def show_setup(self) -> None:
        """Let another evaluation be chosen; the result stays to come back to."""
        self._turn(self.setup)

    def show_results(self) -> None:
        """Back to what was found."""
        self._turn(self.results)

    def _add_buttons(self) -> None:
        self.back = self.header.add_button(tr("Back to results"), icon="chevron-left")
        self.again = self.header.add_button(tr("New evaluation…"))
        self.stop = self.header.add_button(tr("Stop"), role="danger", icon="square")
        self.resume = self.header.add_button(tr("Resume"), role="primary")
        self.report = self.header.add_button(tr("Report"), role="primary", icon="file-text")
        self.evaluate = self.header.add_button(tr("Evaluate"), role="primary")
        menu = Menu(self.report)
        for key, words in REPORT:
            action = menu.addAction(words)
            action.setData(key)
            action.triggered.connect(self._on_report)
        self.report.setMenu(menu)

    def _connect(self) -> None:
        self.back.clicked.connect(self.show_results)
        self.again.clicked.connect(self.show_setup)
        self.stop.clicked.connect(self.stop_requested)
        for button in (self.resume, self.evaluate):
            button.clicked.connect(self.evaluate_requested)
        self.setup.changed.connect(self._on_setup)
        self.setup.golden_requested.connect(self.golden_requested)
        self.setup.contestants.against_changed.connect(self.against_changed)
        self.results.figures.checkpoint_requested.connect(self.checkpoint_requested)
        self.results.answers.playground_requested.connect(self.playground_requested)

    def _on_setup(self) -> None:
        problem = self.setup.problem()
        self.evaluate.setEnabled(not problem)
        self.evaluate.setToolTip(tip(problem))
        self.setup_changed.emit()

    def _on_report(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.report_requested.emit(sender.data())  # type: ignore[attr-defined]

    def _cover(self, state: QWidget) -> None:
        self.show_state(state)
        self._show_buttons()

    def _turn(self, page: QWidget) -> None:
        """Show the page before the start, or that of what was found."""
        self.show_state(None)
        self._pages.setCurrentWidget(page)
        self._show_buttons()

    def _show_buttons(self) -> None:
        covered = self.state is not None
        found = self._pages.currentWidget() is self.results and not covered
        asks = self._pages.currentWidget() is self.setup and not covered
        complete = self.shown is not None
        self.stop.setVisible(self.busy)
        self.back.setVisible(asks and not self.results.is_empty)
        self.evaluate.setVisible(asks)
        self.again.setVisible(not self.busy and (found or (covered and self._run is not None)))
        self.resume.setVisible(found and not self.busy and not complete)
        self.report.setVisible(found and complete)

    def _reset(self) -> None:
        self._redraw.stop()
        self._arrived, self._progress, self.shown = [], None, None
        self.results.clear()

    def _draw(self) -> None:
        if self._arrived:
            arrived, self._arrived = self._arrived, []
            self.results.add(arrived)
        if self._progress is not None and self.busy:
            self.results.verdict.show_progress(self._progress)
        self._progress = None

    def _show_result(self, result: Evaluated) -> None:
        self._progress = None
        self._draw()
        if self._run is not None:
            self.shown = self._run.folder, self._golden
        self.busy = False
        self.results.await_measures(())
        self.results.set_contestants(result.contestants)
        self.results.add(result.scores)
        self.results.answers.settle()
        facts = (
            result.suite,
            result.golden,
            self._against(result),
            tr("took {duration}", duration=_duration(result.seconds)),
        )
        sentences = [str(each) for each in result.verdict]
        self.results.verdict.show_verdict(str(result.headline), sentences, " · ".join(filter(None, facts)))
        self._turn(self.results)

    def _against(self, result: Evaluated) -> str:
        """What it was compared with, where that is not the original model."""
        parent = self._run.parent if self._run is not None else ""
        is_parent = bool(result.contestants) and result.contestants[0][0] == PARENT
        return tr("against {parent}, its parent", parent=parent) if is_parent else ""


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else tr("{value:.0f} min", value=seconds / 60)
