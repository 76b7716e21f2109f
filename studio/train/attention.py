"""Causal attention in blocks of queries, each looking only at the keys it may see.

In training MLX computes attention as whole squares of scores and keeps them for the gradient, though nearly
half of each is masked. In blocks most of that half is never computed, nor kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import mlx.core as mx

CPU_BLOCK, GPU_BLOCK = 64, 512
"""Queries in a block: fewer skip more of the square, more keep a GPU busy."""


def block_size() -> int:
    """How many queries form a block on this machine."""
    return CPU_BLOCK if mx.default_device() == mx.cpu else GPU_BLOCK


@contextmanager
def in_blocks() -> Iterator[None]:
    """Within the block every causal attention of this thread's models is computed in blocks.

    Models look the function up at every call, so for the time of a pass another one stands in its place.
    Only the engine thread runs models.
    """
    whole = mx.fast.scaled_dot_product_attention
    mx.fast.scaled_dot_product_attention = _blocked(whole, block_size())
    try:
        yield
    finally:
        mx.fast.scaled_dot_product_attention = whole


def _blocked(whole: Callable[..., mx.array], block: int) -> Callable[..., mx.array]:
    def attend(queries: mx.array, keys: mx.array, values: mx.array, **settings: Any) -> mx.array:
        length = queries.shape[2]
        mask = settings.get("mask")
        causal = isinstance(mask, str) and mask == "causal" and keys.shape[2] == length
        if not causal or length <= block:
            return whole(queries, keys, values, **settings)
        ends = [*range(block, length, block), length]
        parts = [
            whole(queries[:, :, start:end], keys[:, :, :end], values[:, :, :end], **settings)
            for start, end in zip([0, *ends], ends, strict=False)
        ]
        return mx.concatenate(parts, axis=2)

    return attend
