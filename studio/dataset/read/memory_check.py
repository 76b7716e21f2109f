"""Whether a dataset can be held in memory: estimated from its files before, and counted while reading.

What is packed says little by its size: gzip makes a thousand bytes of one, and a Parquet file holds a value
that a million rows share once. So gzip is unpacked for its count, Parquet and Arrow are asked what they
hold, and whatever they answered, the text of the rows is counted while they are read.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from studio.catalogue import Phrase, phrase
from studio.dataset.manifest import NAME
from studio.dataset.read.source import EXTENSIONS, Source, kind_of
from studio.errors import DataError
from studio.words import file_size

COLUMNAR = (".parquet", ".arrow")
TEXT_BYTES = {".gz": 4, ".parquet": 3, ".arrow": 1}
"""How many bytes of text a byte of such a file holds, about."""

_BLOCK = 2**23

_MAGIC = b"ARROW1\0\0"
_COMPRESSION = 3
"""The field of a batch's header that says how its buffers are packed; without it they are not."""


class Held(NamedTuple):
    """What a file says it holds: rows (0 where it says nothing of them), and bytes when unpacked."""

    rows: int
    bytes: int


def held(path: Path) -> Held | None:
    """What a columnar file says it holds; None where that cannot be read."""
    about = path.stat()
    return _held(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=256)
def _held(path: Path, size: int, modified: int) -> Held | None:
    import pyarrow as pa

    try:
        return _parquet(path) if kind_of(path) == ".parquet" else _arrow(path)
    except (pa.ArrowException, OSError, ValueError, IndexError, struct.error):
        return None  # whoever reads it says what is wrong


def _parquet(path: Path) -> Held:
    import pyarrow.parquet as parquet

    directory = parquet.read_metadata(path)
    groups = (directory.row_group(number) for number in range(directory.num_row_groups))
    return Held(directory.num_rows, sum(group.total_byte_size for group in groups))


def _arrow(path: Path) -> Held:
    """The sum over all batches: each packed buffer begins with its length when unpacked."""
    import pyarrow as pa

    total = 0
    with pa.memory_map(str(path)) as raw:
        if raw.read(len(_MAGIC)) != _MAGIC:
            raw.seek(0)
        for message in pa.ipc.MessageReader.open_stream(raw):
            if message.type in ("record batch", "dictionary"):
                total += _buffers(memoryview(message.metadata), message.body)
    return Held(0, total)


def _buffers(metadata: memoryview, body: Any) -> int:
    message = _Table(metadata, *struct.unpack_from("<I", metadata))
    batch = message.table(2)
    if message.byte(1) == 2:  # a dictionary batch holds one
        batch = batch.table(1)
    if not batch.place(_COMPRESSION):
        return len(body)
    content, total = memoryview(body), 0
    for start, length in batch.pairs(2):
        if length >= 8:
            (unpacked,) = struct.unpack_from("<q", content, start)
            total += unpacked if unpacked >= 0 else length - 8
    return total


class _Table:
    """A table of a FlatBuffer: its fields by number (the schema of Arrow's messages is Message.fbs)."""

    def __init__(self, data: memoryview, at: int) -> None:
        self._data, self._at = data, at
        self._fields = at - struct.unpack_from("<i", data, at)[0]

    def place(self, number: int) -> int:
        """Where a field is; 0 where the table lacks it."""
        (size,) = struct.unpack_from("<H", self._data, self._fields)
        entry = 4 + 2 * number
        if entry >= size:
            return 0
        (offset,) = struct.unpack_from("<H", self._data, self._fields + entry)
        return self._at + offset if offset else 0

    def byte(self, number: int) -> int:
        place = self.place(number)
        return self._data[place] if place else 0

    def table(self, number: int) -> _Table:
        place = self.place(number)
        return _Table(self._data, place + struct.unpack_from("<I", self._data, place)[0])

    def pairs(self, number: int) -> list[tuple[int, int]]:
        """A vector of two 64-bit numbers each."""
        place = self.place(number)
        vector = place + struct.unpack_from("<I", self._data, place)[0]
        (count,) = struct.unpack_from("<I", self._data, vector)
        content = self._data[vector + 4 : vector + 4 + 16 * count]
        return [(first, second) for first, second in struct.iter_unpack("<qq", content)]


