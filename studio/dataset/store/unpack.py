"""Big sources whose rows cannot be found by their bytes, as plain text that lies beside their index."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from studio.dataset.read.file_reader import rows_of
from studio.dataset.read.memory_check import COLUMNAR
from studio.dataset.read.saved import saved_rows
from studio.dataset.read.source import Source, kind_of
from studio.dataset.rows import Row
from studio.events import Progress
from studio.files import disk_errors
from studio.language import tr
from studio.words import printable

_NAME = "unpacked"
_BLOCK = 2**23
_REPORT_EVERY = 20_000


def is_packed(path: Path) -> bool:
    """Whether a source has to be unpacked before its rows can be found: it is columnar, gzip, or saved."""
    if kind_of(path) in COLUMNAR or path.is_dir():
        return True
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def plain_file(path: Path, folder: Path) -> Path:
    """The file whose bytes an index in this folder means: what was unpacked there, else the file itself."""
    return next(folder.glob(f"{_NAME}.*"), path)


def unpacking(path: Path, folder: Path) -> Iterator[Progress]:
    """Write a packed source's rows into the index's folder, where `plain_file` finds them."""
    kind = kind_of(path)
    in_rows = kind in COLUMNAR or path.is_dir()
    plain = folder / f"{_NAME}{'.jsonl' if in_rows else kind}"
    with disk_errors(plain), plain.open("wb") as file:
        yield from _write_rows(_values(path), file) if in_rows else _write_bytes(path, file)


def _values(path: Path) -> Iterator[Any]:
    """What each line is to hold: a row, or the reason why there is none."""
    if path.is_dir():
        yield from saved_rows(path)
        return
    for row in rows_of(Source(path)):
        yield row.fields if isinstance(row, Row) else row.reason


def _write_bytes(path: Path, file: BinaryIO) -> Iterator[Progress]:
    done = 0
    with Source(path).bytes() as packed:
        while block := packed.read(_BLOCK):
            file.write(block)
            done += len(block)
            yield Progress(tr("MB unpacked"), done // 10**6)


def _write_rows(values: Iterator[Any], file: BinaryIO) -> Iterator[Progress]:
    for number, value in enumerate(values):
        text = json.dumps(value, ensure_ascii=False, default=str)
        file.write(printable(text).encode() + b"\n")
        if number % _REPORT_EVERY == 0:
            yield Progress(tr("rows unpacked"), number)
