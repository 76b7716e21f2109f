"""What a portion of a step keeps in memory and computes, found by tracing a few of the model's layers.

Two and three trained layers are traced; from layer to layer what is kept grows by the same amount, so the
rest is a line through both. Where a family refuses, an estimate from its config takes the trace's place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn

from studio.models.form import Form
from studio.models.tuning import Tuning
from studio.train.head import FrozenHead, _chunk_rows, _plain, _quantized
from studio.train.liveness import Ahead, peaks
from studio.train.outline import Outline, outline
from studio.train.trace import Trace, trace

FEW = 3
"""So many layers are traced, and one less."""
CHUNKS = 6
"""Chunks of the head that are traced; further ones reach the same height."""


@dataclass(frozen=True)
class Shape:
    """A portion: its rows and their width."""

    rows: int
    width: int

    @property
    def positions(self) -> int:
        return self.rows * self.width


@dataclass(frozen=True)
class Height:
    """What a portion takes in bytes while its gradient is found, without weights; and what it computes.

    `head` is the highest point while the last layer's losses are found, `layers` that of the way back
    through the layers. Both count gradients and weights cast for the step.
    """

    head: int
    layers: int
    multiplications: int
    numbers: int  # written by everything that is no product

    @property
    def highest(self) -> int:
        return max(self.head, self.layers)


@lru_cache(maxsize=64)
def height(folder: Path, changed: int, tuning: Tuning, form: Form, layers: int, shape: Shape) -> Height:
    """Of a step's gradient over `layers` trained layers. `changed` tells versions of config.json apart."""
    few = min(layers, FEW)
    high = _measured(outline(folder, tuning, form, few), shape)
    if few == layers:
        return high
    low = _measured(outline(folder, tuning, form, few - 1), shape)
    return _line(low, high, layers - few)


def _line(low: Height, high: Height, more: int) -> Height:
    """`high`, with as much more as it has over `low`, so many times."""
    return Height(
        *(
            getattr(high, name) + more * (getattr(high, name) - getattr(low, name))
            for name in ("head", "layers", "multiplications", "numbers")
        )
    )


def _measured(model: Outline, shape: Shape) -> Height:
    traced = _trace(model, shape)
    split = traced.index_of_last(model.vocabulary)
    found = peaks(traced, Ahead.here(), split)
    multiplications = sum(one.multiplications for one in traced.operations)
    numbers = sum(
        one.outputs[0].numbers for one in traced.operations if not one.multiplications
    )
    return Height(found.before, found.after, multiplications, numbers)


def _trace(model: Outline, shape: Shape) -> Trace:
    """The operations of a portion's loss and gradient, from the states that enter the layers."""
    trained, frozen = model.trained, model.frozen
    def step(*arrays: mx.array) -> list[mx.array]:
        given = list(arrays[: len(trained)])
        model.put(dict(zip(frozen, arrays[len(trained) : -1], strict=True)))

        def loss(weights: list[mx.array]) -> mx.array:
            model.put(model.rounded(dict(zip(trained, weights, strict=True))))
            ids = mx.zeros((shape.rows, shape.width), mx.int32)
            with model.stack.replaced({}, lambda _: arrays[-1]):
                states = model.stack.hidden(ids)
            return _loss(head_of(model), states.reshape(-1, states.shape[-1]))

        value, gradient = mx.value_and_grad(loss)(given)
        return [value, *gradient]

    states = mx.zeros((shape.rows, shape.width, model.width), model.precision)
    before = model.model.parameters()
    try:
        return trace(step, [*trained.values(), *frozen.values(), states])
    finally:
        model.model.update(before)


def head_of(model: Outline) -> FrozenHead | None:
    inner: Any = model.model
    layer = inner["lm_head"] if "lm_head" in inner else model.stack.embedding
    if isinstance(layer, nn.QuantizedLinear | nn.QuantizedEmbedding):
        return _quantized(layer)
    return _plain(layer)


def _loss(head: FrozenHead, states: mx.array) -> mx.array:
    """As `FrozenHead.losses` has it: each chunk leaves its gradient behind."""
    rows = _chunk_rows(head.vocabulary)
    fixed = mx.stop_gradient(states)
    losses: list[mx.array] = []
    gradients: list[mx.array] = []
    for start in range(0, min(fixed.shape[0], CHUNKS * rows), rows):
        part = fixed[start : start + rows]
        if gradients:
            part = mx.depends([part], [gradients[-1]])[0]
        targets = mx.zeros(part.shape[0], mx.int32)
        loss, gradient = head._chunk(part, targets)
        losses.append(loss)
        gradients.append(gradient)
    left = fixed.shape[0] - len(gradients) * rows
    if left > 0:
        gradients.append(mx.zeros((left, fixed.shape[1]), fixed.dtype))
    return (states * mx.concatenate(gradients)).sum() + mx.concatenate(losses).sum()
