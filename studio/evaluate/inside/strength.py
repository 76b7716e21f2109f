"""How much tuning changed each matrix: |W' - W| / |W|, whatever it was done with.

|·| is the Frobenius norm. What is compared are the matrices that the two models compute with, so LoRA, DoRA,
adapters on experts and embeddings, adapters on adapters, and weights trained themselves are one case; only
the way to a LoRA adapter's norm is a shorter one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import mlx.core as mx
from mlx import nn

from studio.catalogue import Unusable
from studio.models.adapter_layers import LoRAEmbedding, LoRALinear, LoRASwitchLinear, bottom, dense
from studio.models.arrays import named as arrays_of
from studio.models.arrays import number
from studio.models.strength import BlendedLayer


@dataclass(frozen=True)
class MatrixChange:
    """A matrix of the model: the layer it is in (from 1; 0 outside), its name, |W' - W| and |W|."""

    layer: int
    name: str
    change: float
    norm: float

    @property
    def strength(self) -> float:
        """|W' - W| / |W|."""
        return self.change / self.norm if self.norm else 0.0


def matrix_changes(base: nn.Module, tuned: nn.Module) -> list[MatrixChange]:
    """Every matrix of `tuned`, in the order of the layers, against the same one of `base`.

    Norms and biases are no matrices. Raises Unusable where the two are not models of one shape.
    """
    others = dict(_matrices(base))
    found = []
    for path, layer in _matrices(tuned):
        other = others.pop(path, None)
        if other is None or _own(layer).weight.shape != _own(other).weight.shape:
            raise Unusable("inside.other_shapes")
        found.append(MatrixChange(*_placed(path), *_change(other, layer)))
    if others:
        raise Unusable("inside.other_shapes")
    return sorted(found, key=lambda each: (each.layer == 0, each.layer))


def _matrices(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Each layer with a matrix by its path; one that bears adapters is one layer."""
    inside: tuple[str, ...] = ()
    for path, module in sorted(model.named_modules()):
        if path.startswith(inside) and inside:
            continue
        if "lora_a" in module or isinstance(module, BlendedLayer):
            inside = (*inside, f"{path}.")
            yield path, module
        elif "weight" in module and module.weight.ndim > 1:
            yield path, module


def _placed(path: str) -> tuple[int, str]:
    """The layer's number and the path in it: (4, self_attn.q_proj) of model.layers.3.self_attn.q_proj."""
    parts = path.split(".")
    place = next((i for i, part in enumerate(parts) if part.isdigit()), None)
    if place is None:
        return 0, parts[-1]
    return int(parts[place]) + 1, ".".join(parts[place + 1 :])


def _change(base: nn.Module, tuned: nn.Module) -> tuple[float, float]:
    own = _whole(base)
    if _same_weights(base, tuned):
        return 0.0, _norm(own)
    inner = _under_lora(tuned)
    if inner is not None and _same_weights(base, inner):
        return _adapter_norm(tuned), _norm(own)
    return _norm(_whole(tuned) - own), _norm(own)


def _own(layer: nn.Module) -> nn.Module:
    """The layer of the model's own under all that it bears."""
    return bottom(layer.adapted if isinstance(layer, BlendedLayer) else layer)


def _whole(layer: nn.Module) -> mx.array:
    """The matrix that a layer computes with, in fp32."""
    if not isinstance(layer, BlendedLayer):
        return dense(layer)
    start = dense(layer.start)
    return start + layer.strength * (dense(layer.adapted) - start)


def _same_weights(one: nn.Module, other: nn.Module) -> bool:
    """Whether two layers hold the very same arrays."""
    arrays, others = (arrays_of(each.parameters()) for each in (one, other))
    return arrays.keys() == others.keys() and all(arrays[name] is others[name] for name in arrays)


def _under_lora(layer: nn.Module) -> nn.Module | None:
    """What a LoRA adapter is on; None for every other layer, DoRA's too, which scales the rows as well."""
    if not isinstance(layer, LoRALinear | LoRAEmbedding | LoRASwitchLinear) or "m" in layer:
        return None
    inner: nn.Module = layer.embedding if "embedding" in layer else layer.linear
    return inner


def _adapter_norm(layer: nn.Module) -> float:
    """|s A B| without the product: its square is the sum of (A'A) * (BB') entry by entry."""
    one, other = layer.lora_a.astype(mx.float32), layer.lora_b.astype(mx.float32)
    if isinstance(layer, LoRASwitchLinear):  # B A there, for each expert
        one, other = other, one
    within = (one.swapaxes(-1, -2) @ one) * (other @ other.swapaxes(-1, -2))
    return abs(float(layer.scale)) * number(mx.sqrt(mx.maximum(within.sum(), 0)))


def _norm(matrix: mx.array) -> float:
    return number(mx.sqrt(matrix.square().sum()))
