"""The operations that MLX would carry out for a function, found without computing any of them.

A trace cannot tell them for functions with gradients of their own: stand-ins take their places, which
compute something else of the same shapes and keep as much for the gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx

from studio.train.attending import AttentionShape, unseen_by_mlx
from studio.train.kernels.attention import block_size, causal_in_blocks, is_plain
from studio.train.kernels.pointwise import computed_by, row_sums, sigmoid

PRODUCTS = {"Matmul", "AddMM", "BlockMaskedMM", "QuantizedMatmul", "GatherMM", "GatherQMM", "SegmentedMM"}
"""Operations whose time goes with multiplications; that of all others goes with the numbers they write."""
SQUARES = 3
"""As large as a block of attention is on its way back: its weights, their gradient, and one in between."""


@dataclass(frozen=True)
class TracedArray:
    """An array that would be made: its name in the trace, and its size."""

    name: str
    shape: tuple[int, ...]
    dtype: mx.Dtype

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)

    @property
    def bytes(self) -> int:
        return self.numbers * self.dtype.size


@dataclass(frozen=True)
class Operation:
    """One operation: its name in MLX, what it reads, what it writes, and its own settings."""

    name: str
    inputs: tuple[TracedArray, ...]
    outputs: tuple[TracedArray, ...]
    settings: tuple[Any, ...]

    @property
    def multiplications(self) -> int:
        """Of a product of matrices; 0 of anything else."""
        if self.name not in PRODUCTS:
            return 0
        left = self.inputs[0].shape
        return self.outputs[0].numbers * (left[-1] if left else 1)


@dataclass(frozen=True)
class Trace:
    """A function's operations in the order in which MLX schedules them, and the arrays it gives back."""

    operations: tuple[Operation, ...]
    arguments: tuple[TracedArray, ...]
    given: frozenset[str]  # what is there already: arguments and constants
    results: frozenset[str]

    def index_of_last(self, width: int) -> int:
        """The index of the last operation that writes rows of `width` numbers, -1 where none does."""
        found = (
            i
            for i in range(len(self.operations) - 1, -1, -1)
            if self.operations[i].outputs[0].shape[-1:] == (width,)
        )
        return next(found, -1)


def trace(function: Callable[..., Sequence[mx.array]], arguments: Sequence[mx.array]) -> Trace:
    """What MLX would do for `function(*arguments)`: only the arguments' shapes and precisions are read.

    Raises ValueError where an operation cannot be told (mx.checkpoint, functions with their own gradient).
    """
    parts: list[dict[str, Any]] = []
    # On the CPU's stream every operation can be told; a GPU's fused ones have gradients that cannot. The
    # block changes the default device of all threads (a static of MLX's): a thread that traced while another
    # trains would have that train on the CPU. The engine thread alone uses MLX, and a test holds it to that.
    with mx.stream(mx.cpu), _fused_norms(mx.default_device() != mx.cpu):
        places = [mx.zeros(array.shape, array.dtype) for array in arguments]
        mx.export_function(parts.append, function, *places)
    operations = tuple(_operations(parts))
    kinds = {part["type"]: part for part in parts}
    given = tuple(TracedArray(*array) for array in kinds["inputs"]["inputs"])
    known = [array.name for array in given] + [name for name, *_ in kinds["constants"]["constants"]]
    results = frozenset(name for name, *_ in kinds["outputs"]["outputs"])
    return Trace(operations, given, frozenset(known), results)


def _operations(parts: Sequence[dict[str, Any]]) -> Iterator[Operation]:
    for part in parts:
        if part["type"] == "primitive":
            inputs = tuple(TracedArray(*array) for array in part["inputs"])
            outputs = tuple(TracedArray(*array) for array in part["outputs"])
            yield Operation(part["name"], inputs, outputs, tuple(part.get("arguments", ())))


@contextmanager
def _fused_norms(fused: bool) -> Iterator[None]:
    """Within the block RMS norms keep what a GPU's fused kernel keeps: what enters them, and no more."""

    def norm(x: mx.array, weight: mx.array | None, eps: float, **_: Any) -> mx.array:
        squared = x * mx.stop_gradient(x)
        return squared if weight is None else (squared * weight).astype(x.dtype)

    if not fused:
        yield
        return
    before = mx.fast.rms_norm
    mx.fast.rms_norm = norm
    try:
        yield
    finally:
        mx.fast.rms_norm = before


@dataclass(frozen=True)
class Attended:
    """What attention takes that no trace shows, in bytes: each at its highest, and what each keeps."""

    highest: list[float] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)


@contextmanager
def standing_in(kept: bool) -> Iterator[Attended]:
    """Within the block models run with stand-ins: for what the CPU does if `kept`, else for a GPU's ways."""
    found = Attended()

    def recomputed(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
        batch, heads, count, _ = queries.shape
        found.highest.append(SQUARES * 4.0 * batch * heads * count * keys.shape[2])
        return _recomputed(queries, keys, values)

    whole = mx.fast.scaled_dot_product_attention
    blocks = causal_in_blocks(whole, block_size(), lambda scale: _kept if kept else recomputed)

    def attend(queries: mx.array, keys: mx.array, values: mx.array, **how: Any) -> mx.array:
        settings = {name: value for name, value in how.items() if name not in ("scale", "mask")}
        plain = not kept and is_plain(queries, keys, how.get("mask"), settings)
        taken = unseen_by_mlx(AttentionShape.of(queries, keys, values)) if plain else None
        if taken is None:
            return blocks(queries, keys, values, **how)
        found.highest.append(taken[0])
        found.kept.append(taken[1])
        return _recomputed(queries, keys, values)

    mx.fast.scaled_dot_product_attention = attend  # type: ignore[assignment]
    try:
        with computed_by(_swiglu if kept else lambda gate, x: gate * x):
            yield found
    finally:
        mx.fast.scaled_dot_product_attention = whole


def _recomputed(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
    """What enters is kept, and nothing else."""
    asked = _marked(queries).sum(axis=-1, keepdims=True) + _marked(keys).sum()
    return asked + _marked(values).sum(axis=(1, 2), keepdims=True)


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
