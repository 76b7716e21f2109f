"""Models in GGUF's form: what llama.cpp calls their families and layers, and how it lays their weights.

Llama's (and Mistral's) queries and keys are stored there with the two halves of each head interleaved, as the
rotation is computed so; all others as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np

from studio.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAMILIES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
}
"""What is written, by the model_type of config.json."""
FREQUENCIES = "rope_freqs.weight"


@dataclass(frozen=True)
class GgufShape:
    """What a config says of a model of these families."""

    config: dict[str, Any]
    folder: Path

    @classmethod
    def of(cls, config: dict[str, Any], folder: Path) -> GgufShape:
        """Raises ModelError for another family, or a scaling of positions that is not written."""
        found = cls(config, folder)
        if config["model_type"] not in FAMILIES:
            names = ", ".join(FAMILIES)
            raise ModelError("export.gguf_family", kind=config["model_type"], names=names)
        if found.scaling_kind not in ("default", "linear", "llama3", "yarn"):
            raise ModelError("export.gguf_rope", kind=found.scaling_kind)
        return found

    @property
    def arch(self) -> gguf.MODEL_ARCH:
        return FAMILIES[self.config["model_type"]]

    @property
    def interleaved(self) -> bool:
        """Whether queries and keys are stored with the halves of each head interleaved."""
        return self.arch is gguf.MODEL_ARCH.LLAMA

    @property
    def heads(self) -> int:
        return int(self.config["num_attention_heads"])

    @property
    def key_heads(self) -> int:
        return int(self.config.get("num_key_value_heads") or self.heads)

    @property
    def head_width(self) -> int:
        return int(self.config.get("head_dim") or self.config["hidden_size"] // self.heads)

    @property
    def blocks(self) -> int:
        return int(self.config["num_hidden_layers"])

    @property
    def scaling(self) -> dict[str, Any]:
        return self.config.get("rope_scaling") or self.config.get("rope_parameters") or {}

    @property
    def scaling_kind(self) -> str:
        return str(self.scaling.get("rope_type", self.scaling.get("type", "default")))

    @property
    def rope_base(self) -> float:
        return float(self.config.get("rope_theta") or self.scaling.get("rope_theta") or 10_000.0)

    def add_to(self, writer: gguf.GGUFWriter) -> None:
        """Put the sizes among the values of a file."""
        config = self.config
        writer.add_context_length(int(config["max_position_embeddings"]))
        writer.add_embedding_length(int(config["hidden_size"]))
        writer.add_block_count(self.blocks)
        writer.add_feed_forward_length(int(config["intermediate_size"]))
        writer.add_head_count(self.heads)
        writer.add_head_count_kv(self.key_heads)
        writer.add_key_length(self.head_width)
        writer.add_value_length(self.head_width)
        writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
        writer.add_rope_freq_base(self.rope_base)
        writer.add_rope_dimension_count(self.head_width)
        writer.add_vocab_size(int(config["vocab_size"]))
        if self.scaling_kind in ("linear", "yarn"):
            writer.add_rope_scaling_type(gguf.RopeScalingType(self.scaling_kind))
            writer.add_rope_scaling_factor(float(self.scaling["factor"]))
        if self.scaling_kind == "yarn":
            writer.add_rope_scaling_orig_ctx_len(int(self.scaling["original_max_position_embeddings"]))

    def named(self, names: Iterator[str] | tuple[str, ...]) -> dict[str, str]:
        """llama.cpp's name of each array. Raises ModelError for one that it has no name for."""
        known = gguf.get_tensor_name_map(self.arch, self.blocks)
        found = {name: known.get_name(name, try_suffixes=(".weight", ".bias")) for name in names}
        if lost := next((name for name, theirs in found.items() if theirs is None), None):
            raise ModelError("export.gguf_array", name=lost, kind=self.config["model_type"])
        return {name: str(theirs) for name, theirs in found.items()}

    def laid(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """An array as it is stored, by our name of it."""
        if (heads := self._heads_of(name)) and self.interleaved:
            return array.reshape(heads, 2, -1, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)
        return array

    def taken(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """A stored array as it is here."""
        if (heads := self._heads_of(name)) and self.interleaved:
            return array.reshape(heads, -1, 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)
        return array

    def frequencies(self) -> NDArray[np.float32] | None:
        """By what Llama 3.1 divides the frequency of each pair of a head; None for other scalings."""
        if self.scaling_kind != "llama3":
            return None
        factor, before = float(self.scaling["factor"]), self.scaling["original_max_position_embeddings"]
        low, high = float(self.scaling["low_freq_factor"]), float(self.scaling["high_freq_factor"])
        found = []
        for place in range(0, self.head_width, 2):
            turns = before / (2 * math.pi * self.rope_base ** (place / self.head_width))
            share = min(1.0, max(0.0, (turns - low) / (high - low)))
            found.append(1 / ((1 - share) / factor + share))
        return np.array(found, dtype=np.float32)

    def _heads_of(self, name: str) -> int:
        part = name.split(".")[-2] if "." in name else ""
        return {"q_proj": self.heads, "k_proj": self.key_heads}.get(part, 0)
