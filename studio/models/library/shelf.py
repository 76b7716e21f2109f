"""The shelf: models that ready recipes and their papers name, with what is known of each without the network.

Shapes are those of the config.json that each was published with; a test counts its parameters from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from studio.events.models import ModelFacts
from studio.models.library.facts import SAFETENSORS
from studio.models.reach import context_length

ONLINE = "online"
PLAIN_BITS, PACKED_BITS = 16, 4
_GROUP = 64
"""Weights that share a scale and a bias, of 16 bits each, in the 4-bit repositories."""


@dataclass(frozen=True)
class ShelfModel:
    """A model in two forms: the repository it was published in, and one of its weights in 4 bits.

    `packed` is empty where no such repository is known: it can be quantized here.
    """

    title: str
    plain: str
    packed: str
    parameters: int
    license: str
    config: dict[str, Any] = field(hash=False)
    gated: bool = False
    is_chat: bool = True

    def facts(self, bits: int) -> ModelFacts:
        """What is known of its form in 16 or in 4 bits, before it is downloaded."""
        name = self.packed if bits == PACKED_BITS else self.plain
        each = bits + (32 / _GROUP if bits == PACKED_BITS else 0)
        return ModelFacts(
            name,
            "",
            ONLINE,
            SAFETENSORS,
            architecture=self.config["model_type"],
            parameters=self.parameters,
            bits=each,
            size=round(self.parameters * each / 8),
            context=context_length(self.config),
            license=self.license,
            is_chat=self.is_chat,
        )

    def config_of(self, bits: int) -> dict[str, Any]:
        """Its config.json in one of the two forms, as far as forecasts need it."""
        packed = {"quantization": {"group_size": _GROUP, "bits": bits}} if bits == PACKED_BITS else {}
        return {**self.config, **packed}

    @property
    def forms(self) -> tuple[int, ...]:
        """The bits of the forms that can be downloaded."""
        return (PLAIN_BITS, PACKED_BITS) if self.packed else (PLAIN_BITS,)


def _config(kind: str, width: int, layers: int, inner: int, heads: tuple[int, int], **more: Any) -> Any:
    """A config.json: `heads` are those of queries, and of keys and values."""
    return {
        "model_type": kind,
        "hidden_size": width,
        "num_hidden_layers": layers,
        "intermediate_size": inner,
        "num_attention_heads": heads[0],
        "num_key_value_heads": heads[1],
        "rms_norm_eps": 1e-6 if kind.startswith("qwen") else 1e-5,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        **more,
    }


def _qwen2() -> Any:
    more = {"vocab_size": 151936, "max_position_embeddings": 32768, "rope_theta": 1e6}
    return _config("qwen2", 1536, 28, 8960, (12, 2), tie_word_embeddings=True, **more)


def _qwen3(context: int) -> Any:
    more = {"vocab_size": 151936, "max_position_embeddings": context, "rope_theta": 1e6, "head_dim": 128}
    return _config("qwen3", 1024, 28, 3072, (16, 8), tie_word_embeddings=True, **more)


def _llama3(context: int, **more: Any) -> Any:
    more |= {"vocab_size": 128256, "max_position_embeddings": context, "rope_theta": 5e5}
    return _config("llama", 4096, 32, 14336, (32, 8), **more)


def _smol(width: int, layers: int, inner: int, heads: tuple[int, int], theta: float) -> Any:
    more = {"vocab_size": 49152, "max_position_embeddings": 8192, "rope_theta": theta}
    return _config("llama", width, layers, inner, heads, tie_word_embeddings=True, **more)


_LONG = {
    "rope_scaling": {
        "rope_type": "llama3",
        "factor": 8.0,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": 8192,
    }
}
_MISTRAL = _config(
    *("mistral", 4096, 32, 14336, (32, 8)), vocab_size=32768, max_position_embeddings=32768, rope_theta=1e6
)
_PHI = _config(
    *("phi", 2560, 32, 10240, (32, 32)),
    vocab_size=51200,
    max_position_embeddings=2048,
    rope_theta=1e4,
    partial_rotary_factor=0.4,
    layer_norm_eps=1e-5,
    qk_layernorm=False,
    torch_dtype="float16",
)
_APACHE, _SMOL, _MLX = "apache-2.0", "HuggingFaceTB/SmolLM2", "mlx-community/"
_LLAMA = "meta-llama/"

SHELF = (
    ShelfModel(
        "Qwen2.5 1.5B Instruct",
        "Qwen/Qwen2.5-1.5B-Instruct",
        f"{_MLX}Qwen2.5-1.5B-Instruct-4bit",
        1_543_714_304,
        _APACHE,
        _qwen2(),
    ),
    ShelfModel(
        "Qwen3 0.6B",
        "Qwen/Qwen3-0.6B",
        f"{_MLX}Qwen3-0.6B-4bit",
        596_049_920,
        _APACHE,
        _qwen3(40960),
    ),
    ShelfModel(
        "Qwen3 0.6B Base",
        "Qwen/Qwen3-0.6B-Base",
        f"{_MLX}Qwen3-0.6B-Base-4bit",
        596_049_920,
        _APACHE,
        _qwen3(32768),
    ),
    ShelfModel(
        "Llama 3.1 8B Instruct",
        f"{_LLAMA}Llama-3.1-8B-Instruct",
        f"{_MLX}Meta-Llama-3.1-8B-Instruct-4bit",
        8_030_261_248,
        "llama3.1",
        _llama3(131072, **_LONG),
        gated=True,
    ),
    ShelfModel(
        "Llama 3.1 8B",
        f"{_LLAMA}Llama-3.1-8B",
        f"{_MLX}Meta-Llama-3.1-8B-4bit",
        8_030_261_248,
        "llama3.1",
        _llama3(131072, **_LONG),
        gated=True,
        is_chat=False,
    ),
    ShelfModel(
        "Llama 3 8B Instruct",
        f"{_LLAMA}Meta-Llama-3-8B-Instruct",
        f"{_MLX}Meta-Llama-3-8B-Instruct-4bit",
        8_030_261_248,
        "llama3",
        _llama3(8192),
        gated=True,
    ),
    ShelfModel(
        "Mistral 7B Instruct",
        "mistralai/Mistral-7B-Instruct-v0.3",
        f"{_MLX}Mistral-7B-Instruct-v0.3-4bit",
        7_248_023_552,
        _APACHE,
        _MISTRAL,
    ),
    ShelfModel(
        "Phi-2",
        "microsoft/phi-2",
        f"{_MLX}phi-2-hf-4bit-mlx",
        2_779_683_840,
        "mit",
        _PHI,
        is_chat=False,
    ),
    ShelfModel(
        "Qwen2 1.5B Instruct",
        "Qwen/Qwen2-1.5B-Instruct",
        f"{_MLX}Qwen2-1.5B-Instruct-4bit",
        1_543_714_304,
        _APACHE,
        _qwen2(),
    ),
    ShelfModel(
        "SmolLM2 135M Instruct",
        f"{_SMOL}-135M-Instruct",
        "",
        134_515_008,
        _APACHE,
        _smol(576, 30, 1536, (9, 3), 1e5),
    ),
    ShelfModel(
        "SmolLM2 360M Instruct",
        f"{_SMOL}-360M-Instruct",
        f"{_MLX}SmolLM2-360M-Instruct-4bit",
        361_821_120,
        _APACHE,
        _smol(960, 32, 2560, (15, 5), 1e5),
    ),
    ShelfModel(
        "SmolLM2 1.7B Instruct",
        f"{_SMOL}-1.7B-Instruct",
        f"{_MLX}SmolLM2-1.7B-Instruct-4bit",
        1_711_376_384,
        _APACHE,
        _smol(2048, 24, 8192, (32, 32), 130000.0),
    ),
)


def on_shelf(name: str) -> ShelfModel | None:
    """The model of the shelf with a repository of this name, in either form."""
    return next((model for model in SHELF if name in (model.plain, model.packed) and name), None)


def shelf_configs() -> Iterator[tuple[str, dict[str, Any]]]:
    """The name and the config of each form of each model, for `studio.forecast.uses.Candidate.online`."""
    for model in SHELF:
        for bits in model.forms:
            yield model.facts(bits).name, model.config_of(bits)
