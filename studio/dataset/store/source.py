"""Rows of the big file itself: all of them once while it is scanned, one at a time when it is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from studio.catalogue import Phrase, phrase
from studio.dataset.manifest import is_saved
from studio.dataset.read import memory_check
from studio.dataset.read.json_documents import is_document
from studio.dataset.read.memory_check import COLUMNAR, TEXT_BYTES, unpacked_bytes
from studio.dataset.read.source import Encoding, Source, encoding_of, kind_of, wide
from studio.dataset.read.tables import csv_rows
from studio.dataset.read.text import jsonl_rows, line_row
from studio.dataset.rows import ROW_LIMIT, Parser, Row, too_long
from studio.dataset.store.lines import Line, Placed, byte_lines, placed
from studio.dataset.store.unpack import is_packed
from studio.errors import DataError
from studio.events import Problem

LARGE = 64 * 10**6
"""Bytes from which on a file is scanned into an index rather than read into memory."""

_JSON = (".jsonl", ".ndjson")
_TABLES = (".csv", ".tsv")
_BOM = b"\xef\xbb\xbf"
_HEAD = 2**20
_LONGEST = 4 * ROW_LIMIT + 2
"""Bytes of a row that can be short enough."""


class LargeSource(Source):
    """A big file as text: its encoding shows in its first megabyte, for the first page cannot wait."""

    @property
    def encoding(self) -> Encoding:
        if self._encoding is None:
            self._encoding = encoding_of(BytesIO(_head(self.path)))
        return self._encoding


def is_large(path: Path) -> bool:
    """Whether a source is to be scanned: a big file of a kind whose rows can be found once it is unpacked, or
    a saved dataset that the memory does not hold.
    """
    if path.is_dir():
        return is_saved(path) and bool(memory_check.memory_words(path))
    if kind_of(path) not in (*_JSON, *_TABLES, *COLUMNAR) or not path.is_file():
        return False
    size = path.stat().st_size * TEXT_BYTES.get(path.suffix.lower(), 1)
    if path.suffix.lower() == ".gz" and size <= LARGE:
        size = unpacked_bytes(path, LARGE + 1)
    return size > LARGE and (is_packed(path) or not _unsuited(path))


def is_table(path: Path) -> bool:
    """Whether a file that is scanned is a table as text, whose rows may have several lines."""
    return path.suffix.lower() in _TABLES


def placed_rows(path: Path) -> Iterator[Placed]:
    """Every row with its bytes. Raises DataError for a file whose rows cannot be found by their bytes."""
    if unsuited := _unsuited(path):
        raise DataError(unsuited)
    if is_table(path):
        return placed(path, csv_rows(LargeSource(path)))
    return _rows_by_line(path)


def _rows_by_line(path: Path) -> Iterator[Placed]:
    with path.open("rb") as file:
        yield from json_rows(enumerate(byte_lines(file), 1), LargeSource(path).encoding)


def json_rows(lines: Iterable[tuple[int, Line]], encoding: Encoding) -> Iterator[Placed]:
    """The rows on numbered lines of JSONL."""
    parser = Parser()
    name = encoding.name.replace("utf-8-sig", "utf-8")
    for number, (offset, length, data) in lines:
        text = (data.removeprefix(_BOM) if number == 1 else data).decode(name, encoding.errors)
        if len(text) > ROW_LIMIT:
            yield Placed(too_long(number), offset, length)
        elif not text.isspace() and text:
            yield Placed(line_row(parser, number, text), offset, length)


class Place(NamedTuple):
    """Where a row is: the line it starts on, and the bytes it occupies."""

    line: int
    offset: int
    length: int


class PlacedSource:
    """A big file of which rows are read by their places; the first of all its rows starts at byte `start`."""

    def __init__(self, path: Path, start: int) -> None:
        self.path = path
        try:
            self._encoding = LargeSource(path).encoding
            with path.open("rb") as file:
                self._head = file.read(start)
        except OSError as error:
            raise _unreadable(path, error) from error

    def rows(self, places: Sequence[Place]) -> list[Row | Problem]:
        """The rows at these places. Raises DataError if they are not there."""
        short = [place for place in places if place.length <= _LONGEST]
        excerpt = _Excerpt(self.path, self._head + self._read(short), self._encoding)
        found = csv_rows(excerpt) if excerpt.kind in _TABLES else jsonl_rows(excerpt)
        read = dict(zip(short, found, strict=False))
        if len(read) < len(short):
            raise DataError("scan.file_changed", file=self.path.name)
        return [
            replace(read[place], line=place.line) if place in read else too_long(place.line)
            for place in places
        ]

    def text(self, place: Place, most: int) -> str:
        """What the file has at a place, the first `most` bytes of it, whatever it may be."""
        name = self._encoding.name
        return self._read([place._replace(length=min(place.length, most))]).decode(name, "replace").rstrip()

    def _read(self, places: Sequence[Place]) -> bytes:
        try:
            with self.path.open("rb") as file:
                return b"".join(_ended(_piece(file, place)) for place in places)
        except OSError as error:
            raise _unreadable(self.path, error) from error


class _Excerpt(LargeSource):
    """Some bytes of a file, read as all of it would be."""

    def __init__(self, path: Path, data: bytes, encoding: Encoding) -> None:
        super().__init__(path)
        self._data, self._encoding = data, encoding

    @contextmanager
    def bytes(self) -> Iterator[BinaryIO]:
        yield BytesIO(self._data)


def _piece(file: BinaryIO, place: Place) -> bytes:
    file.seek(place.offset)
    return file.read(place.length)


def _ended(data: bytes) -> bytes:
    """A row that another may follow, where it was the last in its file."""
    return data if data.endswith((b"\n", b"\r")) else data + b"\n"


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError("disk.unreadable", file=path.name, fault=error.strerror or error)


def _unsuited(path: Path) -> Phrase | None:
    """Why rows cannot be found by their bytes, if so."""
    if encoding := wide(_head(path)):
        return phrase("scan.wide", file=path.name, encoding=encoding.upper())
    if kind_of(path) in _JSON and is_document(LargeSource(path)):
        return phrase("scan.no_lines", file=path.name)
    return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEAD)
