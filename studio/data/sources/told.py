"""What Parquet and Arrow files say that they hold, before any of it is unpacked."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from studio.data.sources.source import kind_of

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
