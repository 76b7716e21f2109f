"""Packed files are scanned as the text that is in them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from studio.dataset.read.load import read
from studio.dataset.rows import Row
from studio.dataset.store import source
from studio.dataset.store.reader import Store
from studio.dataset.store.records import StoredRecords, usable
from studio.dataset.store.scan import scanning
from studio.dataset.store.scanner import scan
from studio.dataset.store.source import is_large
from studio.events import Progress, Scanned
from tests.conftest import write_rows


def packed(folder: Path, name: str) -> Path:
    """200 rows in a file of the kind that its name says."""
    plain = write_rows(folder / "rows.jsonl", 200)
    path = folder / name
    rows = [json.loads(line) for line in plain.read_text().splitlines()]
    if name.endswith(".jsonl.gz"):
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif name.endswith(".csv.gz"):
        table = "\n".join(["prompt,completion", *(f"{row['instruction']},{row['output']}" for row in rows)])
        path.write_bytes(gzip.compress(table.encode()))
    elif name.endswith(".parquet"):
        parquet.write_table(pa.Table.from_pylist(rows), path)
    else:
        with pa.ipc.new_file(path, pa.Table.from_pylist(rows).schema) as writer:
            writer.write_table(pa.Table.from_pylist(rows))
    return path


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.csv.gz", "rows.parquet", "rows.arrow"])
def test_a_packed_file_is_unpacked_beside_its_index_and_read_by_places(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = packed(tmp_path, name)
    monkeypatch.setattr(source, "LARGE", 1000)
    assert is_large(path)
    events = list(scan(path, tmp_path / "index"))
    assert isinstance(events[0], Progress)
    last = events[-1]
    assert isinstance(last, Scanned)
    assert (last.rows, last.good, last.finished) == (200, 200, True)
    store = Store(path, Path(last.folder))
    row = store.fields(7)
    assert isinstance(row, Row)
    assert "Say the number 7" in row.fields.values()
    records = StoredRecords(store, last.format, usable(store))
    assert [record.content for record in records] == [record.content for record in read(path).records]


def test_what_was_unpacked_is_used_again(tmp_path: Path) -> None:
    path, cache = packed(tmp_path, "rows.jsonl.gz"), tmp_path / "cache"
    first = list(scanning(path, cache))
    assert isinstance(first[0], Progress)
    assert list(scanning(path, cache)) == [first[-1]]


def test_small_packed_files_are_read_into_memory(tmp_path: Path) -> None:
    assert not is_large(packed(tmp_path, "rows.parquet"))
