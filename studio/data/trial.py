"""A few rows of a file read as a mapping of its columns would have them, before the whole is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from studio.data import formats
from studio.data.fields import BadRow
from studio.data.guess import guessed
from studio.data.mapping import INCOMPLETE, Column, Mapping, columns_of
from studio.data.reader import rows_of
from studio.data.records import Record
from studio.data.rows import Row
from studio.data.sources.folders import files_of
from studio.data.sources.source import Source
from studio.errors import DataError

_ROWS = 100


@dataclass(frozen=True)
class Trial:
    """The first row that reads, how many of the first `rows` do, and why the first other one does not."""

    record: Record | None
    read: int
    rows: int
    reason: str = ""


def columns_in(path: Path) -> tuple[tuple[Column, ...], Mapping]:
    """The columns of the file, or of the first in a folder, and what they probably are. Raises DataError."""
    columns = columns_of([row.fields for row in _first_rows(path)])
    return columns, guessed(columns)


def tried(path: Path, mapping: Mapping) -> Trial:
    """The first rows of the file read with this mapping. Raises DataError for one that makes no example."""
    if not mapping.format:
        raise DataError(INCOMPLETE)
    records: list[Record] = []
    reasons: list[str] = []
    for row in _first_rows(path, mapping):
        try:
            records.append(formats.record(row.line, mapping.format, mapping.fields(row.fields)))
        except BadRow as error:
            reasons.append(f"Line {row.line}: {mapping.words(error.phrase)}.")
    rows = len(records) + len(reasons)
    return Trial(records[0] if records else None, len(records), rows, reasons[0] if reasons else "")


def _first_rows(path: Path, mapping: Mapping | None = None) -> list[Row]:
    for file in files_of(path):
        found = list(islice(_rows(file.source, mapping), _ROWS))
        if found:
            return found
    raise DataError(f"{path.name} holds no row that can be read.")


def _rows(source: Source, mapping: Mapping | None) -> Iterator[Row]:
    return (row for row in rows_of(source, mapping) if isinstance(row, Row))
