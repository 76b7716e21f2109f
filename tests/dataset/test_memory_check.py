"""What would fill the memory is refused before it is read, with what to do instead."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet

from studio.dataset.dataset import Dataset
from studio.dataset.read.load import read
from studio.dataset.read.memory_check import (
    UNRENDERED,
    NotEnoughMemory,
    check_memory,
    memory_for,
    memory_words,
)
from studio.dataset.render.render import Renderer
from studio.dataset.store.source import is_large
from studio.jobs.save import SaveJob
from studio.models.tokenizer import load_tokenizer
from studio.recipe.fields import Data
from studio.recipe.recipe import Recipe
from tests.conftest import refused


def leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Let the machine have so many bytes free."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=free, total=free))


def test_a_file_that_does_not_fit_is_refused_before_it_is_read(
    toy_data: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(monkeypatch, 10_000)
    with refused("memory.subset", NotEnoughMemory, why="memory.whole", path=str(toy_data)):
        Dataset.load(toy_data, Renderer(load_tokenizer(tiny_model)), Data(path=str(toy_data)), 0)
    with refused("memory.subset", NotEnoughMemory, why="memory.whole"):
        list(
            SaveJob(Recipe().with_values({"data.path": str(toy_data)}), toy_data.parent / "x").run_events(
                None
            )
        )


def test_a_file_that_fits_has_nothing_said_of_it(toy_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leave(monkeypatch, memory_for(toy_data))
    check_memory(toy_data)
    assert memory_words(toy_data) == ""


def test_a_folder_takes_what_its_files_take(toy_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        (folder / name).write_bytes(toy_data.read_bytes())
    (folder / "picture.png").write_bytes(bytes(10_000))
    assert memory_for(folder) == 2 * memory_for(toy_data)


LONG = [{"prompt": f"{n}", "completion": "b" * 500_000} for n in range(100)]
SHORT = [{"prompt": "a", "completion": "b"}] * 100_000


def packed_json(rows: list[dict[str, str]]) -> bytes:
    return gzip.compress(json.dumps(rows).encode(), mtime=0)


def packed_lines(rows: list[dict[str, str]]) -> bytes:
    return gzip.compress("\n".join(map(json.dumps, rows)).encode(), mtime=0)


def packed_table(rows: list[dict[str, str]]) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), buffer, compression="zstd")
    return buffer.getvalue()


def packed_arrow(rows: list[dict[str, str]]) -> bytes:
    buffer, table = io.BytesIO(), pa.Table.from_pylist(rows)
    with pa.ipc.new_file(buffer, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return buffer.getvalue()


PACKED = {
    "bomb.json.gz": packed_json,
    "bomb.jsonl.gz": packed_lines,
    "bomb.parquet": packed_table,
    "bomb.arrow": packed_arrow,
}


@pytest.mark.parametrize("rows", [LONG, SHORT], ids=["long", "short"])
@pytest.mark.parametrize("name", PACKED)
def test_what_is_packed_small_and_does_not_fit_is_refused(
    name: str, rows: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    path.write_bytes(PACKED[name](rows))
    assert path.stat().st_size < 2**20
    leave(monkeypatch, 10_000_000)
    with refused("memory.json" if ".json." in name else "memory.subset", NotEnoughMemory) as raised:
        read(path)
    why = dict(raised.value.said.values)["why"]
    assert why.code in ("memory.whole", "memory.rows")
    assert dict(why.values)["file"] == name


def unpack_within(path: Path, write: Callable[[list[dict[str, str]]], bytes]) -> int:
    """Write a small file of that kind, and say what memory is held to be enough for its rows."""
    rows = [{"prompt": f"Question {n}", "completion": f"Answer {n} " * 20} for n in range(300)]
    path.write_bytes(write(rows))
    text = sum(len(json.dumps(row)) for row in rows)
    return 2 * UNRENDERED * text


@pytest.mark.parametrize("name", PACKED)
def test_an_honest_packed_file_is_read_where_its_rows_fit(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / name
    leave(monkeypatch, unpack_within(path, PACKED[name]))
    assert len(read(path).records) == 300


def test_values_that_a_table_holds_once_are_counted_for_each_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its directory tells of few rows and little text, since all rows share one value."""
    path = tmp_path / "shared.parquet"
    path.write_bytes(packed_table([{"prompt": "a", "completion": "b" * 30_000}] * 2_000))
    leave(monkeypatch, 20_000_000)
    assert memory_for(path, UNRENDERED) < 20_000_000
    with refused("memory.subset", NotEnoughMemory, why="memory.rows"):
        read(path)


def test_a_small_gzip_file_of_many_rows_is_scanned_instead_of_held(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(packed_lines([{"prompt": "a", "completion": "b" * 500_000}] * 130))
    assert path.stat().st_size < 2**20
    assert is_large(path)
    path.write_bytes(packed_lines(SHORT))
    assert not is_large(path)
