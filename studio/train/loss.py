"""The loss of a batch: cross-entropy over the trained tokens, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
import numpy as np
from mlx import nn

from studio.data.batch import Batch, collate
from studio.data.render import Tokens
from studio.train.head import Head


def summed_loss(model: nn.Module, batch: Batch, head: Head | None, *, learning: bool = True) -> mx.array:
    """The sum over trained tokens of -log p(token), in nats, as a scalar in fp32.

    The batch's targets are its inputs shifted by one and its weights are 1 at trained targets, so no
    padding and no prompt token is ever counted. With the model's `head` at hand only the trained positions
    reach the vocabulary; without it all of them do. `learning` says whether a gradient will be asked for.
    """
    if head is None:
        return _token_losses(model, batch).sum()
    positions = mx.array(np.flatnonzero(batch.weights))
    hidden = model.model(mx.array(batch.ids))
    hidden = hidden.reshape(-1, hidden.shape[-1])[positions]
    targets = mx.array(batch.targets.reshape(-1))[positions]
    return head.loss(hidden, targets) if learning else head.value(hidden, targets)


def row_losses(model: nn.Module, rows: Sequence[Tokens]) -> mx.array:
    """The same sum for each row alone: shape [rows]."""
    return _token_losses(model, collate(rows)).sum(axis=-1)


def _token_losses(model: nn.Module, batch: Batch) -> mx.array:
    logits = model(mx.array(batch.ids)).astype(mx.float32)
    losses = nn.losses.cross_entropy(logits, mx.array(batch.targets), reduction="none")
    return losses * mx.array(batch.weights)
