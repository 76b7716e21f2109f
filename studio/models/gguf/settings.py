"""From what a GGUF file says of a model to the config.json that the same model has on the Hub."""

from __future__ import annotations

from typing import Any

from studio.errors import ModelError
from studio.models.gguf.families import GgufFamily, family_in
from studio.models.gguf.header import GgufHeader
from studio.models.gguf.positions import rope_settings
from studio.models.gguf.vocabulary import special_ids

_EPSILON = "attention.layer_norm_rms_epsilon"
_LARGEST_GEMMAS = {"gemma2": 46, "gemma3_text": 62}
"""Layers of those models (27 billion parameters) whose attention is scaled by another width than a head's."""


def config_of(header: GgufHeader, dtype: str) -> dict[str, Any]:
    """The config.json of a file's model. Raises ModelError where the file does not say what it must."""
    family = family_in(header)
    said = _Said(header, family)
    config: dict[str, Any] = {
        "architectures": [family.builds],
        "model_type": family.model_type,
        "torch_dtype": dtype,
        "vocab_size": said.rows("token_embd.weight"),
        "hidden_size": said.whole("embedding_length"),
        "intermediate_size": said.whole("feed_forward_length"),
        "num_hidden_layers": said.whole("block_count"),
        "num_attention_heads": said.whole("attention.head_count"),
        "num_key_value_heads": said.key_heads,
        "head_dim": said.head,
        "max_position_embeddings": said.whole("context_length"),
        "rms_norm_eps": float(f"{said.real(_EPSILON):.7g}"),
        "hidden_act": "silu",
        "tie_word_embeddings": not said.has("output.weight"),
        "attention_bias": said.has("blk.0.attn_q.bias"),
        "attention_dropout": 0.0,
        "use_cache": True,
        **rope_settings(header, family, said.head),
        **special_ids(header),
    }
    return config | _own_settings(said, config)


def _own_settings(said: _Said, config: dict[str, Any]) -> dict[str, Any]:
    """What only this family has."""
    match said.family.model_type:
        case "llama":
            return {"mlp_bias": said.has("blk.0.ffn_up.bias")}
        case "qwen2" | "qwen3":
            return {"use_sliding_window": False, "sliding_window": None}
        case "phi3":
            return {"sliding_window": said.header.number("phi3.attention.sliding_window") or None}
        case "gemma2":
            bounds = ("attn_logit_softcapping", "final_logit_softcapping")
            return {
                **_gemma(said, config, pattern=2, window=4096),
                **{key: said.real(key, default) for key, default in zip(bounds, (50.0, 30.0), strict=True)},
            }
        case _:
            return _gemma(said, config, pattern=6, window=0)


def _gemma(said: _Said, config: dict[str, Any], pattern: int, window: int) -> dict[str, Any]:
    """Gemma's: every so many layers one looks back to the first token; `window` where the file has none."""
    layers, arch = config["num_hidden_layers"], said.arch
    window = said.header.number(f"{arch}.attention.sliding_window", window)
    each = said.header.values.get(f"{arch}.attention.sliding_window_pattern")
    if isinstance(each, int) and not isinstance(each, bool):
        pattern = each
    sliding = [window > 0 and (number + 1) % pattern != 0 for number in range(layers)]
    if isinstance(each, list):
        sliding = [bool(one) for one in each[:layers]]
    largest = _LARGEST_GEMMAS[said.family.model_type] == layers
    width = config["hidden_size"] // config["num_attention_heads"] if largest else config["head_dim"]
    own = {
        "hidden_act": "gelu_pytorch_tanh",
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": width,
        "sliding_window": window or config["max_position_embeddings"],
        "layer_types": ["sliding_attention" if one else "full_attention" for one in sliding],
    }
    if said.family.model_type == "gemma3_text":
        local = said.header.real(f"{arch}.rope.freq_base_swa", 10_000.0)
        own |= {"rope_local_base_freq": local, "sliding_window_pattern": pattern}
    return own


class _Said:
    """The values of one file, asked for without the name of its family before them."""

    def __init__(self, header: GgufHeader, family: GgufFamily) -> None:
        self.header, self.family = header, family
        self.arch = header.text("general.architecture")
        self.shapes = {tensor.name: tensor.shape for tensor in header.tensors}

    def whole(self, key: str) -> int:
        """Raises ModelError where it is absent, or differs from layer to layer."""
        found = self.header.values.get(f"{self.arch}.{key}")
        if isinstance(found, list) and len(set(found)) == 1:
            found = found[0]
        if not isinstance(found, int) or isinstance(found, bool) or found < 1:
            raise ModelError("gguf.value_missing", file=self.header.file, name=f"{self.arch}.{key}")
        return found

    def real(self, key: str, default: float | None = None) -> float:
        found = self.header.real(f"{self.arch}.{key}", -1.0 if default is None else default)
        if found < 0:
            raise ModelError("gguf.value_missing", file=self.header.file, name=f"{self.arch}.{key}")
        return found

    def has(self, name: str) -> bool:
        return name in self.shapes

    def rows(self, name: str) -> int:
        if name not in self.shapes:
            raise ModelError("gguf.array_missing", file=self.header.file, name=name)
        return self.shapes[name][0]

    @property
    def head(self) -> int:
        """How wide a head is."""
        stated = self.header.number(f"{self.arch}.attention.key_length")
        return stated or self.whole("embedding_length") // self.whole("attention.head_count")

    @property
    def key_heads(self) -> int:
        key = "attention.head_count_kv"
        return self.whole(key) if f"{self.arch}.{key}" in self.header.values else self.whole(key[:-3])
