"""Models built by mlx-lm and made to do what their config says: with their weights, or with shapes only."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx_lm.utils import load_model

from studio.errors import ModelError
from studio.models.arrays import named
from studio.models.description import HEADS, Description
from studio.models.family import BUILDING
from studio.models.settling import settle
from studio.models.unread import refusal, unread_shapes
from studio.models.weights import Weights, find_weights, is_quantized

_CORRECTIONS = ("correction_bias", "expert_bias")


def load_lazily(described: Description) -> tuple[nn.Module, dict[str, Any]]:
    """The model with its weights, which are read when they are computed, and its config with quantization.

    Raises ModelError where weights and family do not fit, or the family does not do what the config says.
    """
    folder = described.folder
    _refuse_gaps(described)
    try:
        with _as_mlx_lm_reads(described.weights or find_weights(folder), described) as view:
            model, config = load_model(view, lazy=True)
    except BUILDING as error:
        raise _cannot_be_loaded(described, error) from error
    _settle(model, described)
    _refuse_lost_corrections(model, described)
    return model, config


def build_lazily(described: Description, config: dict[str, Any] | None = None) -> nn.Module:
    """The model as it is once its weights are read, with shapes only; `config` where it is to differ.

    Raises ModelError where the family cannot be built so, or does not do what the config says.
    """
    config = config or described.config
    build: Any = described.reading.family.model
    _refuse_gaps(described)
    try:
        model: nn.Module = build(described.reading.family.arguments.from_dict(config))
    except BUILDING as error:
        raise _cannot_be_built(described, error) from error
    _leave_out_what_is_not_saved(model, described)
    _settle(model, described)
    return model


def _refuse_gaps(described: Description) -> None:
    """Raise ModelError naming what the family needs and the config does not say."""
    arguments = described.reading.family.arguments
    unset = dataclasses.MISSING
    needed = [
        f.name for f in dataclasses.fields(arguments) if f.default is unset and f.default_factory is unset
    ]
    if gaps := [name for name in needed if name not in described.config]:
        kind = described.config["model_type"]
        raise ModelError("model.gaps", folder=described.folder, names=", ".join(gaps), kind=kind)


def _cannot_be_built(described: Description, error: Exception) -> ModelError:
    return ModelError("model.not_built", folder=described.folder, fault=_first_line(error))


def _cannot_be_loaded(described: Description, error: Exception) -> ModelError:
    """Names what the weights or the config have and the family has not, where that can be told."""
    folder, kind = described.folder, described.config["model_type"]
    if keys := unread_shapes(described.reading):
        reason = refusal(folder, described.reading, keys[0], described.reading.stated(keys[0])).said
        return ModelError("weights.other_shape", reason=reason, fault=_first_line(error))
    return ModelError("weights.other_kind", folder=folder, kind=kind, fault=_first_line(error))


def _first_line(error: Exception) -> str:
    """An error of a library in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    more = f" … and {len(lines) - 2} more" if len(lines) > 2 else ""
    return (" ".join(lines[:2]).rstrip(",.") + more) or type(error).__name__


def _settle(model: nn.Module, described: Description) -> None:
    try:
        settle(model, described.reading, described.folder)
    except BUILDING as error:
        raise _cannot_be_built(described, error) from error


def _refuse_lost_corrections(model: nn.Module, described: Description) -> None:
    """Some families drop what corrects a router's choice of experts: without it other experts answer."""
    if described.weights is None or any(name.endswith(_CORRECTIONS) for name in named(model.parameters())):
        return
    lost = [name for name in described.weights.arrays if name.endswith(_CORRECTIONS)]
    arrays = _read(described.weights.files) if lost else {}
    if any(mx.any(arrays[name] != 0).item() for name in lost):
        kind = described.config["model_type"]
        raise ModelError("weights.corrections", folder=described.folder, name=lost[0], kind=kind)


def _leave_out_what_is_not_saved(model: nn.Module, described: Description) -> None:
    """Some families drop a head that is tied when they see the weights' names."""
    sanitize = getattr(model, "sanitize", None)
    if sanitize is None:
        return
    if described.weights is not None:
        weights = _read(described.weights.files)
    else:
        tied = described.reading.stated("tie_word_embeddings")
        weights = {k: v for k, v in named(model.parameters()).items() if not (tied and k.endswith(HEADS))}
    with suppress(KeyError, ValueError, TypeError, RuntimeError, AttributeError, IndexError):
        sanitize(weights)  # what does not fit is said when the weights are loaded


def _read(files: tuple[Path, ...]) -> dict[str, mx.array]:
    found: dict[str, mx.array] = {}
    for file in files:
        arrays = mx.load(str(file))  # lazy: reads the header
        found.update(arrays if isinstance(arrays, dict) else {})
    return found


@contextmanager
def _as_mlx_lm_reads(weights: Weights, described: Description) -> Iterator[Path]:
    """A folder for mlx-lm, which takes files by their names: the config, and links to the model's weights."""
    with TemporaryDirectory(prefix="studio-model-") as name:
        view = Path(name)
        (view / "config.json").write_text(json.dumps(described.config), encoding="utf-8")
        for number, file in enumerate(weights.files):
            (view / f"model-{number:05}.safetensors").symlink_to(file.resolve())
        others = [
            "generation_config.json",
            *(["hf_quant_config.json"] if is_quantized(weights.arrays) else []),
        ]
        for other in others:
            if (described.folder / other).is_file():
                (view / other).symlink_to((described.folder / other).resolve())
        yield view
