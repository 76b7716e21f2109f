"""Small models whose numbers are the same wherever they are drawn, written as GGUF files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx_lm.utils import _get_classes

from studio.export.gguf_file import PRECISIONS, write_gguf
from studio.models.arrays import named
from studio.models.tokenizer import load_tokenizer
from studio.paths import resource

SHAPE = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 2560,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "eos_token_id": [2, 0],
}
FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {"tie_word_embeddings": False},
    "mistral": {"tie_word_embeddings": True, "head_dim": 16},
    "qwen2": {"tie_word_embeddings": True},
    "qwen3": {"tie_word_embeddings": True, "head_dim": 32},
}


def drawn_model(family: str) -> tuple[nn.Module, dict[str, Any]]:
    """A model of the family with large random weights, so that its answers are sure of themselves."""
    config = {"model_type": family, **SHAPE, **FAMILIES[family]}
    model_class, arguments = _get_classes(config=config)
    model: nn.Module = model_class(arguments.from_dict(config))
    numbers = np.random.default_rng(len(family))
    weights = [
        (name, mx.array(numbers.normal(1.0 if "norm" in name else 0.0, 0.2, array.shape).astype(np.float32)))
        for name, array in sorted(named(model.parameters()).items())
    ]
    model.load_weights(weights)
    return model, config


def write_drawn(file: Path, family: str, starter: Path, precision: str = "f16") -> tuple[nn.Module, Any]:
    """Write such a model with the starter's tokenizer; returns it, and its config."""
    model, config = drawn_model(family)
    write_gguf(file, model, config, starter, load_tokenizer(starter), precision)
    return model, config


def main(folder: Path) -> None:
    """Write every family in every precision."""
    for family in FAMILIES:
        for precision in PRECISIONS:
            write_drawn(folder / f"{family}-{precision}.gguf", family, resource("starter/model"), precision)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
