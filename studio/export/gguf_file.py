"""A whole model as one GGUF file, for llama.cpp, LM Studio and Ollama: written array by array, read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import mlx.core as mx
import numpy as np
from gguf import GGMLQuantizationType as Kind
from mlx import nn

from studio.catalogue import Said, phrase
from studio.errors import ModelError
from studio.export.gguf_model import GgufShape
from studio.export.gguf_tokenizer import add_ends, vocabulary_of
from studio.models import arrays

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class StoredPrecision:
    """How weights are stored: the kind of matrices, what the file calls it, and how far off it may be."""

    kind: Kind
    file_type: gguf.LlamaFileType
    largest: float  # |stored - weights| / |weights| of an array


PRECISIONS = {
    "f16": StoredPrecision(Kind.F16, gguf.LlamaFileType.MOSTLY_F16, 1e-3),
    "bf16": StoredPrecision(Kind.BF16, gguf.LlamaFileType.MOSTLY_BF16, 4e-3),
    "q8_0": StoredPrecision(Kind.Q8_0, gguf.LlamaFileType.MOSTLY_Q8_0, 2e-2),
    "q4_0": StoredPrecision(Kind.Q4_0, gguf.LlamaFileType.MOSTLY_Q4_0, 2e-1),
}
LARGEST = {name: each.largest for name, each in PRECISIONS.items()} | {
    "q4_k_m": 1e-1,
    "q5_k_m": 6e-2,
    "q6_k": 4e-2,
}
"""The same of every kind of file: also of those that llama-quantize makes of ours."""
_GROUP = 32
"""Numbers that share a scale in Q8_0 and Q4_0."""


def plain_precision(module: nn.Module) -> str:
    """How a model is stored in 16 bits with as little rounding as can be."""
    kinds = {array.dtype for array in arrays.named(module.parameters()).values()}
    return "bf16" if mx.bfloat16 in kinds else "f16"


def write_gguf(
    file: Path,
    module: nn.Module,
    config: dict[str, Any],
    folder: Path,
    tokenizer: Any,
    precision: str,
    template: str = "",
) -> tuple[Said, ...]:
    """Write a plain model. `folder` is where its tokenizer is; `tokenizer` is that one, loaded;
    `template` a chat template in place of its own. Returns what a person should know of the file.

    Raises ModelError for a family, an array or a tokenizer that GGUF has no name for.
    """
    shape, how = GgufShape.of(module, config), PRECISIONS[precision]
    weights = _without_tied(module, config)
    names = shape.named(tuple(weights))
    rows = next(array.shape[0] for name, array in weights.items() if name.endswith("embed_tokens.weight"))
    vocabulary = vocabulary_of(tokenizer, rows, folder, template)
    writer = gguf.GGUFWriter(file, gguf.MODEL_ARCH_NAMES[shape.arch])
    try:
        writer.add_name(vocabulary.name_for(file.stem))
        writer.add_file_type(how.file_type)
        shape.add_to(writer)
        vocabulary.add_to(writer)
        own = tokenizer.chat_template
        add_ends(writer, tokenizer, _ends(config), template or (own if isinstance(own, str) else None))
        _write_arrays(writer, shape, weights, names, how)
    finally:
        writer.close()
    return (phrase(vocabulary.unlike),) if vocabulary.unlike else ()


def read_gguf(
    file: Path, shape: GgufShape, names: dict[str, str]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """A file's arrays in fp32, one after the other, by our names for them."""
    stored = {tensor.name: tensor for tensor in gguf.GGUFReader(file).tensors}
    for name, theirs in names.items():
        tensor = stored[theirs]
        array = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        yield name, shape.taken(name, array.reshape(tuple(int(n) for n in reversed(tensor.shape))))


def check_gguf(file: Path, module: nn.Module, config: dict[str, Any], precision: str) -> nn.Module:
    """Compare each array that was written with the model's; the model then has those that were.

    Raises ModelError naming the first array that is further off than its precision rounds.
    """
    weights = _without_tied(module, config)
    shape = GgufShape.of(module, config)
    for name, array in read_gguf(file, shape, shape.named(tuple(weights))):
        own = weights.pop(name)
        mine = np.array(own.astype(mx.float32))
        apart = float(np.linalg.norm(array - mine) / max(float(np.linalg.norm(mine)), 1e-30))
        if not apart <= LARGEST[precision]:
            raise ModelError("export.gguf_apart", name=name, apart=apart)
        module.load_weights([(name, mx.array(array).astype(own.dtype))], strict=False)
    return module


def _without_tied(module: nn.Module, config: dict[str, Any]) -> dict[str, mx.array]:
    found = arrays.named(module.parameters())
    if config.get("tie_word_embeddings"):
        found.pop("lm_head.weight", None)
    return found


def _ends(config: dict[str, Any]) -> tuple[int, ...]:
    found = config.get("eos_token_id")
    return tuple(found) if isinstance(found, list) else () if found is None else (int(found),)


def _write_arrays(
    writer: gguf.GGUFWriter,
    shape: GgufShape,
    weights: dict[str, mx.array],
    names: dict[str, str],
    how: StoredPrecision,
) -> None:
    """First what the file holds, then one array after the other: never two in memory."""
    kinds = {name: _kind(names[name], array, how) for name, array in weights.items()}
    tables = shape.tables()
    for name, table in tables.items():
        writer.add_tensor_info(name, table.shape, table.dtype, table.nbytes)
    for name, array in weights.items():
        block, size = gguf.GGML_QUANT_SIZES[kinds[name]]
        count = array.size // block * size
        writer.add_tensor_info(names[name], array.shape, np.dtype(np.float32), count, kinds[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for table in tables.values():
        writer.write_tensor_data(table)
    for name, array in weights.items():
        laid = shape.laid(name, np.array(array.astype(mx.float32)))
        writer.write_tensor_data(np.ascontiguousarray(gguf.quants.quantize(laid, kinds[name])))


def _kind(theirs: str, array: mx.array, how: StoredPrecision) -> Kind:
    """How an array is stored: vectors whole; embeddings and head in 8 bits, where matrices have 4."""
    if array.ndim < 2:
        return Kind.F32
    if array.shape[-1] % _GROUP and how.kind in (Kind.Q8_0, Kind.Q4_0):
        return Kind.F16
    if how.kind is Kind.Q4_0 and theirs in ("token_embd.weight", "output.weight"):
        return Kind.Q8_0
    return how.kind
