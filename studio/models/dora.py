"""DoRA layers: mlx-lm's, with PEFT's dropout, any quantized base, and no copy of the weights in a step.

A DoRA layer is a row-wise rescaled LoRA layer: m * (W + sBA) / |W + sBA|, where the norm counts as a constant
(Liu et al., 2024, section 4.3). Names and formulas are those of `mlx_lm.tuner.dora`, so that mlx-lm reads
and fuses what was trained here.
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx import nn

from studio.models.tuner import dora

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
        magnitude = self._magnitude()
        dropped = self.dropout(x)
        change = ((self.scale * (dropped @ self.lora_a)) @ self.lora_b).astype(x.dtype)
        out = product(self.linear, x)
        if dropped is not x:
            out = out + (magnitude - 1).astype(x.dtype) * product(self.linear, dropped)
            out = out + magnitude.astype(x.dtype) * change
        else:
            out = magnitude.astype(x.dtype) * (out + change)
        answer: mx.array = out + self.linear.bias if "bias" in self.linear else out
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


def shape(layer: nn.Module) -> tuple[int, int]:
    """Rows and width of a linear layer's or embedding's matrix, also of a quantized one."""
    rows, width = layer.weight.shape
    return rows, width * 32 // layer.bits if "scales" in layer else width


def product(layer: nn.Module, x: mx.array) -> mx.array:
    """`x` @ W', without the bias."""
    if "scales" in layer:
        return mx.quantized_matmul(
            x, layer.weight, layer.scales, layer.get("biases"), transpose=True, **_layout(layer)
        )
    weight: mx.array = layer.weight
    return x @ weight.T


def row_squares(layer: nn.Module) -> mx.array:
    """|W|² of each row of a layer's matrix, in fp32."""
    weight: mx.array = layer.weight
    if "scales" in layer:
        weight = mx.dequantize(weight, layer.scales, layer.get("biases"), **_layout(layer))
    return weight.astype(mx.float32).square().sum(axis=1)


def row_norms(layer: nn.Module, squares: mx.array, up: mx.array, down: mx.array, scale: float) -> mx.array:
    """|W + s U D| of each row, in fp32 and as a constant: `up` is U [rows, rank], `down` D [rank, width].

    |w + s u D|² = |w|² + 2 s (w D')·u + s² (u D D')·u, so nothing of the size of W is held for it.
    """
    up, down = mx.stop_gradient(up), mx.stop_gradient(down)
    x = down if "scales" in layer else down.astype(layer.weight.dtype)
    cross = product(layer, x).astype(mx.float32).T * up
    within = (up @ (down @ down.T)) * up
    total = squares + 2 * scale * cross.sum(axis=1) + scale**2 * within.sum(axis=1)
    return mx.sqrt(mx.maximum(total, TINY))


def _layout(layer: nn.Module) -> dict[str, Any]:
    return {"group_size": layer.group_size, "bits": layer.bits, "mode": layer.mode}
