"""The exponential and SwiGLU, the fastest way this machine has.

For each SwiGLU MLX keeps four arrays as large as the layer's inner width: both that enter, and two on the
way. On a GPU the two that enter are enough, since it computes the others again in the time that reading them
would take; on the CPU, where exponentials are slow, one of the others is kept.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import mlx.core as mx
from mlx_lm.models.activations import swiglu as mlx_swiglu


def exponential(array: mx.array) -> mx.array:
    """e to the power of each number. On the CPU `mx.power` is 2.7 times as fast as `mx.exp`, and as exact."""
    return mx.power(math.e, array) if mx.default_device() == mx.cpu else mx.exp(array)


def sigmoid(array: mx.array) -> mx.array:
    """1 / (1 + e^-x) of each number. On the CPU 3 times as fast as `mx.sigmoid`."""
    return 1 / (1 + exponential(-array)) if mx.default_device() == mx.cpu else mx.sigmoid(array)


def row_sums(array: mx.array) -> mx.array:
    """The sum of each row, [..., 1]. As a product of matrices, which adds in many parts: on the CPU `mx.sum`
    and `mx.logsumexp` add one number after the other, and lose 2e-4 of a vocabulary of 150,000.
    """
    return array @ mx.ones((array.shape[-1], 1), array.dtype)


SwiGLU = Callable[[mx.array, mx.array], mx.array]


def own_gradient() -> AbstractContextManager[None]:
    """Within the block mlx-lm's models compute SwiGLU so."""
    return computed_by(keeping if mx.default_device() == mx.cpu else recomputing)  # type: ignore[arg-type]


@contextmanager
def computed_by(swiglu: SwiGLU) -> Iterator[None]:
    """Within the block mlx-lm's models compute SwiGLU so. Only the engine thread runs models."""
    models = [module for name, module in list(sys.modules.items()) if name.startswith("mlx_lm.models.")]
    users = [module for module in models if vars(module).get("swiglu") is mlx_swiglu]
    for module in users:
        module.swiglu = swiglu  # type: ignore[attr-defined]
    try:
        yield
    finally:
        for module in users:
            module.swiglu = mlx_swiglu  # type: ignore[attr-defined]


def keeping(gate: mx.array, x: mx.array) -> mx.array:
    """silu(gate) * x (Shazeer, 2020), of any shape; sigmoid(gate) is kept for the gradient."""
    value: mx.array = _keeping(gate, x)[0]  # type: ignore[index]
    return value


@mx.custom_function
def _keeping(gate: mx.array, x: mx.array) -> tuple[mx.array, mx.array]:
    share = sigmoid(gate)
    return gate * share * x, share


@_keeping.vjp
def _of_keeping(given: tuple[mx.array, mx.array], after: Any, found: Any) -> tuple[mx.array, mx.array]:
    return _gradients(*given, found[1], after[0])


@mx.custom_function
def recomputing(gate: mx.array, x: mx.array) -> mx.array:
    """The same; nothing is kept but what enters."""
    return mlx_swiglu(gate, x)  # type: ignore[no-any-return]


@recomputing.vjp
def _of_recomputing(given: tuple[mx.array, mx.array], after: mx.array, _: Any) -> tuple[mx.array, mx.array]:
    return _gradients(*given, sigmoid(given[0]), after)


@partial(mx.compile, shapeless=True)
def _gradients(gate: mx.array, x: mx.array, share: mx.array, after: mx.array) -> tuple[mx.array, mx.array]:
    passed = gate * share
    back = after * x * (share + passed * (1 - share)), after * passed
    return back[0].astype(gate.dtype), back[1].astype(x.dtype)
