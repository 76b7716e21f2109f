"""Records in Parquet files, and back."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import batched
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from studio.data.digest import from_plain, plain
from studio.data.records import Record
from studio.data.saving.manifest import PartFile, sha256
from studio.errors import DataError
from studio.events import Progress

ROWS = 100_000
"""Rows in one file at most."""
_BATCH = 1000


def write_parts(
    folder: Path, parts: dict[str, Sequence[Record]]
) -> Generator[Progress, None, tuple[PartFile, ...]]:
    """Write the records as `part-00000.parquet …`, each file with the rows of one part, all of one schema.

    Columns that no record fills are left out.
    """
    total, done = sum(map(len, parts.values())), 0
    schema = _schema(parts)
    files: list[PartFile] = []
    for name, records in parts.items():
        for chunk in batched(records, ROWS):
            path = folder / f"part-{len(files):05}.parquet"
            with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
                for rows in batched(chunk, _BATCH):
                    writer.write_batch(pa.RecordBatch.from_pylist([_row(r, name) for r in rows], schema))
                    done += len(rows)
                    yield Progress("rows saved", done, total)
            files.append(PartFile(file=path.name, part=name, rows=len(chunk), sha256=sha256(path)))
    return tuple(files)


def read_part(path: Path, before: int) -> Iterator[list[Record]]:
    """The records of one file in chunks, their lines counted on from `before`. Raises DataError."""
    line = before
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=_BATCH):
                records = []
                for fields in batch.to_pylist():
                    line += 1
                    records.append(_record(fields, line))
                yield records
    except (pa.ArrowException, OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{path} cannot be read ({str(error).splitlines()[0]}). Save the dataset again."
        ) from error


def _schema(parts: dict[str, Sequence[Record]]) -> pa.Schema:
    """The columns that some row fills, with the fields of turns that some turn has."""
    chunks = ((part, chunk) for part, records in parts.items() for chunk in batched(records, _BATCH))
    found = {pa.schema(list(pa.infer_type([_row(r, part) for r in chunk]))) for part, chunk in chunks}
    return pa.unify_schemas(sorted(found, key=str), promote_options="permissive")


def _row(record: Record, part: str) -> dict[str, Any]:
    return {**plain(record), "part": part}


def _record(fields: dict[str, Any], line: int) -> Record:
    kept = _filled({name: value for name, value in fields.items() if name != "part"})
    return from_plain({**kept, "line": line})


def _filled(value: Any) -> Any:
    """The value without the fields that Parquet holds as null, which a record leaves at their default."""
    if isinstance(value, dict):
        return {name: _filled(item) for name, item in value.items() if item is not None}
    return [_filled(item) for item in value] if isinstance(value, list) else value
