"""The curves of a run: loss, speed and memory, each in its card with its current value."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from studio import words
from studio.events import Event, Prepared, Step, Validated
from studio.ui.plots.plot_card import PlotCard
from studio.ui.plots.style import CurveStyle
from studio.ui.theme import Theme

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


def history(events: Iterable[Event]) -> tuple[int, list[Step], list[Validated]]:
    """The planned last step, the steps and the validations of a run; what a resumed run repeated, once."""
    last = 0
    steps: dict[int, Step] = {}
    validated: dict[int, Validated] = {}
    for event in events:
        match event:
            case Prepared():
                last = event.steps
                steps = {step: kept for step, kept in steps.items() if step < event.first_step}
                validated = {step: kept for step, kept in validated.items() if step < event.first_step}
            case Step():
                steps[event.step] = event
            case Validated():
                validated[event.step] = event
    return last, list(steps.values()), list(validated.values())


class RunPlots(QWidget):
    """Takes a run's events, one at a time or a whole history; heads are written a few times a second."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.loss = PlotCard(theme, LOSS, "Training and validation loss, from the first step on.", 100)
        self.speed = PlotCard(theme, SPEED, "How fast it reads.", 90)
        self.memory = PlotCard(theme, MEMORY, "What it takes of this Mac.", 90)
        self._cards = (self.loss, self.speed, self.memory)
        self._step: Step | None = None
        self._best: Validated | None = None
        self._last: Validated | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HEAD_MILLISECONDS)
        self._timer.timeout.connect(self._show_heads)
        small = QHBoxLayout()
        small.setSpacing(14)
        small.addWidget(self.speed, 1)
        small.addWidget(self.memory, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self.loss, 3)
        column.addLayout(small, 2)

    def clear(self) -> None:
        self._timer.stop()
        self._step = self._best = self._last = None
        for card in self._cards:
            card.clear()

    def show_event(self, event: Event) -> None:
        """Add what a Prepared, Step or Validated says; other events are not for plots."""
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
            case _:
                return
        self._reveal()
        if not self._timer.isActive():
            self._timer.start()

    def load(self, events: Iterable[Event]) -> None:
        """Show a whole history at once, in place of what was there."""
        self.clear()
        last, steps, validated = history(events)
        if last:
            self._set_end(last)
        numbers = [event.step for event in steps]
        self.loss.curve.set_points(numbers, [event.loss for event in steps])
        self.speed.curve.set_points(numbers, [event.tokens_per_second for event in steps])
        self.memory.curve.set_points(numbers, [event.memory_active / words.GIB for event in steps])
        self.loss.curve.set_dots([event.step for event in validated], [event.loss for event in validated])
        for event in validated:
            self._remember(event)
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
        parts = []
        if self._step is not None:
            parts.append(f"training {words.loss(self._step.loss)}")
            self.speed.set_value(f"{self._step.tokens_per_second:,.0f}")
            active, peak = words.memory(self._step.memory_active), words.memory(self._step.memory_peak)
            unit = active[-3:]
            self.memory.set_value(f"{active}, peak {peak.removesuffix(unit)}")
        if self._last is not None and self._best is not None:
            best = (
                ""
                if self._best.step == 0
                else f", best {words.loss(self._best.loss)} at step {self._best.step:,}"
            )
            parts.append(f"validation {words.loss(self._last.loss)}{best}")
        self.loss.set_value("  ·  ".join(parts))
