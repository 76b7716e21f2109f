"""How long a run is, which batches each step takes, and its learning rate: all pure functions.

Nothing here has state, so a run that is stopped at any step goes on exactly where it was.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from studio.data.batch import order
from studio.train.parts import Loop, Optimizer


@dataclass(frozen=True)
class Plan:
    """The steps of a run over examples of the given `lengths` (tokens)."""

    lengths: tuple[int, ...]
    loop: Loop

    @property
    def batches_per_epoch(self) -> int:
        return math.ceil(len(self.lengths) / self.loop.batch_size)

    @property
    def batches(self) -> int:
        """Batches in the whole run; the last step of a run may have fewer than the others."""
        return max(1, round(self.batches_per_epoch * self.loop.epochs))

    @property
    def steps(self) -> int:
        return math.ceil(self.batches / self.loop.accumulation)

    @property
    def validate_every(self) -> int:
        return self.loop.validate_every or max(1, self.steps // 10)

    @property
    def save_every(self) -> int:
        return self.loop.save_every or self.validate_every

    def batches_of(self, step: int) -> list[tuple[int, tuple[int, ...]]]:
        """The batches of `step` (from 1): each with its number in the run and its examples' indices."""
        first = (step - 1) * self.loop.accumulation
        numbers = range(first, min(first + self.loop.accumulation, self.batches))
        return [(n, self._batch(n)) for n in numbers]

    def epoch_after(self, step: int) -> float:
        """How many times the examples have been read after `step`."""
        return min(step * self.loop.accumulation, self.batches) / self.batches_per_epoch

    def validates_after(self, step: int) -> bool:
        return step % self.validate_every == 0 or step == self.steps

    def saves_after(self, step: int) -> bool:
        return step % self.save_every == 0 or step == self.steps

    def _batch(self, number: int) -> tuple[int, ...]:
        epoch, index = divmod(number, self.batches_per_epoch)
        return _epoch_order(self.lengths, self.loop.batch_size, self.loop.seed, epoch)[index]


@lru_cache(maxsize=2)
def _epoch_order(
    lengths: tuple[int, ...], batch_size: int, seed: int, epoch: int
) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(batch) for batch in order(lengths, batch_size, seed, epoch))


def learning_rate(optimizer: Optimizer, peak: float, step: int, steps: int) -> float:
    """The rate at `step` (from 1): a line up to `peak`, then half a cosine that ends just above zero.

    So no step is wasted on a rate of zero, neither the first nor the last.
    """
    warmup = math.ceil(optimizer.warmup * steps)
    if step <= warmup:
        return peak * step / warmup
    done = (step - warmup) / (steps - warmup + 1)
    return peak * 0.5 * (1 + math.cos(math.pi * done))


def random_seed(seed: int, number: int) -> int:
    """The seed of MLX's random state for batch `number` of a run (-1: the adapter's start).

    Seeding every batch makes dropout a function of (seed, batch): answers given between two steps
    cannot disturb a run, and a resumed run draws what the undisturbed one would have drawn.
    """
    return (seed << 32) | (number & 0xFFFFFFFF)
