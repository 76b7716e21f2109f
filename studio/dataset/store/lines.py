"""The lines of a file with the bytes they occupy, and the rows of a file with theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from studio.dataset.rows import ROW_LIMIT, Row
from studio.events import Problem

_BLOCK = 2**20
_KEPT = 4 * (ROW_LIMIT + 1)
"""Bytes of a line that are kept: in UTF-8 a line with more has more than ROW_LIMIT characters."""


class Line(NamedTuple):
    """Where a line's bytes are, its end included. `data` holds what is needed to refuse it."""

    offset: int
    length: int
    data: bytes


class Placed(NamedTuple):
    """A row or what is wrong with it, and the bytes it occupies in the file."""

    row: Row | Problem
    offset: int
    length: int


def byte_lines(file: BinaryIO) -> Iterator[Line]:
    """Each line, ended as in `rows.lines`: by a line feed, a carriage return, or both."""
    offset = length = 0
    held: list[bytes] = []
    for block in _blocks(file):
        for piece in block.splitlines(keepends=True):
            if length <= _KEPT:
                held.append(piece)
            length += len(piece)
            if piece.endswith((b"\n", b"\r")):
                yield Line(offset, length, b"".join(held) if len(held) > 1 else held[0])
                offset, length = offset + length, 0
                held.clear()
    if held:
        yield Line(offset, length, b"".join(held))


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """Blocks that never part a carriage return from its line feed."""
    while block := file.read(_BLOCK):
        while block.endswith(b"\r") and (after := file.read(1)):
            block += after
        yield block


def placed(path: Path, rows: Iterator[Row | Problem]) -> Iterator[Placed]:
    """Rows that are given by the line they start on, each with its bytes: up to where the next one starts."""
    with path.open("rb") as file:
        lines = enumerate(byte_lines(file), 1)
        before: tuple[Row | Problem, int] | None = None
        for row in rows:
            offset = next((line.offset for number, line in lines if number == row.line), -1)
            if offset < 0:
                continue  # an odd encoding counts its lines differently
            if before is not None:
                yield Placed(*before, offset - before[1])
            before = row, offset
    if before is not None:
        yield Placed(*before, path.stat().st_size - before[1])
