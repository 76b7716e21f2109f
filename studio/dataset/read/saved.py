"""A saved dataset, read back as it was."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from studio.catalogue import phrase
from studio.dataset.identity import content_fingerprint, from_plain
from studio.dataset.manifest import NAME, Manifest, sha256
from studio.dataset.read.tables import check_batch
from studio.dataset.record import Record
from studio.dataset.rows import LineMap, Row, problem
from studio.errors import DataError
from studio.events import FilePlace, Problem, Progress

_BATCH = 1000  # rows held as Parquet has them


def read_saved(folder: Path) -> Generator[Progress, None, tuple[Manifest, dict[str, tuple[Record, ...]]]]:
    """The manifest and the records of each part, their lines counted from 1 through all parts.

    Raises DataError when anything in the folder is not as it was saved.
    """
    manifest = Manifest.read(folder)
    _check_files(folder, manifest)
    parts: dict[str, list[Record]] = {}
    total, line = sum(file.rows for file in manifest.files), 0
    for file in manifest.files:
        for records in _records(folder / file.file, line):
            parts.setdefault(file.part, []).extend(records)
            line += len(records)
            yield Progress("rows read", line, total)
    whole = {name: tuple(records) for name, records in parts.items()}
    if content_fingerprint(whole) != manifest.fingerprint:
        raise DataError("saved.changed", folder=folder, file=NAME, manifest=NAME)
    return manifest, whole


def places_of(folder: Path) -> LineMap:
    """Where the lines of a saved dataset are: its files, one after the other. Raises DataError."""
    files = Manifest.read(folder).files
    starts = accumulate((file.rows for file in files), initial=0)
    return LineMap(tuple(FilePlace(f.file, n, f.part) for f, n in zip(files, starts, strict=False)))


def saved_rows(folder: Path) -> Iterator[dict[str, Any]]:
    """The rows of all parts in order, as `saved_record` reads each; none is held. Raises DataError."""
    manifest = Manifest.read(folder)
    _check_files(folder, manifest)
    for file in manifest.files:
        for rows in _batches(folder / file.file):
            yield from (_filled({**fields, "part": None}) for fields in rows)


def saved_record(row: Row) -> Record | Problem:
    """The record that a row of a saved dataset is; a problem where it is none."""
    try:
        return from_plain({**row.fields, "line": row.line})
    except ValidationError:
        return problem(row.line, phrase("row.not_saved"))


def _check_files(folder: Path, manifest: Manifest) -> None:
    for file in manifest.files:
        path = folder / file.file
        if path.name != file.file or not path.is_file():
            raise DataError("saved.lacks", folder=folder, file=file.file)
        if sha256(path) != file.sha256:
            raise DataError("saved.changed", folder=folder, file=file.file, manifest=NAME)


def _records(path: Path, before: int) -> Iterator[list[Record]]:
    """The records of one file in chunks, their lines counted on from `before`. Raises DataError."""
    line = before
    for rows in _batches(path):
        try:
            yield [_record(fields, number) for number, fields in enumerate(rows, line + 1)]
        except ValueError as error:
            raise _unreadable(path, error) from error
        line += len(rows)


def _batches(path: Path) -> Iterator[list[dict[str, Any]]]:
    """The rows of one file in chunks, as Parquet has them. Raises DataError."""
    import pyarrow.parquet as parquet  # not where a scan only asks for one of its rows

    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                check_batch(batch)
                yield batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError, TypeError, ArithmeticError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    return DataError("saved.damaged", file=path, fault=str(error).splitlines()[0])


def _record(fields: dict[str, Any], line: int) -> Record:
    kept = _filled({name: value for name, value in fields.items() if name != "part"})
    return from_plain({**kept, "line": line})


def _filled(value: Any) -> Any:
    """The value without the fields that Parquet holds as null, which a record leaves at their default."""
    if isinstance(value, dict):
        return {name: _filled(item) for name, item in value.items() if item is not None}
    return [_filled(item) for item in value] if isinstance(value, list) else value
