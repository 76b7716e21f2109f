"""The training pane: edits a recipe and shows what comes back. Knows nothing of threads or MLX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QStackedWidget

from studio.errors import RecipeError
from studio.events import (
    Advice,
    Ended,
    Event,
    Forecasted,
    ModelCounted,
    Prepared,
    Progress,
    Sampled,
    Skipped,
    Step,
    Validated,
)
from studio.language import tr
from studio.recipe.recipe import Recipe
from studio.runs.history import RunHistory
from studio.ui.form.recipe import RecipeForm
from studio.ui.panes.training.cards import (
    COMPACT_BELOW,
    LOW,
    FiguresCard,
    live_column,
    recipe_column,
    side_by_side,
)
from studio.ui.panes.training.failure import FailureCard
from studio.ui.panes.training.forecast import ForecastCard
from studio.ui.panes.training.machine import MachineCard
from studio.ui.panes.training.ready import ENDED, NextData, NextRun, PreviousRun, ready_look
from studio.ui.panes.training.recipe import RecipeCard, RecipeChoice
from studio.ui.panes.training.remedies import proposal
from studio.ui.panes.training.states import BUTTONS, LOOKS, NO_DATA, SMALLER, RunStory, why_not
from studio.ui.panes.training.sweep import SweepDialog, pace_of
from studio.ui.panes.training.tabs import RunTabs
from studio.ui.panes.training.watch import AdviceCard
from studio.ui.plain import tip
from studio.ui.plots.run_plots import RunPlots
from studio.ui.tables.run_picker import RunPicker
from studio.ui.theme import Theme
from studio.ui.widgets.pane import PaneFrame
from studio.ui.widgets.states import EmptyState
from studio.ui.widgets.timing import Debounce

DEBOUNCE_MILLISECONDS = 250

ManyListeners = Mapping[type[Event], tuple[Callable[[Any], object], ...]]
"""Who hears which event; those of `Event` itself hear every one."""


class TrainingPane(PaneFrame):
    """Gives a Recipe out; takes a dataset's name, a forecast and a run's events in."""

    start_requested = Signal(object)  # Recipe
    stop_requested = Signal()
    resume_requested = Signal()
    smaller_requested = Signal()  # go on in smaller portions
    recipe_changed = Signal(object)  # Recipe, valid, a moment after the last edit
    forecast_requested = Signal(object)  # Recipe, after recipe_changed
    evaluate_requested = Signal()
    choose_model_requested = Signal()
    dataset_requested = Signal()
    open_recipe_requested = Signal()
    save_recipe_requested = Signal(object)  # Recipe
    sweep_requested = Signal(object)  # Sweep

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Training"))
        self._state = "idle"
        self._story = RunStory()
        self._next = NextRun()
        self._misfit = self._sentence = ""
        self.rate: float | None = None  # that the model gets where the recipe leaves it open
        self._is_startable = False
        self.form = RecipeForm()
        self.recipe_card, self.forecast = RecipeCard(self.form), ForecastCard(theme)
        self.figures, self.machine, self.advice = FiguresCard(), MachineCard(), AdviceCard(theme)
        self.previous, self.failure = PreviousRun(), FailureCard()
        self.plots, self.tabs = RunPlots(theme), RunTabs()
        self.log = self.tabs.log
        self._no_data = EmptyState("database", *NO_DATA)
        self._right = QStackedWidget()
        self.picker = RunPicker(tr("New run"))
        self.header.add_subject(self.picker)
        self._edited = Debounce(self, DEBOUNCE_MILLISECONDS, self._announce_recipe)
        self._add_buttons()
        self._build()
        self._listen()
        self._connect()
        self.show_no_dataset()
        self.show_state("idle")

    def recipe(self) -> Recipe:
        """The recipe as the form says it. Raises RecipeError."""
        return self.form.recipe()

    def set_recipe(self, recipe: Recipe) -> None:
        self.recipe_card.take(recipe)
        self._write_header()

    def set_ready_recipes(self, recipes: Sequence[RecipeChoice]) -> None:
        """The recipes that the form offers."""
        self.recipe_card.set_ready(recipes)

    def apply_recipe(self, recipe: Recipe, name: str) -> None:
        """Take over a recipe, as from a file; the dataset stays, and the model where its own is not here."""
        self.recipe_card.apply(recipe, name)

    def show_dataset(self, data: NextData) -> None:
        """The dataset that a new run would train on, and how its examples are split."""
        self._next.data = data
        self._right.setCurrentIndex(0)
        self._write_header()

    def lead_on(self) -> None:
        """A new run is wanted on the dataset on show: where one is done, be ready for the next."""
        if self._state == "done":
            self._next.want()
            self._write_header()

    def show_no_dataset(self, *, again: bool = False) -> None:
        """There is no dataset; or the one that was there is read `again`."""
        known = self._next.data
        self._next.data = replace(known, there=False) if again else NextData(source=known.source, there=False)
        self._right.setCurrentIndex(1 if self._story.step is None and not LOOKS[self._state].locked else 0)
        self._write_header()

    def take_run(self, recipe: Recipe, member: str = "") -> None:
        """A run on show: what was asked of it, which stays on show whatever is opened meanwhile.

        While it trains the form says it, too. `member` is which run of a sweep it is.
        """
        self._story.take(recipe)
        self._story.member = member
        if LOOKS[self._state].locked:
            self.recipe_card.take(recipe)
            self.plots.show_rewards(recipe.pairs)
        self._write_header()

    def show_misfit(self, sentence: str) -> None:
        """Why the dataset cannot be trained on with this objective; nothing where it can."""
        self._misfit = sentence
        self._write_header()

    def show_count(self, count: ModelCounted) -> None:
        """What the chosen model would train under this recipe, and at which rate."""
        self.forecast.show_count(count)
        self.rate = count.learning_rate
        self.form.show_learning_rate(count.learning_rate)

    def show_forecast(self, forecast: Forecasted | None) -> None:
        """What a run would take of this machine; None when that cannot be told."""
        self.forecast.show_forecast(forecast)

    def show_event(self, event: Event) -> None:
        """Take in one event of the running job."""
        self._tell(self._kept, event)
        self._tell(self._live, event)

    def _tell(self, listeners: ManyListeners, event: Event) -> None:
        for kind in (Event, type(event)):
            for listen in listeners.get(kind, ()):
                listen(event)

    def _listen(self) -> None:
        """Who hears which event, in order: `_kept` also of an earlier run, `_live` of the running job."""
        story, tabs, plots = self._story, self.tabs, self.plots
        self._kept: ManyListeners = {
            Event: (tabs.log_event,),
            Progress: (story.show_progress,),
            Prepared: (story.show_prepared, tabs.show_prepared),
            Validated: (story.add_validated, self._show_validated),
            Sampled: (tabs.add_sample,),
            Skipped: (story.add_skipped, self._show_skipped),
        }
        self._live: ManyListeners = {
            Event: (plots.show_event,),
            Progress: (self._write_title,),
            Prepared: (self._write_title,),
            Step: (story.add_step, self._show_step),
            Validated: (self._write_title,),
            Ended: (self._write_title,),
            Advice: (self.advice.add,),
            Forecasted: (self.show_forecast,),
        }

    def _show_step(self, step: Step) -> None:
        self.figures.show_step(step, self._story.epochs)
        if self._state == "preparing":
            self.show_state("running")

    def _show_validated(self, _: Validated) -> None:
        if self._story.first is not None and self._story.best is not None:
            self.figures.show_validated(self._story.first.loss, self._story.best.loss)

    def _show_skipped(self, _: Skipped) -> None:
        self.tabs.details.show_skipped(self._story.skipped)
        self.figures.show_skipped(self._story.skipped)

    def show_state(self, state: str, sentence: str = "") -> None:
        """Take the look of a state, one of LOOKS, and say a sentence about it."""
        self._state, self._sentence = state, sentence
        self.failure.clear()
        look = LOOKS[state]
        self._next.rest(self.form.recipe_at_hand())
        self._buttons["stop"].setEnabled(state != "stopping")
        self.recipe_card.set_locked(look.locked)
        self.figures.set_running(look.locked)
        self._watch_machine()
        if look.locked:
            self.plots.show_rewards(self.form.recipe_at_hand().pairs)
        if sentence:
            self.log.add(sentence)
        self._write_header()

    def show_failure(self, said: str, helps: Sequence[tuple[str, str]]) -> None:
        """Say in full why the run on show failed, and offer what helps: a title and a key each."""
        self.failure.show_failure(said, helps)
        self._right.setCurrentIndex(0)
        self._write_title()

    def state(self) -> str:
        """Which of LOOKS the pane has."""
        return self._state

    def sentence(self) -> str:
        """What was said about that."""
        return self._sentence

    def load_history(self, history: RunHistory, recipe: Recipe | None = None) -> None:
        """Show an earlier run's whole history, and what was asked of it."""
        self.clear_run()
        if recipe is not None:
            self.take_run(recipe)
        self._right.setCurrentIndex(0)
        for event in history.events:
            self._tell(self._kept, event)
        self._story.load_steps(history)
        self.plots.load(history)
        self.advice.add(*history.all_of(Advice))
        if self._story.step is not None:
            self.figures.show_step(self._story.step, self._story.epochs)
        self._write_header()

    def clear_run(self) -> None:
        """Forget the run that is shown; the recipe stays."""
        self._story.begin()
        for part in (self.plots, self.figures, self.tabs, self.advice):
            part.clear()
        self._write_header()

    def start(self) -> None:
        """Ask for a run with the recipe as it stands, if it can be carried out."""
        if self.can_start():
            self.start_requested.emit(self.recipe())
            self._settle()

    def can_start(self) -> bool:
        """Whether there is a dataset and a recipe that can be carried out, and nothing trains."""
        start = self._buttons["start"]
        return start.isEnabled() and not start.isHidden()

    def follow_advice(self, advice: str, path: str) -> None:
        """Set a field as a kind of advice has it, unless a run holds the recipe, and show it."""
        self.recipe_card.search("")
        row = self.form.lead_to(path)
        value = proposal(advice, path, self.form.recipe_at_hand(), self.rate)
        if value is not None and not LOOKS[self._state].locked:
            row.enter(value)

    def ask_for_sweep(self) -> SweepDialog:
        """Ask which fields shall take several values, the rest being as the form says it."""
        pace = pace_of(self.form.recipe_at_hand(), self.forecast.shown(), self._story.step)
        dialog = SweepDialog(self.recipe(), self.rate, pace, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.requested.connect(self.sweep_requested)
        dialog.open()
        self._settle()
        return dialog

    def _add_buttons(self) -> None:
        add = self.header.add_button
        self._buttons = {key: add(text, icon=icon) for key, (text, icon) in BUTTONS.items()}
        self._buttons["smaller"].setToolTip(tip(SMALLER))
        self._buttons["stop"].setToolTip(tr("What was learned is kept."))

    def _build(self) -> None:
        above = (self.previous, self.failure, self.figures, self.machine, self.advice)
        self._right.addWidget(live_column(*above, plots=self.plots, tabs=self.tabs))
        self._right.addWidget(self._no_data)
        self.content.addWidget(side_by_side(recipe_column(self.recipe_card, self.forecast), self._right), 1)

    def _connect(self) -> None:
        self._buttons["stop"].clicked.connect(self.stop_requested)
        self._buttons["start"].clicked.connect(self.start)
        self._buttons["sweep"].clicked.connect(self.ask_for_sweep)
        self._buttons["resume"].clicked.connect(self.resume_requested)
        self._buttons["smaller"].clicked.connect(self.smaller_requested)
        self._buttons["evaluate"].clicked.connect(self.evaluate_requested)
        self._no_data.chosen.connect(self.dataset_requested)
        self.form.dataset_requested.connect(self.dataset_requested)
        self.form.choose_model_requested.connect(self.choose_model_requested)
        self.form.changed.connect(self._on_edited)
        self.recipe_card.applied.connect(self._on_edited)
        self.recipe_card.open_requested.connect(self.open_recipe_requested)
        save = self.save_recipe_requested.emit
        self.recipe_card.save_requested.connect(lambda: save(self.form.recipe_at_hand()))
        self.advice.field_chosen.connect(self.follow_advice)
        self.figures.written.connect(self._write_title)

    def _on_edited(self) -> None:
        self._write_header()
        self._edited.trigger()

    def _settle(self) -> None:
        """Announce the last edit now that something was begun with it."""
        if self._edited.isActive():
            self._edited.stop()
            self._announce_recipe()

    def _announce_recipe(self) -> None:
        try:
            recipe = self.recipe()
        except RecipeError:
            return
        self.recipe_changed.emit(recipe)
        if self.form.is_valid():
            self.forecast.show_computing()
            self.forecast_requested.emit(recipe)

    def _write_header(self) -> None:
        data = self._next.data
        name = data.name if data.there else ""
        why = why_not(self.form.problem() or self._misfit, bool(name), is_read=bool(data.name))
        self._is_startable = self.form.is_valid() and not why
        for key in ("start", "sweep"):
            self._buttons[key].setEnabled(self._is_startable)
            self._buttons[key].setToolTip(tip(why))
        locked = LOOKS[self._state].locked
        self.form.show_dataset((self._story.dataset if locked else "") or name)
        self._show_buttons()
        self._write_title()

    def _is_ready(self) -> bool:
        """Whether something else than the run on show is ready to be trained."""
        return self._state in ENDED and self._next.is_ahead(self.form.recipe_at_hand())

    def _show_buttons(self) -> None:
        look, run = LOOKS[self._state], self._story.recipe
        same_data = run is None or self._next.has_trained(run)
        if self._is_ready():
            look = ready_look(self._state, same_data=same_data)
        for name, button in self._buttons.items():
            button.setVisible(name in look.buttons)
            button.set_role("primary" if name == look.primary else "plain")
        self._buttons["start"].setText(look.start if same_data else tr("Start training"))

    def _write_title(self, _: Event | None = None) -> None:
        recipe, story, state = self.form.recipe_at_hand(), self._story, self._state
        title, is_ready = story.title(state), self._is_ready()
        self.previous.show_run(title if is_ready else "")
        is_next = is_ready or (state == "idle" and self._is_startable)
        self.header.set_title(self._next.title(recipe) if is_next else title)
        if is_ready:
            self.header.set_subtitle(self._next.after(state, story, recipe))
            return
        facts = story.facts() or self._next.facts(recipe, startable=self._is_startable)
        sentence = "" if story.is_in_title(self._sentence) or self.failure.text() else self._sentence
        self.header.set_subtitle(sentence or story.progress(state) or facts)

    def _watch_machine(self) -> None:
        self.machine.set_watched(LOOKS[self._state].locked and self.isVisible())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._watch_machine()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._watch_machine()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.forecast.set_compact(event.size().height() < COMPACT_BELOW)
        self.form.set_compact(event.size().height() < LOW)
