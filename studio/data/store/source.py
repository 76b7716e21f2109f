"""Rows of the big file itself: all of them once while it is scanned, one at a time when it is looked at."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from studio.data.rows import ROW_LIMIT, Parser, Row, too_long
from studio.data.sources.encodings import Encoding, encoding_of, wide
from studio.data.sources.source import Source
from studio.data.sources.tables import csv_rows
from studio.data.sources.text import line_row
from studio.data.store.lines import Placed, byte_lines, placed
from studio.errors import DataError
from studio.events import Problem

LARGE = 64 * 10**6
"""Bytes from which on a file is scanned into an index rather than read into memory."""

_JSON = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")
_BOM = b"\xef\xbb\xbf"
_HEAD = 2**20


class LargeSource(Source):
    """A big file as text: its encoding shows in its first megabyte, for the first page cannot wait."""

    @property
    def encoding(self) -> Encoding:
        if self._encoding is None:
            self._encoding = encoding_of(BytesIO(_head(self.path)))
        return self._encoding


def is_large(path: Path) -> bool:
    """Whether a file is to be scanned: big, and of a kind whose rows can be found by their bytes."""
    return (
        path.suffix.lower() in (*_JSON, *_TABLES)
        and path.is_file()
        and path.stat().st_size > LARGE
        and not _unsuited(path)
    )


def placed_rows(path: Path) -> Iterator[Placed]:
    """Every row with its bytes. Raises DataError for a file whose rows cannot be found by their bytes."""
    if unsuited := _unsuited(path):
        raise DataError(f"{path.name} is {unsuited}. Save it as plain UTF-8 to open it page by page.")
    if path.suffix.lower() in _TABLES:
        return placed(path, csv_rows(LargeSource(path)))
    return _json_rows(path)


def _json_rows(path: Path) -> Iterator[Placed]:
    parser = Parser()
    encoding = LargeSource(path).encoding
    name = encoding.name.replace("utf-8-sig", "utf-8")
    with path.open("rb") as file:
        for number, (offset, length, data) in enumerate(byte_lines(file), 1):
            text = (data.removeprefix(_BOM) if number == 1 else data).decode(name, encoding.errors)
            if len(text) > ROW_LIMIT:
                yield Placed(too_long(number), offset, length)
            elif not text.isspace() and text:
                yield Placed(line_row(parser, number, text), offset, length)


def row_at(path: Path, line: int, start: int, offset: int, length: int) -> Row | Problem:
    """The row at these bytes of a file whose first row is at `start`. Raises DataError if it is not there."""
    if length > 4 * ROW_LIMIT + 2:
        return too_long(line)
    try:
        with path.open("rb") as file, tempfile.TemporaryDirectory() as folder:
            header = file.read(start)
            file.seek(offset)
            alone = Path(folder) / path.name
            alone.write_bytes(header + file.read(length))
            found = next(placed_rows(alone), None)
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    if found is None:
        raise DataError(f"Line {line:,} of {path.name} is empty now. Open the file again.")
    row = found.row
    return Row(line, row.fields) if isinstance(row, Row) else Problem(line, row.reason, row.severity)


def _unsuited(path: Path) -> str:
    """Why rows cannot be found by their bytes, if so."""
    head = _head(path)
    if head.startswith(b"\x1f\x8b"):
        return "compressed"
    name = wide(head)
    return f"in {name.upper()}" if name else ""


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
