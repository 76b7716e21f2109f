"""Records in Parquet files, and back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from itertools import batched, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from studio.dataset.identity import from_plain, plain
from studio.dataset.read.tables import check_batch
from studio.dataset.record import Record
from studio.dataset.save.manifest import PartFile, sha256
from studio.errors import DataError
from studio.events import Progress

ROWS = 100_000
"""Rows in one file at most: a multiple of _BATCH."""
_BATCH = 1000


def write_parts(
    folder: Path, parts: Mapping[str, Collection[Record]], see: Callable[[Record, str], None]
) -> Generator[Progress, None, tuple[PartFile, ...]]:
    """Write the records as `part-00000.parquet …`, each file with the rows of one part, all of one schema.

    Columns that no record fills are left out. The records are gone through twice, and never held all at
    once; `see` gets each with its part when it is written.
    """
    total = sum(map(len, parts.values()))
    schema = yield from _schema(parts, total)
    files: list[PartFile] = []
    for name, records in parts.items():
        rows = iter(records)
        for _ in range(0, len(records), ROWS):
            path = folder / f"part-{len(files):05}.parquet"
            written, before = 0, sum(file.rows for file in files)
            with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
                for chunk in batched(islice(rows, ROWS), _BATCH):
                    writer.write_batch(_table(chunk, name, schema))
                    for record in chunk:
                        see(record, name)
                    written += len(chunk)
                    yield Progress("rows saved", before + written, total)
            files.append(PartFile(file=path.name, part=name, rows=written, sha256=sha256(path)))
    return tuple(files)


def read_part(path: Path, before: int) -> Iterator[list[Record]]:
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


def _schema(parts: Mapping[str, Collection[Record]], total: int) -> Generator[Progress, None, pa.Schema]:
    """The columns that some row fills, with the fields of turns that some turn has."""
    found: set[pa.Schema] = set()
    done = 0
    for part, records in parts.items():
        for chunk in batched(records, _BATCH):
            found.add(pa.schema(list(pa.infer_type([_row(record, part) for record in chunk]))))
            done += len(chunk)
            yield Progress("rows looked over", done, total)
    return pa.unify_schemas(sorted(found, key=str), promote_options="permissive")


def _table(records: Sequence[Record], part: str, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([_row(record, part) for record in records], schema)


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
