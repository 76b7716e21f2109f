"""The loss of a batch: cross-entropy over the trained tokens, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import mlx.core as mx
from mlx import nn

from studio.data.batch import Batch, collate
from studio.data.render import Tokens


def summed_loss(model: nn.Module, batch: Batch) -> mx.array:
    """The sum over trained tokens of -log p(token), in nats, as a scalar in fp32.

    The batch's targets are its inputs shifted by one and its weights are 1 at trained targets, so no
    padding and no prompt token is ever counted.
    """
    return _token_losses(model, batch).sum()


def row_losses(model: nn.Module, rows: Sequence[Tokens]) -> mx.array:
    """The same sum for each row alone: shape [rows]."""
    return _token_losses(model, collate(rows)).sum(axis=-1)


def _token_losses(model: nn.Module, batch: Batch) -> mx.array:
    logits = model(mx.array(batch.ids)).astype(mx.float32)
    losses = nn.losses.cross_entropy(logits, mx.array(batch.targets), reduction="none")
    return losses * mx.array(batch.weights)
