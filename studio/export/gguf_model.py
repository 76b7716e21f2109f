"""Models in GGUF's form: what llama.cpp calls their families and layers, and how it lays their weights.

Llama's (and Mistral's) queries and keys are stored there with the two halves of each head interleaved, as the
rotation is computed so; Gemma's norms with the 1 that Gemma adds to them; all others as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
from mlx import nn

from studio.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAMILIES = {
    "llama": gguf.MODEL_ARCH.LLAMA,
    "mistral": gguf.MODEL_ARCH.LLAMA,
    "qwen2": gguf.MODEL_ARCH.QWEN2,
    "qwen3": gguf.MODEL_ARCH.QWEN3,
    "gemma2": gguf.MODEL_ARCH.GEMMA2,
    "gemma3": gguf.MODEL_ARCH.GEMMA3,
    "gemma3_text": gguf.MODEL_ARCH.GEMMA3,
    "phi3": gguf.MODEL_ARCH.PHI3,
}
"""What is written, by the model_type of config.json."""
GEMMAS = (gguf.MODEL_ARCH.GEMMA2, gguf.MODEL_ARCH.GEMMA3)
_LARGEST_GEMMAS = {gguf.MODEL_ARCH.GEMMA2: 46, gguf.MODEL_ARCH.GEMMA3: 62}
"""The blocks of the 27B models, by which llama.cpp tells that their attention has another scale."""
_INSIDE = "language_model."
"""Where a model that also sees has the weights of its text."""


@dataclass(frozen=True)
class GgufShape:
    """What a config says of a model of these families."""

    config: dict[str, Any]

    @classmethod
    def of(cls, module: nn.Module, config: dict[str, Any]) -> GgufShape:
        """The shape of a model: as its config states it, and where that is silent as the model was built.

        Raises ModelError for another family, or what its files have no form for.
        """
        inner = getattr(module, "language_model", module)
        built = vars(inner.args) if hasattr(inner, "args") else {}
        known = {name: value for name, value in built.items() if value is not None}
        return cls.stated({**config, **(config.get("text_config") or {}), **known})

    @classmethod
    def stated(cls, config: dict[str, Any]) -> GgufShape:
        """The same of a config that states all of it."""
        found = cls(config)
        if config["model_type"] not in FAMILIES:
            names = ", ".join(FAMILIES)
            raise ModelError("export.gguf_family", kind=config["model_type"], names=names)
        if found.scaling_kind not in found.scalings:
            raise ModelError("export.gguf_rope", kind=found.scaling_kind)
        if found.arch in GEMMAS and not math.isclose(found.attention_scalar, found.assumed_scalar):
            wanted, known = found.attention_scalar, found.assumed_scalar
            raise ModelError("export.gguf_scale", wanted=wanted, known=known)
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
    def turned_width(self) -> int:
        """How many numbers of a head are turned by its position."""
        return int(self.head_width * float(self.config.get("partial_rotary_factor") or 1.0))

    @property
    def blocks(self) -> int:
        return int(self.config["num_hidden_layers"])

    @property
    def attention_scalar(self) -> float:
        """Of what number Gemma's scores are divided by the root."""
        return float(self.config.get("query_pre_attn_scalar") or self.head_width)

    @property
    def assumed_scalar(self) -> float:
        """The same as llama.cpp takes it from a model's size: its files do not state it."""
        if self.blocks == _LARGEST_GEMMAS.get(self.arch):
            return float(self.config["hidden_size"] // self.heads)
        return float(self.head_width)

    @property
    def scalings(self) -> tuple[str, ...]:
        """The ways of scaling positions that can be said of the family."""
        if self.arch is gguf.MODEL_ARCH.PHI3:
            return ("default", "linear", "longrope", "su")
        if self.arch in GEMMAS:
            return ("default", "linear")
        return ("default", "linear", "llama3", "yarn")

    @property
    def scaling(self) -> dict[str, Any]:
        return self.config.get("rope_scaling") or self.config.get("rope_parameters") or {}

    @property
    def scaling_kind(self) -> str:
        return str(self.scaling.get("rope_type", self.scaling.get("type", "default")))

    @property
    def original_context(self) -> int:
        """For how many positions a model was made whose positions are scaled for more."""
        found = self.scaling.get("original_max_position_embeddings")
        return int(found or self.config.get("original_max_position_embeddings") or self.context)

    @property
    def context(self) -> int:
        return int(self.config["max_position_embeddings"])

    @property
    def rope_base(self) -> float:
        return float(self.config.get("rope_theta") or self.scaling.get("rope_theta") or 10_000.0)

    def add_to(self, writer: gguf.GGUFWriter) -> None:
        """Put the sizes among the values of a file."""
        config = self.config
        writer.add_context_length(self.context)
        writer.add_embedding_length(int(config["hidden_size"]))
        writer.add_block_count(self.blocks)
        writer.add_feed_forward_length(int(config["intermediate_size"]))
        writer.add_head_count(self.heads)
        writer.add_head_count_kv(self.key_heads)
        writer.add_key_length(self.head_width)
        writer.add_value_length(self.head_width)
        writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
        writer.add_rope_freq_base(self.rope_base)
        writer.add_rope_dimension_count(self.turned_width)
        writer.add_vocab_size(int(config["vocab_size"]))
        self._add_scaling(writer)
        if self.arch in GEMMAS:
            self._add_gemma(writer)
        if self.arch is gguf.MODEL_ARCH.PHI3:
            writer.add_sliding_window(0)  # it was made with one, which neither llama.cpp nor MLX applies

    def _add_scaling(self, writer: gguf.GGUFWriter) -> None:
        if self.scaling_kind in ("linear", "yarn"):
            writer.add_rope_scaling_type(gguf.RopeScalingType(self.scaling_kind))
            writer.add_rope_scaling_factor(float(self.scaling["factor"]))
        if self.scaling_kind in ("yarn", "longrope", "su"):
            writer.add_rope_scaling_orig_ctx_len(self.original_context)
        if self.scaling_kind in ("longrope", "su"):
            writer.add_rope_scaling_attn_factors(self._attention_factor())

    def _add_gemma(self, writer: gguf.GGUFWriter) -> None:
        """Which layers look back so far only, and where scores and logits are capped."""
        config = self.config
        if window := config.get("sliding_window"):
            writer.add_sliding_window(int(window))
        if self.arch is gguf.MODEL_ARCH.GEMMA2:
            writer.add_attn_logit_softcapping(float(config["attn_logit_softcapping"]))
            writer.add_final_logit_softcapping(float(config["final_logit_softcapping"]))
        else:
            writer.add_sliding_window_pattern(int(config["sliding_window_pattern"]))
            writer.add_rope_freq_base_swa(float(config["rope_local_base_freq"]))

    def _attention_factor(self) -> float:
        """What LongRoPE multiplies queries and keys with."""
        if (stated := self.scaling.get("attention_factor")) is not None:
            return float(stated)
        grown = float(self.scaling.get("factor") or self.context / self.original_context)
        return math.sqrt(1 + math.log(grown) / math.log(self.original_context)) if grown > 1 else 1.0

    def named(self, names: Iterator[str] | tuple[str, ...]) -> dict[str, str]:
        """llama.cpp's name of each array. Raises ModelError for one that it has no name for."""
        known = gguf.get_tensor_name_map(self.arch, self.blocks)
        found = {
            name: known.get_name(name.removeprefix(_INSIDE), try_suffixes=(".weight", ".bias"))
            for name in names
        }
        if lost := next((name for name, theirs in found.items() if theirs is None), None):
            raise ModelError("export.gguf_array", name=lost, kind=self.config["model_type"])
        return {name: str(theirs) for name, theirs in found.items()}

    def laid(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """An array as it is stored, by our name of it."""
        if self._is_raised(name):
            return array + np.float32(1)
        if (heads := self._heads_of(name)) and self.interleaved:
            return array.reshape(heads, 2, -1, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)
        return array

    def taken(self, name: str, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """A stored array as it is here."""
        if self._is_raised(name):
            return array - np.float32(1)
        if (heads := self._heads_of(name)) and self.interleaved:
            return array.reshape(heads, -1, 2, *array.shape[1:]).swapaxes(1, 2).reshape(array.shape)
        return array

    def tables(self) -> dict[str, NDArray[np.float32]]:
        """By what the frequency of each pair of a head is divided, in a file's names; mostly nothing."""
        if self.scaling_kind == "llama3":
            return {"rope_freqs.weight": self._llama3()}
        if self.scaling_kind in ("longrope", "su"):
            return {
                f"rope_factors_{length}.weight": np.array(self.scaling[f"{length}_factor"], np.float32)
                for length in ("long", "short")
            }
        return {}

    def _llama3(self) -> NDArray[np.float32]:
        factor, before = float(self.scaling["factor"]), self.scaling["original_max_position_embeddings"]
        low, high = float(self.scaling["low_freq_factor"]), float(self.scaling["high_freq_factor"])
        found = []
        for place in range(0, self.head_width, 2):
            turns = before / (2 * math.pi * self.rope_base ** (place / self.head_width))
            share = min(1.0, max(0.0, (turns - low) / (high - low)))
            found.append(1 / ((1 - share) / factor + share))
        return np.array(found, dtype=np.float32)

    def _is_raised(self, name: str) -> bool:
        return self.arch in GEMMAS and name.endswith("norm.weight")

    def _heads_of(self, name: str) -> int:
        part = name.split(".")[-2] if "." in name else ""
        return {"q_proj": self.heads, "k_proj": self.key_heads}.get(part, 0)
