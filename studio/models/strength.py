"""How strongly what was trained acts on a model.

At strength s a layer has the weights W + s (W' - W), where W is what training began with and W' what it ended
with: 0 is the start, 1 the result, 0.5 half way. For LoRA that is the same as scaling what the adapter adds;
for DoRA and for weights of the model's own it is the line between the two (Ilharco et al., 2023, "Editing
models with task arithmetic", call W' - W a task vector and scale it in this way).
"""

from __future__ import annotations

from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_unflatten

from studio.models import arrays
from studio.models.carried import CarriedLayer, layers_of, merge


class BlendedLayer(nn.Module):
    """A layer on the line between one without its adapter and the same with it."""

    def __init__(self, adapted: nn.Module, strength: float) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # MLX's own is not annotated
        self.adapted = adapted
        self.strength = strength

    @property
    def start(self) -> nn.Module:
        """The layer without the adapter."""
        adapted = self.adapted
        found: nn.Module = adapted.linear if "linear" in adapted else adapted.embedding
        return found

    def __call__(self, *inputs: Any, **options: Any) -> mx.array:
        """What the layer gives for its inputs, in between."""
        return self._between(self.start(*inputs, **options), self.adapted(*inputs, **options))

    def as_linear(self, x: mx.array) -> mx.array:
        """The logits for the hidden states `x`, where embeddings serve as the head."""
        return self._between(self.start.as_linear(x), self.adapted.as_linear(x))

    def _between(self, start: mx.array, adapted: mx.array) -> mx.array:
        return (1 - self.strength) * start + self.strength * adapted


def outermost(model: nn.Module) -> dict[str, nn.Module]:
    """Every layer that bears adapters, as a whole, by its path."""
    found: dict[str, nn.Module] = {}
    for path, module in layers_of(model):
        inside = any(path.startswith(f"{other}.") for other in found)
        if not inside and (isinstance(module, BlendedLayer) or "lora_a" in module):
            found[path] = module
    return found


def weaken(model: nn.Module, strength: float) -> None:
    """Let the adapter that was put on a model last act at a strength."""
    blended: list[tuple[str, nn.Module]] = []
    for path, layer in trained_layers(model).items():
        if "m" in layer:
            blended.append((path, BlendedLayer(layer, strength)))
        else:
            layer.scale *= strength
    if blended:
        model.update_modules(tree_unflatten(blended))
        model.train(model.training)


def trained_layers(model: nn.Module) -> dict[str, nn.Module]:
    """The layers with the adapter that was put on last, not those that only carry an earlier one."""
    return {path: layer for path, layer in outermost(model).items() if not isinstance(layer, CarriedLayer)}


def weaken_weights(model: nn.Module, start: nn.Module, strength: float) -> None:
    """The same for weights of a model's own, whose training began with those of `start`."""
    merge(start, [start])
    before, after = arrays.named(start.parameters()), arrays.named(model.parameters())
    changed = {
        name: _between(before[name], array, strength)
        for name, array in after.items()
        if mx.issubdtype(array.dtype, mx.floating) and array is not before[name]
    }
    mx.eval(changed)
    model.update(arrays.nested(changed))


def _between(start: mx.array, end: mx.array, strength: float) -> mx.array:
    first, last = start.astype(mx.float32), end.astype(mx.float32)
    return (first + strength * (last - first)).astype(end.dtype)
