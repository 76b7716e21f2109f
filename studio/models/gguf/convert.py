"""From a GGUF file to a folder that can be trained: its weights, de-quantized in turn, and what they need."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gguf
import numpy as np

from studio.errors import DiskError, ModelError
from studio.files import check_target, free_bytes, megabytes, strangers, whole_folder
from studio.models.gguf.families import check_kinds, check_tokenizer_kind, family_in
from studio.models.gguf.header import GgufHeader
from studio.models.gguf.layout import PlacedTensor, placed_tensors
from studio.models.gguf.settings import config_of
from studio.models.gguf.source import parts_of, read_source
from studio.models.gguf.vocabulary import special_ids, tokenizer_of, tokenizer_settings
from studio.models.weights import INDEX, WHOLE

if TYPE_CHECKING:
    from numpy.typing import NDArray

GGUF_PRECISIONS = {"float16": ("F16", 2), "bfloat16": ("BF16", 2), "float32": ("F32", 4)}
"""What weights are written in: safetensors' name of it, and its bytes."""
_SHARD = 4 * 10**9
"""Bytes of weights in one file, at most; one tensor may be more."""
_SPARE = 64 * 10**6


@dataclass(frozen=True)
class WeightWritten:
    """How far the weights of a model are written, in bytes."""

    name: str
    done: int
    total: int


def convert_gguf(file: Path, folder: Path, precision: str = "model") -> Iterator[WeightWritten]:
    """Write the model of a GGUF file, or of a split one, as a folder that transformers and mlx-lm read.

    `precision` is float16, bfloat16, float32, or the model's own (see `own_precision`). Yields after each
    tensor; not gone through to its end, nothing is left there. A few million numbers are in memory at a time.
    Raises ModelError for what cannot be converted, DiskError where there is no room.
    """
    header = read_source(file, lists=True)
    precision = own_precision(header) if precision == "model" else precision
    check_kinds(header)
    check_tokenizer_kind(header)
    config = config_of(header, precision)
    placed = placed_tensors(header, config)
    tokenizer = tokenizer_of(header)
    _check_room(folder, file, placed, precision)
    with whole_folder(folder) as made:
        _write_json(made / "config.json", config)
        _write_json(made / "generation_config.json", {"_from_model_config": True, **special_ids(header)})
        _write_json(made / "tokenizer_config.json", tokenizer_settings(header))
        tokenizer.save(str(made / "tokenizer.json"))
        yield from _write_weights(made, header, placed, precision)
        _check_whole(made, header)


def _check_whole(made: Path, header: GgufHeader) -> None:
    """Raise ModelError where the folder lacks what its family needs, or the family does not what it says."""
    from studio.models.build import load_lazily
    from studio.models.description import describe

    try:
        load_lazily(describe(made))
    except ModelError as error:
        raise ModelError("gguf.not_whole", file=header.file, reason=error.said) from error


def own_precision(header: GgufHeader) -> str:
    """The precision that most of a file's numbers are in; of quantized ones float16, as their scales are.

    Gemma's are bfloat16 in any case: what its layers make of them is beyond float16.
    """
    counts: Counter[str] = Counter()
    for tensor in header.tensors:
        name = tensor.known.name if tensor.known is not None else ""
        counts[{"BF16": "bfloat16", "F32": "float32"}.get(name, "float16")] += tensor.numbers
    if family_in(header).adds_one:
        return "bfloat16"
    return counts.most_common(1)[0][0]


def _check_room(folder: Path, file: Path, placed: tuple[PlacedTensor, ...], precision: str) -> None:
    """Raise DiskError where the disk has no room, TargetError where something else would be overwritten."""
    check_target(folder, parts_of(file).files)
    if found := strangers(folder, ()):
        raise ModelError("gguf.taken", folder=folder, name=found[0])
    needed = _SPARE + sum(each.stored.numbers for each in placed) * GGUF_PRECISIONS[precision][1]
    free = free_bytes(folder)
    if free < needed:
        raise DiskError("gguf.no_room", folder=folder, needed=megabytes(needed), free=megabytes(free))


def _write_weights(
    made: Path, header: GgufHeader, placed: tuple[PlacedTensor, ...], precision: str
) -> Iterator[WeightWritten]:
    """In files of at most a few gigabytes, with an index where there are several."""
    dtype, width = GGUF_PRECISIONS[precision]
    total = sum(each.stored.numbers for each in placed) * width
    shards = list(_shards(placed, width))
    done = 0
    for number, shard in enumerate(shards, 1):
        name = WHOLE if len(shards) == 1 else f"model-{number:05}-of-{len(shards):05}.safetensors"
        with (made / name).open("wb") as opened:
            opened.write(_header(shard, dtype, width))
            for each in shard:
                for part in each.numbers():
                    opened.write(_bytes(header, each, part, precision))
                done += each.stored.numbers * width
                yield WeightWritten(each.name, done, total)
    if len(shards) > 1:
        _write_json(made / INDEX, _index(shards, total))


def _shards(placed: tuple[PlacedTensor, ...], width: int) -> Iterator[list[PlacedTensor]]:
    shard: list[PlacedTensor] = []
    filled = 0
    for each in placed:
        size = each.stored.numbers * width
        if shard and filled + size > _SHARD:
            yield shard
            shard, filled = [], 0
        shard.append(each)
        filled += size
    yield shard


def _index(shards: list[list[PlacedTensor]], total: int) -> dict[str, Any]:
    names = {
        each.name: f"model-{number:05}-of-{len(shards):05}.safetensors"
        for number, shard in enumerate(shards, 1)
        for each in shard
    }
    return {"metadata": {"total_size": total}, "weight_map": names}


def _header(shard: list[PlacedTensor], dtype: str, width: int) -> bytes:
    """What a safetensors file begins with: where each array lies, padded to eight bytes."""
    described: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    at = 0
    for each in shard:
        end = at + each.stored.numbers * width
        described[each.name] = {"dtype": dtype, "shape": [*each.stored.shape], "data_offsets": [at, end]}
        at = end
    text = json.dumps(described).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _bytes(header: GgufHeader, each: PlacedTensor, part: NDArray[np.float32], precision: str) -> bytes:
    """Numbers as they are written. Raises ModelError where they are beyond what the precision holds."""
    if precision == "bfloat16":
        packed: NDArray[np.uint8] = gguf.quants.quantize(part, gguf.GGMLQuantizationType.BF16)
        return packed.tobytes()
    with np.errstate(over="ignore"):
        written = part.astype("<f2" if precision == "float16" else "<f4")
    if precision == "float16" and not np.isfinite(written).all():
        raise ModelError("gguf.beyond_half", file=header.file, name=each.name)
    return written.tobytes()


def _write_json(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
