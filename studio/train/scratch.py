"""What an optimizer's update takes beside what it updates, found by tracing it for the largest arrays."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod

import mlx.core as mx

from studio.models.arrays import named, nested
from studio.train.liveness import Ahead, peaks
from studio.train.optimizer import make_optimizer
from studio.train.recipe import Recipe
from studio.train.trace import trace

LARGEST = 8
"""So many arrays are traced: more are not under way at the same time."""


def update_scratch(recipe: Recipe, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Bytes that an update takes at its highest point, without weights, gradients and state."""
    largest = sorted(shapes.items(), key=lambda item: prod(item[1]), reverse=True)[:LARGEST]
    return _scratch(recipe, tuple(largest)) if largest else 0


@lru_cache(maxsize=64)
def _scratch(recipe: Recipe, shapes: tuple[tuple[str, tuple[int, ...]], ...]) -> int:
    optimizer = make_optimizer(recipe, 1e-4)
    weights = {name: mx.zeros(shape) for name, shape in shapes}
    optimizer.init(nested(weights))
    state = named(optimizer.state)
    names, kept = list(weights), list(state)

    def update(*arrays: mx.array) -> list[mx.array]:
        count = len(names)
        given = dict(zip(names, arrays[:count], strict=True))
        gradient = dict(zip(names, arrays[count : 2 * count], strict=True))
        optimizer.state = nested(dict(zip(kept, arrays[2 * count :], strict=True)))
        updated = named(optimizer.apply_gradients(nested(gradient), nested(given)))
        return [*updated.values(), *named(optimizer.state).values()]

    traced = trace(update, [*weights.values(), *weights.values(), *state.values()])
    consumed = [array for i, array in enumerate(traced.arguments) if not len(names) <= i < 2 * len(names)]
    standing = sum(array.bytes for array in consumed)
    return max(0, peaks(traced, Ahead.here(), consumed=consumed).highest - standing)
