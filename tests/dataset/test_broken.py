"""Files with very many broken rows: no good one is lost, and none takes long."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.dataset.read import tables
from studio.dataset.read.load import Reading, read

Write = Callable[..., Path]

GOOD = json.dumps({"prompt": "Say hello", "completion": "Hello!"})


def bad_lines(reading: Reading) -> list[int]:
    return [item.line for item in reading.problems if item.severity == "error"]


@pytest.mark.parametrize("broken", ['"open {},a', 'x "{},"b', '"op"en {},a'])
def test_a_table_keeps_its_good_rows_between_any_number_of_bad_quotes(write: Write, broken: str) -> None:
    lines = [line for n in range(300) for line in (broken.format(n), f"say {n},a", f"tell {n},b")]
    reading = read(write("a.csv", "\n".join(["prompt,completion", *lines, ""])))
    assert len(reading.records) == 600
    assert bad_lines(reading) == list(range(2, 902, 3))


def test_where_a_table_is_not_read_any_more_the_lines_are_named(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_AGAIN", 20)
    rows = "".join(f'"open {n},a\nsay {n},a\n' for n in range(4))
    reading = read(write("a.csv", f"prompt,completion\n{rows}"))
    reasons = [item.reason for item in reading.problems if item.severity == "error"]
    assert reasons[-1].endswith("; nothing after it was read up to line 9")


@pytest.mark.parametrize("end", [",", ', "more": {'])
def test_an_array_keeps_its_good_rows_between_any_number_of_broken_ones(write: Write, end: str) -> None:
    broken = '{"prompt": "a", "completion": "b"' + end
    rows = [row for _ in range(700) for row in (f"{broken}}}" if end == "," else broken, GOOD)]
    reading = read(write("a.json", "[\n  " + ",\n  ".join(rows) + "\n]"))
    assert len(reading.records) == 700
    assert bad_lines(reading) == list(range(2, 1402, 2))


def test_a_broken_row_on_a_line_of_its_own_is_named_by_its_column_after_many(write: Write) -> None:
    rows = ['{"prompt": "a", "completion": "b",}' for _ in range(3)]
    text = "[\n" + ",\n".join(rows) + ", " + GOOD + "]"
    columns = [item.column for item in read(write("a.json", text)).problems]
    assert columns == [35, 35, 35]
    one_line = read(write("b.json", "[" + ", ".join([*rows, GOOD]) + "]"))
    assert [item.line for item in one_line.problems] == [1, 2, 3]
    assert "at character 110 of line 1" in one_line.problems[2].reason


def test_a_row_with_very_many_repeated_keys_is_one_problem(write: Write) -> None:
    pairs = ",".join(f'"k{n % 60000}":1' for n in range(120000))
    reading = read(write("a.jsonl", f"{{{pairs}}}\n{GOOD}\n"))
    assert [(item.line, item.reason) for item in reading.problems] == [
        (1, '"k0" appears twice; keep one of them')
    ]
