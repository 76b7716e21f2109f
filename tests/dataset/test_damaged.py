"""A damaged columnar file gives rows or a sentence; it never ends the process or reads beyond itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from studio.dataset.read.load import read
from studio.errors import DataError
from tests.dataset.damaged import KINDS, changed_files, whole_file


def read_changed(count: int, folder: Path, *kinds: str) -> list[int]:
    """How many changed files gave rows and how many were refused, counted in a process of their own."""
    command = [sys.executable, "-m", "tests.dataset.damaged", str(count), str(folder), *kinds]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (
        done.returncode,
        sorted(path.name for path in folder.iterdir()),
        done.stderr,
    )
    return [int(word) for word in done.stdout.split()]


def test_sixty_files_with_a_changed_byte_give_rows_or_a_sentence(tmp_path: Path) -> None:
    assert sum(read_changed(10, tmp_path, *KINDS)) == 10 * len(KINDS)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_eight_hundred_files_with_a_changed_byte_give_rows_or_a_sentence(kind: str, tmp_path: Path) -> None:
    rows, refused = read_changed(800, tmp_path, kind)
    assert rows + refused == 800
    assert rows > 100
    assert refused > 10


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_before_it_was_changed_is_read_whole(kind: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    path.write_bytes(whole_file(kind))
    reading = read(path)
    assert [record.prompt for record in reading.records] == [f"Say the number {n}" for n in range(60)]
    assert reading.problems == ()
    assert next(changed_files(kind, 1)) == next(changed_files(kind, 1))


def text_column(offsets: list[int], content: bytes) -> pa.Array:
    places = b"".join(offset.to_bytes(4, "little", signed=True) for offset in offsets)
    empty = pa.array([""] * (len(offsets) - 1))
    return pa.Array.from_buffers(pa.string(), len(empty), [None, pa.py_buffer(places), pa.py_buffer(content)])


@pytest.mark.parametrize("offsets", [[0, 3000, 2], [0, -9, 2], [0, 2, 1]])
def test_a_value_that_points_outside_its_batch_is_refused(offsets: list[int], tmp_path: Path) -> None:
    """The places of three values are put into a good file, where the writer had others."""
    path = tmp_path / "rows.arrow"
    table = pa.table({"prompt": ["a", "b"], "completion": text_column([0, 1, 2], b"cd")})
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)
    good, places = path.read_bytes(), b"".join(n.to_bytes(4, "little", signed=True) for n in offsets)
    written = b"".join(n.to_bytes(4, "little") for n in (0, 1, 2))
    at = good.rindex(written)
    path.write_bytes(good[:at] + places + good[at + len(places) :])
    with pytest.raises(DataError) as raised:
        read(path)
    assert raised.value.code in ("file.row_unusable", "file.rows_unusable", "table.no_arrow")
    assert len(str(raised.value)) < 500


def test_text_that_is_not_utf_8_costs_its_own_row_only(tmp_path: Path) -> None:
    path = tmp_path / "rows.arrow"
    table = pa.table({"prompt": ["a", "b", "c"], "completion": text_column([0, 1, 2, 3], b"d\xffe")})
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)
    reading = read(path)
    assert [record.answer for record in reading.records] == ["d", "e"]
    assert [problem.line for problem in reading.problems] == [2]
