"""AdamW whose two moments are kept in 8 bits each: about a quarter of AdamW's state.

After Dettmers, Lewis, Shleifer and Zettlemoyer, "8-bit Optimizers via Block-wise Quantization" (2022): blocks
with a scale of their own keep one outlier from costing the others their precision, a nonlinear code
keeps small values, and small arrays stay in float32. The code here is a power, not their dynamic tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx import optimizers

BLOCK = 256  # values that share a scale
AT_ONCE = 4096  # blocks that are decoded at the same time: 4 MB for each array of float32
SMALL = 4096  # arrays with fewer values than this stay in float32, as in bitsandbytes

# (code / levels) ** 8 is the share of the block's largest value that a code stands for: neighbours are at
# most 6 % (m) or 3 % (v) apart near the largest value, and twice that at a hundredth of it. Lower powers
# are finer at the top, but where m and v are coarse, m / sqrt(v) strays: with power 2 for m and 4 for v,
# updates of gradients at 1e-4 of their block's largest came out up to 15 times too long.
M_LEVELS, V_LEVELS = 127, 255  # m has its sign beside them
ROOTS = 3  # 8 = 2 ** 3


@dataclass(frozen=True)
class _Blocks:
    """What an update gives: weights [blocks, 256], and the state as it is kept."""

    weights: mx.array
    state: dict[str, mx.array]


class AdamW8bit(optimizers.AdamW):
    """MLX's AdamW (with bias correction), its moments stored as codes of 8 bits with a scale per block."""

    def init_single(self, parameter: mx.array, state: dict[str, Any]) -> None:
        if parameter.size < SMALL:
            super().init_single(parameter, state)
            return
        blocks = -(-parameter.size // BLOCK)
        state["m"] = mx.zeros((blocks, BLOCK), dtype=mx.int8)
        state["v"] = mx.zeros((blocks, BLOCK), dtype=mx.uint8)
        state["m_scale"] = mx.zeros((blocks, 1), dtype=mx.float32)
        state["v_scale"] = mx.zeros((blocks, 1), dtype=mx.float32)

    def apply_single(self, gradient: mx.array, parameter: mx.array, state: dict[str, Any]) -> mx.array:
        if "m_scale" not in state:
            return self._adamw(gradient, parameter, state)
        gradients, weights = _blocks(gradient), _blocks(parameter)
        done: list[_Blocks] = []
        for start in range(0, len(weights), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            given = gradients[part]
            if done:  # one after the other, or the float32 moments of the whole array would exist at once
                given = mx.depends([given], [done[-1].weights])[0]
            done.append(self._update(given, weights[part], {name: a[part] for name, a in state.items()}))
        for name in state:
            state[name] = _joined([blocks.state[name] for blocks in done])
        return _shaped(_joined([blocks.weights for blocks in done]), parameter)

    def _update(self, gradients: mx.array, weights: mx.array, state: dict[str, mx.array]) -> _Blocks:
        """AdamW on some blocks."""
        moments = {
            "m": decode(state["m"], state["m_scale"], M_LEVELS),
            "v": decode(state["v"], state["v_scale"], V_LEVELS),
        }
        updated = self._adamw(gradients, weights, moments)
        dither = _dither(self.step)
        m, m_scale = encode(moments["m"], M_LEVELS, dither)
        v, v_scale = encode(moments["v"], V_LEVELS, 1.0 - dither)
        codes = {"m": m.astype(mx.int8), "v": v.astype(mx.uint8), "m_scale": m_scale, "v_scale": v_scale}
        return _Blocks(updated, codes)

    def _adamw(self, gradient: mx.array, parameter: mx.array, moments: dict[str, Any]) -> mx.array:
        updated: mx.array = super().apply_single(gradient, parameter, moments)
        return updated


def encode(values: mx.array, levels: int, dither: mx.array) -> tuple[mx.array, mx.array]:
    """Codes of [blocks, 256] `values`, signed as they are, and the scale [blocks, 1] of each block.

    Of the two codes around a value the upper is taken where the value's place between them is beyond
    `dither` (0 to 1). A second moment changes by a thousandth a step, far less than the distance of two
    codes, so rounding to the nearest would hold it where it is for ever. What is not zero never gets the
    code zero: a second moment that became zero would make its update explode.
    """
    size = mx.abs(values)
    scale = size.max(axis=-1, keepdims=True)
    share = size / mx.where(scale > 0, scale, 1.0)
    root = share
    for _ in range(ROOTS):
        root = mx.sqrt(root)
    lower = mx.floor(root * levels)
    low, high = _power(lower / levels), _power((lower + 1) / levels)
    code = mx.minimum(lower + (share - low > dither * (high - low)), levels)
    return mx.sign(values) * mx.maximum(code, 1.0), scale


def decode(codes: mx.array, scale: mx.array, levels: int) -> mx.array:
    """The float32 values that codes and scales stand for."""
    share = codes.astype(mx.float32) / levels
    return mx.sign(share) * _power(mx.abs(share)) * scale


def _power(share: mx.array) -> mx.array:
    for _ in range(ROOTS):
        share = mx.square(share)
    return share


def _dither(step: mx.array) -> mx.array:
    """A number from 0 to 1 that runs evenly through all of them as the steps go by: multiples of the golden
    ratio, modulo 1. A function of the step alone, so a resumed run rounds as the undisturbed one does."""
    return (step.astype(mx.uint32) * mx.array(2654435769, mx.uint32)).astype(mx.float32) / 2.0**32


def _blocks(values: mx.array) -> mx.array:
    flat = values.reshape(-1)
    return mx.pad(flat, (0, -flat.size % BLOCK)).reshape(-1, BLOCK)


def _shaped(values: mx.array, like: mx.array) -> mx.array:
    return values.reshape(-1)[: like.size].reshape(like.shape)


def _joined(parts: list[mx.array]) -> mx.array:
    return parts[0] if len(parts) == 1 else mx.concatenate(parts)
