"""Adapters of PEFT's, read: LoRA, rank-stabilized LoRA and DoRA, also with ranks and alphas of their own.

What PEFT can do and an adapter of mlx-lm's cannot is refused by its name, and nothing is left out in silence.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn

from studio.errors import ModelError
from studio.export.chain import DORA, LORA, Adapter, Factors
from studio.export.peft import CONFIG, HEAD, PREFIX, WEIGHTS
from studio.files import read_object
from studio.models import arrays
from studio.models.adapter_layers import dense, shape
from studio.models.targets import EMBEDDINGS, find_embeddings, find_head

_NOT_READ = {
    "modules_to_save": "modules_to_save",
    "trainable_token_indices": "trainable_token_indices",
    "target_parameters": "target_parameters",
    "layer_replication": "layer_replication",
    "fan_in_fan_out": "fan_in_fan_out",
    "lora_bias": "lora_bias",
    "use_qalora": "use_qalora",
    "alora_invocation_tokens": "alora_invocation_tokens",
    "arrow_config": "arrow_config",
    "use_bdlora": "use_bdlora",
    "velora_config": "velora_config",
}
"""Settings that change what an adapter is, and that must be off."""
_CHANGING = ("pissa", "olora", "corda", "loftq")
"""Ways to begin an adapter that change the base's weights, which the adapter alone does not hold."""
_NAME = re.compile(
    rf"{re.escape(PREFIX)}(?P<path>.+)\.(?P<part>lora_A|lora_B|lora_embedding_A|lora_embedding_B|"
    r"lora_magnitude_vector|base_layer)(?:\.default)?(?:\.weight)?"
)


@dataclass(frozen=True)
class _Found:
    """A layer's arrays by PEFT's names for them."""

    parts: dict[str, mx.array] = field(default_factory=dict)

    def factors(self) -> Factors:
        """The same in mlx-lm's shapes."""
        parts = self.parts
        if "lora_embedding_A" in parts:
            return Factors(parts["lora_embedding_A"].T, parts["lora_embedding_B"].T)
        return Factors(parts["lora_A"].T, parts["lora_B"].T, parts.get("lora_magnitude_vector"))


def described_in(folder: Path) -> dict[str, Any]:
    """The configuration of a PEFT adapter. Raises ModelError for none, or one that cannot be read."""
    config = read_object(folder / CONFIG, ModelError, ModelError("import.none", folder=folder))
    if config.get("peft_type") != "LORA":
        raise ModelError("import.kind", folder=folder, kind=config.get("peft_type") or "mlx-lm")
    if not (folder / WEIGHTS).is_file():
        raise ModelError("import.no_weights", folder=folder, file=WEIGHTS)
    for name, said in _NOT_READ.items():
        if config.get(name):
            raise ModelError("import.setting", folder=folder, name=said)
    if config.get("bias", "none") != "none":
        raise ModelError("import.setting", folder=folder, name="bias")
    start = str(config.get("init_lora_weights", True)).lower()
    if start.startswith(_CHANGING):
        raise ModelError("import.changed_base", folder=folder, start=start)
    return config


def from_peft(folder: Path, model: nn.Module) -> Adapter:
    """The adapter in a folder, for a model that bears nothing. Raises ModelError with what does not fit."""
    config = described_in(folder)
    layers = {path: found.factors() for path, found in _layers(folder, model)}
    try:
        scales = {path: _scale(config, path, factors.rank) for path, factors in layers.items()}
        scale = _scale(config, "", int(config["r"])) or 1.0
    except (KeyError, TypeError, ValueError, ZeroDivisionError, re.error) as error:
        raise ModelError("import.config", folder=folder, fault=error) from error
    layers = {path: Factors(each.a, each.b * (scales[path] / scale), each.m) for path, each in layers.items()}
    _join_tied(folder, layers, model)
    dora = bool(config.get("use_dora"))
    blocks, keys = _places(folder, layers, model)
    dropout = float(config.get("lora_dropout") or 0)
    return Adapter(DORA if dora else LORA, layers, scale, dropout, blocks, keys)


