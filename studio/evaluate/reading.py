"""How well a model predicts rows: their loss, token by token, and how often its likeliest token is right."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from mlx import nn
from numpy.typing import NDArray

from studio.dataset.render.batch import collate
from studio.dataset.render.render import Tokens

BATCH_TOKENS = 512
"""Tokens read at once: their logits over a vocabulary of 150,000 take 0.3 GB, and a stop waits for no more
than one such batch.
"""
_PART = 64  # tokens of the vocabulary


@dataclass(frozen=True)
class RowLosses:
    """What one contestant gives some rows: summed -log p of their targets, how many, how many right.

    All three are [rows]; `right` counts the targets that were the contestant's likeliest token.
    """

    sums: NDArray[np.float64]
    targets: NDArray[np.float64]
    right: NDArray[np.float64]


def row_losses_of(model: nn.Module, rows: Sequence[Tokens]) -> Generator[tuple[int, int], None, RowLosses]:
    """Loss, targets and right tokens of each row, in their order. Yields how many of how many are read."""
    found = np.zeros((3, len(rows)))
    done = 0
    for places in _batches(rows):
        yield done, len(rows)
        batch = collate([rows[place] for place in places])
        logits = model(mx.array(batch.ids)).astype(mx.float32)
        targets, weights = mx.array(batch.targets), mx.array(batch.weights)
        chosen = mx.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
        losses = (log_of_sum(logits) - chosen) * weights
        right = (mx.argmax(logits, axis=-1) == targets) * (weights > 0)
        sums = (losses.sum(axis=-1), (weights > 0).sum(axis=-1), right.sum(axis=-1))
        for line, each in enumerate(sums):
            found[line, places] = np.array(each, dtype=np.float64)
        done += len(places)
    yield done, len(rows)
    return RowLosses(*found)


def log_of_sum(logits: mx.array) -> mx.array:
    """The logarithm of the sum of e to the power of each logit: of parts of the vocabulary, then of those.

    Added one by one in fp32, as on the CPU, thousands of unlikely tokens would be lost beside a likely one:
    1e-5 nats of every loss.
    """
    over = -logits.shape[-1] % _PART
    if over:
        logits = mx.pad(logits, [(0, 0)] * (logits.ndim - 1) + [(0, over)], constant_values=-mx.inf)
    parts = logits.reshape(*logits.shape[:-1], -1, _PART)
    return mx.logsumexp(mx.logsumexp(parts, axis=-1), axis=-1)


def _batches(rows: Sequence[Tokens]) -> Iterator[list[int]]:
    """The places of all rows, those of like length together, as many at once as BATCH_TOKENS allows."""
    part: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: len(rows[place].ids)):
        if part and (len(part) + 1) * len(rows[place].ids) > BATCH_TOKENS:
            yield part
            part = []
        part.append(place)
    if part:
        yield part
