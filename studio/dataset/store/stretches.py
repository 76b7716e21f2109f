"""A big file in stretches of rows, in order: what is kept of plain rows at once, all others to be checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import batched
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from studio.dataset.store.lines import Line, Placed, byte_lines
from studio.dataset.store.plain_rows import PlainRows
from studio.dataset.store.source import LargeSource, is_table, json_rows, placed_rows

_ROWS = 256
"""Rows in a stretch of a file that is read row by row."""

_FIRST, _MOST = 2**13, 2**20
"""Bytes of the first block, and of later ones."""


class Stretch(NamedTuple):
    """Rows that follow each other, those of `plain` among the others, and the byte at which they end."""

    plain: pa.RecordBatch | None
    rows: Sequence[Placed]
    end: int


class _Block(NamedTuple):
    """Whole lines of a file, from a byte and from a line on."""

    data: bytes
    offset: int
    line: int

    @property
    def end(self) -> int:
        """The byte after it."""
        return self.offset + len(self.data)

    @property
    def height(self) -> int:
        """How many lines it has."""
        return len(self.data.splitlines()) if b"\r" in self.data else self.data.count(b"\n")

    @property
    def lines(self) -> Iterator[tuple[int, Line]]:
        """Each with its number."""
        found = enumerate(byte_lines(BytesIO(self.data)), self.line)
        return ((number, line._replace(offset=line.offset + self.offset)) for number, line in found)


def stretches(path: Path, plain: PlainRows | None) -> Iterator[Stretch]:
    """All rows of a file; those of JSONL in UTF-8 that are `plain` take a tenth of the time."""
    encoding = LargeSource(path).encoding
    if plain is None or encoding.name != "utf-8-sig" or is_table(path):
        for rows in batched(placed_rows(path), _ROWS):
            yield Stretch(None, rows, rows[-1].offset + rows[-1].length)
        return
    with path.open("rb") as file:
        for block in _blocks(file):
            if isinstance(block, _Block):
                read = plain.read(*block)
                others = block.lines if read is None else read.others
                yield Stretch(read and read.rows, list(json_rows(others, encoding)), block.end)
            else:
                yield Stretch(None, list(json_rows([block], encoding)), block[1].offset + block[1].length)


def _blocks(file: BinaryIO) -> Iterator[_Block | tuple[int, Line]]:
    """The file in blocks; a line that is longer than a block stands alone, with its number."""
    offset, line, size = 0, 1, _FIRST
    while data := file.read(size):
        end = len(data) if len(data) < size else data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, -1) + 1
        if end:
            block = _Block(data[:end], offset, line)
            yield block
            offset, line = block.end, line + block.height
        else:
            file.seek(offset)
            long = next(byte_lines(file))._replace(offset=offset)
            yield line, long
            offset, line = offset + long.length, line + 1
        file.seek(offset)
        size = min(2 * size, _MOST)
