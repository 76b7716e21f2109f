"""How a GGUF file says that positions are scaled, as config.json says it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import ModelError
from studio.models.gguf.families import GgufFamily
from studio.models.gguf.header import GgufHeader
from studio.models.gguf.source import numbers_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

LLAMA3_FACTORS = "rope_freqs.weight"
LONG_FACTORS, SHORT_FACTORS = "rope_factors_long.weight", "rope_factors_short.weight"
ROPE_TENSORS = (LLAMA3_FACTORS, LONG_FACTORS, SHORT_FACTORS)
_LOW, _HIGH = 1.0, 4.0
"""Turns over the original context between which frequencies are mixed: all of Llama 3's have these."""
_USUAL = 8192
"""The context that Llama 3 was trained on first."""
_NEAR = 1e-3


def rope_settings(header: GgufHeader, family: GgufFamily, head: int) -> dict[str, Any]:
    """What config.json says of positions. Raises ModelError for a scaling that has no form there."""
    arch = header.text("general.architecture")
    base = header.real(f"{arch}.rope.freq_base", 10_000.0)
    turned = header.number(f"{arch}.rope.dimension_count", head)
    found: dict[str, Any] = {"rope_theta": base}
    if turned < head:
        found["partial_rotary_factor"] = turned / head
    original = header.number(f"{arch}.rope.scaling.original_context_length")
    scaling = _scaling(header, arch, base, turned, original)
    if scaling is not None:
        found["rope_scaling"] = scaling
    if original and (scaling or {}).get("rope_type") == "longrope":
        found["original_max_position_embeddings"] = original
    return found


def _scaling(header: GgufHeader, arch: str, base: float, turned: int, original: int) -> dict[str, Any] | None:
    stored = {tensor.name for tensor in header.tensors}
    if LLAMA3_FACTORS in stored:
        return _llama3(header, base, turned)
    if LONG_FACTORS in stored:
        return _longrope(header, arch, original)
    factor = header.real(f"{arch}.rope.scaling.factor") or header.real(f"{arch}.rope.scale_linear")
    kind = header.text(f"{arch}.rope.scaling.type") or "linear"
    if kind == "none" or factor in (0.0, 1.0):
        return None
    if kind == "linear":
        return {"rope_type": "linear", "factor": factor}
    if kind == "yarn":
        return _yarn(header, arch, factor, original)
    raise ModelError("gguf.rope", file=header.file, kind=kind)


def _yarn(header: GgufHeader, arch: str, factor: float, original: int) -> dict[str, Any]:
    context = header.number(f"{arch}.context_length")
    found: dict[str, Any] = {
        "rope_type": "yarn",
        "factor": factor,
        "original_max_position_embeddings": original or round(context / factor),
    }
    for ours, theirs in (("beta_fast", "yarn_beta_fast"), ("beta_slow", "yarn_beta_slow")):
        if value := header.real(f"{arch}.rope.scaling.{theirs}"):
            found[ours] = value
    if attention := header.real(f"{arch}.rope.scaling.attn_factor"):
        # llama.cpp multiplies what yarn itself scales by with this; config.json has the product.
        found["attention_factor"] = attention * (1 + 0.1 * math.log(factor))
    return found


def _longrope(header: GgufHeader, arch: str, original: int) -> dict[str, Any]:
    if not original:
        raise ModelError("gguf.rope", file=header.file, kind="longrope")
    long, short = _factors(header, LONG_FACTORS), _factors(header, SHORT_FACTORS)
    found: dict[str, Any] = {
        "rope_type": "longrope",
        "type": "longrope",
        "long_factor": _as_written(long),
        "short_factor": _as_written(short),
    }
    stretch = header.number(f"{arch}.context_length") / original
    usual = math.sqrt(1 + math.log(stretch) / math.log(original)) if stretch > 1 else 1.0
    attention = header.real(f"{arch}.rope.scaling.attn_factor") or usual
    if not math.isclose(attention, usual, rel_tol=_NEAR):
        found["attention_factor"] = attention
    return found


def _llama3(header: GgufHeader, base: float, turned: int) -> dict[str, Any] | None:
    """Llama 3's scaling from what each pair's frequency is divided by, which is all that the file holds.

    Pairs that turn slowly have the factor itself; those in between tell the original context. Raises
    ModelError where not all are divided as that says.
    """
    factors = _factors(header, LLAMA3_FACTORS)
    factor = float(factors.max())
    if len(factors) != turned // 2:
        raise ModelError("gguf.damaged", file=header.file)
    if math.isclose(factor, 1.0, rel_tol=_NEAR):
        return None
    turns = base ** -(np.arange(0, turned, 2) / turned) / (2 * math.pi)  # over one position
    for guess in _contexts(factors, turns, factor):
        share = np.clip((guess * turns - _LOW) / (_HIGH - _LOW), 0, 1)
        if np.allclose(1 / ((1 - share) / factor + share), factors, rtol=_NEAR):
            return {
                "rope_type": "llama3",
                "factor": factor,
                "low_freq_factor": _LOW,
                "high_freq_factor": _HIGH,
                "original_max_position_embeddings": guess,
            }
    raise ModelError("gguf.rope", file=header.file, kind=LLAMA3_FACTORS)


def _contexts(factors: NDArray[np.float32], turns: NDArray[np.float64], factor: float) -> Sequence[int]:
    """Original contexts that would give such factors, the likeliest first."""
    between = (factors > 1 + _NEAR) & (factors < factor * (1 - _NEAR))
    if between.any():
        share = (1 / factors[between] - 1 / factor) / (1 - 1 / factor)
        return (round(float(np.median((_LOW + share * (_HIGH - _LOW)) / turns[between]))),)
    slow = turns[factors > 1 + _NEAR]  # none of which turns more than once
    return (_USUAL, int(_LOW / slow.max()))


def _factors(header: GgufHeader, name: str) -> NDArray[np.float32]:
    tensor = next((tensor for tensor in header.tensors if tensor.name == name), None)
    if tensor is None:
        raise ModelError("gguf.array_missing", file=header.file, name=name)
    return np.concatenate(list(numbers_in(tensor))).ravel()


def _as_written(numbers: NDArray[np.float32]) -> list[float]:
    """Numbers in fp32 by as few digits as name them."""
    return [float(str(number)) for number in numbers]
