"""The rows that cannot train are written down with where they are, why, and what stands there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.cli.commands import run
from studio.dataset.read.load import read
from studio.dataset.save.bad_rows import export_bad
from studio.errors import DataError
from tests.conftest import finish, refused

GOOD = '{"prompt": "Say 1", "completion": "It is 1."}\n'


def exported(path: Path, out: Path) -> list[dict[str, Any]]:
    found = read(path)
    count = finish(export_bad(path, found.places, found.problems, out))
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == count
    return rows


def test_each_bad_row_has_its_place_its_reason_and_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD + '{"prompt": "Say 2", "completion": ""}\n' + '{"prompt": "Say 3", \n' + GOOD)
    empty, broken = exported(path, tmp_path / "bad.jsonl")
    assert (empty["file"], empty["line"], empty["row"]) == (
        "a.jsonl",
        2,
        {"prompt": "Say 2", "completion": ""},
    )
    assert "empty" in empty["reason"]
    assert (broken["line"], broken["row"]) == (3, '{"prompt": "Say 3", ')
    assert broken["column"] > 1


def test_of_several_files_each_row_is_named_with_its_own_line(tmp_path: Path) -> None:
    folder = tmp_path / "rows"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text(f"prompt,completion\nSay {name},\nSay 1,It is 1.\n")
    rows = exported(folder, tmp_path / "bad.jsonl")
    assert [(row["file"], row["line"], row["row"]["prompt"]) for row in rows] == [
        ("a.csv", 2, "Say a"),
        ("b.csv", 2, "Say b"),
    ]


def test_without_bad_rows_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD)
    with refused("export.none_bad", DataError):
        exported(path, tmp_path / "bad.jsonl")
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


def test_rows_that_are_too_long_are_bad_rows_of_the_command_line(tmp_path: Path) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "bad.jsonl"
    path.write_text(GOOD * 20 + json.dumps({"prompt": "Say it", "completion": "It is. " * 900}) + "\n")
    assert run(["data", str(path), "--bad", str(out)]) == 0
    row = json.loads(out.read_text())
    assert row["line"] == 21
    assert row["row"]["prompt"] == "Say it"
    assert "tokens" in row["reason"]


def test_where_no_row_can_be_used_they_are_exported_all_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "a.jsonl", tmp_path / "bad.jsonl"
    path.write_text('{"prompt": 1, "completion": "a"}\nnothing\n')
    assert run(["data", str(path), "--bad", str(out)]) == 2
    assert [json.loads(line)["line"] for line in out.read_text().splitlines()] == [1, 2]
    assert "None of the 2 rows in a.jsonl can be used." in capsys.readouterr().err


def test_a_clean_dataset_has_no_bad_rows_to_export(
    toy_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["data", str(toy_data), "--bad", str(tmp_path / "bad.jsonl")]) == 0
    assert "Every row can train." in capsys.readouterr().out
    assert not (tmp_path / "bad.jsonl").exists()


def test_a_line_of_megabytes_is_named_but_not_quoted(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(GOOD + '{"prompt": "' + "x" * 5_000_000 + '"}\n')
    (row,) = exported(path, tmp_path / "bad.jsonl")
    assert (row["line"], row["row"]) == (2, None)
