"""Big files whose rows cannot be found by their bytes, as plain text that lies beside their index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from studio.dataset.read.file_reader import rows_of
from studio.dataset.read.memory_check import COLUMNAR
from studio.dataset.read.source import Source, kind_of
from studio.dataset.rows import Row
from studio.events import Progress
from studio.files import disk_errors
from studio.words import printable

_NAME = "unpacked"
_BLOCK = 2**23
_REPORT_EVERY = 20_000


def is_packed(path: Path) -> bool:
    """Whether a file has to be unpacked before its rows can be found: it is columnar, or gzip."""
    if kind_of(path) in COLUMNAR:
        return True
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def plain_file(path: Path, folder: Path) -> Path:
    """The file whose bytes an index in this folder means: what was unpacked there, else the file itself."""
    return next(folder.glob(f"{_NAME}.*"), path)


def unpacking(path: Path, folder: Path) -> Iterator[Progress]:
    """Write a packed file's rows into the index's folder, where `plain_file` finds them."""
    kind = kind_of(path)
    columnar = kind in COLUMNAR
    plain = folder / f"{_NAME}{'.jsonl' if columnar else kind}"
    with disk_errors(plain), plain.open("wb") as file:
        yield from _write_rows(path, file) if columnar else _write_bytes(path, file)


def _write_bytes(path: Path, file: BinaryIO) -> Iterator[Progress]:
    done = 0
    with Source(path).bytes() as packed:
        while block := packed.read(_BLOCK):
            file.write(block)
            done += len(block)
            yield Progress("MB unpacked", done // 10**6)


def _write_rows(path: Path, file: BinaryIO) -> Iterator[Progress]:
    for number, row in enumerate(rows_of(Source(path))):
        value = row.fields if isinstance(row, Row) else row.reason
        text = json.dumps(value, ensure_ascii=False, default=str)
        file.write(printable(text).encode() + b"\n")
        if number % _REPORT_EVERY == 0:
            yield Progress("rows unpacked", number)
