"""One model in GGUF, whether in one file or split into several: its values, its tensors, their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gguf
import numpy as np

from studio.errors import ModelError
from studio.models.gguf.header import GgufHeader, GgufTensor, read_gguf_header

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
_AT_ONCE = 2**22
"""So many numbers are de-quantized at once."""


@dataclass(frozen=True)
class GgufParts:
    """The files of a model that is split, in order, and which of them one is; of others just that file."""

    files: tuple[Path, ...]
    stem: str
    is_first: bool = True


def parts_of(file: Path) -> GgufParts:
    """The files that belong to one of them, by their names as llama.cpp gives them."""
    named = _PART.fullmatch(file.name)
    if named is None:
        return GgufParts((file,), file.stem if file.suffix.lower() == ".gguf" else file.name)
    stem, count = named["stem"], int(named["count"])
    ending = file.name[len(stem) + len("-00001-of-00001") :]
    names = (f"{stem}-{number:05}-of-{count:05}{ending}" for number in range(1, count + 1))
    return GgufParts(tuple(file.with_name(name) for name in names), stem, int(named["number"]) == 1)


def read_source(file: Path, lists: bool = False) -> GgufHeader:
    """What a model's file, or its first part with the tensors of all, says. `file` is any of the parts.

    Raises ModelError where a part is missing, or is none of this model.
    """
    parts = parts_of(file)
    if missing := [part.name for part in parts.files if not part.is_file()]:
        if len(parts.files) == 1:
            raise ModelError("gguf.gone", file=file)
        raise ModelError("gguf.parts_missing", file=file, name=missing[0], count=len(parts.files))
    first, *others = parts.files
    header = read_gguf_header(first, lists)
    count = header.number("split.count", 1)
    if count > 1 and count != len(parts.files):
        raise ModelError("gguf.parts_unnamed", file=file, count=count)
    tensors = [*header.tensors]
    for number, part in enumerate(others, 1):
        more = read_gguf_header(part)
        if more.number("split.no", -1) != number or more.number("split.count") != len(parts.files):
            raise ModelError("gguf.part_of_another", file=part, first=first.name)
        tensors += more.tensors
    return GgufHeader(first, header.values, tuple(tensors), header.counts)


def numbers_in(
    tensor: GgufTensor, order: NDArray[np.intp] | None = None, at_once: int = _AT_ONCE
) -> Iterator[NDArray[np.float32]]:
    """A tensor's rows in fp32, de-quantized some at a time; `order` says which stored row is which.

    [rows, columns]; a vector is one row.
    """
    kind = tensor.known
    assert kind is not None
    columns = tensor.shape[-1]
    rows = tensor.numbers // columns
    block, size = gguf.GGML_QUANT_SIZES[kind]
    stored = np.memmap(tensor.file, np.uint8, "r", tensor.start, shape=(rows, columns // block * size))
    step = max(1, at_once // columns)
    for start in range(0, rows, step):
        picked = stored[start : start + step] if order is None else stored[order[start : start + step]]
        yield _plain(np.ascontiguousarray(picked), kind).reshape(len(picked), columns)


def _plain(stored: NDArray[np.uint8], kind: gguf.GGMLQuantizationType) -> NDArray[np.float32]:
    """Numbers in fp32 from the bytes of rows."""
    if kind is gguf.GGMLQuantizationType.F32:
        return stored.view("<f4")
    if kind is gguf.GGMLQuantizationType.F16:
        return stored.view("<f2").astype(np.float32)
    plain: NDArray[np.float32] = gguf.quants.dequantize(stored, kind)
    return plain
