"""Rotary positions as a config states them, and the layers that turn queries and keys so.

Formulas: RoFormer (Su et al., 2021), position interpolation (Chen et al., 2023), NTK-aware scaling, YaRN
(Peng et al., 2023), LongRoPE (Ding et al., 2024), and the scaling of Llama 3.1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from mlx import nn
from mlx_lm.models.rope_utils import (
    DynamicNTKScalingRoPE,
    Llama3RoPE,
    ProportionalRoPE,
    SuScaledRoPE,
    YarnRoPE,
)

type Array = npt.NDArray[np.float64]

EQUAL = 1e-5
"""Frequencies in fp32 are equal when they are no further apart than this, in relation."""


@dataclass(frozen=True, eq=False)
class Rope:
    """How positions turn the first `dims` numbers of a head: radians per position of each pair.

    `scale` is what turned numbers are multiplied with. Where `longer` is given, it holds for sequences of
    more than `limit` positions; where `growth` is, the base grows with the sequence beyond `limit` (dynamic).
    """

    dims: int
    frequencies: Array
    scale: float = 1.0
    longer: Array | None = None
    limit: int = 0
    growth: float = 0.0
    base: float = 0.0


class StatedRoPE(nn.Module):
    """Turns queries and keys as `rope` says; `traditional` pairs neighbours, else both halves of a head."""

    def __init__(self, rope: Rope, traditional: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.dims, self.traditional, self.scale, self.limit = rope.dims, traditional, rope.scale, rope.limit
        self.growth, self.base = rope.growth, rope.base
        self._freqs = mx.array(1 / rope.frequencies, mx.float32)
        self._longer = None if rope.longer is None else mx.array(1 / rope.longer, mx.float32)

    def __call__(self, x: mx.array, offset: int | mx.array = 0) -> mx.array:
        """x [..., positions, head] from position `offset` on, turned."""
        if self.scale != 1.0:
            x = x.at[..., : self.dims].multiply(self.scale)
        freqs = self._frequencies(x.shape[-2], offset)
        return mx.fast.rope(
            x, self.dims, traditional=self.traditional, base=None, scale=1.0, offset=offset, freqs=freqs
        )

    def _frequencies(self, positions: int, offset: int | mx.array) -> mx.array:
        if self.growth:
            return self._grown(mx.maximum(mx.max(mx.array(offset)) + positions, self.limit))
        if self._longer is None:
            return self._freqs
        if isinstance(offset, mx.array):
            return mx.where(offset.max() + positions > self.limit, self._longer, self._freqs)
        return self._longer if offset + positions > self.limit else self._freqs

    def _grown(self, length: mx.array) -> mx.array:
        """The frequencies of a sequence of so many positions (dynamic)."""
        stretch = self.growth * length / self.limit - (self.growth - 1)
        base = self.base * stretch ** (self.dims / (self.dims - 2))
        grown: mx.array = base ** (mx.arange(0, self.dims, 2, dtype=mx.float32) / self.dims)
        return grown


def stated_rope(config: Mapping[str, Any], settings: Mapping[str, Any], head: int) -> Rope | None:
    """The rope that settings ask for, of heads of `head` numbers; None for a kind that is unknown here."""
    kind = settings.get("rope_type", settings.get("type", "default"))
    base = float(settings["rope_theta"])
    dims = int(head * float(settings.get("partial_rotary_factor") or 1.0))
    dims += dims % 2
    if dims > head:
        raise ValueError(f"positions would turn {dims} numbers of heads of {head}")
    plain = base ** -(np.arange(0, dims, 2, dtype=np.float64) / dims)
    longest = int(config.get("max_position_embeddings") or 0)
    match kind:
        case "default" | "mrope":
            return Rope(dims, plain)
        case "linear":
            return Rope(dims, plain / float(settings["factor"]))
        case "dynamic":
            return Rope(dims, plain, limit=longest, growth=float(settings["factor"]), base=base)
        case "llama3":
            return Rope(dims, _llama3(plain, settings))
        case "yarn" | "deepseek_yarn":
            return _yarn(plain, base, settings, longest)
        case "longrope":
            return _longrope(plain, settings, longest)
    return None


def _llama3(plain: Array, settings: Mapping[str, Any]) -> Array:
    factor, low = float(settings["factor"]), float(settings["low_freq_factor"])
    high, original = float(settings["high_freq_factor"]), float(settings["original_max_position_embeddings"])
    turns = original * plain / (2 * math.pi)
    share = np.clip((turns - low) / (high - low), 0, 1)
    mixed: Array = plain * ((1 - share) / factor + share)
    return mixed


def _yarn(plain: Array, base: float, settings: Mapping[str, Any], longest: int) -> Rope:
    original = float(settings.get("original_max_position_embeddings") or longest)
    factor = float(settings.get("factor") or longest / original)
    dims = 2 * len(plain)

    def place(turns: float) -> float:
        """The dimension that turns so often over the original length."""
        return dims * math.log(original / (turns * 2 * math.pi)) / (2 * math.log(base))

    low = place(float(settings.get("beta_fast") or 32))
    high = place(float(settings.get("beta_slow") or 1))
    if settings.get("truncate", True):
        low, high = math.floor(low), math.ceil(high)
    low, high = max(low, 0), min(high, dims - 1)
    ramp = np.clip((np.arange(len(plain)) - low) / (high - low if high != low else 1e-3), 0, 1)
    mscale, everywhere = settings.get("mscale"), settings.get("mscale_all_dim")
    scale = settings.get("attention_factor")
    if scale is None and mscale and everywhere:
        scale = _attention(factor, mscale) / _attention(factor, everywhere)
    elif scale is None:
        scale = _attention(factor, 1.0)
    return Rope(dims, plain * (ramp / factor + 1 - ramp), float(scale))


def _attention(factor: float, weight: float) -> float:
    return 0.1 * weight * math.log(factor) + 1.0 if factor > 1 else 1.0


def _longrope(plain: Array, settings: Mapping[str, Any], longest: int) -> Rope:
    original = int(settings.get("original_max_position_embeddings") or longest)
    factor = float(settings.get("factor") or longest / original)
    scale = settings.get("attention_factor")
    if scale is None:
        scale = math.sqrt(1 + math.log(factor) / math.log(original)) if factor > 1 else 1.0
    short, long = (np.asarray(settings[key], np.float64) for key in ("short_factor", "long_factor"))
    return Rope(2 * len(plain), plain / short, float(scale), plain / long, original)


def built_rope(module: nn.Module) -> Rope | None:
    """What one of mlx-lm's rope layers does; None for what is none, or one that cannot be told."""
    match module:
        case nn.RoPE():
            exponents = np.arange(0, module.dims, 2, dtype=np.float64) / module.dims
            return Rope(module.dims, module.scale * module.base**-exponents)
        case DynamicNTKScalingRoPE():  # cannot take rows of a batch that are not equally long
            exponents = np.arange(0, module.dims, 2, dtype=np.float64) / module.dims
            return Rope(module.dims, module.base**-exponents)
        case Llama3RoPE():
            return Rope(module.dims, _inverse(module._freqs))
        case YarnRoPE():
            return Rope(module.dims, _inverse(module._freqs), module.mscale)
        case SuScaledRoPE():  # knows long sequences only
            return Rope(module.dim, _inverse(module._freqs), module._scale)
        case ProportionalRoPE():
            return Rope(module.dims, _inverse(module._freqs))
    return None


def _inverse(periods: mx.array) -> Array:
    return 1 / np.array(periods, np.float64)


def are_equal(one: Rope, other: Rope) -> bool:
    """Whether two ropes turn alike, at every length."""
    if one.dims != other.dims or one.limit != other.limit or (one.longer is None) != (other.longer is None):
        return False
    near = math.isclose(one.scale, other.scale, rel_tol=EQUAL) and math.isclose(one.growth, other.growth)
    return near and bool(np.allclose(one.frequencies, other.frequencies, rtol=EQUAL, atol=0))


def ropes_in(layer: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The rope layers in a part of a model, by path."""
    for path, module in layer.named_modules():
        if path and (built_rope(module) is not None or isinstance(module, StatedRoPE)):
            yield path, module
