"""A model from its `config.json` alone, with what a recipe trains on it: shapes, and nothing computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn

from studio.errors import ModelError
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.arrays import named, nested
from studio.models.build import build_lazily
from studio.models.count import saved_precision
from studio.models.description import describe
from studio.models.form import WeightForm, cast, castable, put_into, quantize_as_saved
from studio.models.targets import find_head
from studio.train.kernels.overlay import Stack, find_stack
from studio.train.kernels.tap import Finish, Tap, find_tap
from studio.train.session import compute_precision


@dataclass(frozen=True, eq=False)
class MetaModel:
    """A model whose arrays have shapes only, and of its layers only the last few."""

    model: nn.Module
    stack: Stack
    precision: mx.Dtype
    castable: Callable[[str, mx.array], bool]
    tap: Tap | None  # the output layer; None where the logits are the model's own affair
    finish: Finish | None  # what the model does to its output layer's logits

    @property
    def trained(self) -> dict[str, mx.array]:
        return named(self.model.trainable_parameters())

    @property
    def frozen(self) -> dict[str, mx.array]:
        trained = self.trained
        every = named(self.model.parameters())
        return {name: array for name, array in every.items() if name not in trained}

    @property
    def vocabulary(self) -> int:
        return self.tap.vocabulary if self.tap else int(find_head(self.model)[1].weight.shape[0])

    def rounded(self, trained: dict[str, mx.array]) -> dict[str, mx.array]:
        """Trained weights as a step casts them (see `Learner`)."""
        exact = {
            name for name, array in trained.items() if name.endswith(".m") or not self.castable(name, array)
        }
        return {name: a if name in exact else a.astype(self.precision) for name, a in trained.items()}

    def put(self, arrays: dict[str, mx.array]) -> None:
        """Give the model these arrays, by name."""
        self.model.update(nested(arrays))

    def keep(self, layers: int) -> None:
        """Leave only the last so many layers."""
        self.stack.layers[:] = self.stack.layers[-layers:]


def build_meta_model(folder: Path, tuning: Tuning, form: WeightForm, layers: int) -> MetaModel:
    """The model in `folder` with its last `layers` layers, and what `tuning` trains of them.

    Raises ModelError for a family that mlx-lm does not know, or that keeps its layers in a way of its own.
    """
    described = describe(folder)
    config = described.config
    model = build_lazily(described, _shortened(config, layers))
    stack = find_stack(model)
    if stack is None or stack.embedding is None:
        raise ModelError("forecast.other_layers")
    stack.layers[:] = stack.layers[-layers:]  # first of all: what follows is done to fewer
    cast(model, saved_precision(described))
    quantize_as_saved(model, config)
    put_into(model, form.resolved(config))
    adapter.carry_shapes(model, tuning)
    precision, wanted, tap = compute_precision(model), castable(model), find_tap(model)
    adapter.place(model, tuning)
    model.train()
    return MetaModel(model, stack, precision, wanted, tap, tap.finish() if tap else None)


def _shortened(config: dict[str, Any], layers: int) -> dict[str, Any]:
    """The config of fewer layers, where they are all alike."""
    alike = not any(isinstance(value, list | dict) for value in config.values())
    return {**config, "num_hidden_layers": layers} if alike and "num_hidden_layers" in config else config
