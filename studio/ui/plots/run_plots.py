"""The curves of a run: loss, rewards where there are any, speed and memory, each with its current value."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio import words
from studio.events import Event, Prepared, Probed, Rewards, Step, Validated
from studio.ui.plots.histories import history, once
from studio.ui.plots.keys import Key
from studio.ui.plots.plot_card import PlotCard
from studio.ui.plots.reward_card import RewardCard
from studio.ui.plots.style import CurveStyle
from studio.ui.theme import Theme

__all__ = ["LOSS", "RunPlots", "history"]

HEAD_MILLISECONDS = 120
LOSS = CurveStyle("Loss", words=words.loss)
SPEED = CurveStyle("Tokens per second", colour="good", smoothing=0, from_zero=True, redraw_milliseconds=230)
MEMORY = CurveStyle(
    "Memory",
    colour="third",
    smoothing=0,
    from_zero=True,
    redraw_milliseconds=310,
    words=lambda gigabytes: words.memory(gigabytes * words.GIB),
    ticks=lambda gigabytes, _: words.memory(gigabytes * words.GIB) if gigabytes else "0",
)


class RunPlots(QWidget):
    """Takes a run's events, one at a time or a whole history; heads are written a few times a second."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.loss = PlotCard(theme, LOSS, "Training and validation loss, from the first step on.", 100)
        self.rewards = RewardCard(theme)
        self.speed = PlotCard(theme, SPEED, "How fast it reads.", 90)
        self.memory = PlotCard(theme, MEMORY, "What it takes of this Mac.", 90)
        self._cards = (self.loss, self.rewards, self.speed, self.memory)
        self._step: Step | None = None
        self._best: Validated | None = None
        self._last: Validated | None = None
        self._probed: Probed | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HEAD_MILLISECONDS)
        self._timer.timeout.connect(self._show_heads)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        for cards, stretch in (((self.loss, self.rewards), 3), ((self.speed, self.memory), 2)):
            row = QHBoxLayout()
            row.setSpacing(14)
            for card in cards:
                row.addWidget(card, 1)
            column.addLayout(row, stretch)

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
        match event:
            case Prepared():
                self._set_end(event.steps)
                for card in self._cards:  # a resume does again what a crash had not saved
                    card.curve.cut(event.first_step)
            case Step():
                self._step = event
                self.loss.curve.append(event.step, event.loss)
                self.speed.curve.append(event.step, event.tokens_per_second)
                self.memory.curve.append(event.step, event.memory_active / words.GIB)
            case Validated():
                self._remember(event)
                self.loss.curve.append_dot(event.step, event.loss)
            case Probed():
                self._probed = event
                self.loss.curve.append_other(event.step, event.loss)
            case Rewards():
                self.rewards.add(event)
            case _:
                return
        self._reveal()
        if not self._timer.isActive():
            self._timer.start()

    def load(self, events: Iterable[Event]) -> None:
        """Show a whole history at once, in place of what was there."""
        self.clear()
        events = list(events)
        last, steps, validated = history(events)
        if last:
            self._set_end(last)
        numbers = [event.step for event in steps]
        self.loss.curve.set_points(numbers, [event.loss for event in steps])
        self.speed.curve.set_points(numbers, [event.tokens_per_second for event in steps])
        self.memory.curve.set_points(numbers, [event.memory_active / words.GIB for event in steps])
        self.loss.curve.set_dots([event.step for event in validated], [event.loss for event in validated])
        probed = once(events, Probed)
        self.loss.curve.set_others([event.step for event in probed], [event.loss for event in probed])
        self.rewards.load(once(events, Rewards))
        for event in validated:
            self._remember(event)
        self._probed = probed[-1] if probed else None
        self._step = steps[-1] if steps else None
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
        for card in (self.speed, self.memory):
            card.set_waiting(self._step is None)

    def _show_heads(self) -> None:
        if self._step is not None:
            self.speed.set_value(f"{self._step.tokens_per_second:,.0f}")
            active, peak = words.memory(self._step.memory_active), words.memory(self._step.memory_peak)
            unit = active[-3:]
            self.memory.set_value(f"{active}, peak {peak.removesuffix(unit)}")
        self.loss.set_keys(self._losses())
        self.rewards.show_head()

    def _losses(self) -> list[Key]:
        keys: list[Key] = []
        if self._step is not None:
            loss = words.loss(self._step.loss)
            keys.append((LOSS.colour, f"training {loss}", loss))
        if self._last is not None and self._best is not None:
            best = f", best {words.loss(self._best.loss)} at step {self._best.step:,}"
            loss = words.loss(self._last.loss)
            keys.append((LOSS.dot_colour, f"validation {loss}{best if self._best.step else ''}", loss))
        if self._probed is not None:
            loss = words.loss(self._probed.loss)
            keys.append((LOSS.other_colour, f"general text {loss}", loss))
        return keys
