"""A scan finds what an ordinary read finds, follows odd bytes, and is used again."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from studio.catalogue import phrase
from studio.dataset.read.load import read
from studio.dataset.rows import ROW_LIMIT, Row
from studio.dataset.store.check import BAD, GOOD, WARNING
from studio.dataset.store.lines import byte_lines
from studio.dataset.store.manifest import MANIFEST, folder_for
from studio.dataset.store.reader import Store
from studio.dataset.store.scan import scanning
from studio.dataset.store.scanner import scan
from studio.errors import DataError
from studio.events import Problem, Scanned
from tests.conftest import finish, refused, write_pairs, write_rows

AWKWARD = [
    '{"instruction": "One", "output": "1"}\n',
    '{"instruction": "Two", "output": "2"}\r\n',
    "\n",
    '{"instruction": "Three", "output": "3"}\r',
    '{"instruction": "One", "output": "1"}\n',
    '{"instruction": "Same", "output": "Same"}\n',
    '{"instruction": "Open", "output": \n',
    '{"instruction": "Twice", "instruction": "Again", "output": "x"}\n',
    '{"instruction": "Numbers", "output": 7}\n',
    '{"instruction": "Nul", "output": "a\\u0000b"}\n',
    "[1, 2]\n",
    '{"instruction": "Æther ✓", "output": "a\u2028b"}\n',
    '{"instruction": "Long", "output": "' + "x" * ROW_LIMIT + '"}\n',
    '{"other": 1}\n',
    '{"instruction": "Last", "output": "no line end"}',
]


def scanned(path: Path, folder: Path) -> Store:
    list(scan(path, folder))
    return Store(path, folder)


@pytest.fixture
def awkward(tmp_path: Path) -> Path:
    path = tmp_path / "awkward.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + "".join(AWKWARD).encode() + b'\n{"instruction": "\xff", "output": "x"}\n'
    )
    return path


def test_a_scan_finds_the_same_rows_and_faults_as_reading_the_file(awkward: Path, tmp_path: Path) -> None:
    reading = read(awkward)
    rows = scanned(awkward, tmp_path / "index").page(0, 100)
    assert {row.line for row in rows if row.state != BAD} == {record.line for record in reading.records}
    faults: dict[int, str] = {}
    for item in reading.problems:
        faults[item.line] = item.reason
    assert {row.line: row.reason for row in rows if row.reason} == faults
    assert {row.state for row in rows} == {GOOD, WARNING, BAD}


def test_every_row_can_be_had_whole_from_its_bytes(awkward: Path, tmp_path: Path) -> None:
    store = scanned(awkward, tmp_path / "index")
    whole = {row.line: store.fields(row.number) for row in store.page(0, 100)}
    second, odd, long, last = whole[2], whole[12], whole[13], whole[15]
    assert isinstance(second, Row)
    assert second.fields == {"instruction": "Two", "output": "2"}
    assert isinstance(odd, Row)
    assert (odd.line, odd.fields["output"]) == (12, "a\u2028b")
    assert isinstance(last, Row)
    assert last.fields["instruction"] == "Last"
    assert isinstance(long, Problem)
    assert "longer than" in long.reason


def test_a_table_with_quoted_line_ends_is_placed_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes('\ufeffprompt,completion\r\n"Say\r\nhé",one\r\n\r\nsecond,"two"\r\nthird\r\n'.encode())
    store = scanned(path, tmp_path / "index")
    rows = store.page(0, 10)
    assert [(row.line, row.state) for row in rows] == [(2, GOOD), (5, GOOD), (6, BAD)]
    first, second = store.fields(0), store.fields(1)
    assert isinstance(first, Row)
    assert first.fields == {"prompt": "Say\r\nhé", "completion": "one"}
    assert isinstance(second, Row)
    assert second.fields == {"prompt": "second", "completion": "two"}


def test_lines_are_whole_wherever_a_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    data = b"a" * (2**20 - 1) + b"\r\n" + b"b" * 2**20 + b"\r\r\n" + b"c"
    path.write_bytes(data)
    with path.open("rb") as file:
        lines = list(byte_lines(file))
    assert b"".join(line.data for line in lines) == data
    assert [line.length for line in lines] == [2**20 + 1, 2**20 + 1, 2, 1]
    assert [data[line.offset :][: line.length] for line in lines] == [line.data for line in lines]


def test_of_a_line_of_50_mb_no_more_is_kept_than_is_needed_to_refuse_it(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"x" * 50_000_000 + b"\nend\n")
    with path.open("rb") as file:
        long, end = byte_lines(file)
    assert (long.length, end.offset, end.data) == (50_000_001, 50_000_001, b"end\n")
    assert 4 * ROW_LIMIT < len(long.data) < 20_000_000


def test_duplicates_are_found_across_stretches_of_rows(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 3000)
    text = path.read_text()
    path.write_text(text + text.splitlines(keepends=True)[5] * 2)
    store = scanned(path, tmp_path / "index")
    assert len(store.parts) > 2
    last = store.page(2999, 5)
    assert [row.reason for row in last] == ["", *["exact duplicate of line 6"] * 2]


@pytest.mark.long
def test_the_child_reports_and_its_index_is_used_again_until_the_file_changes(tmp_path: Path) -> None:
    path, cache = write_rows(tmp_path / "rows.jsonl", 2000), tmp_path / "cache"
    events = list(scanning(path, cache))
    last = events[-1]
    assert len(events) > 1
    size, folder = path.stat().st_size, folder_for(path, cache)
    assert last == Scanned(
        2000, 2000, 0, 0, size, size, str(folder), True, median=50, longest=78, format="instruction"
    )
    assert [event.expected_rows for event in events] == pytest.approx([2000] * len(events), rel=0.1)
    assert list(scanning(path, cache)) == [last]
    path.write_text(path.read_text() + "{}\n")
    assert len(list(scanning(path, cache))) > 1


def test_rows_can_be_read_while_the_scan_goes_on_and_after_it_is_stopped(tmp_path: Path) -> None:
    path, cache = write_rows(tmp_path / "rows.jsonl", 60_000), tmp_path / "cache"
    steps = scanning(path, cache)
    first = next(steps)
    store = Store(path, folder_for(path, cache))
    child = psutil.Process().children()[-1]
    steps.close()
    assert not child.is_running()
    assert 0 < first.rows <= store.refresh() < 60_000
    assert store.page(first.rows - 1, 1)[0].line == first.rows
    assert not (store.folder / MANIFEST).exists()


@pytest.mark.long
def test_a_scanner_leaves_with_its_parent(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 60_000)
    program = (
        "import os, sys; from pathlib import Path; from studio.dataset.store.scan import scanning\n"
        "steps = scanning(Path(sys.argv[1]), Path(sys.argv[2])); next(steps)\n"
        "import psutil; print(psutil.Process().children()[0].pid, flush=True); os._exit(0)"
    )
    command = [sys.executable, "-c", program, str(path), str(tmp_path / "cache")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(int(said)).wait(10)
    assert not list((tmp_path / "cache").glob(f"*/{MANIFEST}"))


def test_the_app_itself_is_a_scanner_when_told(tmp_path: Path) -> None:
    path, folder = write_rows(tmp_path / "rows.jsonl", 10), tmp_path / "index"
    command = [sys.executable, "-m", "studio", "--scan-rows", str(path), str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        said = [json.loads(line) for line in child.stdout]
    assert said[-1]["finished"]
    assert Store(path, folder).rows == 10


@pytest.mark.parametrize(
    ("name", "text", "code", "values"),
    [
        (
            "odd.jsonl",
            '{"a": 1}\n',
            "columns.unknown",
            {"file": "odd.jsonl", "fields": phrase("field", name="a")},
        ),
        ("none.jsonl", "nothing\n", "scan.no_rows", {"file": "none.jsonl"}),
        ("wide.jsonl", "\ufeff{}\n", "scan.wide", {"file": "wide.jsonl", "encoding": "UTF-16"}),
        ("several.jsonl", '{\n"prompt": 1\n}\n', "scan.no_lines", {"file": "several.jsonl"}),
        ("same.csv", "a,a\n1,2\n", "file.column_twice", {"file": "same.csv", "name": "a"}),
    ],
)
def test_what_the_child_cannot_scan_its_parent_refuses_by_code_and_values(
    tmp_path: Path, name: str, text: str, code: str, values: dict[str, str]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-16-le" if name.startswith("wide") else "utf-8")
    with refused(code, DataError, **values):
        finish(scanning(path, tmp_path / "cache"))


def test_a_row_of_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "rows.jsonl", 10)
    store = scanned(path, tmp_path / "index")
    os.utime(path, (1, 1))
    with refused("scan.file_changed", DataError, file="rows.jsonl"):
        store.fields(3)


def test_an_index_keeps_what_a_conversation_begins_with_and_the_worse_answer_of_a_pair(
    tmp_path: Path,
) -> None:
    said = ["Be brief.", "Where to?", "North.", "Thanks!", "Gladly."]
    named = ["system", "user", "assistant", "user", "assistant"]
    turns = [{"role": role, "content": text} for role, text in zip(named, said, strict=True)]
    path = tmp_path / "chats.jsonl"
    path.write_text("".join(json.dumps({"messages": chat}) + "\n" for chat in (turns, turns[1:3])))
    shown = [(row.first_prompt, row.prompt, row.turns) for row in scanned(path, tmp_path / "x").page(0, 2)]
    assert shown == [("Where to?", "Thanks!", 4), ("", "Where to?", 2)]
    pairs = write_pairs(tmp_path / "pairs.jsonl", 3)
    store = scanned(pairs, tmp_path / "pairs")
    assert [row.rejected for row in store.page(0, 3)] == [record.rejected for record in read(pairs).records]


@pytest.mark.parametrize("bad", [2, 500])
def test_rows_read_quickly_and_those_read_one_by_one_are_kept_in_the_order_of_the_file(
    tmp_path: Path, bad: int
) -> None:
    rows = [json.dumps({"prompt": f"Number {number}", "completion": "Yes."}) for number in range(1500)]
    for number in range(100, 1400, 1300 // bad):
        rows[number] = "{"
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(rows), encoding="utf-8")
    list(scan(path, tmp_path / "index"))
    shown = Store(path, tmp_path / "index").page(0, len(rows))
    assert [row.line for row in shown] == [*range(1, len(rows) + 1)]
    assert [row.state == BAD for row in shown] == [row == "{" for row in rows]
    assert all(row.prompt == f"Number {row.line - 1}" for row in shown if row.state != BAD)
