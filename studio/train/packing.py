"""Packing: several short sequences in one row, each of which sees only itself.

The rows' masks reach the model as a cache, because that is where every family of mlx-lm asks for them.
Sequences keep counting positions along the row: rotary embeddings see only differences of positions.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn

from studio.train.overlay import REFUSALS, Stack, alike, evaluating, find_stack


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
