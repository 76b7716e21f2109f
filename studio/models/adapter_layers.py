"""LoRA and DoRA layers, in fewer passes over memory than mlx-lm's, and what we use of its tuner.

The tuner is imported without the trackers that it imports wherever they are installed: they take seconds,
and Weights & Biases puts itself between the process and its output.

A DoRA layer is a row-wise rescaled LoRA layer: m * (W + sBA) / |W + sBA|, where the norm counts as a constant
(Liu et al., 2024, section 4.3). Names and formulas are those of `mlx_lm.tuner.dora`, so that mlx-lm reads
and fuses what was trained here; dropout is PEFT's, the base may be quantized, and no step copies the weights.

A layer under an adapter may itself be one with an adapter, which is frozen: see `studio.models.carried`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import mlx.core as mx
from mlx import nn


@contextmanager
def _missing(*packages: str) -> Iterator[None]:
    """Let imports of these packages fail, unless somebody has imported them already."""
    hidden = [name for name in packages if name not in sys.modules]
    modules = cast("dict[str, Any]", sys.modules)
    modules.update(dict.fromkeys(hidden))
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]


with _missing("wandb", "swanlab"):
    from mlx_lm.tuner import dora
    from mlx_lm.tuner.lora import LoRAEmbedding, LoRALinear, LoRASwitchLinear
    from mlx_lm.tuner.utils import linear_to_lora_layers

__all__ = ["LoRAEmbedding", "LoRALinear", "LoRASwitchLinear", "dora", "linear_to_lora_layers"]


class LeanLoRALinear(LoRALinear):  # type: ignore[misc]
    """x W + scale (x A) B, with the scale on A, which is small, and the sum taken as the product is written.

    On the CPU a tenth faster than mlx-lm's, forward and back; on a GPU two passes over memory less.
    """

    def __call__(self, x: mx.array) -> mx.array:
        """x [..., in] gives [..., out], in the precision of x."""
        if self.lora_a.dtype != x.dtype:  # an fp32 adapter on 16-bit weights rounds what it adds, not the sum
            return super().__call__(x)  # type: ignore[no-any-return]
        return mx.addmm(self.linear(x), self.dropout(x) @ (self.scale * self.lora_a), self.lora_b)


def lean(model: nn.Module) -> None:
    """Let every LoRA layer of a model compute so."""
    for module in model.modules():
        if type(module) is LoRALinear:
            module.__class__ = LeanLoRALinear


TINY = 1e-30  # keeps a row of zeros a row of zeros


class DoRALinear(dora.DoRALinear):  # type: ignore[misc]  # mlx-lm is not typed
    """A linear layer with a trained direction (lora_a, lora_b) and a trained magnitude of each output (m)."""

    def __init__(self, linear: nn.Module, rank: int, scale: float, dropout: float) -> None:
        outputs, inputs = shape(linear)
        super().__init__(inputs, outputs, rank, dropout, scale)
        self.set_linear(linear)

    def set_linear(self, linear: nn.Module) -> None:
        """Take `linear` as the base; the magnitude becomes that of its rows."""
        self.linear = linear
        self._squares = row_squares(linear)
        self.m = mx.sqrt(self._squares)

    def __call__(self, x: mx.array) -> mx.array:
        """The outputs for `x` [..., inputs].

        Dropout reaches the adapter, and as in PEFT also the part of the base that the magnitude adds.
        """
        own = bottom(self.linear)
        out = self.product(x)
        return out + own.bias if "bias" in own else out

    def product(self, x: mx.array) -> mx.array:
        """The outputs without the bias."""
        magnitude = self._magnitude()
        dropped = self.dropout(x)
        change = ((self.scale * (dropped @ self.lora_a)) @ self.lora_b).astype(x.dtype)
        out = product(self.linear, x)
        if dropped is not x:
            out = out + (magnitude - 1).astype(x.dtype) * product(self.linear, dropped)
            answer: mx.array = out + magnitude.astype(x.dtype) * change
        else:
            answer = magnitude.astype(x.dtype) * (out + change)
        return answer

    def _magnitude(self) -> mx.array:
        """m / |W + sBA| of each output, [outputs]."""
        return self.m / row_norms(self.linear, self._squares, self.lora_b.T, self.lora_a.T, self.scale)


class DoRAEmbedding(dora.DoRAEmbedding):  # type: ignore[misc]  # mlx-lm is not typed
    """An embedding with a trained direction and magnitude of each token; serves as a tied head, too.

    The magnitudes are the tokens', as in mlx-lm; PEFT has one for each of the embedding's dimensions.
    """

    def __init__(self, embedding: nn.Module, rank: int, scale: float) -> None:
        rows, width = shape(embedding)
        super().__init__(rows, width, rank, 0.0, scale)
        self.set_embedding(embedding)

    def set_embedding(self, embedding: nn.Module) -> None:
        """Take `embedding` as the base; the magnitude becomes that of its rows."""
        self.embedding = embedding
        self._squares = row_squares(embedding)
        self.m = mx.sqrt(self._squares)

    def __call__(self, x: mx.array) -> mx.array:
        """The embeddings of the tokens `x`."""
        rows = self.embedding(x)
        adapted = rows.astype(mx.float32) + self.scale * (self.lora_a[x] @ self.lora_b)
        squares = mx.maximum(mx.stop_gradient(adapted).square().sum(axis=-1), TINY)
        out: mx.array = ((self.m[x] * mx.rsqrt(squares))[..., None] * adapted).astype(rows.dtype)
        return out

    def as_linear(self, x: mx.array) -> mx.array:
        """The logits for the hidden states `x` [..., width]."""
        norms = row_norms(self.embedding, self._squares, self.lora_a, self.lora_b, self.scale)
        logits = self.embedding.as_linear(x) + self.scale * ((x @ self.lora_b.T) @ self.lora_a.T)
        out: mx.array = (self.m / norms * logits).astype(x.dtype)
        return out


def bottom(layer: nn.Module) -> nn.Module:
    """The layer of the model's own under any adapters that a layer bears."""
    while "lora_a" in layer:
        layer = layer.linear if "linear" in layer else layer.embedding
    return layer


