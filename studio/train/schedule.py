"""The learning rate of every step, and how often a run validates and saves: pure functions.

Where the recipe leaves the latter open, they take at most a tenth of the run's time. Time is counted in
tokens read forward, so that the answer is a function of recipe, model and data: a resumed run agrees with
itself, and on every machine the same steps are validated.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from studio.recipe.loop_fields import Optimizer
from studio.recipe.recipe import Recipe


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


SHARE = 0.1
"""How much of the training's time validations and checkpoints may take together."""
OFTEN = 10
"""So many validations after the first are enough for a curve."""
CURVE = 5
"""So few show how the loss goes: for them a part is measured rather than everything."""
ENOUGH_ROWS, ENOUGH_PROBE = 32, 256
"""Rows, and tokens of general text, that such a part has at least."""
LEAST_ROWS, LEAST_PROBE = 8, 64
"""However short a run is, so many rows and tokens of general text are read: fewer tell nothing."""
BACKWARD = {"full": 2.0}
"""A gradient of all weights takes twice a reading; one of adapters alone about once."""
DECODED = 20.0
"""Writing a token takes about as long as reading so many, since each reads all weights anew."""
READ, READ_AT_MOST = 1e12, 20_000.0
"""Parameters times tokens that are read in a second, and tokens, however small the model."""
WRITTEN, STARTED = 0.5e9, 0.02
"""Bytes that are saved in a second, and seconds that the smallest file takes."""


@dataclass(frozen=True)
class Schedule:
    """Validations every so many steps, on so many rows, with so many texts of the forgetting probe.

    0 means, as in runs of the first release, ten times in the run, and everything that is held out.
    """

    every: int = 0
    rows: int = 0
    probe: int = 0


@dataclass(frozen=True)
class Work:
    """What a run computes: its steps, the tokens each row of its parts has, and the numbers it trains."""

    steps: int
    trained: float  # tokens read over the whole run
    validation: Sequence[float]  # and of each row
    probe: Sequence[float]
    parameters: int  # of the model
    trained_parameters: int


def schedule_for(recipe: Recipe, work: Work) -> Schedule:
    """The most validations that keep to SHARE; on fewer rows where they would be too few for a curve, or
    where even the first and the last do not keep to it.
    """
    if recipe.loop.validate_every:
        return Schedule()
    most = SHARE * work.trained * (1.0 + BACKWARD.get(recipe.method, 1.0))
    prompts = sum(1 for line in recipe.watch.prompts.splitlines() if line.strip())
    samples = DECODED * prompts * recipe.watch.sample_tokens
    reading = float(sum(work.validation) + sum(work.probe))
    saving = 0.0 if recipe.loop.save_every else _saving(work)
    each = reading + samples + saving
    after = int((most - reading - samples) // each) if each else OFTEN
    for looks in range(min(CURVE, work.steps), max(1, after), -1):
        part = _part(work, (most - looks * saving) / (looks + 1) - samples)
        if part is not None:
            return Schedule(-(-work.steps // looks), *part)
    if after >= 1:
        return Schedule(max(1, -(-work.steps // min(after, OFTEN))))
    room = max(0.0, (most - saving) / 2 - samples)
    rows = max(LEAST_ROWS, int(len(work.validation) * min(1.0, room / reading))) if reading else 0
    left = room - sum(work.validation) * min(1.0, rows / max(1, len(work.validation)))
    probe = _enough(work.probe, left)
    return Schedule(
        max(1, work.steps),
        rows if rows < len(work.validation) else 0,
        probe if probe < len(work.probe) else 0,
    )


def _part(work: Work, tokens: float) -> tuple[int, int] | None:
    """How many rows, and texts of the probe, are read in so many tokens; 0 means all, None too few."""
    left = tokens - min(ENOUGH_PROBE, sum(work.probe))
    each = sum(work.validation) / max(1, len(work.validation))
    rows = min(len(work.validation), int(left / each)) if each else 0
    if left < 0 or rows < min(ENOUGH_ROWS, len(work.validation)):
        return None
    totals = list(accumulate(work.probe))
    texts = sum(total <= tokens - rows * each for total in totals)
    if texts < len(totals) and (not texts or totals[texts - 1] < ENOUGH_PROBE / 2):
        return None
    return rows if rows < len(work.validation) else 0, texts if texts < len(totals) else 0


def chosen(count: int, rows: int, seed: int) -> tuple[int, ...]:
    """Which `rows` of `count` are measured: the same ones every time, wherever in the file they stand."""
    if not rows:
        return tuple(range(count))

    def drawn(row: int) -> bytes:
        return hashlib.blake2b(f"{seed} {row}".encode(), digest_size=8).digest()

    ranked = sorted(range(count), key=drawn)
    return tuple(sorted(ranked[:rows]))


def remark(schedule: Schedule, work: Work) -> str:
    """What a person should know of it; empty where everything is measured as often as ever."""
    if not schedule.every or (
        schedule.every <= max(1, work.steps // OFTEN) and not schedule.rows | schedule.probe
    ):
        return ""
    when = (
        "at the beginning and the end" if schedule.every >= work.steps else f"every {schedule.every:,} steps"
    )
    parts = [
        f"{read:,} of {len(whole):,} {what}"
        for read, whole, what in (
            (schedule.rows, work.validation, "rows"),
            (schedule.probe, work.probe, "general texts"),
        )
        if read
    ]
    part = f", on {' and '.join(parts)}" if parts else ""
    return (
        f"So that it takes about a tenth of the time, the run is validated and saved {when}{part}. "
        "Set Validate every to have it otherwise."
    )


def _saving(work: Work) -> float:
    """Saving weights, both moments and the best once more, in tokens read forward."""
    seconds = STARTED + 16.0 * work.trained_parameters / WRITTEN
    return seconds * min(READ / max(1, work.parameters), READ_AT_MOST)


def _enough(lengths: Sequence[float], tokens: float) -> int:
    """How many rows from the beginning hold at most so many tokens, or the fewest with LEAST_PROBE."""
    totals = list(accumulate(lengths))
    within = sum(total <= tokens for total in totals)
    least = 1 + sum(total < LEAST_PROBE for total in totals)
    return max(within, min(least, len(lengths)))