RENDERED, UNRENDERED = 17, 8
"""Bytes of memory that a byte of text becomes, with its tokens and without: measured, on English."""

LEAST = 90
"""Bytes of text that the shortest row counts as: times UNRENDERED it is what a record takes by itself."""


class NotEnoughMemory(DataError):
    """A dataset that the memory does not hold."""


class MemoryBudget:
    """The memory that was free when a reading began, and what its rows have taken of it."""

    def __init__(self, path: Path, times: int) -> None:
        self._path, self._times = path, times
        self._free = psutil.virtual_memory().available
        self._taken = 0

    def take(self, fields: dict[str, Any]) -> None:
        """Count a row. Raises DataError, with what to do instead, where the memory would not hold it."""
        self._taken += max(LEAST, sum(map(_size, fields.values())))
        if self._taken * self._times > self._free:
            _refuse(self._path, phrase("memory.rows", file=self._path.name, free=file_size(self._free)))


def memory_for(path: Path, times: int = RENDERED) -> int:
    """About how many bytes of memory it takes to read a file or a folder whole."""
    return times * sum(_text_bytes(file) for file in _files(path))


def check_memory(path: Path, times: int = RENDERED) -> None:
    """Raise DataError, with what to do instead, where reading it whole would fill the memory."""
    _check(path, memory_for(path, times))


def check_rows(path: Path, rows: int, of: int) -> None:
    """`check_memory` for some of a file's rows."""
    _check(path, memory_for(path, UNRENDERED) * rows // max(of, 1))


def memory_words(path: Path) -> str:
    """Why a dataset cannot be read whole; empty where it can."""
    why = _why(path, memory_for(path))
    return str(why) if why else ""


def unpacked_bytes(path: Path, most: int) -> int:
    """How many bytes a gzip file holds, counted by unpacking it; no more than `most` are counted."""
    about = path.stat()
    return _unpacked_bytes(path, about.st_size, about.st_mtime_ns, most)


@lru_cache(maxsize=256)
def _unpacked_bytes(path: Path, size: int, modified: int, most: int) -> int:
    count = 0
    with Source(path).bytes() as packed:
        while count < most and (block := packed.read(_BLOCK)):
            count += len(block)
    return count


def _check(path: Path, needed: int) -> None:
    if why := _why(path, needed):
        _refuse(path, why)


def _refuse(path: Path, why: Phrase) -> None:
    quoted = f'"{path}"' if " " in str(path) else str(path)
    if kind_of(path) == ".json":
        raise NotEnoughMemory("memory.json", why=why)
    raise NotEnoughMemory("memory.subset", why=why, path=quoted)


def _why(path: Path, needed: int) -> Phrase | None:
    free = psutil.virtual_memory().available
    if needed <= free:
        return None
    return phrase("memory.whole", file=path.name, needed=file_size(needed), free=file_size(free))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.is_file() else []
    inside = (file for file in path.rglob("*") if file.name != NAME and kind_of(file) in EXTENSIONS)
    return [file for file in inside if file.is_file()]


def _text_bytes(path: Path) -> int:
    """How many bytes of text a file holds; of gzip no more are counted than any memory has."""
    if path.suffix.lower() == ".gz":
        return unpacked_bytes(path, psutil.virtual_memory().total)
    stated = held(path) if kind_of(path) in COLUMNAR else None
    if stated is not None:
        return max(stated.bytes, LEAST * stated.rows)
    return path.stat().st_size * TEXT_BYTES.get(path.suffix.lower(), 1)


def _size(value: Any) -> int:
    """About how many bytes of text a value of a row is, gone through without recursion."""
    size, waiting = 0, [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str | bytes):
            size += len(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
        else:
            size += 8
    return size
