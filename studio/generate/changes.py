"""What adapters make of a layer, whatever they are: M (W x) + B (A x).

Whatever chain of LoRA and DoRA adapters a layer bears, at whatever strength, it is a magnitude M of each
output, which is 1 without DoRA, and a product of low rank. Two such changes have a sum by weights, of the
same kind: W + w1 (W1 - W) + w2 (W2 - W), with W untouched (Ilharco et al., 2023, add task vectors so).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_unflatten

from studio.models.adapter_layers import (
    DoRAEmbedding,
    DoRALinear,
    LoRAEmbedding,
    LoRALinear,
    product,
    row_norms,
)
from studio.models.strength import BlendedLayer, outermost


class NotJoined(Exception):
    """Contestants of which no one model can be made: experts, layers of a family's own kind, other shapes."""


@dataclass
class LayerChange:
    """What adapters make of a layer: M (W x) + B (A x); for embeddings A are the rows' own, as B is here."""

    magnitude: mx.array | None  # [outputs]
    pairs: list[tuple[mx.array, mx.array]]  # into the rank [width, rank], out of it [rank, outputs]

    def times(self, factor: mx.array | float) -> LayerChange:
        """The same with every output so many times as large; `factor` is one for all, or [outputs]."""
        magnitude = None if self.magnitude is None else self.magnitude * factor
        return LayerChange(magnitude, [(inward, outward * factor) for inward, outward in self.pairs])


def change_of(layer: nn.Module) -> LayerChange:
    """What the adapters on a layer make of it. Raises NotJoined for those of a kind that is not known."""
    if isinstance(layer, BlendedLayer):
        return _blended(change_of(layer.start), change_of(layer.adapted), layer.strength)
    if isinstance(layer, MixedLinear | MixedEmbedding):
        return LayerChange(layer.get("magnitude"), [(layer.lora_a, layer.lora_b)])
    if "lora_a" not in layer:
        return LayerChange(None, [])
    if not isinstance(layer, LoRALinear | DoRALinear | LoRAEmbedding | DoRAEmbedding):
        raise NotJoined(type(layer).__name__)
    table = isinstance(layer, LoRAEmbedding | DoRAEmbedding)
    change = change_of(layer.embedding if table else layer.linear)
    inward, outward = (layer.lora_b.T, layer.lora_a.T) if table else (layer.lora_a, layer.lora_b)
    change.pairs.append((layer.scale * inward, outward))
    if isinstance(layer, DoRALinear):
        return _with_magnitude(change, layer.m / _norms(layer, layer.linear, layer.lora_b.T, layer.lora_a.T))
    if isinstance(layer, DoRAEmbedding):
        return _with_magnitude(change, layer.m / _norms(layer, layer.embedding, layer.lora_a, layer.lora_b))
    return change


def _norms(layer: nn.Module, start: nn.Module, up: mx.array, down: mx.array) -> mx.array:
    return row_norms(start, layer._squares, up, down, layer.scale)


def _with_magnitude(change: LayerChange, factor: mx.array) -> LayerChange:
    whole = change.times(factor)
    return LayerChange(factor if whole.magnitude is None else whole.magnitude, whole.pairs)


def _blended(start: LayerChange, end: LayerChange, strength: float) -> LayerChange:
    """A change on the line between two; `end` adds to what `start` has."""
    pairs = start.times(1 - strength).pairs + end.times(strength).pairs
    if start.magnitude is None and end.magnitude is None:
        return LayerChange(None, pairs)
    first = 1.0 if start.magnitude is None else start.magnitude
    last = 1.0 if end.magnitude is None else end.magnitude
    return LayerChange(mx.array((1 - strength) * first + strength * last), pairs)


def added(y: mx.array, inside: mx.array, outward: mx.array) -> mx.array:
    """`y` with a product of low rank, in the precision of `y`."""
    if inside.dtype == y.dtype:
        return mx.addmm(y, inside, outward)
    return y + (inside @ outward).astype(y.dtype)


class _MixedLayer(nn.Module):
    """A layer with one change, whatever it was made of; the names are those of other layers with adapters."""

    def __init__(self, change: LayerChange) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # MLX's own is not annotated
        self.lora_a = mx.concatenate([inward for inward, _ in change.pairs], axis=1)
        self.lora_b = mx.concatenate([outward for _, outward in change.pairs], axis=0)
        if change.magnitude is not None:
            self.magnitude = change.magnitude

    def changed(self, y: mx.array, x: mx.array) -> mx.array:
        """What becomes of the outputs `y` for the inputs `x`."""
        if "magnitude" in self:
            y = y * self.magnitude.astype(y.dtype)
        return added(y, x @ self.lora_a, self.lora_b)


class MixedLinear(_MixedLayer):
    """A linear layer with the sum of several adapters' changes."""

    def __init__(self, linear: nn.Module, change: LayerChange) -> None:
        super().__init__(change)
        self.linear = linear

    def __call__(self, x: mx.array) -> mx.array:
        """The outputs for `x` [..., width]."""
        if "magnitude" not in self:
            return self.changed(self.linear(x), x)
        out = self.changed(product(self.linear, x), x)
        return out + self.linear.bias if "bias" in self.linear else out


class MixedEmbedding(_MixedLayer):
    """Embeddings with the sum of several adapters' changes, also where they serve as the head."""

    def __init__(self, embedding: nn.Module, change: LayerChange) -> None:
        super().__init__(change)
        self.embedding = embedding

    def __call__(self, ids: mx.array) -> mx.array:
        """The embeddings of tokens."""
        y: mx.array = self.embedding(ids)
        if "magnitude" in self:
            y = y * self.magnitude[ids][..., None].astype(y.dtype)
        return y + (self.lora_b.T[ids] @ self.lora_a.T).astype(y.dtype)

    def as_linear(self, x: mx.array) -> mx.array:
        """The logits for the hidden states `x`."""
        return self.changed(self.embedding.as_linear(x), x)


def mix(bare: nn.Module, modules: Sequence[nn.Module], weights: Sequence[float]) -> None:
    """Put the changes of `modules`, which are `bare` with adapters, onto it, each by its weight.

    Raises NotJoined for layers of a kind that has no such change.
    """
    bearing = [outermost(module) for module in modules]
    own, layers = dict(bare.named_modules()), []
    for path in dict.fromkeys(path for each in bearing for path in each):
        parts = [(change_of(each[path]), w) for each, w in zip(bearing, weights, strict=True) if path in each]
        table = isinstance(own[path], nn.Embedding | nn.QuantizedEmbedding)
        layers.append((path, (MixedEmbedding if table else MixedLinear)(own[path], _sum(parts))))
    if layers:
        bare.update_modules(tree_unflatten(layers))
    bare.eval()
    mx.eval(bare.parameters())


def _sum(parts: Sequence[tuple[LayerChange, float]]) -> LayerChange:
    pairs = [pair for change, weight in parts for pair in change.times(weight).pairs]
    magnitudes = [(change.magnitude, weight) for change, weight in parts if change.magnitude is not None]
    if not magnitudes:
        return LayerChange(None, pairs)
    return LayerChange(1.0 + sum(((m - 1.0) * weight for m, weight in magnitudes), mx.array(0.0)), pairs)
