"""The form in which a model's own weights are held: their precision, and whether they are quantized."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_map_with_path

from studio.errors import ModelError

FIXED = {"mxfp4": (32, 4), "mxfp8": (32, 8), "nvfp4": (16, 4)}
"""Group size and bits of the modes that allow one layout only (mlx.core.quantize)."""


@dataclass(frozen=True)
class WeightForm:
    """How weights lie in memory; the default is as they were saved."""

    bits: int = 0  # of quantized weights; 0 means as saved
    group_size: int = 64  # weights that share a scale; the modes in FIXED have their own
    mode: str = "affine"  # affine, mxfp4, mxfp8 or nvfp4
    precision: str = "model"  # of floating weights: model (as saved), float32, bfloat16 or float16

    def resolved(self, config: dict[str, Any]) -> WeightForm:
        """This form as it comes out for the model of `config`: equal forms load equal weights.

        A quantized model stays as it is, and a mode with one layout takes it. Raises ModelError when bits
        and mode contradict each other.
        """
        if not self.bits or is_quantized(config):
            return WeightForm(precision=self.precision)
        group_size, bits = FIXED.get(self.mode, (self.group_size, self.bits))
        if bits != self.bits:
            raise ModelError("quantize.bits", mode=self.mode, fixed=bits, bits=self.bits)
        return replace(self, group_size=group_size)


def is_quantized(config: dict[str, Any]) -> bool:
    """Whether the weights that `config` describes are saved in quantized form."""
    return any(
        part.get(key)
        for part in (config, config.get("text_config") or {})
        for key in ("quantization", "quantization_config")
    )


def put_into(model: nn.Module, form: WeightForm) -> dict[str, Any]:
    """Bring a model into a resolved `form`, in place and lazily: nothing is computed yet.

    Returns what `config.json` says of quantized weights, or an empty dictionary. Raises ModelError when no
    layer can be quantized like this.
    """
    if form.precision != "model":
        cast(model, getattr(mx, form.precision))
    return _quantize(model, form) if form.bits else {}


def cast(model: nn.Module, dtype: mx.Dtype) -> None:
    """Turn floating weights into `dtype`: not packed integers, nor what the family keeps in fp32."""
    wanted = castable(model)

    def turned(name: str, array: mx.array) -> mx.array:
        return array.astype(dtype) if wanted(name, array) else array

    model.update(tree_map_with_path(turned, model.parameters()))


def castable(model: nn.Module) -> Callable[[str, mx.array], bool]:
    """Tells by name and array what may change its precision. Scales of affine quantization may; a router's
    correction, which mlx-lm keeps in fp32 for some families, may not.
    """
    allowed: Callable[[str], bool] = getattr(model, "cast_predicate", lambda _: True)
    return lambda name, array: bool(mx.issubdtype(array.dtype, mx.floating)) and allowed(name)


def quantize_as_saved(model: nn.Module, config: dict[str, Any]) -> None:
    """Give a model built from `config` alone the quantized layers that its files have, lazily.

    The config names the layers that differ; the others follow mlx-lm's rule (`mlx_lm.utils.quantize_model`).
    """
    saved = config.get("quantization")
    if not saved:
        return
    form = WeightForm(saved["bits"], saved["group_size"], saved.get("mode", "affine"))
    usual = _layers_to_quantize(model, form)

    def choose(path: str, module: nn.Module) -> bool | dict[str, Any]:
        named: bool | dict[str, Any] | None = saved.get(path)
        return usual(path, module) if named is None else named

    nn.quantize(model, form.group_size, form.bits, mode=form.mode, class_predicate=choose)


def _quantize(model: nn.Module, form: WeightForm) -> dict[str, Any]:
    usual = _layers_to_quantize(model, form)
    described: dict[str, Any] = {"group_size": form.group_size, "bits": form.bits, "mode": form.mode}
    chosen: list[str] = []

    def choose(path: str, module: nn.Module) -> bool | dict[str, Any]:
        how = usual(path, module)
        if how:
            chosen.append(path)
        if isinstance(how, dict):
            described[path] = how
        return how

    try:
        nn.quantize(model, form.group_size, form.bits, mode=form.mode, class_predicate=choose)
    except (TypeError, ValueError) as error:
        raise ModelError("quantize.impossible", fault=error) from error
    if not chosen:
        raise ModelError("quantize.groups", size=form.group_size)
    return described


def _layers_to_quantize(
    model: nn.Module, form: WeightForm
) -> Callable[[str, nn.Module], bool | dict[str, Any]]:
    """mlx-lm's rule: linear layers and embeddings that groups divide, as the family allows."""
    family = getattr(model, "quant_predicate", None) or (lambda path, module: True)

    def choose(path: str, module: nn.Module) -> bool | dict[str, Any]:
        if not hasattr(module, "to_quantized") or module.weight.shape[-1] % form.group_size:
            return False
        how: bool | dict[str, Any] = family(path, module)
        if isinstance(how, dict) and module.weight.shape[-1] % how.get("group_size", form.group_size):
            return False
        return how

    return choose
