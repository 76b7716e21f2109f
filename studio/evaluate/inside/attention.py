"""What every head of every layer attends to, seen while the model runs and without changing what it gives.

mlx-lm's families compute attention by one function, looked up at every call. For the time of a pass another
one stands in its place: it computes the weights beside the fused product, and proves them, since weights
times values must be what the fused product gives. A layer that attends in another way (linear attention, a
quantized cache) is never seen there, and is said to be out of sight instead of being drawn as nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from mlx import nn

from studio.catalogue import Unusable
from studio.evaluate.inside.layers import noting_layers
from studio.models.arrays import number

type _Floats = npt.NDArray[np.float32]

AGREES = 2e-2
"""How far weights times values may be from the fused product, of its size: 16 bits round by half of that."""


@dataclass(frozen=True, eq=False)
class SeenAttention:
    """The weights of one call in fp32 [rows, heads, queries, keys], and how far they are from its result."""

    weights: mx.array
    error: mx.array


@contextmanager
def seen_attention() -> Iterator[list[SeenAttention]]:
    """Within the block every attention that this thread's models compute is noted, in order.

    The fused function still gives the result, so logits are the same to the last bit. Other threads are
    left alone. Not for compiled functions, which look nothing up again.
    """
    fused, mine, seen = mx.fast.scaled_dot_product_attention, threading.get_ident(), []

    def attend(
        queries: mx.array,
        keys: mx.array,
        values: mx.array,
        *,
        scale: float,
        mask: Any = None,
        **settings: Any,
    ) -> mx.array:
        found = fused(queries, keys, values, scale=scale, mask=mask, **settings)
        if threading.get_ident() == mine:
            weights = attention_weights(queries, keys, scale, mask, settings.get("sinks"))
            seen.append(SeenAttention(weights, _error(weights, values, found)))
        return found

    mx.fast.scaled_dot_product_attention = attend  # type: ignore[assignment]
    try:
        yield seen
    finally:
        mx.fast.scaled_dot_product_attention = fused


def attention_weights(
    queries: mx.array, keys: mx.array, scale: float, mask: Any = None, sinks: mx.array | None = None
) -> mx.array:
    """softmax(Q K' * scale + mask) in fp32: [rows, heads, queries, keys].

    Heads that share keys are told apart. `mask` is "causal", true where a key may be seen, or added to the
    scores; what goes to `sinks` [heads] is missing from a query's weights, which then sum to less than 1.
    """
    length, size = queries.shape[2], keys.shape[2]
    shared = mx.repeat(keys.astype(mx.float32), queries.shape[1] // keys.shape[1], axis=1)
    scores = (queries.astype(mx.float32) * scale) @ shared.swapaxes(-1, -2)
    if isinstance(mask, str):
        mask = mx.arange(size - length, size)[:, None] >= mx.arange(size)
    if mask is not None and mask.dtype == mx.bool_:
        scores = mx.where(mask, scores, -mx.inf)
    elif mask is not None:
        scores = scores + mask.astype(mx.float32)
    if sinks is None:
        return mx.softmax(scores, axis=-1)
    column = mx.broadcast_to(sinks.astype(mx.float32).reshape(1, -1, 1, 1), (*scores.shape[:-1], 1))
    return mx.softmax(mx.concatenate([column, scores], axis=-1), axis=-1)[..., 1:]


def _error(weights: mx.array, values: mx.array, found: mx.array) -> mx.array:
    shared = mx.repeat(values.astype(mx.float32), weights.shape[1] // values.shape[1], axis=1)
    given = found.astype(mx.float32)
    return mx.abs(weights @ shared - given).max() / (mx.abs(given).max() + 1e-20)


def attention(model: nn.Module, ids: Sequence[int], cache: Sequence[object] | None = None) -> list[mx.array]:
    """The weights of every layer over one text: for each layer [heads, tokens, tokens] in fp32.

    Raises Unusable where the model cannot be looked into, or a layer attends where it cannot be seen.
    """
    with seen_attention() as seen, noting_layers(model) as ends:
        ends.watch(lambda: len(seen))
        mx.eval(model(mx.array([list(ids)]), cache=cache), [each.error for each in seen])
    counts = np.diff([0, *ends.watched])
    if len(counts) != len(ends.states) or (counts != 1).any():
        hidden = [str(index) for index, count in enumerate(counts, 1) if count != 1]
        raise Unusable("inside.attention_unseen", layers=", ".join(hidden[:8]), count=len(hidden))
    errors = [number(each.error) for each in seen]
    if not max(errors) < AGREES:
        raise Unusable("inside.attention_unproven", layer=1 + int(np.argmax(errors)))
    return [each.weights[0] for each in seen]


def divergence(base: Sequence[mx.array], tuned: Sequence[mx.array]) -> _Floats:
    """Jensen-Shannon divergence of two models' attention, in bits (0 to 1): [layers, heads].

    The mean over queries but the first, which can only look at itself.
    Source: Lin, 1991, "Divergence measures based on the Shannon entropy".
    """
    found = [jensen_shannon(one, other)[:, 1:].mean(axis=-1) for one, other in zip(base, tuned, strict=True)]
    return np.array(mx.stack(found), np.float32)


def jensen_shannon(p: mx.array, q: mx.array) -> mx.array:
    """The divergence of distributions along the last axis, in bits; what goes to sinks counts as one more."""
    rest_p, rest_q = (mx.maximum(1 - each.sum(axis=-1, keepdims=True), 0) for each in (p, q))
    p, q = mx.concatenate([p, rest_p], axis=-1), mx.concatenate([q, rest_q], axis=-1)
    middle = (p + q) / 2
    total = sum((_plogp(each, middle) for each in (p, q)), mx.zeros(1))
    return mx.maximum(total / (2 * np.log(2.0)), 0)


def _plogp(p: mx.array, middle: mx.array) -> mx.array:
    ratio = mx.where(p > 0, p, 1) / mx.where(p > 0, middle, 1)
    return (p * mx.log(ratio)).sum(axis=-1)
