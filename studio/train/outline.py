"""A model from its `config.json` alone, with what a recipe trains on it: shapes, and nothing computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
from mlx import nn

from studio.errors import ModelError
from studio.models import adapter
from studio.models.arrays import named, nested
from studio.models.count import _build, _saved_precision
from studio.models.folder import read_config
from studio.models.form import Form, cast, castable, put_into, quantize_as_saved
from studio.models.targets import find_head
from studio.models.tuning import Tuning
from studio.train.overlay import Stack, find_stack
from studio.train.session import compute_precision


@dataclass(frozen=True, eq=False)
class Outline:
    """A model whose arrays have shapes only, of as many of its last layers as were asked for."""

    model: nn.Module
    stack: Stack
    precision: mx.Dtype
    castable: Callable[[str, mx.array], bool]

    @property
    def trained(self) -> dict[str, mx.array]:
        return named(self.model.trainable_parameters())

    @property
    def frozen(self) -> dict[str, mx.array]:
        trained = self.trained
        every = named(self.model.parameters())
        return {name: array for name, array in every.items() if name not in trained}

    @property
    def width(self) -> int:
        """The width of the states that pass from layer to layer."""
        embedding = self.stack.embedding
        inner = embedding.get("embedding", embedding)
        columns: int = inner.weight.shape[-1]
        return columns * 32 // inner.bits if "scales" in inner else columns

    @property
    def vocabulary(self) -> int:
        _, layer = find_head(self.model)
        return int(layer.weight.shape[0])

    def rounded(self, trained: dict[str, mx.array]) -> dict[str, mx.array]:
        """Trained weights as a step casts them."""
        return {
            name: array
            if name.endswith(".m") or not self.castable(name, array)
            else array.astype(self.precision)
            for name, array in trained.items()
        }

    def put(self, arrays: dict[str, mx.array]) -> None:
        self.model.update(nested(arrays))


def outline(folder: Path, tuning: Tuning, form: Form, layers: int) -> Outline:
    """The model in `folder` with its last `layers` layers, and what `tuning` trains of them.

    Raises ModelError for a family that mlx-lm does not know, or that keeps its layers in a way of its own.
    """
    config = read_config(folder)
    model: nn.Module = _build(folder, config)
    stack = find_stack(model)
    if stack is None or stack.embedding is None:
        raise ModelError("This family keeps its layers in a way of its own.")
    stack.layers[:] = stack.layers[-layers:]  # first of all: what follows is done to fewer
    cast(model, _saved_precision(folder, config))
    quantize_as_saved(model, config)
    put_into(model, form.settled(config))
    precision = compute_precision(model)
    wanted = castable(model)
    adapter.place(model, tuning)
    model.train()
    return Outline(model, stack, precision, wanted)

