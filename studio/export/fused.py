"""A run's result as a whole model: every adapter in the weights, in a folder that any MLX tool opens.

Weights that are quantized lose a part of what the run learned when they are quantized again with it: rounding
to 4 bits is coarser than most of what an adapter changes. So that is measured, and where more than
WORTH_KEEPING of it is lost the model is written de-quantized, unless the person wants it otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_unflatten
from mlx_lm.models.switch_layers import SwitchLinear
from mlx_lm.utils import dequantize_model, save_model

from studio.export.companions import copy_companions
from studio.export.likeness import WORTH_KEEPING, ReadBack, Reference, logits
from studio.files import as_json
from studio.generate.contestant import OpenContestant
from studio.models.adapter_layers import bottom, dense, shape
from studio.models.cache import ModelCache
from studio.models.folder import read_config
from studio.models.strength import outermost

AUTO, KEEP, PLAIN = "auto", "keep", "plain"
"""Whether a model that is quantized stays so: as its loss decides, yes, or no."""


@dataclass(frozen=True)
class Fused:
    """A model with everything in its weights, and whether they are quantized."""

    module: nn.Module
    quantized: bool
    lost: float | None  # of what was learned, had it been (or being) quantized again


def fuse(tuned: OpenContestant, reference: Reference, quantized: str = AUTO) -> Fused:
    """Put what a contestant bears into its weights, in place: its module is plain from here on."""
    layers, module = outermost(tuned.module), tuned.module
    was = any("scales" in part for part in module.modules())
    if was and quantized != PLAIN:
        _put(module, {path: _fused(layer, again=True) for path, layer in layers.items()})
        lost = reference.likeness(module).lost
        if quantized == KEEP or lost is None or lost <= WORTH_KEEPING:
            return Fused(module, True, lost)
        _put(module, {path: _fused(layer, again=False) for path, layer in layers.items()})
        dequantize_model(module)
        return Fused(module, False, lost)
    _put(module, {path: _fused(layer, again=False) for path, layer in layers.items()})
    dequantize_model(module)
    return Fused(module, False, None)


def write_fused(folder: Path, fused: Fused, tuned: OpenContestant, template: Path | None = None) -> None:
    """Fill a folder with the model, its config, tokenizer, chat template and generation settings."""
    save_model(folder, fused.module)
    text = as_json(config_of(fused, tuned), indent=2) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8")
    copy_companions(tuned.folder, folder, template)


def check_fused(folder: Path, fused: Fused, reference: Reference) -> ReadBack:
    """Open it as any model. Raises ModelError where it answers unlike what was written, or like another."""
    again = ModelCache().open(folder).module
    own = Reference(reference.rows, _logits(fused.module, reference), 0.0)
    own.checked(again)
    return ReadBack(again, reference.likeness(again))


def config_of(fused: Fused, tuned: OpenContestant) -> dict[str, Any]:
    """The original's config, with what is so of the weights that are written."""
    config = read_config(tuned.folder)
    for part in (config, config.get("text_config") or {}):
        part.pop("quantization", None)
        part.pop("quantization_config", None)
    if fused.quantized:
        how = tuned.config.get("quantization") or tuned.config["quantization_config"]
        config |= {"quantization": how, "quantization_config": how}
    return config


def _logits(model: nn.Module, reference: Reference) -> mx.array:
    model.eval()
    return logits(model, reference.rows)


def _put(model: nn.Module, layers: dict[str, nn.Module]) -> None:
    if layers:
        model.update_modules(tree_unflatten(list(layers.items())))


def _fused(layer: nn.Module, *, again: bool) -> nn.Module:
    """A plain layer that does what one with adapters does, quantized again where it was, if asked."""
    own = bottom(layer)
    quantized = "scales" in own
    dtype = own.scales.dtype if quantized else own.weight.dtype
    if not mx.issubdtype(dtype, mx.floating):  # the scales of some modes are packed themselves
        dtype = mx.bfloat16
    made: nn.Module = _plain(layer, own)
    made.weight = dense(layer).astype(dtype)
    if "bias" in own:
        made.bias = own.bias
    if quantized and again:
        made = made.to_quantized(own.group_size, own.bits, mode=own.mode)
    mx.eval(made.parameters())
    return made


def _plain(layer: nn.Module, own: nn.Module) -> Any:
    if "embedding" in layer:
        return nn.Embedding(1, 1)
    if own.weight.ndim == 3:
        experts, rows = own.weight.shape[:2]
        return SwitchLinear(1, rows, experts, bias="bias" in own)
    rows, _ = shape(layer)
    return nn.Linear(1, rows, bias="bias" in own)
