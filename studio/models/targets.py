"""Which layers of a model an adapter goes on, by the names that its family gives them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mlx import nn
from mlx_lm.models.switch_layers import QuantizedSwitchLinear, SwitchLinear

from studio.errors import ModelError
from studio.models.adapter_layers import LoRASwitchLinear, bottom
from studio.models.carried import CarriedDoRAEmbedding, CarriedExperts, CarriedLoRAEmbedding, layers_of

EMBEDDINGS = (nn.Embedding, nn.QuantizedEmbedding, CarriedLoRAEmbedding, CarriedDoRAEmbedding)
EXPERTS = (SwitchLinear, QuantizedSwitchLinear, CarriedExperts)
LINEAR = (nn.Linear, nn.QuantizedLinear, *EXPERTS)


ALL, ROUTERS = "all", "routers"
"""Targets that are no names: every linear layer but the routers, and the routers of a mixture of experts."""


def has_floating_experts(model: nn.Module) -> bool:
    """Whether a mixture's experts, or adapters on them, are products of floating numbers."""
    return any(isinstance(module, SwitchLinear | LoRASwitchLinear) for module in model.modules())


def find_linear(blocks: Iterable[nn.Module], names: tuple[str, ...] = (ALL, ROUTERS)) -> dict[str, nn.Module]:
    """The linear layers in `blocks` that are meant by one of `names`, by their path in a block.

    A name is the last part of a path (q_proj), the whole path (self_attn.q_proj), `all` or `routers`. Where
    blocks hold different layers under one path, any of them stands for it. Raises ModelError for a name that
    fits none; routers there may be none.
    """
    blocks = list(blocks)
    found = {path: module for block in blocks for path, module in layers_of(block) if _is_linear(module)}
    routers = find_routers(blocks)
    given = [name for name in names if name not in (ALL, ROUTERS)]
    for name in given:
        if not any(_fits(path, name) for path in found):
            raise _unknown(name, found)

    def meant(path: str) -> bool:
        kind = ROUTERS if path in routers else ALL
        return kind in names or any(_fits(path, name) for name in given)

    return {path: module for path, module in sorted(found.items()) if meant(path)}


def find_routers(blocks: Iterable[nn.Module]) -> set[str]:
    """The paths in a block of what chooses among experts: linear, beside them, with an output for each."""
    found: set[str] = set()
    for block in blocks:
        linear = {path: module for path, module in layers_of(block) if _is_linear(module)}
        experts = {path: module for path, module in linear.items() if isinstance(module, EXPERTS)}
        places = {(path.rsplit(".", 2)[0], _rows(module)) for path, module in experts.items()}
        for path, module in linear.items():
            size = 0 if path in experts else _rows(module)
            if any(path.startswith(f"{place}.") and size == count for place, count in places):
                found.add(path)
    return found


def find_embeddings(model: nn.Module) -> tuple[str, nn.Module]:
    """The path and module of the token embeddings. Raises ModelError when there are none to be found."""
    outside = {p: m for p, m in _outside_blocks(model).items() if isinstance(m, EMBEDDINGS)}
    if not outside:
        raise ModelError("layers.no_embeddings")
    return max(outside.items(), key=lambda item: _rows(item[1]))


def find_head(model: nn.Module) -> tuple[str, nn.Module]:
    """The path and module of the output layer, which is the token embeddings where they are one (tied)."""
    path, embeddings = find_embeddings(model)
    rows = _rows(embeddings)
    for name, module in _outside_blocks(model).items():
        if _is_linear(module) and not isinstance(module, EMBEDDINGS) and _rows(module) == rows:
            return name, module
    return path, embeddings


def _outside_blocks(model: nn.Module) -> dict[str, nn.Module]:
    inside = {id(module) for block in model.layers for module in block.modules()}
    return {path: module for path, module in layers_of(model) if id(module) not in inside}


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, LINEAR) or hasattr(module, "to_lora")


def _rows(layer: nn.Module) -> int:
    """The first side of a layer's matrix (of experts: how many there are); 0 where it has none."""
    own = bottom(layer)
    return int(own.weight.shape[0]) if "weight" in own else 0


def _fits(path: str, name: str) -> bool:
    return path == name or path.endswith(f".{name}")


def _unknown(name: str, found: Iterable[str]) -> ModelError:
    names = list(dict.fromkeys(path.rsplit(".", 1)[-1] for path in found))
    near = sorted(names, key=lambda other: -difflib.SequenceMatcher(None, name, other).ratio())
    return ModelError("layers.unknown", name=name, names=", ".join(near))
