"""Layers that carry a frozen adapter: the model that a run begins with when it goes on from another run.

The parent's adapter is not fused into the weights, which would round it: in 16 bits by some percent of what
it learned, in 4 bits by a third. It stays as it was trained, frozen, in the layer that it was trained on; so
the model begins, to the last bit, as its parent ended, in whatever form its weights are held. A layer that
carries one is a layer like others: it takes an adapter of any rank or kind, and may come to carry that, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mlx import nn

from studio.errors import ModelError
from studio.models.adapter_layers import (
    DoRAEmbedding,
    DoRALinear,
    LeanLoRALinear,
    LoRAEmbedding,
    LoRALinear,
    LoRASwitchLinear,
    bottom,
    dense,
    shape,
)


class CarriedLayer(nn.Module):
    """A layer with a frozen adapter, whose inside is no layer of its own to those who look for layers."""


class _CarriedMatrix(CarriedLayer):
    def to_lora(self, r: int = 8, dropout: float = 0.0, scale: float = 20.0) -> Any:
        """This layer under a fresh adapter, as mlx-lm asks a layer for it."""
        rows, width = shape(self)
        fresh = LoRALinear(width, rows, r, dropout, scale)
        fresh.linear = self
        return fresh


class _CarriedTable(CarriedLayer):
    def to_lora(self, r: int = 8, dropout: float = 0.0, scale: float = 20.0) -> Any:
        """These embeddings under a fresh adapter."""
        rows, width = shape(self)
        fresh = LoRAEmbedding(rows, width, r, dropout, scale)
        fresh.embedding = self
        return fresh


class CarriedLoRALinear(_CarriedMatrix, LeanLoRALinear):
    """A linear layer with a LoRA adapter that is trained no more."""


class CarriedDoRALinear(_CarriedMatrix, DoRALinear):
    """The same with a DoRA adapter."""


class CarriedLoRAEmbedding(_CarriedTable, LoRAEmbedding):  # type: ignore[misc]  # mlx-lm is not typed
    """Embeddings with a LoRA adapter that is trained no more."""


class CarriedDoRAEmbedding(_CarriedTable, DoRAEmbedding):
    """The same with a DoRA adapter."""


class CarriedExperts(CarriedLayer, LoRASwitchLinear):  # type: ignore[misc]  # mlx-lm is not typed
    """A mixture's experts with adapters that are trained no more."""

    def to_lora(self, r: int = 8, dropout: float = 0.0, scale: float = 20.0) -> Any:
        """These experts under fresh adapters."""
        experts, width, rows = self.num_experts, self.lora_a.shape[-1], self.lora_b.shape[-2]
        fresh = LoRASwitchLinear(width, rows, experts, r, dropout, scale)
        fresh.linear = self
        return fresh


_CARRIED: dict[type[nn.Module], type[nn.Module]] = {
    LeanLoRALinear: CarriedLoRALinear,
    DoRALinear: CarriedDoRALinear,
    LoRAEmbedding: CarriedLoRAEmbedding,
    DoRAEmbedding: CarriedDoRAEmbedding,
    LoRASwitchLinear: CarriedExperts,
}


def freeze_adapters(model: nn.Module) -> None:
    """Make every adapter on a model part of the layer it is on, frozen and without dropout.

    Raises ModelError for adapters of a family's own kind, which nothing can be put on.
    """
    for path, module in model.named_modules():
        if "lora_a" not in module or isinstance(module, CarriedLayer):
            continue
        kind = _CARRIED.get(type(module))
        if kind is None:
            raise ModelError("adapter.not_carried", name=path.rsplit(".", 1)[-1])
        module.__class__ = kind
        module.dropout = nn.Dropout(0.0)
    model.freeze()


def layers_of(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Every module in `module` by its path, but for what is inside of layers that carry an adapter."""
    found = dict(module.named_modules())
    carrying = tuple(f"{path}." for path, each in found.items() if isinstance(each, CarriedLayer))
    for path, each in found.items():
        if not path.startswith(carrying):
            yield path, each


def merge(model: nn.Module, parts: Iterable[nn.Module]) -> None:
    """Let the layers in `parts` that carry an adapter be plain ones again, of the same function, in fp32.

    For what is about to be trained itself, and kept in fp32 anyway. The rest of the model stays as it is.
    """
    inside = {id(module) for part in parts for module in part.modules()}
    for _, holder, key, layer in _carrying(model):
        if id(layer) in inside:
            own = bottom(layer)
            own.weight = dense(layer)
            holder[key] = own


def lay_bare(model: nn.Module, names: Iterable[str]) -> None:
    """Let the layers whose own weights are among `names` carry nothing: they are about to be replaced."""
    wanted = set(names)
    for path, holder, key, layer in _carrying(model):
        if f"{path}.{key}.weight".lstrip(".") in wanted:
            holder[key] = bottom(layer)


def _carrying(model: nn.Module) -> list[tuple[str, nn.Module, str, nn.Module]]:
    """Every layer that carries an adapter: the path of what holds it, that, its key there, and itself."""
    return [
        (path, holder, str(key), layer)
        for path, holder in layers_of(model)
        for key, layer in holder.items()
        if isinstance(layer, CarriedLayer) and not isinstance(holder, CarriedLayer)
    ]
