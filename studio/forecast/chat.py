"""What talking to a model takes: its weights, what it remembers of the text, and reading a long prompt."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx_lm.models.cache import make_prompt_cache

from studio.forecast.peak_memory import Ahead, peaks
from studio.forecast.trace import trace
from studio.models.arrays import named, nested
from studio.models.build import build_lazily
from studio.models.count import saved_precision
from studio.models.description import Description, describe
from studio.models.form import cast, quantize_as_saved
from studio.train.kernels.overlay import find_stack

CONTEXT = 4096
"""Tokens of a talk, its answer included."""
AT_ONCE = 2048
"""Tokens of a prompt that mlx-lm reads at once."""
_FEW = 2


def chat_peak(folder: Path, tokens: int = CONTEXT) -> int:
    """The bytes that MLX holds at most in a talk of so many tokens with the model in `folder`.

    Nothing is loaded: a config is enough. Raises ModelError for a model that cannot be built, and whatever
    a family raises that cannot be asked like this.
    """
    described = describe(folder)
    model = _built(described)
    weights = sum(array.nbytes for array in named(model.parameters()).values())
    return weights + _remembered(model, tokens) + _reading(model, min(tokens, AT_ONCE))


def _built(described: Description) -> nn.Module:
    model = build_lazily(described)
    cast(model, saved_precision(described))
    quantize_as_saved(model, described.config)
    model.eval()
    return model


def _remembered(model: Any, tokens: int) -> int:
    """The bytes of the cache after so many tokens: shapes only, nothing is computed."""
    cache = make_prompt_cache(model)
    model(mx.zeros((1, tokens), mx.int32), cache=cache)
    return sum(int(part.nbytes) for part in cache)


def _reading(model: Any, tokens: int) -> int:
    """The bytes that reading so many tokens takes besides weights and cache.

    A few layers tell it; all, where a family picks some of them out by their place.
    """
    stack = find_stack(model)
    if stack is None or stack.embedding is None:
        return _traced(model, tokens)
    layers = [*stack.layers]
    stack.layers[:] = layers[:_FEW]
    try:
        return _traced(model, tokens)
    except LookupError:
        stack.layers[:] = layers
        return _traced(model, tokens)


def _traced(model: Any, tokens: int) -> int:
    weights = named(model.parameters())

    def read(*arrays: mx.array) -> list[mx.array]:
        model.update(nested(dict(zip(weights, arrays[:-1], strict=True))))
        cache = make_prompt_cache(model)
        model(arrays[-1], cache=cache)
        return [array for part in cache for array in _held(part.state)]

    before = model.parameters()
    with _fused_attention(mx.default_device() != mx.cpu):
        try:
            traced = trace(read, [*weights.values(), mx.zeros((1, tokens), mx.int32)])
        finally:
            model.update(before)
    return peaks(traced, Ahead.here()).highest


def _held(state: Any) -> Iterator[mx.array]:
    if isinstance(state, mx.array):
        yield state
    elif isinstance(state, list | tuple):
        for part in state:
            yield from _held(part)


@contextmanager
def _fused_attention(fused: bool) -> Iterator[None]:
    """Within the block attention writes its result alone, as a GPU's fused kernel does for reading."""

    def attention(queries: mx.array, keys: mx.array, values: mx.array, **_: Any) -> Any:
        width = mx.zeros((values.shape[-1],), queries.dtype)
        return queries[..., :1] + keys.sum() + values.sum() + width

    if not fused:
        yield
        return
    fast: Any = mx.fast
    whole, fast.scaled_dot_product_attention = fast.scaled_dot_product_attention, attention
    try:
        yield
    finally:
        fast.scaled_dot_product_attention = whole
