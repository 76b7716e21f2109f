"""The training pane: edits a recipe and shows what comes back. Knows nothing of threads or MLX."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from studio.errors import RecipeError
from studio.events import Ended, Event, ModelCounted, Prepared, Progress, Step, Validated
from studio.train.recipe import Recipe
from studio.ui.panes.training_cards import FiguresCard, LogCard, ModelCard, log_line
from studio.ui.panes.training_states import LOOKS, RunStory
from studio.ui.plots.run_plots import RunPlots
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.form import RecipeForm
from studio.ui.widgets.model_picker import model_title
from studio.ui.widgets.pane import GAP, PaneFrame
from studio.ui.widgets.states import EmptyState

RECIPE_WIDTH = 322
DEBOUNCE_MILLISECONDS = 250


class TrainingPane(PaneFrame):
    """Gives a Recipe out; takes a dataset's name, a model's count and a run's events in."""

    start_requested = Signal(object)  # Recipe
    stop_requested = Signal()
    resume_requested = Signal()
    recipe_changed = Signal(object)  # Recipe, valid, a moment after the last edit
    evaluate_requested = Signal()
    choose_model_requested = Signal()
    dataset_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Training")
        self._state = "idle"
        self._story = RunStory()
        self._dataset = ""
        self._sentence = ""
        self.form, self.model_card = RecipeForm(), ModelCard()
        self.figures, self.plots, self.log = FiguresCard(), RunPlots(theme), LogCard()
        self._no_data = EmptyState(
            "database",
            "Training needs examples",
            "Open a dataset first. What the model reads, and which of it is learned, is shown there.",
            "Open the dataset pane",
        )
        self._right = QStackedWidget()
        self._debounce = QTimer(self)
        self._debounce.setSingleShot(True)
        self._debounce.setInterval(DEBOUNCE_MILLISECONDS)
        self._add_buttons()
        self._build()
        self._connect()
        self.show_no_dataset()
        self.show_state("idle")

    def recipe(self) -> Recipe:
        """The recipe as the form says it. Raises RecipeError."""
        return self.form.recipe()

    def set_recipe(self, recipe: Recipe) -> None:
        self.form.set_recipe(recipe)
        self._write_header()

    def show_dataset(self, name: str, train: int, validation: int) -> None:
        """The dataset that will be trained on, and how its examples are split."""
        self._dataset = f"{name}  ·  {train:,} examples train, {validation:,} validate"
        self.form.show_dataset(name)
        self._right.setCurrentIndex(0)
        self._write_header()

    def show_no_dataset(self) -> None:
        self._dataset = ""
        self.form.show_dataset("")
        self._right.setCurrentIndex(1 if self._story.step is None else 0)
        self._write_header()

    def show_count(self, count: ModelCounted) -> None:
        """What the chosen model would train under this recipe."""
        self.model_card.show_count(count)
        self.form.show_learning_rate(count.learning_rate)

    def show_event(self, event: Event) -> None:
        """Take in one event of the running job."""
        self._story.take(event)
        self.plots.show_event(event)
        self.log.add(log_line(event))
        match event:
            case Step():
                self.figures.show_step(event, self._story.epochs)
                if self._state == "preparing":
                    self.show_state("running")
            case Prepared() | Validated() | Ended() | Progress():
                self._write_title()

    def show_state(self, state: str, sentence: str = "") -> None:
        """Take the look of a state, one of LOOKS, and say a sentence about it."""
        self._state, self._sentence = state, sentence
        look = LOOKS[state]
        for name, button in self._buttons.items():
            button.setVisible(name in look.buttons)
            button.set_role("primary" if name == look.primary else "plain")
        self._buttons["stop"].setEnabled(state != "stopping")
        self._buttons["start"].setText(look.start)
        self.form.set_locked(look.locked)
        self.figures.set_running(look.locked)
        if sentence:
            self.log.add(sentence)
        self._write_header()

    def load_events(self, events: Sequence[Event]) -> None:
        """Show an earlier run's whole history."""
        self.clear_run()
        self._right.setCurrentIndex(0)
        for event in events:
            self._story.take(event)
        self.plots.load(events)
        self.log.add(*(log_line(event) for event in events))
        if self._story.step is not None:
            self.figures.show_step(self._story.step, self._story.epochs)
        self._write_header()

    def clear_run(self) -> None:
        """Forget the run that is shown; the recipe stays."""
        self._story = RunStory(self._epochs())
        self.plots.clear()
        self.figures.clear()
        self.log.clear()
        self._write_header()

    def _add_buttons(self) -> None:
        add = self.header.add_button
        self._buttons = {
            "stop": add("Stop and keep", icon="circle-stop"),
            "start": add("Start training", icon="play"),
            "evaluate": add("Evaluate", icon="scale"),
            "resume": add("Resume", icon="rotate-ccw"),
        }

    def _build(self) -> None:
        recipe = Card("Recipe")
        recipe.body.addWidget(self.form)
        left = QVBoxLayout()
        left.setSpacing(GAP)
        left.addWidget(recipe, 1)
        left.addWidget(self.model_card)
        side = QWidget()
        side.setFixedWidth(RECIPE_WIDTH)
        side.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        live = QWidget()
        column = QVBoxLayout(live)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self.figures)
        column.addWidget(self.plots, 4)
        column.addWidget(self.log, 1)
        self._right.addWidget(live)
        self._right.addWidget(self._no_data)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(side)
        row.addWidget(self._right, 1)
        self.content.addLayout(row, 1)

    def _connect(self) -> None:
        self._buttons["stop"].clicked.connect(self.stop_requested)
        self._buttons["start"].clicked.connect(self.start)
        self._buttons["resume"].clicked.connect(self.resume_requested)
        self._buttons["evaluate"].clicked.connect(self.evaluate_requested)
        self._no_data.chosen.connect(self.dataset_requested)
        self.form.dataset_requested.connect(self.dataset_requested)
        self.form.choose_model_requested.connect(self.choose_model_requested)
        self.form.changed.connect(self._on_edited)
        self._debounce.timeout.connect(self._announce_recipe)
        self.figures.written.connect(self._write_title)

    def start(self) -> None:
        """Ask for a run with the recipe as it stands, if it can be carried out."""
        start = self._buttons["start"]
        if start.isEnabled() and not start.isHidden():
            self.start_requested.emit(self.recipe())

    def _on_edited(self) -> None:
        self._write_header()
        self._debounce.start()

    def _announce_recipe(self) -> None:
        try:
            self.recipe_changed.emit(self.recipe())
        except RecipeError:
            return

    def _epochs(self) -> float:
        try:
            return self.recipe().loop.epochs
        except RecipeError:
            return 0.0

    def _write_header(self) -> None:
        valid = self.form.is_valid()
        start = self._buttons["start"]
        start.setEnabled(valid and bool(self._dataset))
        start.setToolTip("" if start.isEnabled() else _why_not(bool(self._dataset)))
        self._write_title()

    def _write_title(self) -> None:
        self.header.set_title(self._story.title(self._state))
        model = model_title(self.form.model())
        facts = f"{model}  ·  {self._dataset or 'no dataset yet'}"
        self.header.set_subtitle(self._sentence or self._story.progress(self._state) or facts)


def _why_not(has_dataset: bool) -> str:
    return "Mend the fields marked in red first." if has_dataset else "Open a dataset first."
