"""A saved dataset, read back as it was."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from studio.dataset.identity import content_fingerprint, from_plain
from studio.dataset.manifest import NAME, Manifest, sha256
from studio.dataset.read.tables import check_batch
from studio.dataset.record import Record
from studio.errors import DataError
from studio.events import Progress

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
        raise DataError(_changed(folder, NAME))
    return manifest, whole


def _check_files(folder: Path, manifest: Manifest) -> None:
    for file in manifest.files:
        path = folder / file.file
        if path.name != file.file or not path.is_file():
            raise DataError(f"{folder} lacks {file.file}. Copy the whole folder, or save the dataset again.")
        if sha256(path) != file.sha256:
            raise DataError(_changed(folder, file.file))


def _changed(folder: Path, name: str) -> str:
    return (
        f"{name} in {folder} is not as it was saved: its fingerprint differs from the one in {NAME}. Restore "
        "the file, or save the dataset again; to change rows, open the dataset in the app."
    )


def _records(path: Path, before: int) -> Iterator[list[Record]]:
    """The records of one file in chunks, their lines counted on from `before`. Raises DataError."""
    line = before
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                check_batch(batch)
                records = []
                for fields in batch.to_pylist():
                    line += 1
                    records.append(_record(fields, line))
                yield records
    except (pa.ArrowException, OSError, ValueError, TypeError, ArithmeticError) as error:
        raise DataError(
            f"{path} cannot be read ({str(error).splitlines()[0]}). Save the dataset again."
        ) from error


def _record(fields: dict[str, Any], line: int) -> Record:
    kept = _filled({name: value for name, value in fields.items() if name != "part"})
    return from_plain({**kept, "line": line})


def _filled(value: Any) -> Any:
    """The value without the fields that Parquet holds as null, which a record leaves at their default."""
    if isinstance(value, dict):
        return {name: _filled(item) for name, item in value.items() if item is not None}
    return [_filled(item) for item in value] if isinstance(value, list) else value
