"""The evaluation pane: did training make the model better, and at what?"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.events import Answered, Evaluated, Event, Progress
from studio.runs.store import RunSummary
from studio.ui.form.model_picker import model_title
from studio.ui.panes.evaluation.cards import AnswersCard, ScoresCard
from studio.ui.tables.run_picker import RunPicker
from studio.ui.theme import Theme
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.popup import Combo
from studio.ui.widgets.states import EmptyState, FailedState
from studio.ui.widgets.timing import Throttle

_REDRAW_MILLISECONDS = 100
_WHAT = (
    "Both models answer every golden prompt and read the held-out text. You will see which answers were "
    "fixed and which were broken, and whether the difference is more than chance."
)


class EvaluationPane(Pane):
    """Asks for an evaluation and shows what comes of it. Knows nothing of models or files."""

    evaluate_requested = Signal()
    stop_requested = Signal()
    golden_requested = Signal()
    train_requested = Signal()
    against_changed = Signal()
    playground_requested = Signal(str)  # prompt

    def __init__(self, theme: Theme) -> None:
        super().__init__("Evaluation")
        self._run: RunSummary | None = None
        self._golden = ""
        self._answered: tuple[Path, str] | None = None  # what the result on show is about
        self._arrived: list[Answered] = []
        self._progress: Progress | None = None
        self.picker = RunPicker()
        self.header.add_subject(self.picker)
        self.against = Combo()
        self.against.setAccessibleName("What the run is compared with")
        self.against.addItems(("Against the original model", "Against its parent"))
        self.against.currentIndexChanged.connect(self.against_changed)
        self.header.add_widget(self.against)
        self._choose = self.header.add_button("Golden set…", icon="list-checks")
        self._choose.setToolTip("Choose another file of prompts with ideal answers")
        self._choose.clicked.connect(self.golden_requested)
        self._stop = self.header.add_button("Stop", role="danger", icon="square")
        self._stop.clicked.connect(self.stop_requested)
        self._evaluate = self.header.add_button("Evaluate", role="primary")
        self._evaluate.clicked.connect(self.evaluate_requested)
        self.scores = ScoresCard(theme)
        self.answers = AnswersCard(theme)
        self.answers.playground_requested.connect(self.playground_requested)
        self.content.addWidget(self.scores)
        self.content.addWidget(self.answers, 1)
        self._redraw = Throttle(self, _REDRAW_MILLISECONDS, self._draw)
        self.show_no_run()

    def show_no_run(self) -> None:
        self._run = None
        state = EmptyState(
            "scale",
            "Nothing to evaluate yet",
            "Train a model first; then see here whether it really got better.",
            "Train a model",
        )
        state.chosen.connect(self.train_requested)
        self._show_only("Evaluation", "Base against tuned, on the same questions.", state)

    def show_run(self, run: RunSummary, golden_description: str) -> None:
        """Say what would be measured; a result of the same run on the same golden set stays."""
        asked = (run.folder, golden_description)
        self._run, self._golden = run, golden_description
        if asked == self._answered:
            return
        state = EmptyState(
            "scale", "Did it get better?", f"{_WHAT}\n\nMeasured on {golden_description}.", "Evaluate"
        )
        state.chosen.connect(self.evaluate_requested)
        self._show_only(
            "Not evaluated yet", f"{model_title(run.model)} · {run.step:,} of {run.steps:,} steps", state
        )
        self._choose.show()

    def forget_result(self) -> None:
        """What is on show is not true any more: the run is learning on."""
        self._answered = None

    def show_busy(self, text: str) -> None:
        self._reset()
        self.show_state(None)
        self._buttons(busy=True)
        self.header.set_title("Evaluating")
        self.header.set_subtitle(f"On {self._golden}" if self._golden else "")
        self.scores.show_busy(text)

    def show_event(self, event: Event) -> None:
        match event:
            case Progress():
                self._progress = event
            case Answered():
                self._arrived.append(event)
            case Evaluated():
                self._show_result(event)
                return
            case _:
                return
        self._redraw.trigger()

    def show_failure(self, sentence: str) -> None:
        state = FailedState("The evaluation could not finish", sentence, "Try again")
        state.chosen.connect(self.evaluate_requested)
        self._show_only("Evaluation", "", state)
        self._choose.setVisible(self._run is not None)

    def show_stopped(self) -> None:
        """Back to what can be asked; answers that arrived stay to be read."""
        self._draw()
        self._buttons(busy=False)
        self.header.set_title("Evaluation stopped")
        self.header.set_subtitle("The answers that came before the stop are below; nothing was scored.")
        self.scores.show_note("No scores: the evaluation was stopped before its end.")

    def _show_only(self, title: str, subtitle: str, state: QWidget) -> None:
        self._reset()
        self.header.set_title(title)
        self.header.set_subtitle(subtitle)
        for button in (self._choose, self._stop, self._evaluate):
            button.hide()
        self._offer_against()
        self.show_state(state)

    def _offer_against(self, *, busy: bool = False) -> None:
        """What a run went on from is another thing to compare it with."""
        self.against.setVisible(not busy and self._run is not None and bool(self._run.parent))

    def _reset(self) -> None:
        self._redraw.stop()
        self._arrived, self._progress, self._answered = [], None, None
        self.answers.clear()

    def _buttons(self, *, busy: bool) -> None:
        self._stop.setVisible(busy)
        self._choose.setVisible(not busy)
        self._evaluate.setVisible(not busy)
        self._offer_against(busy=busy)

    def _draw(self) -> None:
        if self._arrived:
            self.answers.add(self._arrived)
            self._arrived = []
        if self._progress is not None:
            self.scores.show_progress(self._progress)
            self._progress = None

    def _show_result(self, result: Evaluated) -> None:
        self._progress = None
        if self._run is not None:
            self._answered = (self._run.folder, self._golden)
        self._draw()
        self.show_state(None)
        self._buttons(busy=False)
        self._evaluate.setText("Evaluate again")
        self.header.set_title(str(result.headline))
        self.header.set_subtitle(" ".join(map(str, result.verdict)))
        self.scores.show_result(result)
        self.answers.settle()
