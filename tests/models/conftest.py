"""Small models of several families, as folders with real files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx import nn
from mlx_lm.utils import _get_classes

from studio.models.arrays import named

SHAPE = {
    "hidden_size": 64,
    "num_hidden_layers": 3,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "vocab_size": 320,
    "max_position_embeddings": 512,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "eos_token_id": 2,
}
FAMILIES: dict[str, dict[str, Any]] = {
    "qwen2": {"tie_word_embeddings": True},  # biases on q, k and v
    "llama": {"tie_word_embeddings": False},
    "qwen3_moe": {
        "num_experts": 4,
        "num_experts_per_tok": 2,
        "decoder_sparse_step": 1,
        "mlp_only_layers": [],
        "moe_intermediate_size": 32,
        "norm_topk_prob": True,
        "tie_word_embeddings": False,
    },
}

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path, tiny_model: Path) -> Make:
    """make(family, dtype=…, bits=…) writes a random model and returns its folder."""

    def write(family: str, dtype: mx.Dtype = mx.float32, bits: int = 0) -> Path:
        folder = tmp_path / f"{family}-{bits}"
        folder.mkdir()
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(tiny_model / name, folder)
        config: dict[str, Any] = {"model_type": family, **SHAPE, **FAMILIES[family]}
        model_class, arguments = _get_classes(config=config)
        mx.random.seed(3)
        model = model_class(arguments.from_dict(config))
        model.set_dtype(dtype)
        if bits:
            nn.quantize(model, group_size=32, bits=bits)
            config["quantization"] = {"group_size": 32, "bits": bits}
        (folder / "config.json").write_text(json.dumps(config))
        mx.save_safetensors(str(folder / "model.safetensors"), named(model.parameters()))
        return folder

    return write