def check_layers(adapter: Adapter, adapted: nn.Module, bare: nn.Module) -> float:
    """The largest deviation of a layer's matrix from W + s b a, rescaled for DoRA, as a share of its norm."""
    theirs, mine = dict(bare.named_modules()), dict(adapted.named_modules())
    worst = 0.0
    for path, each in adapter.layers.items():
        change = adapter.scale * (each.a @ each.b)
        is_table = isinstance(theirs[path], EMBEDDINGS)
        wanted = dense(theirs[path]) + (change if is_table else change.T)
        if each.m is not None:
            wanted = each.m[:, None] * wanted / mx.linalg.norm(wanted, axis=1, keepdims=True)
        apart = mx.linalg.norm(dense(mine[path]) - wanted) / mx.linalg.norm(wanted)
        worst = max(worst, arrays.number(apart))
    return worst


def _layers(folder: Path, model: nn.Module) -> Iterator[tuple[str, _Found]]:
    """Each layer's arrays, where the model has such a layer, of that shape."""
    modules = dict(model.named_modules())
    found: dict[str, _Found] = defaultdict(_Found)
    for name, array in _read(folder).items():
        match = _NAME.fullmatch(name)
        if match is None:
            raise ModelError("import.array", folder=folder, name=name)
        found[match["path"]].parts[match["part"]] = array.astype(mx.float32)
    tied = find_head(model)[0] != HEAD
    for path, each in found.items():
        base = each.parts.pop("base_layer", None)
        if path not in modules and not (path == HEAD and tied):
            raise ModelError("import.no_layer", folder=folder, name=path)
        module = modules[path] if path in modules else find_embeddings(model)[1]
        if base is not None and not _same(base, dense(module)):
            raise ModelError("import.setting", folder=folder, name=f"{path}.base_layer")
        if each.parts:
            _check_shapes(folder, path, each, module)
            yield path, each


def _check_shapes(folder: Path, path: str, found: _Found, module: nn.Module) -> None:
    try:
        factors = found.factors()
    except KeyError as error:
        raise ModelError("import.config", folder=folder, fault=error) from error
    is_table = "lora_embedding_A" in found.parts
    rows, width = shape(module)
    wanted = (rows, width) if is_table else (width, rows)
    fits = factors.a.ndim == factors.b.ndim == 2 and factors.a.shape[1] == factors.b.shape[0]
    if not fits or (factors.a.shape[0], factors.b.shape[1]) != wanted:
        raise ModelError("import.no_layer", folder=folder, name=path)
    if is_table and "lora_magnitude_vector" in found.parts:
        raise ModelError("import.setting", folder=folder, name=f"{path}.lora_magnitude_vector")


def _read(folder: Path) -> dict[str, mx.array]:
    try:
        found = arrays.read(folder / WEIGHTS)
        arrays.check_finite(found, folder / WEIGHTS)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelError("import.config", folder=folder, fault=error) from error
    return found


def _scale(config: Mapping[str, Any], path: str, rank: int) -> float:
    """alpha / r, or alpha / √r, with the layer's own alpha where a pattern names it."""
    alpha = float(config["lora_alpha"])
    for pattern, own in (config.get("alpha_pattern") or {}).items():
        if re.fullmatch(rf"(.*\.)?({pattern})", path):
            alpha = float(own)
            break
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def _join_tied(folder: Path, layers: dict[str, Factors], model: nn.Module) -> None:
    """Where the head is the table of embeddings, both must be changed alike; here they are one."""
    table = find_embeddings(model)[0]
    if find_head(model)[0] != table or not layers.keys() & {table, HEAD}:
        return
    head = layers.pop(HEAD, None)
    one = layers.get(table)
    if head is None or one is None or not _same(head.a @ head.b, (one.a @ one.b).T):
        raise ModelError("import.tied", folder=folder)


def _places(folder: Path, layers: Mapping[str, Factors], model: nn.Module) -> tuple[int, tuple[str, ...]]:
    """In how many of the last blocks it is, and on what: paths in a block, or in the model."""
    blocks = {id(block): number for number, block in enumerate(model.layers)}
    prefix = next(path for path, module in model.named_modules() if blocks.get(id(module)) == 0)
    within = re.compile(rf"{re.escape(prefix.rpartition('.')[0])}\.(\d+)\.(.+)")
    first, keys = len(blocks), dict[str, None]()
    for path in layers:
        if inside := within.fullmatch(path):
            first = min(first, int(inside[1]))
        keys[inside[2] if inside else path] = None
    if not keys:
        raise ModelError("import.empty", folder=folder)
    return max(1, len(blocks) - first), tuple(keys)


def _same(one: mx.array, other: mx.array) -> bool:
    return one.shape == other.shape and bool(mx.allclose(one, other.astype(one.dtype), 1e-2, 1e-4).item())
