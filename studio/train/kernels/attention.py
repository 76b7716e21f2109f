"""Causal attention in blocks of queries, each looking only at the keys it may see, with its own gradient.

Without kernels for the gradient MLX computes attention as whole squares of scores and keeps them, though
nearly half of each is masked. In blocks most of that half is never computed. What is kept for the gradient:
on the CPU the weights of each block; on a GPU nothing but what enters, since its fused kernel is as fast as
reading the weights would be, and the way back computes them again, block after block (as FlashAttention does:
Dao et al., 2022). On a GPU MLX has kernels of its own for this, too: which of the two a run trains with is
measured when it begins (`studio.train.attending`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import lru_cache
from typing import Any

import mlx.core as mx

from studio.train.kernels.pointwise import exponential, row_sums

CPU_BLOCK, GPU_BLOCK = 128, 512
"""Queries in a block: fewer skip more of the square, more keep a GPU busy."""

_FUSED = mx.fast.scaled_dot_product_attention

Attend = Callable[[mx.array, mx.array, mx.array], mx.array]


class Attention(StrEnum):
    """What a run's causal attention is computed by."""

    KEEPING = "keeping"  # in blocks, whose weights are kept: on the CPU
    RECOMPUTING = "recomputing"  # in blocks, whose weights are computed again: on a GPU
    MLX = "mlx"  # whole, as MLX has it: on a GPU where that is better


def block_size() -> int:
    """How many queries form a block on this machine."""
    return CPU_BLOCK if mx.default_device() == mx.cpu else GPU_BLOCK


@contextmanager
def in_blocks(by: Attention | None = None) -> Iterator[None]:
    """Within the block every causal attention of this thread's models is computed so, or as this device does.

    Models look the function up at every call, so for the time of a pass another one stands in its place.
    Only the engine thread runs models.
    """
    whole = mx.fast.scaled_dot_product_attention
    by = by or (Attention.KEEPING if mx.default_device() == mx.cpu else Attention.RECOMPUTING)
    if by is not Attention.MLX:
        make = keeping if by is Attention.KEEPING else recomputing
        mx.fast.scaled_dot_product_attention = causal_in_blocks(whole, block_size(), make)
    try:
        yield
    finally:
        mx.fast.scaled_dot_product_attention = whole


def is_plain(queries: mx.array, keys: mx.array, mask: Any, settings: Mapping[str, Any]) -> bool:
    """Whether attention of `queries` over `keys` is causal and no more."""
    causal = isinstance(mask, str) and mask == "causal" and keys.shape[2] == queries.shape[2]
    return causal and all(setting is None for setting in settings.values())


def causal_in_blocks(
    whole: Callable[..., mx.array], block: int, make: Callable[[float], Attend]
) -> Callable[..., mx.array]:
    """What takes the place of `whole`, and leaves to it all but plain causal attention.

    `make` gives for a scale what computes the last queries' attention over all keys.
    """

    def attend(
        queries: mx.array,
        keys: mx.array,
        values: mx.array,
        *,
        scale: float,
        mask: Any = None,
        **settings: Any,
    ) -> mx.array:
        if not is_plain(queries, keys, mask, settings):
            return whole(queries, keys, values, scale=scale, mask=mask, **settings)
        length = queries.shape[2]
        kind = mx.result_type(queries, keys, values)  # some families turn queries and keys into fp32
        queries, keys, values = (array.astype(kind) for array in (queries, keys, values))
        one = make(scale)
        ends = [*range(block, length, block), length]
        parts = [
            one(queries[:, :, start:end], keys[:, :, :end], values[:, :, :end])
            for start, end in zip([0, *ends], ends, strict=False)
        ]
        return mx.concatenate(parts, axis=2) if len(parts) > 1 else parts[0]

    return attend


@lru_cache(maxsize=8)
def keeping(scale: float) -> Attend:
    """Attention of the last queries over all keys, whose weights are kept for the gradient.

    It takes queries [batch, heads, queries, width], keys and values [batch, shared heads, keys, width], and
    gives [batch, heads, queries, the values' width]. All three are of one type.
    """

    @mx.custom_function
    def attend(queries: mx.array, keys: mx.array, values: mx.array) -> tuple[mx.array, ...]:
        weights, sums = _weights(queries, keys, scale)
        found = (weights @ values) / sums
        return found.reshape(*queries.shape[:-1], values.shape[-1]), weights, sums

    @attend.vjp
    def back(given: Any, after: Any, found: Any) -> tuple[mx.array, ...]:
        return _gradients(given, scale, after[0], *found)

    return lambda *given: attend(*given)[0]  # type: ignore[index]


@lru_cache(maxsize=8)
def recomputing(scale: float) -> Attend:
    """The same, whose weights are computed again for the gradient."""

    @mx.custom_function
    def attend(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        return _FUSED(queries, keys, values, scale=scale, mask="causal")

    @attend.vjp
    def back(given: Any, after: mx.array, found: mx.array) -> tuple[mx.array, ...]:
        return _gradients(given, scale, after, found, *_weights(given[0], given[1], scale))

    return attend  # type: ignore[return-value]


def _weights(queries: mx.array, keys: mx.array, scale: float) -> tuple[mx.array, mx.array]:
    """How much each query takes of each key, and the sum over its keys that this is still to be divided by.

    [batch, shared heads, queries of all heads that share, keys], and the same with one key.
    """
    scores = (_together(queries * scale, keys) @ keys.swapaxes(-1, -2)).astype(mx.float32)
    count, seen = queries.shape[2], keys.shape[2]
    past = mx.arange(seen) <= mx.arange(seen - count, seen)[:, None]
    heads = queries.shape[1] // keys.shape[1]
    scores = mx.where(mx.tile(past, (heads, 1)), scores, -mx.inf)
    weights = exponential(scores - scores.max(axis=-1, keepdims=True))
    return weights.astype(queries.dtype), row_sums(weights).astype(queries.dtype)


def _gradients(
    given: tuple[mx.array, mx.array, mx.array],
    scale: float,
    after: mx.array,
    found: mx.array,
    weights: mx.array,
    sums: mx.array,
) -> tuple[mx.array, ...]:
    """Of queries, keys and values: `after` is that of what was `found`."""
    queries, keys, values = given
    common = (after * found).sum(axis=-1, keepdims=True)  # what a row of weights sums to, times its gradient
    back, common = _together(after, keys) / sums, _together(common, keys) / sums
    scores = weights * (back @ values.swapaxes(-1, -2) - common)
    return (
        ((scores @ keys) * scale).reshape(queries.shape),
        scores.swapaxes(-1, -2) @ _together(queries * scale, keys),
        weights.swapaxes(-1, -2) @ back,
    )


def _together(array: mx.array, keys: mx.array) -> mx.array:
    """[batch, heads, queries, width] with the queries of heads that share keys in one matrix."""
    return array.reshape(*keys.shape[:2], -1, array.shape[-1])
