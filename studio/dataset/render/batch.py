"""Examples side by side: rectangular arrays for the loop, and the order in which they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from studio.dataset.render.render import Tokens

STEP = 16
"""Widths are multiples of this."""
WIDTHS = 8
"""At most so many different widths occur in a run: every shape costs the engine some preparation."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Sequences as arrays of shape [rows, width]: position t of `ids` is to predict `targets` at t.

    `weights` is 1 where that target is a trained token, else and in padding 0; `tokens` is their sum.
    `segments` tells the sequences of a row apart, -1 in padding: sequence `segments[r, t]` of this batch.
    `sequences` are the numbers by which the caller knows them.
    """

    ids: npt.NDArray[np.int32]
    targets: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    segments: npt.NDArray[np.int32]
    sequences: tuple[int, ...]
    tokens: int

    @property
    def parts(self) -> list[list[tuple[int, int]]]:
        """For each row the sequences in it, in order: the number of each and its positions."""
        rows: list[list[tuple[int, int]]] = []
        for row in self.segments:
            found, sizes = np.unique(row[row >= 0], return_counts=True)
            rows.append([(self.sequences[i], n) for i, n in zip(found.tolist(), sizes.tolist(), strict=True)])
        return rows


def order(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The batches of one epoch as indices into `lengths`: a pure function of its arguments.

    Every index comes exactly once. Rows of similar length share a batch (little padding); which rows meet,
    and when, is drawn anew each epoch by adding noise to the lengths before sorting them.
    """
    if not lengths:
        return []
    random = np.random.default_rng([seed, epoch])
    noise = random.random((2, len(lengths)))
    ranked = np.argsort(np.asarray(lengths) * (1 + 0.1 * noise[0]) + 2 * STEP * noise[1]).tolist()
    short = len(ranked) % batch_size
    first = int(random.integers(0, len(ranked) // batch_size + 1)) * batch_size if short else 0
    ends = [*range(0, first + 1, batch_size), *range(first + short, len(ranked) + 1, batch_size)]
    batches = [ranked[start:end] for start, end in pairwise(sorted(set(ends)))]
    return [batches[index] for index in random.permutation(len(batches))]


def choose_widths(lengths: Sequence[int], count: int = WIDTHS) -> tuple[int, ...]:
    """The widths to pad rows of these lengths to, at most `count`, with the least padding there can be.

    Every width is a multiple of STEP (of more, where rows are very long). Solved exactly: the best widths
    for the shorter rows extend to the best for all (dynamic programming over the different lengths).
    """
    step = STEP * (1 + max(lengths) // (512 * STEP))  # or the table below would be too large
    steps = -(-np.maximum(np.asarray(lengths, dtype=np.int64), 1) // step)
    candidates, rows = np.unique(steps, return_counts=True)
    before = np.concatenate([[0], np.cumsum(rows)])
    cost = candidates * before[1:]  # with one width: all rows up to it are that wide
    choices: list[npt.NDArray[np.int64]] = []
    for _ in range(min(count, len(candidates)) - 1):
        # Ending at candidate j after a width at i < j: rows between are j wide.
        grid = cost[:, None] + candidates[None, :] * (before[1:][None, :] - before[1:][:, None])
        grid = np.where(np.tri(len(candidates), dtype=bool), np.iinfo(np.int64).max, grid)
        best = grid.argmin(axis=0)
        better = grid[best, np.arange(len(candidates))]
        choices.append(np.where(better < cost, best, -1))
        cost = np.minimum(cost, better)
    widths, at = [len(candidates) - 1], len(candidates) - 1
    for choice in reversed(choices):
        if choice[at] >= 0:
            at = int(choice[at])
            widths.append(at)
    return tuple(int(candidates[i]) * step for i in sorted(widths))


def collate(
    examples: Sequence[Tokens],
    width: int | None = None,
    *,
    rows: Sequence[int] | None = None,
    sequences: Sequence[int] | None = None,
) -> Batch:
    """The examples as one Batch, padded on the right with id 0, which is never trained.

    Each has a row of its own, or the one that `rows` says (several in a row follow each other).
    """
    numbers = list(rows) if rows is not None else list(range(len(examples)))
    filled = [0] * (max(numbers) + 1)
    for number, example in zip(numbers, examples, strict=True):
        filled[number] += len(example.ids) - 1
    shape = (len(filled), width or max(1, -(-max(filled) // STEP)) * STEP)
    ids, targets = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
    weights, segments = np.zeros(shape, np.float32), np.full(shape, -1, np.int32)
    ends = [0] * len(filled)
    for index, (row, example) in enumerate(zip(numbers, examples, strict=True)):
        part = slice(ends[row], ends[row] + len(example.ids) - 1)
        ids[row, part] = example.ids[:-1]
        targets[row, part] = example.ids[1:]
        weights[row, part] = example.trained[1:]
        segments[row, part] = index
        ends[row] = part.stop
    known = tuple(sequences) if sequences is not None else tuple(range(len(examples)))
    return Batch(ids, targets, weights, segments, known, int(weights.sum()))
