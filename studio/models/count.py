"""Parameter counts from a model's `config.json` alone, to the last digit and without loading a weight."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import mlx.core as mx

from studio.events import AdapterShape
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.arrays import count, count_entries, named
from studio.models.build import build_lazily
from studio.models.description import Description, describe
from studio.models.form import WeightForm, cast, put_into, quantize_as_saved

PRECISIONS = {"float32": mx.float32, "bfloat16": mx.bfloat16, "float16": mx.float16}
_EMBEDDING = re.compile(r"embed|wte")
_SAVED = {"F32": mx.float32, "BF16": mx.bfloat16, "F16": mx.float16}


@dataclass(frozen=True)
class ParameterCount:
    """Parameters of the base model, and of what is trained on it."""

    architecture: str
    total: int  # of the model as it starts, with the adapters that it carries
    trainable: int
    adapted: int  # of both together, where an adapter is trained; else as many as the model has
    shapes: dict[str, tuple[int, ...]]  # of the trained arrays, each held in fp32
    weights_bytes: int  # the base model's own weights in memory, in the form asked for


def count_parameters(folder: Path, tuning: Tuning, form: WeightForm | None = None) -> ParameterCount:
    """What a tuning would train on the model in `folder`, and what the model weighs in a form (as saved).

    The model is built lazily: arrays have shapes but are never computed, so an 8B model costs no memory.
    Raises ModelError when the architecture is one mlx-lm does not know, or the tuning does not fit it.
    """
    described = describe(folder)
    config = described.config
    model = build_lazily(described)
    cast(model, saved_precision(described))
    quantize_as_saved(model, config)
    put_into(model, (form or WeightForm()).resolved(config))
    adapter.carry_shapes(model, tuning)
    weights_bytes = sum(array.nbytes for array in named(model.parameters()).values())
    adapter.place(model, tuning)
    shapes = {name: tuple(array.shape) for name, array in adapter.weights(model).items()}
    trainable, adapted = count(model.trainable_parameters()), count_entries(model)
    total = adapted if tuning.method == "full" else adapted - trainable
    return ParameterCount(str(config["model_type"]), total, trainable, adapted, shapes, weights_bytes)


def adapter_shapes(shapes: Mapping[str, tuple[int, ...]], rank: int) -> tuple[AdapterShape, ...]:
    """The adapters of a rank among trained arrays, by their place in a block; each expert counts as one."""
    found: Counter[tuple[str, int, int, int]] = Counter()
    for name, first in shapes.items():
        path = name.removesuffix(".lora_a")
        second = shapes.get(f"{path}.lora_b")
        if path == name or second is None:
            continue
        place = re.sub(r"^.*?\.\d+\.", "", path)
        sides = _other_side(second, rank), _other_side(first, rank)
        outputs, inputs = sides[::-1] if _EMBEDDING.search(place) else sides
        found[place, outputs, inputs, rank] += prod(first[:-2])
    return tuple(AdapterShape(*key, count) for key, count in found.items())


def _other_side(shape: tuple[int, ...], rank: int) -> int:
    """The side of a matrix of this rank that is not its rank."""
    return shape[-2] if shape[-1] == rank else shape[-1]


def saved_precision(described: Description) -> mx.Dtype:
    """What the weight files hold where they are there already, else what the config says; fp32 unsaid."""
    for entry in described.weights.arrays.values() if described.weights else ():
        if entry.dtype in _SAVED:
            return _SAVED[entry.dtype]
    for part in (described.config, described.reading.text):
        for key in ("dtype", "torch_dtype"):
            if part.get(key) in PRECISIONS:
                return PRECISIONS[part[key]]
    return mx.float32
