"""A run's curves as its events tell them, and robust figures of a stretch of a noisy curve."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from studio.events import Ended, Event, Prepared, Probed, Rewards, Sampled, Skipped, Step, Validated

LARGEST = 1e6
"""No loss, gradient norm or rate of a run that still learns is larger: beyond it, it counts as not finite."""

FIRST = 3
"""A curve that begins at this step or before shows where the run began (updates may have been skipped)."""

ENOUGH_STEPS = 50
"""With fewer steps neither a flat nor a steep curve means anything yet."""

KNOWN = 0.1
"""A loss below this leaves nothing to learn: such a curve may be flat."""

MEASURED = 4
"""From so many validations on, they tell more about a small move than the noisier training loss."""

SIGMA = 1.4826
"""A normal distribution's standard deviation, in median absolute deviations."""


@dataclass
class Curves:
    """What a run has said so far, oldest first; what a resume does again is kept once."""

    steps: list[Step] = field(default_factory=list)  # with finite figures
    broken: list[int] = field(default_factory=list)  # steps whose loss or gradient was not a finite number
    validated: list[Validated] = field(default_factory=list)
    probed: list[Probed] = field(default_factory=list)
    rewards: list[Rewards] = field(default_factory=list)  # of the validation split
    sampled: dict[int, dict[str, str]] = field(default_factory=dict)  # answer by prompt by step
    skipped: list[Skipped] = field(default_factory=list)
    ended: bool = False  # it came to the end of its recipe

    def add(self, event: Event) -> None:
        """Take in one event; those that belong to no curve are passed over."""
        match event:
            case Prepared():
                self._go_back_to(event.first_step)
            case Step():
                self._add_step(event)
            case Validated() if _finite(event.loss):
                self.validated = [e for e in self.validated if e.step != event.step]
                self.validated.append(event)
            case Probed() if _finite(event.loss):
                self.probed = [e for e in self.probed if e.step != event.step]
                self.probed.append(event)
            case Rewards() if event.part == "validation" and _finite(event.accuracy):
                self.rewards.append(event)
            case Sampled():
                self.sampled.setdefault(event.step, {})[event.prompt] = event.answer
            case Skipped():
                self.skipped.append(event)
            case Ended():
                self.ended = event.outcome == "done"

    @property
    def last_step(self) -> int:
        return self.steps[-1].step if self.steps else 0

    @property
    def from_the_start(self) -> bool:
        """Whether the run's first steps are known, not only those after a resume."""
        return bool(self.steps) and self.steps[0].step <= FIRST

    @property
    def warm(self) -> list[Step]:
        """The steps from the one with the highest rate on: warmup is over."""
        rates = [step.learning_rate for step in self.steps]
        return self.steps[rates.index(max(rates)) :] if rates else []

    def losses(self, after: int, up_to: int) -> list[float]:
        """The training losses of the steps after `after` up to and with `up_to`."""
        return [step.loss for step in self.steps if after < step.step <= up_to]

    def ends(self) -> tuple[Level, Level]:
        """The level of the training loss in its first and in its last fifth; needs a step."""
        losses = [step.loss for step in self.steps]
        count = max(10, len(losses) // 5)
        return Level.of(losses[:count]), Level.of(losses[-count:])

    @property
    def measured_from_the_start(self) -> list[float]:
        """The validation losses, where the first was measured before training; else none."""
        known = bool(self.validated) and self.validated[0].step <= FIRST
        return [each.loss for each in self.validated] if known else []

    def rises(self, share_of_start: float) -> bool:
        """Whether validation loss, or training loss where that is all there is, ends above its start."""
        start, now = self.ends()
        fall, error = start.falls_to(now)
        measured = self.measured_from_the_start
        if len(measured) < MEASURED:
            return -fall > share_of_start * abs(start.value) + 2 * error
        return statistics.median(measured[-3:]) - measured[0] > share_of_start * abs(measured[0])

    def moves_at_most(self, share_of_start: float) -> bool:
        """Whether it is clear that the loss fell by no more than this share of where it began.

        Validation tells it where it was measured before the first step and often enough, as it is always
        of the same examples; training loss tells it alone where its noise allows, and never disagrees.
        """
        start, now = self.ends()
        fall, error = start.falls_to(now)
        limit = share_of_start * abs(start.value)
        measured = self.measured_from_the_start
        if len(measured) < MEASURED:
            return fall + 2 * error <= limit
        fell = measured[0] - statistics.median(measured[-3:])
        return fell <= share_of_start * abs(measured[0]) and fall - 2 * error <= limit

    def _add_step(self, step: Step) -> None:
        if all(map(_finite, (step.loss, step.gradient_norm, step.learning_rate))):
            self.steps.append(step)
        else:
            self.broken.append(step.step)
        self.ended = self.ended or step.step >= step.steps

    def _go_back_to(self, first: int) -> None:
        self.steps = [e for e in self.steps if e.step < first]
        self.broken = [step for step in self.broken if step < first]
        self.validated = [e for e in self.validated if e.step < first]
        self.probed = [e for e in self.probed if e.step < first]
        self.rewards = [e for e in self.rewards if e.step < first]
        self.sampled = {step: answers for step, answers in self.sampled.items() if step < first}
        self.skipped = [e for e in self.skipped if e.step < first]
        self.ended = False


@dataclass(frozen=True)
class Level:
    """The height of a noisy curve over a stretch: its median, and the standard error of that median."""

    value: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Level:
        """The level of at least one value."""
        return cls(statistics.median(values), 1.2533 * spread(values) / math.sqrt(len(values)))

    def falls_to(self, other: Level) -> tuple[float, float]:
        """How far it is from here down to another level, and the standard error of that."""
        return self.value - other.value, math.hypot(self.error, other.error)


def spread(values: Sequence[float]) -> float:
    """A standard deviation that outliers do not move: from the median of distances to the median."""
    middle = statistics.median(values)
    return SIGMA * statistics.median(abs(value - middle) for value in values)


def share(part: float, whole: float) -> float:
    """part / |whole|; 0 where the whole is nothing."""
    return part / abs(whole) if abs(whole) > 1e-12 else 0.0


def _finite(value: float) -> bool:
    return math.isfinite(value) and abs(value) < LARGEST
