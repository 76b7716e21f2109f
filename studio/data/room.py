"""Whether a dataset can be held in memory: told from its bytes before, and counted as they come.

What is packed says little by its size: gzip makes a thousand bytes of one, and a Parquet file holds a value
that a million rows share once. So gzip is unpacked for its count, Parquet and Arrow are asked what they
hold, and whatever was told, the text of the rows is counted while they are read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil

from studio.data.saving.manifest import NAME
from studio.data.sources.source import EXTENSIONS, kind_of
from studio.data.sources.told import held
from studio.data.store.unpack import COLUMNAR, TEXT_BYTES, unpacked_bytes
from studio.errors import DataError
from studio.words import file_size

RENDERED, UNRENDERED = 17, 8
"""Bytes of memory that a byte of text becomes, with its tokens and without: measured, on English."""

LEAST = 90
"""Bytes of text that the shortest row counts as: times UNRENDERED it is what a record takes by itself."""


class NoRoom(DataError):
    """A dataset that the memory does not hold."""


class Room:
    """The memory that was free when a reading began, and what its rows have taken of it."""

    def __init__(self, path: Path, times: int) -> None:
        self._path, self._times = path, times
        self._free = psutil.virtual_memory().available
        self._taken = 0

    def take(self, fields: dict[str, Any]) -> None:
        """Count a row. Raises DataError, with what to do instead, where the memory would not hold it."""
        self._taken += max(LEAST, sum(map(_size, fields.values())))
        if self._taken * self._times > self._free:
            _refuse(self._path, f"{self._path.name} is too big to be held: {_rest(self._free)}")


def memory_for(path: Path, times: int = RENDERED) -> int:
    """About how many bytes of memory it takes to read a file or a folder whole."""
    return times * sum(_text_bytes(file) for file in _files(path))


def check_room(path: Path, times: int = RENDERED) -> None:
    """Raise DataError, with what to do instead, where reading it whole would fill the memory."""
    _check(path, memory_for(path, times))


def check_rows(path: Path, rows: int, of: int) -> None:
    """`check_room` for some of a file's rows."""
    _check(path, memory_for(path, UNRENDERED) * rows // max(of, 1))


def room_words(path: Path) -> str:
    """Why a dataset cannot be read whole; empty where it can."""
    return _words(path, memory_for(path))


def _check(path: Path, needed: int) -> None:
    if words := _words(path, needed):
        _refuse(path, words)


def _refuse(path: Path, words: str) -> None:
    quoted = f'"{path}"' if " " in str(path) else str(path)
    if kind_of(path) == ".json":
        raise NoRoom(f"{words} Save it as JSONL, one object per line, which is read piece by piece.")
    raise NoRoom(
        f"{words} Take a part of it: “Take a part…” in the window, or "
        f"studio data save {quoted} PART --step 'cap rows=100000 how=random'."
    )


def _rest(free: int) -> str:
    return f"its rows take more memory than the {file_size(free)} that are free."


def _words(path: Path, needed: int) -> str:
    free = psutil.virtual_memory().available
    if needed <= free:
        return ""
    return (
        f"{path.name} is too big to be held: all of these rows take about {file_size(needed)} of memory, "
        f"and {file_size(free)} are free."
    )


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path] if path.is_file() else []
    inside = (file for file in path.rglob("*") if file.name != NAME and kind_of(file) in EXTENSIONS)
    return [file for file in inside if file.is_file()]


def _text_bytes(path: Path) -> int:
    """How many bytes of text a file holds; of gzip no more are counted than any memory has."""
    if path.suffix.lower() == ".gz":
        return unpacked_bytes(path, psutil.virtual_memory().total)
    told = held(path) if kind_of(path) in COLUMNAR else None
    if told is not None:
        return max(told.bytes, LEAST * told.rows)
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
