"""The loss of single tokens: only where one is asked for, and only there through the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from mlx import nn

from studio.data.batch import Batch, collate
from studio.data.render import Tokens
from studio.train.head import Head, cross_entropy


def token_losses(
    model: nn.Module,
    batch: Batch,
    positions: npt.NDArray[np.intp],
    head: Head | None,
    *,
    cache: Sequence[object] | None = None,
    learning: bool = True,
    seed: int = 0,
) -> mx.array:
    """-log p of the targets at `positions` of the flattened batch, in nats: [positions] in fp32.

    With the model's `head` at hand only those positions reach the vocabulary; without it all of them do.
    `learning` says whether a gradient will be asked for; `seed` is that of a head's dropout.
    """
    at, ids = mx.array(positions), mx.array(batch.ids)
    targets = mx.array(batch.targets.reshape(-1)[positions])
    if head is None:
        logits = model(ids, cache=cache)
        return cross_entropy(logits.reshape(-1, logits.shape[-1])[at], targets)
    hidden = head.hidden(ids, cache)
    hidden = hidden.reshape(-1, hidden.shape[-1])[at]
    return head.losses(hidden, targets, seed) if learning else head.values(hidden, targets)


def row_losses(model: nn.Module, rows: Sequence[Tokens]) -> mx.array:
    """The sum over its trained tokens of -log p(token), for each row: [rows] in fp32."""
    batch = collate(rows)
    losses = cross_entropy(model(mx.array(batch.ids)), mx.array(batch.targets))
    return (losses * mx.array(batch.weights)).sum(axis=-1)
