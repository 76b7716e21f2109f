"""Golden sets: read line by line, and what is wrong with one named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.errors import DataError
from studio.evaluate.golden import read_golden
from tests.conftest import refused


def test_a_golden_line_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text(json.dumps({"prompt": "a", "ideal": "b"}) + "\n\n" + json.dumps({"prompt": "a"}) + "\n")
    with refused("golden.no_pair", DataError, line=3, file=file):
        read_golden(file)
    file.write_text(
        json.dumps({"prompt": "one\u2028two", "ideal": "b"}, ensure_ascii=False), encoding="utf-8"
    )
    assert read_golden(file).items[0].prompt == "one\u2028two"
    file.write_text("")
    with pytest.raises(DataError, check=lambda error: error.code == "golden.empty"):
        read_golden(file)
    with pytest.raises(DataError, check=lambda error: error.code == "golden.missing"):
        read_golden(tmp_path / "none.jsonl")


def test_half_a_character_in_a_golden_set_is_replaced_and_two_halves_are_joined(tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    file.write_text('{"prompt": "a\\ud83d\\ude00 \\ud83d?", "ideal": "\\udc00"}\n')
    (item,) = read_golden(file).items
    assert (item.prompt, item.ideal) == ("a😀 \ufffd?", "\ufffd")


def test_a_golden_line_may_name_its_id_category_and_cluster(tmp_path: Path) -> None:
    file = tmp_path / "golden.jsonl"
    rows = [
        {"prompt": "a", "ideal": "b", "id": "q1", "category": "letters", "cluster": "page 3"},
        {"prompt": "a", "ideal": "b"},
        {"prompt": "a", "ideal": "b"},
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    first, second, third = read_golden(file).items
    assert (first.id, first.category, first.cluster) == ("q1", "letters", "page 3")
    assert third.id == f"{second.id}-2"
    again = read_golden(file)
    assert again.fingerprint == read_golden(file).fingerprint
    file.write_text(json.dumps({"prompt": "a", "ideal": "c"}))
    assert read_golden(file).fingerprint != again.fingerprint
