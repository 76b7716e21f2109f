"""Whether a dataset can be held in memory, told from its bytes before they are read."""

from __future__ import annotations

from pathlib import Path

import psutil

from studio.data.saving.manifest import NAME
from studio.data.sources.source import EXTENSIONS, kind_of
from studio.data.store.unpack import TEXT_BYTES
from studio.errors import DataError
from studio.words import file_size

RENDERED, UNRENDERED = 17, 8
"""Bytes of memory that a byte of text becomes, with its tokens and without: measured, on English."""


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
        quoted = f'"{path}"' if " " in str(path) else str(path)
        raise DataError(
            f"{words} Take a part of it: “Take a part…” in the window, or "
            f"studio data save {quoted} PART --step 'cap rows=100000 how=random'."
        )


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
    return [file for file in path.rglob("*") if file.name != NAME and kind_of(file) in EXTENSIONS]


def _text_bytes(path: Path) -> int:
    return path.stat().st_size * TEXT_BYTES.get(path.suffix.lower(), 1)
