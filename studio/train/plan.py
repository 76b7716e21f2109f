"""How long a run is, and which examples are computed together when: all pure functions.

Nothing here has state, so a run that is stopped at any step goes on exactly where it was.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from studio.dataset.render.batch import choose_widths, order
from studio.recipe.loop_fields import Loop


@dataclass(frozen=True)
class MicroBatch:
    """Examples that are computed at once, and the width of their rows."""

    examples: tuple[int, ...]
    width: int


@dataclass(frozen=True)
class BatchPlan:
    """The steps of a run over examples of the given `lengths` (positions of a row).

    `budget` is the most positions computed at once and `rows` how many rows an example takes (two for a
    pair). A batch that is larger is computed in micro-batches, which changes nothing but the memory it takes.
    """

    lengths: tuple[int, ...]
    loop: Loop
    budget: int
    rows: int = 1
    every: int = 0  # steps between validations where the recipe leaves it open; 0 is a tenth of them

    @property
    def batches_per_epoch(self) -> int:
        return math.ceil(len(self.lengths) / self.loop.batch_size)

    @property
    def batches(self) -> int:
        """Batches in the whole run; the last step of a run may have fewer than the others."""
        if self.loop.steps:
            return self.loop.steps * self.loop.accumulation
        return max(1, round(self.batches_per_epoch * self.loop.epochs))

    @property
    def steps(self) -> int:
        return math.ceil(self.batches / self.loop.accumulation)

    @property
    def epochs(self) -> float:
        """How many times the examples are read in the whole run."""
        return self.batches / self.batches_per_epoch

    @property
    def validate_every(self) -> int:
        return self.loop.validate_every or self.every or max(1, self.steps // 10)

    @property
    def save_every(self) -> int:
        return self.loop.save_every or self.validate_every

    def batches_of(self, step: int) -> list[tuple[int, tuple[int, ...]]]:
        """The batches of `step` (from 1): each with its number in the run and its examples' indices."""
        first = (step - 1) * self.loop.accumulation
        numbers = range(first, min(first + self.loop.accumulation, self.batches))
        return [(n, self._batch(n)) for n in numbers]

    def micro_batches(self, examples: Sequence[int]) -> Iterator[MicroBatch]:
        """A batch in the micro-batches in which it is computed: whole where it fits, else in powers of two.

        So there are few different shapes: the plan's widths, times the few numbers of rows.
        """
        ranked = sorted(examples, key=lambda index: (-self.lengths[index], index))
        start = 0
        while start < len(ranked):
            width = self._width(ranked[start])
            most = min(len(ranked) - start, max(1, self.budget // (width * self.rows)))
            size = most if most == len(ranked) else 1 << (most.bit_length() - 1)
            yield MicroBatch(tuple(ranked[start : start + size]), width)
            start += size

    @cached_property
    def shapes(self) -> list[MicroBatch]:
        """One micro-batch of each shape (rows, width) that the run meets in its first epoch, largest first.

        Of a very long epoch the beginning is looked at.
        """
        found: dict[tuple[int, int], MicroBatch] = {}
        for number in range(min(self.batches, self.batches_per_epoch, 5_000)):
            for micro_batch in self.micro_batches(self._batch(number)):
                found.setdefault((micro_batch.width, len(micro_batch.examples)), micro_batch)
        return sorted(found.values(), key=lambda p: (p.width * len(p.examples), p.width), reverse=True)

    def epoch_after(self, step: int) -> float:
        """How many times the examples have been read after `step`."""
        return min(step * self.loop.accumulation, self.batches) / self.batches_per_epoch

    def validates_after(self, step: int) -> bool:
        return step % self.validate_every == 0 or step == self.steps

    def saves_after(self, step: int) -> bool:
        return step % self.save_every == 0 or step == self.steps

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """The widths that rows are padded to."""
        return choose_widths(self.lengths)

    def _width(self, index: int) -> int:
        return next(width for width in self.widths if width >= self.lengths[index])

    def _batch(self, number: int) -> tuple[int, ...]:
        epoch, index = divmod(number, self.batches_per_epoch)
        if epoch not in self._orders:
            self._orders.clear()  # one at a time: an epoch's order is as long as the dataset
            self._orders[epoch] = order(self.lengths, self.loop.batch_size, self.loop.seed, epoch)
        return tuple(self._orders[epoch][index])

    @cached_property
    def _orders(self) -> dict[int, list[list[int]]]:
        return {}


def random_seed(seed: int, number: int, micro_batch: int = 0) -> int:
    """The seed of MLX's random state for a micro-batch of batch `number` of a run (-1: the adapter's start).

    Seeding every micro-batch makes dropout a function of the recipe: answers given between two steps cannot
    disturb a run, and a resumed run draws what the undisturbed one would have drawn.
    """
    digest = hashlib.blake2b(f"{seed} {number} {micro_batch}".encode(), digest_size=8).digest()
    return int.from_bytes(digest)
