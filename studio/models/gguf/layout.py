"""Where each tensor of a GGUF file belongs in a model as mlx-lm and transformers know it, and how it lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np

from studio.errors import ModelError
from studio.models.gguf.families import GgufFamily, family_in
from studio.models.gguf.header import GgufHeader, GgufTensor
from studio.models.gguf.positions import ROPE_TENSORS
from studio.models.gguf.source import numbers_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OUTSIDE = ("model.embed_tokens", "model.norm", "lm_head")
_INSIDE = (
    *(f"self_attn.{name}_proj" for name in ("q", "k", "v", "o", "qkv")),
    *("self_attn.q_norm", "self_attn.k_norm"),
    *(f"mlp.{name}_proj" for name in ("gate", "up", "gate_up", "down")),
    *(f"{name}_layernorm" for name in ("input", "post_attention", "pre_feedforward", "post_feedforward")),
)
"""What the parts of these families are called, outside the layers and in each."""
_LEFT_OUT = ("rotary_emb.inv_freq", "attn_rot_embd")
_ENDS = (".weight", ".bias")


@dataclass(frozen=True)
class PlacedTensor:
    """A tensor by our name. Stored, its `heads` alternate their halves, and it is `raised` by one."""

    name: str
    stored: GgufTensor
    heads: int = 0
    raised: bool = False

    def numbers(self) -> Iterator[NDArray[np.float32]]:
        """Its rows as they are here, in fp32, some at a time."""
        if self.heads and len(self.stored.shape) == 1:  # a bias: one row, whose numbers have that order
            yield np.concatenate(list(numbers_in(self.stored)))[:, self._order()]
            return
        for part in numbers_in(self.stored, self._order()):
            yield part - np.float32(1) if self.raised else part

    def _order(self) -> NDArray[np.intp] | None:
        """Which stored row (of a vector, which number) stands at each place."""
        if not self.heads:
            return None
        rows = self.stored.shape[0]
        return np.arange(rows).reshape(self.heads, -1, 2).swapaxes(1, 2).ravel()


def placed_tensors(header: GgufHeader, config: dict[str, Any]) -> tuple[PlacedTensor, ...]:
    """Every tensor of a file, in its order. Raises ModelError for one that the family has no place for."""
    family, blocks = family_in(header), int(config["num_hidden_layers"])
    names = _names(family, blocks)
    found = []
    for tensor in header.tensors:
        if tensor.name in ROPE_TENSORS or any(part in tensor.name for part in _LEFT_OUT):
            continue
        name = names.get(tensor.name)
        if name is None:
            raise ModelError("gguf.array", file=header.file, name=tensor.name, kind=family.model_type)
        raised = family.adds_one and name.endswith("norm.weight")
        found.append(PlacedTensor(name, tensor, _heads(family, name, config), raised))
    _check_shapes(header, found)
    return tuple(found)


def _names(family: GgufFamily, blocks: int) -> dict[str, str]:
    """Our names by llama.cpp's, by the map with which its own converter goes the other way."""
    known = gguf.get_tensor_name_map(family.arch, blocks)
    stems = [*_OUTSIDE, *(f"model.layers.{block}.{part}" for block in range(blocks) for part in _INSIDE)]
    pairs = ((known.get_name(stem + end, _ENDS), stem + end) for stem in stems for end in _ENDS)
    found: dict[str, str] = {}
    for theirs, ours in pairs:
        if theirs is not None and _is_of(family, ours):
            found.setdefault(theirs, ours)
    return found


def _is_of(family: GgufFamily, name: str) -> bool:
    """Whether a family has a part: Phi-3 joins queries, keys and values, and gates with what they open."""
    parts = (".qkv_proj.", ".gate_up_proj.")
    apart = (".q_proj.", ".k_proj.", ".v_proj.", ".gate_proj.", ".up_proj.")
    return not any(part in name for part in (apart if family.arch is gguf.MODEL_ARCH.PHI3 else parts))


def _heads(family: GgufFamily, name: str, config: dict[str, Any]) -> int:
    if not family.interleaved:
        return 0
    part = name.split(".")[-2]
    key = {"q_proj": "num_attention_heads", "k_proj": "num_key_value_heads"}.get(part)
    return int(config[key]) if key else 0


def _check_shapes(header: GgufHeader, placed: list[PlacedTensor]) -> None:
    """Raise ModelError where a tensor's rows are not whole heads."""
    for each in placed:
        if each.heads and each.stored.shape[0] % (2 * each.heads):
            raise ModelError("gguf.damaged", file=header.file)
