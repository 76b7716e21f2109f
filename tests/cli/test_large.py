"""`studio data` on a file too big to hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli.data import show_large
from tests.conftest import write_rows


def test_a_big_file_is_counted_and_its_bad_rows_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_rows(tmp_path / "big.jsonl", 300)
    text = path.read_text()
    path.write_text(text + text.splitlines()[0] + '\n{"instruction": "x", "output": ""}\n')
    show_large(path, tmp_path / "scans", tmp_path / "bad.jsonl", as_json=False)
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("big.jsonl: 302 rows, instruction, ")
    assert said[1:6] == [
        "  300 train",
        "  1 train, but deserve a look",
        "  1 of these are exact duplicates",
        "  1 cannot train",
        "  1 of these are empty",
    ]
    assert json.loads((tmp_path / "bad.jsonl").read_text())["line"] == 302
    show_large(path, tmp_path / "scans", None, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["bad"], told["format"]) == (302, 1, "instruction")
