"""Records written to Parquet files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from itertools import batched, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from studio.dataset.identity import plain
from studio.dataset.manifest import PartFile, sha256
from studio.dataset.record import Record
from studio.events import Progress
from studio.language import tr

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
                    yield Progress(tr("rows saved"), before + written, total)
            files.append(PartFile(file=path.name, part=name, rows=written, sha256=sha256(path)))
    return tuple(files)


def _schema(parts: Mapping[str, Collection[Record]], total: int) -> Generator[Progress, None, pa.Schema]:
    """The columns that some row fills, with the fields of turns that some turn has."""
    found: set[pa.Schema] = set()
    done = 0
    for part, records in parts.items():
        for chunk in batched(records, _BATCH):
            found.add(pa.schema(list(pa.infer_type([_row(record, part) for record in chunk]))))
            done += len(chunk)
            yield Progress(tr("rows looked over"), done, total)
    return pa.unify_schemas(sorted(found, key=str), promote_options="permissive")


def _table(records: Sequence[Record], part: str, schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([_row(record, part) for record in records], schema)


def _row(record: Record, part: str) -> dict[str, Any]:
    return {**plain(record), "part": part}
