"""The curves of a run: loss, rewards where there are any, speed and memory, each with its current value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QWidget

from studio import words
from studio.events import Event, Prepared, Probed, Rewards, Step, Validated
from studio.language import tr
from studio.runs.history import RunHistory
from studio.ui.plots.plot_card import Key, PlotCard
from studio.ui.plots.style import CurveStyle, three_digits
from studio.ui.theme import Theme
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.timing import Throttle

REWARDS = CurveStyle(
    tr("Rewards"),
    "margin",
    dot_colour="good",
    dot_name="chosen",
    other_colour="second",
    other_name="rejected",
    marks_best=False,
    redraw_milliseconds=170,
    words=lambda value: f"{value:+.3g}",
)


class RewardCard(PlotCard):
    """The margin of every step; of every validation, the rewards of chosen and rejected answers."""

    def __init__(self, theme: Theme) -> None:
        super().__init__(theme, REWARDS, tr("How far chosen answers lead, from the first step on."), 100)
        self._latest: dict[str, Rewards] = {}
        self.hide()

    def clear(self) -> None:
        super().clear()
        self._latest = {}
        self.hide()

    def add(self, rewards: Rewards) -> None:
        """Add one event; the first one brings the card into view."""
        if rewards.part == "validation":
            self.curve.append(rewards.step, rewards.chosen, "dots")
            self.curve.append(rewards.step, rewards.rejected, "others")
        else:
            self.curve.append(rewards.step, rewards.margin)
        self._take(rewards)

    def load(self, history: RunHistory) -> None:
        """Show a whole history; nothing to show hides the card."""
        self.curve.set_points(history.reward("step"), history.reward("margin"))
        validated = history.once(Rewards)
        numbers = [event.step for event in validated]
        self.curve.set_points(numbers, [event.chosen for event in validated], "dots")
        self.curve.set_points(numbers, [event.rejected for event in validated], "others")
        latest = [event for event in (*validated[-1:], history.last_rewards) if event is not None]
        self.setVisible(bool(latest))
        for event in latest:
            self._take(event)
        self.show_head()

    def show_head(self) -> None:
        """Write the current values: of the last validation, or of the last step before there is one."""
        latest = self._latest.get("validation") or self._latest.get("train")
        if latest is None:
            return
        right = words.percent(latest.accuracy)
        margin, chosen, rejected = (f"{v:+.2f}" for v in (latest.margin, latest.chosen, latest.rejected))
        keys = [
            (REWARDS.colour, tr("margin {margin}, {right} right", margin=margin, right=right), "margin"),
            (REWARDS.dot_colour, tr("chosen {chosen}", chosen=chosen), "chosen"),
            (REWARDS.other_colour, tr("rejected {rejected}", rejected=rejected), "rejected"),
        ]
        self.set_keys(keys)

    def _take(self, rewards: Rewards) -> None:
        self._latest[rewards.part] = rewards
        self.show()
        self.set_waiting(False)


HEAD_MILLISECONDS = 120
LARGE, SMALL = 150, 92
"""The least height of a plot in pixels; where the window is lower, the page scrolls."""
LOSS = CurveStyle(tr("Loss"), "training", words=words.loss, offers_log=True)
SPEED = CurveStyle(
    tr("Tokens/s"), tr("tokens/s"), colour="good", smooths=False, from_zero=True, redraw_milliseconds=230
)
GRADIENT = CurveStyle(
    tr("Gradient norm"), tr("gradient norm"), colour="second", redraw_milliseconds=270, offers_log=True
)
RATE = CurveStyle(
    tr("Learning rate"),
    tr("learning rate"),
    smooths=False,
    from_zero=True,
    redraw_milliseconds=330,
    words=words.rate,
    ticks=lambda rate, _: f"{rate:.2g}",
    offers_log=True,
)
MEMORY = CurveStyle(
    tr("Memory"),
    "memory",
    colour="third",
    smooths=False,
    from_zero=True,
    redraw_milliseconds=310,
    words=lambda gigabytes: words.memory(gigabytes * words.GIB),
    ticks=lambda gigabytes, _: words.memory(gigabytes * words.GIB) if gigabytes else "0",
)


class RunPlots(QWidget):
    """Takes a run's events, one at a time or a whole history; heads are written a few times a second."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.loss = PlotCard(theme, LOSS, tr("Training and validation loss, from the first step on."), LARGE)
        self.rewards = RewardCard(theme)
        self.speed = PlotCard(theme, SPEED, tr("Training speed, from the first step on."), SMALL)
        self.memory = PlotCard(theme, MEMORY, tr("Memory in use, from the first step on."), SMALL)
        self.gradient = PlotCard(
            theme, GRADIENT, tr("Length of the gradient, from the first step on."), SMALL
        )
        self.rate = PlotCard(theme, RATE, tr("Learning rate, from the first step on."), SMALL)
        self._small = (self.speed, self.memory, self.gradient, self.rate)
        for card in self._small:
            card.setMinimumWidth(SMALL)  # whatever their titles are, all four are as wide
        self._cards = (self.loss, self.rewards, *self._small)
        self._step: Step | None = None
        self._best: Validated | None = None
        self._last: Validated | None = None
        self._probed: Probed | None = None
        self._timer = Throttle(self, HEAD_MILLISECONDS, self._show_heads)
        above = row((self.loss, 1), (self.rewards, 1), gap=14)
        machine = row((self.speed, 1), (self.memory, 1), gap=14)
        learning = row((self.gradient, 1), (self.rate, 1), gap=14)
        column((above, 3), (machine, 2), (learning, 2), on=self, gap=14)
        self._taken: dict[type[Event], Callable[[Any], None]] = {
            Prepared: self._begin,
            Step: self._add_step,
            Validated: self._add_validated,
            Probed: self._add_probed,
            Rewards: self.rewards.add,
        }

    def clear(self) -> None:
        self._timer.stop()
        self._step = self._best = self._last = self._probed = None
        for card in self._cards:
            card.clear()

    def show_rewards(self, shown: bool) -> None:
        """Whether there is a place for rewards, as in a run that learns from pairs."""
        self.rewards.setVisible(shown)

    def show_event(self, event: Event) -> None:
        """Add what a Prepared, Step, Validated, Probed or Rewards says; other events are not for plots."""
        if (take := self._taken.get(type(event))) is None:
            return
        take(event)
        self._reveal()
        self._timer.trigger()

    def _begin(self, prepared: Prepared) -> None:
        """Make room for the steps; a resume does again what a crash had not saved."""
        self._set_end(prepared.steps)
        for card in self._cards:
            card.curve.cut(prepared.first_step)

    def _add_step(self, step: Step) -> None:
        self._step = step
        self.loss.curve.append(step.step, step.loss)
        self.speed.curve.append(step.step, step.tokens_per_second)
        self.memory.curve.append(step.step, step.memory_active / words.GIB)
        self.gradient.curve.append(step.step, step.gradient_norm)
        self.rate.curve.append(step.step, step.learning_rate)

    def _add_validated(self, validated: Validated) -> None:
        self._remember(validated)
        self.loss.curve.append(validated.step, validated.loss, "dots")

    def _add_probed(self, probed: Probed) -> None:
        self._probed = probed
        self.loss.curve.append(probed.step, probed.loss, "others")

    def load(self, history: RunHistory) -> None:
        """Show a whole history at once, in place of what was there."""
        self.clear()
        if history.planned:
            self._set_end(history.planned)
        steps = history.column("step")
        self.loss.curve.set_points(steps, history.column("loss"))
        self.speed.curve.set_points(steps, history.column("tokens_per_second"))
        self.memory.curve.set_points(steps, history.column("memory_active") / words.GIB)
        self.gradient.curve.set_points(steps, history.column("gradient_norm"))
        self.rate.curve.set_points(steps, history.column("learning_rate"))
        validated = history.all_of(Validated)
        validations = [event.step for event in validated]
        self.loss.curve.set_points(validations, [event.loss for event in validated], "dots")
        probed = history.once(Probed)
        self.loss.curve.set_points(
            [event.step for event in probed], [event.loss for event in probed], "others"
        )
        self.rewards.load(history)
        for event in validated:
            self._remember(event)
        self._probed = probed[-1] if probed else None
        self._step = history.last_step
        self._reveal()
        self._show_heads()

    def _remember(self, event: Validated) -> None:
        self._last = event
        if self._best is None or event.loss <= self._best.loss:
            self._best = event

    def _set_end(self, steps: int) -> None:
        for card in self._cards:
            card.curve.set_end(steps)

    def _reveal(self) -> None:
        self.loss.set_waiting(self._step is None and self._last is None)
        for card in self._small:
            card.set_waiting(self._step is None)

    def _show_heads(self) -> None:
        if self._step is not None:
            self.speed.set_value(f"{self._step.tokens_per_second:,.0f}")
            active, peak = words.memory(self._step.memory_active), words.memory(self._step.memory_peak)
            unit = active[-3:]
            self.memory.set_value(
                tr("{active}, peak {removesuffix}", active=active, removesuffix=peak.removesuffix(unit))
            )
            self.gradient.set_value(three_digits(self._step.gradient_norm))
            self.rate.set_value(words.rate(self._step.learning_rate))
        self.loss.set_keys(self._losses())
        self.rewards.show_head()

    def _losses(self) -> list[Key]:
        keys: list[Key] = []
        if self._step is not None:
            loss = words.loss(self._step.loss)
            keys.append((LOSS.colour, tr("training {loss}", loss=loss), "training"))
        if self._last is not None and self._best is not None:
            best = tr(
                ", best {loss} at step {step:,}", loss=words.loss(self._best.loss), step=self._best.step
            )
            loss = words.loss(self._last.loss)
            best = tr("validation {loss}{words}", loss=loss, words=best if self._best.step else "")
            keys.append((LOSS.dot_colour, best, "validation"))
        if self._probed is not None:
            loss = words.loss(self._probed.loss)
            keys.append((LOSS.other_colour, tr("general text {loss}", loss=loss), tr("general text")))
        return keys
