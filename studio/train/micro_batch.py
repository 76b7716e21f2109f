"""The sequences of a micro-batch as the loop takes them, and packing: several short ones in one row.

Each sequence of a packed row sees only itself. The rows' masks reach the model as a cache, because that is
where every family of mlx-lm asks for them. Sequences keep counting positions along the row: rotary embeddings
see only differences of positions.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn

from studio.dataset.render.batch import Batch, collate
from studio.dataset.render.render import Example, Tokens
from studio.train.kernels.overlay import REFUSALS, Stack, alike, evaluating, find_stack
from studio.train.plan import MicroBatch


def pack(lengths: Sequence[int], width: int) -> list[list[int]]:
    """Which sequences share a row of `width` tokens, as indices into `lengths`: each exactly once.

    Best fit, longest first: each goes where the least room is left over. A sequence longer than `width`
    has a row to itself. Equal lengths are taken in the order given, so shuffling gives other rows.
    """
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []  # (tokens left, row), sorted
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        place = bisect_left(room, (lengths[index], -1))
        left, row = room.pop(place) if place < len(room) else (width, len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append(index)
        insort(room, (left - lengths[index], row))
    return rows


class Segments:
    """A cache that keeps nothing and whose mask lets every sequence of a packed row see only itself."""

    offset = 0

    def __init__(self, lengths: Sequence[Sequence[int]], dimensions: int) -> None:
        self.lengths, self.dimensions = lengths, dimensions
        self._masks: dict[tuple[int, int | None], mx.array] = {}

    def make_mask(
        self, width: int, return_array: bool = False, window_size: int | None = None, **_: Any
    ) -> mx.array:
        """True where a position may look: [rows, 1, width, width], or with a 1 more for grouped heads."""
        key = (width, window_size)
        if key not in self._masks:
            self._masks[key] = self._mask(width, window_size)
        return self._masks[key]

    def update_and_fetch(self, keys: mx.array, values: mx.array) -> tuple[mx.array, mx.array]:
        """Just what is given: the whole row is there at once."""
        return keys, values

    def _mask(self, width: int, window: int | None) -> mx.array:
        part = mx.array(self._parts(width))
        place = mx.arange(width)
        back = place[:, None] - place[None]
        seen = back >= 0 if window is None else (back >= 0) & (back < window)
        mask = (part[:, :, None] == part[:, None, :]) & seen
        return mx.expand_dims(mask, list(range(1, self.dimensions - 2)))

    def _parts(self, width: int) -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
        """The number of the sequence at each position. Padding is one of its own, so that it sees itself."""
        parts = np.full((len(self.lengths), width), -1, np.int32)
        for row, lengths in enumerate(self.lengths):
            numbers = np.repeat(np.arange(len(lengths)), lengths)
            parts[row, : len(numbers)] = numbers
        return parts


@dataclass(frozen=True)
class Packing:
    """How a model takes packed rows: the dimensions that its masks have."""

    dimensions: int

    def cache(self, lengths: Sequence[Sequence[int]], layers: int) -> list[Segments] | None:
        """What to pass as the model's cache; None where no row holds more than one sequence."""
        if all(len(row) == 1 for row in lengths):
            return None
        return [Segments(lengths, self.dimensions)] * layers


def fitting(model: nn.Module) -> Packing | None:
    """The packing with which sequences that share rows come out as they do apart, found by trying.

    None for families where none does: those with a state that runs along the row, with absolute positions,
    or with caches of their own kind. Some group their heads in an axis of its own and need a wider mask.
    """
    stack = find_stack(model)
    if stack is None:
        return None
    with evaluating(model):
        return next((p for p in (Packing(4), Packing(5)) if _verified(stack, p)), None)


def verified(model: nn.Module) -> bool:
    """Whether this model can be trained on packed rows."""
    return fitting(model) is not None


def _verified(stack: Stack, packing: Packing) -> bool:
    sequences = [[1, 5, 3, 7, 2], [4, 2, 6, 1, 3, 5, 7, 4, 1], [3, 1, 2, 6, 6, 2, 4], [7, 5, 1]]
    packed, lengths = [[0, 1], [2, 3], [1, 3]], [len(ids) for ids in sequences]
    ids = np.zeros((len(packed), 16), np.int32)
    for row, members in enumerate(packed):
        joined = [token for member in members for token in sequences[member]]
        ids[row, : len(joined)] = joined
    try:
        cache = packing.cache([[lengths[i] for i in members] for members in packed], len(stack.layers))
        together = stack.hidden(mx.array(ids), cache)
        for row, members in enumerate(packed):
            apart = mx.concatenate([stack.hidden(mx.array([sequences[i]]))[0] for i in members])
            if not alike(together[row, : len(apart)], apart):
                return False
    except REFUSALS:
        return False
    return True


@dataclass(frozen=True)
class Totals:
    """What an objective divides by, counted over a whole step.

    `tokens` are trained, `read` all that go in; `whole` counts the targets of chosen answers with their
    prompts; `pairs` and `examples` count what their names say.
    """

    tokens: int
    read: int
    whole: int
    pairs: int
    examples: int


@dataclass(frozen=True, eq=False)
class ExampleSet:
    """Sequences, and the examples they make: one each, two of a pair, or several in a packed row.

    `first` is the number of the first sequence in what the run keeps for all parts together.
    """

    sequences: tuple[Tokens, ...]
    examples: tuple[tuple[int, ...], ...]
    pairs: bool = False
    first: int = 0

    @classmethod
    def of(cls, examples: Iterable[Example], *, pairs: bool = False, first: int = 0) -> ExampleSet:
        """Examples as they are; a pair is its chosen sequence, then the rejected one."""
        sequences: list[Tokens] = []
        made: list[tuple[int, ...]] = []
        for example in examples:
            parts = [example.tokens, example.rejected] if pairs else [example.tokens]
            made.append(tuple(range(len(sequences), len(sequences) + len(parts))))
            sequences.extend(part for part in parts if part is not None)
        return cls(tuple(sequences), tuple(made), pairs, first)

    def packed(self, width: int) -> ExampleSet:
        """The same sequences with as many in a row as fit into `width` positions."""
        rows = pack([len(tokens.ids) - 1 for tokens in self.sequences], width)
        return ExampleSet(self.sequences, tuple(tuple(row) for row in rows), False, self.first)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The positions in the longest row of each example."""
        sizes = [len(tokens.ids) - 1 for tokens in self.sequences]
        combine = max if self.pairs else sum
        return tuple(combine(sizes[i] for i in example) for example in self.examples)

    def batch(self, micro_batch: MicroBatch) -> Batch:
        """A micro-batch's arrays; of pairs, all chosen rows come first."""
        chosen = [self.examples[index] for index in micro_batch.examples]
        if self.pairs:
            order = [pair[side] for side in (0, 1) for pair in chosen]
            rows = list(range(len(order)))
        else:
            order = [i for example in chosen for i in example]
            rows = [row for row, example in enumerate(chosen) for _ in example]
        return collate(
            [self.sequences[i] for i in order],
            micro_batch.width,
            rows=rows,
            sequences=[self.first + i for i in order],
        )

    def totals(self, examples: Sequence[int]) -> Totals:
        """What these examples hold together."""
        parts = [[self.sequences[i] for i in self.examples[index]] for index in examples]
        return Totals(
            tokens=sum(tokens.targets for part in parts for tokens in part),
            read=sum(len(tokens.ids) for part in parts for tokens in part),
            whole=sum(len(part[0].ids) - 1 for part in parts) if self.pairs else 0,
            pairs=len(parts) if self.pairs else 0,
            examples=len(parts),
        )
