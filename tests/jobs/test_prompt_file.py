"""Prompts are read from a text or from rows, and what holds none is refused in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.errors import DataError
from studio.jobs.prompt_file import MOST_PROMPTS, prompts_in


def test_prompts_are_read_from_texts_and_from_rows(tmp_path: Path) -> None:
    text, rows = tmp_path / "a.txt", tmp_path / "b.jsonl"
    text.write_text("One?\n\n Two? \n", encoding="utf-8-sig")
    said = [
        {"prompt": "One?"},
        {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "Two?"}]},
    ]
    rows.write_text("\n".join(map(json.dumps, said)))
    assert prompts_in(text) == prompts_in(rows) == ("One?", "Two?")
    text.write_text("Again?\n" * (MOST_PROMPTS + 5))
    assert len(prompts_in(text)) == MOST_PROMPTS


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"\xff\xfe", "UTF-8"),
        ("a.txt", b"\n \n", "empty"),
        ("a.jsonl", b'{"prompt": "One?"}\n{"text": "x"}', "Row 2"),
        ("a.jsonl", b"[" * 9000, "Row 1"),
    ],
)
def test_a_file_without_prompts_is_refused_in_words(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=words):
        prompts_in(tmp_path / name)
