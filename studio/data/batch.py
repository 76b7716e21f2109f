"""Examples side by side: rectangular arrays for the loop, and the order in which they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from studio.data.render import Tokens

WIDTH = 32
"""Rows are padded to a multiple of this, so that the engine meets few different shapes."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Examples as arrays of shape [rows, width]: position t of `ids` is to predict `targets` at t.

    `weights` is 1 where that target is a trained token, else and in padding 0; `tokens` is their sum.
    """

    ids: npt.NDArray[np.int32]
    targets: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    tokens: int


def order(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """The batches of one epoch as indices into `lengths`: a pure function of its arguments.

    Every index comes exactly once. Rows of similar length share a batch (little padding); which rows meet,
    and when, is drawn anew each epoch by adding noise to the lengths before sorting them.
    """
    if not lengths:
        return []
    random = np.random.default_rng([seed, epoch])
    noise = random.random((2, len(lengths)))
    ranked = np.argsort(np.asarray(lengths) * (1 + 0.1 * noise[0]) + WIDTH * noise[1]).tolist()
    short = len(ranked) % batch_size
    first = int(random.integers(0, len(ranked) // batch_size + 1)) * batch_size if short else 0
    ends = [*range(0, first + 1, batch_size), *range(first + short, len(ranked) + 1, batch_size)]
    batches = [ranked[start:end] for start, end in pairwise(sorted(set(ends)))]
    return [batches[index] for index in random.permutation(len(batches))]


def collate(examples: Sequence[Tokens]) -> Batch:
    """The examples as one Batch, padded on the right with id 0, which is never trained."""
    longest = max(len(example.ids) for example in examples) - 1
    shape = (len(examples), max(1, -(-longest // WIDTH)) * WIDTH)
    ids = np.zeros(shape, np.int32)
    targets = np.zeros(shape, np.int32)
    weights = np.zeros(shape, np.float32)
    for row, example in enumerate(examples):
        length = len(example.ids) - 1
        ids[row, :length] = example.ids[:-1]
        targets[row, :length] = example.ids[1:]
        weights[row, :length] = example.trained[1:]
    return Batch(ids, targets, weights, int(weights.sum()))
