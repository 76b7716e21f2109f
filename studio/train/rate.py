"""The learning rate of every step, as a pure function: nothing to save, nothing to resume."""

from __future__ import annotations

import math

from studio.train.parts import Optimizer


def learning_rate(optimizer: Optimizer, peak: float, step: int, steps: int) -> float:
    """The rate at `step` (from 1) of a run of `steps`: a line up to `peak`, then the schedule's fall.

    The line would start at zero one step before the first, and the fall would reach `floor * peak` one step
    after the last, so no step is wasted on a rate of zero. The rate is `peak` exactly where the warmup ends.
    """
    warmup = warmup_steps(optimizer, steps)
    if step <= warmup:
        return peak * step / warmup
    left = 1.0 - (step - warmup) / (steps - warmup + 1)
    return peak * (optimizer.floor + (1.0 - optimizer.floor) * _remaining(optimizer.schedule, left))


def warmup_steps(optimizer: Optimizer, steps: int) -> int:
    """How many of a run's `steps` warm up: `warmup_steps` where given, else the share; at most all."""
    return min(optimizer.warmup_steps or math.ceil(optimizer.warmup * steps), steps)


def _remaining(schedule: str, left: float) -> float:
    """What remains of the way from peak to floor when the share `left` of the fall is still to come."""
    match schedule:
        case "cosine":
            return 0.5 * (1.0 - math.cos(math.pi * left))
        case "linear":
            return left
    return 1.0  # constant
