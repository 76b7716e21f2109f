"""The header of a GGUF file, read without its weights: what it says of itself, and which arrays it holds.

As llama.cpp writes it (docs/gguf.md): a mark, the version, the two counts, named values, then each array's
name, shape, type and place. Little endian, versions 2 and 3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from math import prod
from pathlib import Path
from typing import IO, Any

from studio.errors import ModelError

MARK = b"GGUF"
_VERSIONS = (2, 3)
_NUMBERS = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
"""The letter by which `struct` reads each kind of number."""
_TEXT, _LIST = 8, 9
_MOST = 2**26
"""Bytes that a text may have; values and arrays that a header may have are as many."""


@dataclass(frozen=True)
class GgufArray:
    """One array: its name, its shape with the rows last, and its type by llama.cpp's number."""

    name: str
    shape: tuple[int, ...]
    type: int
    offset: int  # bytes, from where the arrays begin

    @property
    def numbers(self) -> int:
        return prod(self.shape)

    @property
    def size(self) -> int:
        """Its bytes in the file. Raises KeyError for a type that is not known."""
        block, size = _sizes()[self.type]
        return self.numbers // block * size


@dataclass(frozen=True, eq=False)
class GgufHeader:
    """What a GGUF file says of itself by name, without lists, and its arrays; `begin` is where they begin."""

    values: dict[str, Any]
    arrays: tuple[GgufArray, ...]
    begin: int


def read_gguf_header(file: Path) -> GgufHeader:
    """The header of a file. Raises ModelError for one that is damaged, cut short, or no GGUF."""
    try:
        with file.open("rb", buffering=2**20) as opened:
            header = _read(opened)
        ends = [header.begin + array.offset + array.size for array in header.arrays]
    except (OSError, ValueError, KeyError, struct.error, OverflowError, MemoryError) as error:
        raise ModelError("gguf.damaged", file=file) from error
    whole, there = max(ends, default=0), file.stat().st_size
    if there < whole:
        raise ModelError("weights.cut_short", file=file, there=there, whole=whole)
    return header


def is_gguf(file: Path) -> bool:
    """Whether a file begins as GGUF does."""
    try:
        with file.open("rb") as opened:
            return opened.read(len(MARK)) == MARK
    except OSError:
        return False


def _read(opened: IO[bytes]) -> GgufHeader:
    if opened.read(4) != MARK:
        raise ValueError("no GGUF")
    version, arrays, count = _unpack(opened, "IQQ")
    if version not in _VERSIONS or max(arrays, count) > _MOST:
        raise ValueError("no version that is known")
    values: dict[str, Any] = {}
    for _ in range(count):
        name = _text(opened)
        kind = _unpack(opened, "I")[0]
        value = _value(opened, kind)
        if kind != _LIST:
            values[name] = value
    found = tuple(_array(opened) for _ in range(arrays))
    alignment = int(values.get("general.alignment", 32))
    return GgufHeader(values, found, -(-opened.tell() // alignment) * alignment)


def _array(opened: IO[bytes]) -> GgufArray:
    name = _text(opened)
    shape = _unpack(opened, "Q" * _unpack(opened, "I")[0])
    kind, offset = _unpack(opened, "IQ")
    return GgufArray(name, tuple(reversed(shape)), kind, offset)


def _value(opened: IO[bytes], kind: int) -> Any:
    if kind == _TEXT:
        return _text(opened)
    if kind == _LIST:
        return _skip(opened)
    return _unpack(opened, _NUMBERS[kind])[0]


def _skip(opened: IO[bytes]) -> None:
    """Go past a list: a vocabulary has hundreds of thousands of texts, which nobody asked for."""
    kind, count = _unpack(opened, "IQ")
    if count > _MOST:
        raise ValueError("a list that is too long")
    if kind in _NUMBERS:
        opened.seek(count * struct.calcsize(_NUMBERS[kind]), 1)
        return
    read, unpack = opened.read, struct.Struct("<Q").unpack
    past: Callable[[], object] = {_TEXT: lambda: read(unpack(read(8))[0]), _LIST: lambda: _skip(opened)}[kind]
    for _ in range(count):
        past()


def _text(opened: IO[bytes]) -> str:
    size = _unpack(opened, "Q")[0]
    if size > _MOST:
        raise ValueError("a text that is too long")
    return _exactly(opened, size).decode("utf-8", "replace")


def _unpack(opened: IO[bytes], letters: str) -> tuple[Any, ...]:
    return struct.unpack(f"<{letters}", _exactly(opened, struct.calcsize(f"<{letters}")))


def _exactly(opened: IO[bytes], size: int) -> bytes:
    found = opened.read(size)
    if len(found) < size:
        raise ValueError("cut short")
    return found


@cache
def _sizes() -> dict[int, tuple[int, int]]:
    """How many numbers a block of each type holds, and its bytes."""
    from gguf import GGML_QUANT_SIZES

    return {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}
