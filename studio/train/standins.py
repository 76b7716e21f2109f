"""What stands in for the functions with gradients of their own while a model is traced.

A trace cannot tell those (see `studio.train.trace`). A stand-in computes something else, of the same shapes,
and keeps as much for the gradient.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mlx.core as mx

from studio.train.attention import block_size, causal_in_blocks
from studio.train.exponential import row_sums, sigmoid
from studio.train.swiglu import computed_by


@contextmanager
def standing_in(kept: bool) -> Iterator[list[int]]:
    """Within the block models run with stand-ins: for what the CPU does if `kept`, else for what a GPU does.

    Gives the bytes of each square of attention that the way back computes again, in fp32.
    """
    squares: list[int] = []

    def recomputed(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        batch, heads, count, _ = queries.shape
        squares.append(4 * batch * heads * count * keys.shape[2])
        asked = _marked(queries).sum(axis=-1, keepdims=True) + _marked(keys).sum()
        return asked + _marked(values).sum(axis=(1, 2), keepdims=True)

    whole = mx.fast.scaled_dot_product_attention
    mx.fast.scaled_dot_product_attention = causal_in_blocks(
        whole, block_size(), lambda scale: _kept if kept else recomputed
    )
    try:
        with computed_by(_swiglu if kept else lambda gate, x: gate * x):
            yield squares
    finally:
        mx.fast.scaled_dot_product_attention = whole


def _kept(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
    """One square is kept: that of the weights."""
    together = queries.reshape(*keys.shape[:2], -1, queries.shape[-1])
    scores = (together @ keys.swapaxes(-1, -2)).astype(mx.float32)
    masked = mx.where(mx.zeros(scores.shape[-2:], mx.bool_), scores, -mx.inf)
    weights = mx.exp(masked - mx.stop_gradient(masked.max(axis=-1, keepdims=True)))
    sums = mx.stop_gradient(row_sums(weights))
    found = (weights.astype(queries.dtype) @ values) / sums.astype(queries.dtype)
    return found.reshape(*queries.shape[:-1], values.shape[-1])


def _swiglu(gate: mx.array, x: mx.array) -> mx.array:
    """Three arrays are kept."""
    return gate * mx.stop_gradient(sigmoid(gate)) * x


def _marked(array: mx.array) -> mx.array:
    """Something whose gradient needs `array`."""
    return array * mx.stop_gradient(array)
