"""Which layers of a model an adapter goes on, by the names that its family gives them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from mlx import nn
from mlx_lm.models.switch_layers import QuantizedSwitchLinear, SwitchLinear

from studio.errors import ModelError

EMBEDDINGS = (nn.Embedding, nn.QuantizedEmbedding)
EXPERTS = (SwitchLinear, QuantizedSwitchLinear)
LINEAR = (nn.Linear, nn.QuantizedLinear, *EXPERTS)


def find_linear(blocks: Iterable[nn.Module], names: tuple[str, ...] = ()) -> dict[str, nn.Module]:
    """The linear layers in `blocks` that are called one of `names` (none: all), by their path in a block.

    A name is the last part of a path (q_proj) or the whole path (self_attn.q_proj). Where blocks hold
    different layers under one path, any of them stands for it. Raises ModelError for a name that fits none.
    """
    found = {path: module for block in blocks for path, module in block.named_modules() if _is_linear(module)}
    if not names:
        return dict(sorted(found.items()))
    for name in names:
        if not any(_fits(path, name) for path in found):
            raise ModelError(_unknown(name, found))
    return {path: module for path, module in sorted(found.items()) if any(_fits(path, n) for n in names)}


def find_embeddings(model: nn.Module) -> tuple[str, nn.Module]:
    """The path and module of the token embeddings. Raises ModelError when there are none to be found."""
    outside = {p: m for p, m in _outside_blocks(model).items() if isinstance(m, EMBEDDINGS)}
    if not outside:
        raise ModelError("This model's embeddings could not be found. Switch Embeddings and Head off.")
    return max(outside.items(), key=lambda item: item[1].weight.shape[0])


def find_head(model: nn.Module) -> tuple[str, nn.Module]:
    """The path and module of the output layer, which is the token embeddings where they are one (tied)."""
    path, embeddings = find_embeddings(model)
    rows = embeddings.weight.shape[0]
    for name, module in _outside_blocks(model).items():
        if isinstance(module, nn.Linear | nn.QuantizedLinear) and module.weight.shape[0] == rows:
            return name, module
    return path, embeddings


def _outside_blocks(model: nn.Module) -> dict[str, nn.Module]:
    inside = {id(module) for block in model.layers for module in block.modules()}
    return {path: module for path, module in model.named_modules() if id(module) not in inside}


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, LINEAR) or hasattr(module, "to_lora")


def _fits(path: str, name: str) -> bool:
    return path == name or path.endswith(f".{name}")


def _unknown(name: str, found: Iterable[str]) -> str:
    names = list(dict.fromkeys(path.rsplit(".", 1)[-1] for path in found))
    near = sorted(names, key=lambda other: -difflib.SequenceMatcher(None, name, other).ratio())
    return f"This model has no linear layer called {name}. It has {', '.join(near)}."
