"""Trees of MLX arrays as flat, typed dictionaries, and scalars as plain numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten, tree_unflatten

from studio.catalogue import Unusable


def named(tree: Any) -> dict[str, mx.array]:
    """Every array of a tree of parameters or optimizer state, by its dotted name."""
    flat: dict[str, mx.array] = dict(tree_flatten(tree))
    return flat


def nested(arrays: dict[str, mx.array]) -> Any:
    """The tree that `named` came from."""
    return tree_unflatten(list(arrays.items()))


def read(file: Path) -> dict[str, mx.array]:
    """The arrays of a safetensors file, loaded."""
    arrays = mx.load(str(file))
    if not isinstance(arrays, dict):
        raise Unusable("arrays.unnamed", file=str(file))
    mx.eval(arrays)
    return arrays


def check_finite(arrays: dict[str, mx.array], file: Path) -> None:
    """Raise ValueError naming the first array read from `file` with NaN or infinity in it."""
    for name, array in arrays.items():
        if mx.issubdtype(array.dtype, mx.floating) and not mx.all(mx.isfinite(array)).item():
            raise Unusable("arrays.not_finite", name=name, file=str(file))


def count(tree: Any) -> int:
    """How many numbers the arrays of a tree hold; nothing is computed for it."""
    return sum(array.size for array in named(tree).values())


def count_entries(model: nn.Module) -> int:
    """How many numbers a model's arrays stand for: a quantized matrix counts its entries, not its words."""
    total = count(model.parameters())
    for _, module in model.named_modules():
        if "scales" in module:
            packed = sum(module[part].size for part in ("weight", "scales", "biases") if part in module)
            total += module.weight.size * 32 // module.bits - packed
    return total


def number(scalar: mx.array) -> float:
    """A scalar array as a float; computes it."""
    return float(scalar.item())  # type: ignore[arg-type]  # ours are never complex
