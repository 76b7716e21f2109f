"""Small GGUF files, written by the `gguf` package: random weights in llama.cpp's own names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Kind

SIZES = {
    "context_length": 64,
    "embedding_length": 32,
    "feed_forward_length": 64,
    "block_count": 1,
    "attention.head_count": 2,
    "attention.head_count_kv": 1,
    "attention.layer_norm_rms_epsilon": 1e-5,
}
TOKENS = ["<s>", "</s>", *"abcdefgh"]


def put(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    """A value by the kind that Python has for it."""
    match value:
        case bool():
            writer.add_bool(key, value)
        case int():
            writer.add_uint32(key, value)
        case float():
            writer.add_float32(key, value)
        case str():
            writer.add_string(key, value)
        case list() | tuple():
            writer.add_array(key, value)


def write_small(
    file: Path,
    arch: str = "llama",
    kind: Kind = Kind.F16,
    values: dict[str, Any] | None = None,
    tensors: dict[str, np.ndarray[Any, Any]] | None = None,
    **writes: Any,
) -> Path:
    """A model of two matrices and a vector that says what such files say; `values` are added or changed."""
    writer = gguf.GGUFWriter(file, arch, **writes)
    said = {
        **{f"{arch}.{key}": value for key, value in SIZES.items()},
        "general.name": "Small one",
        "general.license": "apache-2.0",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "qwen2",
        "tokenizer.ggml.tokens": TOKENS,
        "tokenizer.ggml.token_type": [3, 3] + [1] * 8,
        "tokenizer.chat_template": "{{ messages[0].content }}",
        **(values or {}),
    }
    for key, value in said.items():
        if value is not None:
            put(writer, key, value)
    numbers = np.random.default_rng(1)
    drawn = {
        "token_embd.weight": numbers.normal(size=(10, 32)).astype(np.float32),
        "output_norm.weight": np.ones(32, np.float32),
        "blk.0.attn_q.weight": numbers.normal(size=(32, 32)).astype(np.float32),
    }
    for name, array in (drawn if tensors is None else tensors).items():
        if array.ndim < 2:
            writer.add_tensor(name, array)
        else:
            writer.add_tensor(name, gguf.quants.quantize(array, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def llama_tensors(biased: bool = False) -> dict[str, np.ndarray[Any, Any]]:
    """The weights of a whole model of one block of Llama's, drawn; with biases where asked for."""
    shapes = {
        "token_embd.weight": (10, 32),
        "output_norm.weight": (32,),
        "blk.0.attn_norm.weight": (32,),
        "blk.0.attn_q.weight": (32, 32),
        "blk.0.attn_k.weight": (16, 32),
        "blk.0.attn_v.weight": (16, 32),
        "blk.0.attn_output.weight": (32, 32),
        "blk.0.ffn_norm.weight": (32,),
        "blk.0.ffn_gate.weight": (64, 32),
        "blk.0.ffn_up.weight": (64, 32),
        "blk.0.ffn_down.weight": (32, 64),
    }
    if biased:
        shapes |= {f"blk.0.attn_{part}.bias": (rows,) for part, rows in (("q", 32), ("k", 16), ("v", 16))}
        shapes["blk.0.attn_output.bias"] = (32,)
    numbers = np.random.default_rng(3)
    return {name: numbers.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
