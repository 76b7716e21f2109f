"""Prompts out of a file: a text with one in a line, or rows of a dataset or a golden set."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

from studio.errors import DataError
from studio.words import whole_characters

MOST_PROMPTS = 500
"""So many prompts of a file are asked at most, the first ones."""
_ROWS = (".jsonl", ".ndjson", ".json")
_FIELDS = ("prompt", "question", "instruction")
_LONGEST = 1_000_000  # characters of a line: a longer one is no prompt


def prompts_in(path: Path) -> tuple[str, ...]:
    """The prompts of a file, at most MOST_PROMPTS. Raises DataError naming the line that holds none."""
    said = _lines(path)
    if not said:
        raise DataError("prompts.empty", file=path)
    if path.suffix.lower() not in _ROWS:
        return tuple(line.strip() for line in said)
    return tuple(_prompt(path, number, line) for number, line in enumerate(said, 1))


def _lines(path: Path) -> list[str]:
    """The first lines that say something."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            lines = iter(lambda: file.readline(_LONGEST), "")
            return list(islice((line for line in lines if line.strip()), MOST_PROMPTS))
    except UnicodeDecodeError:
        raise DataError("prompts.no_text", file=path) from None
    except OSError as error:
        raise DataError("disk.unreadable", file=path, fault=error.strerror or error) from error


def _prompt(path: Path, number: int, line: str) -> str:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        row = None
    prompt = _asked(row) if isinstance(row, dict) else ""
    if not prompt.strip():
        raise DataError("prompts.no_row", line=number, file=path)
    return whole_characters(prompt)


def _asked(row: dict[str, Any]) -> str:
    """What a row asks: one of its fields, or the first turn of the person in its messages."""
    for name in _FIELDS:
        if isinstance(row.get(name), str):
            return str(row[name])
    turns = row.get("messages")
    for turn in turns if isinstance(turns, list) else []:
        if isinstance(turn, dict) and turn.get("role") == "user" and isinstance(turn.get("content"), str):
            return str(turn["content"])
    return ""
