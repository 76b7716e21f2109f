"""Tiny random models of several families, with adapters, for the tests of this folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx_lm.tuner.utils import linear_to_lora_layers
from mlx_lm.utils import _get_classes

from studio.models.arrays import named
from studio.train.forward import Overlays

SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "intermediate_size": 48,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "vocab_size": 64,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {
        "tie_word_embeddings": False,
        "sliding_window": 6,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
    },
    "qwen2": {"tie_word_embeddings": True},
    "qwen3": {"tie_word_embeddings": True},
    "gemma2": {"query_pre_attn_scalar": 8},
    "gemma3_text": {"query_pre_attn_scalar": 8, "sliding_window": 5, "sliding_window_pattern": 2},
    "phi3": {},
    "mistral": {},
    "olmo2": {},
    "qwen3_moe": {
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "moe_intermediate_size": 16,
        "norm_topk_prob": True,
        "tie_word_embeddings": False,
    },
}
SEQUENCES = [
    (4, 9, 1, 5, 22, 7),
    (3, 3, 8),
    (61, 2, 17, 30, 5, 5, 12, 40, 6, 1, 9, 33),
    (1, 2, 3, 4, 5, 6, 7, 8, 9),
]


def make(family: str, trained: int = 2, dropout: float = 0.0, **changes: Any) -> nn.Module:
    """A random model whose last `trained` layers carry adapters that do something."""
    config = {"model_type": family, **SHAPE, **FAMILIES.get(family, {}), **changes}
    if family == "phi3":
        config.pop("head_dim")
    model_class, arguments = _get_classes(config=config)
    mx.random.seed(1)
    model: nn.Module = model_class(arguments.from_dict(config))
    model.freeze()
    linear_to_lora_layers(model, trained, {"rank": 2, "scale": 2.0, "dropout": dropout})
    started = named(model.trainable_parameters())
    noisy = {name: array + 0.05 * mx.random.normal(array.shape) for name, array in started.items()}
    model.load_weights(list(noisy.items()), strict=False)
    model.train()
    mx.eval(model.parameters())
    return model


def padded(rows: Sequence[Sequence[int]], width: int) -> mx.array:
    """Inputs of a batch: every token of a row but its last, then zeros."""
    ids = np.zeros((len(rows), width), np.int32)
    for row, tokens in enumerate(rows):
        ids[row, : len(tokens)] = tokens
    return mx.array(ids)


def joined(rows: Sequence[Sequence[int]], sequences: Sequence[Sequence[int]]) -> list[list[int]]:
    """The inputs of each row: those of its sequences, one after the other."""
    return [[token for number in row for token in sequences[number][:-1]] for row in rows]


def furthest(some: dict[str, mx.array], others: dict[str, mx.array]) -> float:
    """The largest difference between arrays of the same names, relative to each array's largest entry."""
    assert some.keys() == others.keys()
    return max(
        float((mx.abs(some[name] - others[name]).max() / (mx.abs(others[name]).max() + 1e-12)).item())
        for name in some
    )


def distance(some: dict[str, mx.array], others: dict[str, mx.array]) -> float:
    """How far one gradient is from another, relative to its length, over all arrays together."""
    assert some.keys() == others.keys()
    apart = sum(float(mx.square(some[name] - others[name]).sum().item()) for name in some)
    return math.sqrt(apart / sum(float(mx.square(array).sum().item()) for array in others.values()))


def learn(
    model: nn.Module,
    rows: Sequence[Sequence[int]],
    overlays: Overlays,
    *,
    cached: bool = False,
    seed: int = 7,
    width: int = 32,
    sequences: Sequence[Sequence[int]] = SEQUENCES,
) -> tuple[float, dict[str, mx.array]]:
    """The summed loss of a batch of `rows` of sequence numbers, and its gradient."""
    ids = padded(joined(rows, sequences), width)
    targets = padded([[t for number in row for t in sequences[number][1:]] for row in rows], width)
    lengths = [[len(sequences[number]) - 1 for number in row] for row in rows]
    real = padded([[1] * sum(parts) for parts in lengths], width)

    def loss() -> mx.array:
        around = overlays.around(lengths, rows if cached else None, seed)
        with around as cache:
            logits = model(ids, cache)
        return (nn.losses.cross_entropy(logits, targets) * real).sum()

    before = shape_of(model)
    value, gradient = nn.value_and_grad(model, loss)()
    mx.eval(value, gradient)
    assert shape_of(model) == before, "something was left in the model"
    return float(value.item()), named(gradient)


def shape_of(model: nn.Module) -> list[tuple[str, int]]:
    """Every module of a model by name and identity, and every parameter's name: what no pass may change."""
    modules = [(name, id(module)) for name, module in model.named_modules()]
    return modules + [(name, 0) for name in named(model.parameters())]
