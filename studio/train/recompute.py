"""Gradient checkpointing: a layer keeps only what entered it, and is computed again for the gradient."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_map

from studio.train.overlay import Call


def recomputed(layer: nn.Module, call: Call) -> Call:
    """`call`, which runs `layer`, without what it computed on the way being kept for the gradient.

    The layer's trainable parameters and every floating array among the arguments get their gradients; masks
    and caches are passed as they are. What `call` draws at random has to be the same each time it runs
    (see `overlay.seeded`), or the gradient would belong to another dropout than the loss.
    """

    def run(*arguments: Any, **keywords: Any) -> Any:
        given = (arguments, keywords)
        floating = _floating(given)

        def again(parameters: dict[str, Any], floating: list[mx.array]) -> Any:
            arguments, keywords = _with_arrays(given, floating)
            return _with_parameters(layer, parameters, call, arguments, keywords)

        return mx.checkpoint(again)(layer.trainable_parameters(), floating)

    return run


def _with_parameters(
    layer: nn.Module, parameters: dict[str, Any], call: Call, arguments: Any, keywords: Any
) -> Any:
    """What `call` gives with these parameters in the layer; the layer's own are back afterwards."""
    before = layer.trainable_parameters()
    layer.update(parameters)
    try:
        return call(*arguments, **keywords)
    finally:
        layer.update(before)


def _with_arrays(given: Any, arrays: list[mx.array]) -> Any:
    """The same arguments with their floating arrays replaced by `arrays`, in order."""
    supply = iter(arrays)
    return tree_map(lambda leaf: next(supply) if _is_floating(leaf) else leaf, given)


def _floating(given: Any) -> list[mx.array]:
    found: list[mx.array] = []
    tree_map(lambda leaf: found.append(leaf) if _is_floating(leaf) else None, given)
    return found


def _is_floating(leaf: Any) -> bool:
    return isinstance(leaf, mx.array) and mx.issubdtype(leaf.dtype, mx.floating)
