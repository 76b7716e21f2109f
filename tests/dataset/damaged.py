"""Columnar files with a few bytes changed, read one after another in a process that a crash would end."""

from __future__ import annotations

import io
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KINDS = ("file.arrow", "stream.arrow", "packed.arrow", "feather.arrow", "plain.parquet", "packed.parquet")


def changed_files(kind: str, count: int) -> Iterator[bytes]:
    """A good file of that kind `count` times, each time with one byte changed; the same ones every time."""
    good = whole_file(kind)
    chance = random.Random(f"{kind} changed")
    for _ in range(count):
        at = chance.randrange(len(good))
        value = chance.choice((0, 127, 128, 255, good[at] ^ 1, good[at] ^ 128, chance.randrange(256)))
        yield good[:at] + bytes([value]) + good[at + 1 :]


def whole_file(kind: str) -> bytes:
    """A good file with 60 rows in batches of 20."""
    import pyarrow as pa
    from pyarrow import feather, parquet

    table, buffer = rows(60), io.BytesIO()
    match kind:
        case "file.arrow":
            with pa.ipc.new_file(buffer, table.schema) as writer:
                writer.write_table(table, max_chunksize=20)
        case "stream.arrow":
            with pa.ipc.new_stream(buffer, table.schema) as writer:
                writer.write_table(table, max_chunksize=20)
        case "packed.arrow":
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            with pa.ipc.new_file(buffer, table.schema, options=options) as writer:
                writer.write_table(table, max_chunksize=20)
        case "feather.arrow":
            feather.write_feather(table, buffer, compression="lz4", chunksize=20)
        case "plain.parquet":
            parquet.write_table(table, buffer, row_group_size=20, use_dictionary=False, compression="none")
        case "packed.parquet":
            parquet.write_table(table, buffer, row_group_size=20, compression="zstd")
    return buffer.getvalue()


def rows(count: int) -> Any:
    """A table with columns of many types."""
    import pyarrow as pa

    numbers = range(count)
    notes = [[{"by": f"a{n}", "words": "b" * n}, {"by": "c", "words": None}] for n in numbers]
    return pa.table(
        {
            "prompt": [f"Say the number {n}" for n in numbers],
            "completion": [f"It is {n}. " * (1 + n % 5) for n in numbers],
            "notes": notes,
            "label": pa.array(["x", "y", "z"] * (count // 3)).dictionary_encode(),
            "number": list(numbers),
            "large": pa.array([f"large {n}" if n % 3 else None for n in numbers], pa.large_string()),
            "map": pa.array([[("k", n)] for n in numbers], pa.map_(pa.string(), pa.int64())),
            "pair": pa.array([[n, n] for n in numbers], pa.list_(pa.int32(), 2)),
            "time": pa.array(list(numbers), pa.timestamp("ms", "UTC")),
            "price": pa.array([None if n % 2 else n for n in numbers], pa.decimal128(9, 2)),
            "bytes": pa.array([b"x" * n for n in numbers], pa.binary()),
            "nothing": pa.nulls(count),
        }
    )


def main(kinds: list[str], count: int, folder: Path) -> None:
    """Read each changed file, and print how many gave rows and how many a sentence of ours."""
    from studio.dataset.read.load import read
    from studio.errors import DataError

    read_, refused = 0, 0
    for kind, number, content in ((k, n, c) for k in kinds for n, c in enumerate(changed_files(k, count))):
        path = folder / f"{number}-{kind}"
        path.write_bytes(content)
        try:
            read(path)
            read_ += 1
        except DataError:
            refused += 1
        path.unlink()
    sys.stdout.write(f"{read_} {refused}")


if __name__ == "__main__":
    main(sys.argv[3:], int(sys.argv[1]), Path(sys.argv[2]))
