"""The models and adapter starts of the oracles, from numpy seeds: torch and MLX build the same ones.

Needs numpy alone. `numpy.random.RandomState` is used because its streams never change between versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[np.float32]]

STARTER = Path(__file__).parents[2] / "resources" / "starter"
QKV = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
TARGETS = (*QKV, "self_attn.o_proj", "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj")

_TINY = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-6,
    "vocab_size": 256,
    "max_position_embeddings": 512,
    "rope_theta": 10000.0,
    "hidden_act": "silu",
    "eos_token_id": 2,
    "pad_token_id": 0,
    "torch_dtype": "float32",
}
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": {
        **_TINY,
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "num_hidden_layers": 2,
        "tie_word_embeddings": False,
    },
    "qwen2": {
        **_TINY,
        "architectures": ["Qwen2ForCausalLM"],
        "model_type": "qwen2",
        "num_hidden_layers": 3,
        "tie_word_embeddings": True,
    },
}
"""The tiny models' config.json: a head of its own, no biases (Llama); tied, biases on q, k and v (Qwen2)."""


def weights(kind: str) -> Arrays:
    """The random weights of the tiny model `kind`, by the names that transformers and mlx-lm share.

    Large enough that attention and the head are far from uniform, so that a mistake anywhere shows.
    """
    random = np.random.RandomState(7)
    return {name: _draw(random, name, shape) for name, shape in _shapes(CONFIGS[kind])}


def adapter_start(layers: int, widths: dict[str, tuple[int, int]], rank: int, seed: int = 11) -> Arrays:
    """Both matrices of every adapter: `layers.N.TARGET.lora_a` [inputs, rank] and `.lora_b` [rank, outputs].

    `widths` gives each target's (inputs, outputs). The second matrix is small, but not zero as it would be
    in a run: the first matrix then has a gradient from step 1 on.
    """
    random = np.random.RandomState(seed)
    start: Arrays = {}
    for layer in range(layers):
        for target in TARGETS:
            inputs, outputs = widths[target]
            name = f"layers.{layer}.{target}"
            start[f"{name}.lora_a"] = _normal(random, (inputs, rank), inputs**-0.5)
            start[f"{name}.lora_b"] = _normal(random, (rank, outputs), 0.02)
    return start


def widths(config: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """(inputs, outputs) of each target, from a model's config.json."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    size = config.get("head_dim") or hidden // config["num_attention_heads"]
    queries, keys = config["num_attention_heads"] * size, config["num_key_value_heads"] * size
    return {
        "self_attn.q_proj": (hidden, queries),
        "self_attn.k_proj": (hidden, keys),
        "self_attn.v_proj": (hidden, keys),
        "self_attn.o_proj": (queries, hidden),
        "mlp.gate_proj": (hidden, inner),
        "mlp.up_proj": (hidden, inner),
        "mlp.down_proj": (inner, hidden),
    }


def _shapes(config: dict[str, Any]) -> Iterator[tuple[str, tuple[int, ...]]]:
    hidden, vocabulary = config["hidden_size"], config["vocab_size"]
    yield "model.embed_tokens.weight", (vocabulary, hidden)
    for layer in range(config["num_hidden_layers"]):
        for target, (inputs, outputs) in widths(config).items():
            yield f"model.layers.{layer}.{target}.weight", (outputs, inputs)
            if config["model_type"] == "qwen2" and target in QKV:
                yield f"model.layers.{layer}.{target}.bias", (outputs,)
        yield f"model.layers.{layer}.input_layernorm.weight", (hidden,)
        yield f"model.layers.{layer}.post_attention_layernorm.weight", (hidden,)
    yield "model.norm.weight", (hidden,)
    if not config["tie_word_embeddings"]:
        yield "lm_head.weight", (vocabulary, hidden)


def _draw(random: np.random.RandomState, name: str, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    if name.endswith("norm.weight"):
        return np.float32(1.0) + _normal(random, shape, 0.1)
    if name.endswith("bias"):
        return _normal(random, shape, 0.3)
    return _normal(random, shape, 1.2 * shape[-1] ** -0.5)


def _normal(random: np.random.RandomState, shape: tuple[int, ...], scale: float) -> npt.NDArray[np.float32]:
    return (random.standard_normal(shape) * scale).astype(np.float32)