def shape(layer: nn.Module) -> tuple[int, int]:
    """Rows and width of a linear layer's or embedding's matrix, also of a quantized one."""
    layer = bottom(layer)
    rows, width = layer.weight.shape
    return rows, width * 32 // layer.bits if "scales" in layer else width


def product(layer: nn.Module, x: mx.array) -> mx.array:
    """`x` @ W', without the bias; W with the adapters that the layer bears."""
    if "lora_a" in layer:
        return _product_with_adapter(layer, x)
    if "scales" in layer:
        return mx.quantized_matmul(
            x, layer.weight, layer.scales, layer.get("biases"), transpose=True, **_layout(layer)
        )
    weight: mx.array = layer.weight
    return x @ weight.T


def _product_with_adapter(layer: nn.Module, x: mx.array) -> mx.array:
    found: mx.array
    if "embedding" in layer:
        found = layer.as_linear(x)
    elif isinstance(layer, DoRALinear):
        found = layer.product(x)
    else:
        change = layer.scale * ((x @ layer.lora_a) @ layer.lora_b)
        found = product(layer.linear, x) + change.astype(x.dtype)
    return found


def dense(layer: nn.Module) -> mx.array:
    """A layer's matrix in fp32, [rows, width] or [experts, rows, width], with the adapters it bears."""
    if "lora_a" not in layer:
        weight: mx.array = layer.weight
        if "scales" in layer:
            weight = mx.dequantize(weight, layer.scales, layer.get("biases"), **_layout(layer))
        return weight.astype(mx.float32)
    if "embedding" in layer:
        whole: mx.array = dense(layer.embedding) + layer.scale * (layer.lora_a @ layer.lora_b)
    elif isinstance(layer, LoRASwitchLinear):
        whole = dense(layer.linear) + layer.scale * (layer.lora_b @ layer.lora_a)
    else:
        whole = dense(layer.linear) + layer.scale * (layer.lora_a @ layer.lora_b).T
    if "m" not in layer:
        return whole
    norms = mx.sqrt(mx.maximum(whole.square().sum(axis=1), TINY))
    scaled: mx.array = (layer.m / norms)[:, None] * whole
    return scaled


def row_squares(layer: nn.Module) -> mx.array:
    """|W|² of each row of a layer's matrix, in fp32."""
    return dense(layer).square().sum(axis=1)


def row_norms(layer: nn.Module, squares: mx.array, up: mx.array, down: mx.array, scale: float) -> mx.array:
    """|W + s U D| of each row, in fp32 and as a constant: `up` is U [rows, rank], `down` D [rank, width].

    |w + s u D|² = |w|² + 2 s (w D')·u + s² (u D D')·u, so nothing of the size of W is held for it.
    """
    up, down = mx.stop_gradient(up), mx.stop_gradient(down)
    own = bottom(layer)
    x = down if "scales" in own else down.astype(own.weight.dtype)
    cross = product(layer, x).astype(mx.float32).T * up
    within = (up @ (down @ down.T)) * up
    total = squares + 2 * scale * cross.sum(axis=1) + scale**2 * within.sum(axis=1)
    return mx.sqrt(mx.maximum(total, TINY))


def _layout(layer: nn.Module) -> dict[str, Any]:
    return {"group_size": layer.group_size, "bits": layer.bits, "mode": layer.mode}
