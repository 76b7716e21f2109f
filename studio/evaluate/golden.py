"""Golden sets: prompts with the answers one would like to read, never trained on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from studio.dataset.dataset import Dataset
from studio.dataset.groups import grouped
from studio.dataset.record import Message
from studio.errors import DataError
from studio.evaluate.scorers.assertions import golden_assertions
from studio.evaluate.task import TaskItem, identified
from studio.words import whole_characters

LIMIT = 100  # how many test examples stand in for a golden set


@dataclass(frozen=True)
class Golden:
    """A golden set and, in words, where it comes from."""

    description: str
    items: tuple[TaskItem, ...]

    @property
    def fingerprint(self) -> str:
        """Equal for sets that ask the same and want the same answers."""
        asked = json.dumps([[each.id, each.ideal, dict(each.extras)] for each in self.items], sort_keys=True)
        return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


NO_GOLDEN = Golden("", ())


def golden_for(chosen: Path | None, data: Dataset) -> Golden:
    """The golden set in a file, else the run's own test examples."""
    return read_golden(chosen) if chosen else golden_from_test(data)


def read_golden(path: Path) -> Golden:
    """A JSONL file of {"prompt", "ideal"} lines. Raises DataError naming the line that is not one."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except FileNotFoundError:
        raise DataError("golden.missing", file=path) from None
    except UnicodeDecodeError as error:
        raise DataError("golden.no_text", file=path) from error
    except OSError as error:
        raise DataError("golden.unreadable", file=path, fault=error.strerror or error) from error
    items = identified(_item(path, number, line) for number, line in enumerate(lines, 1) if line.strip())
    if not items:
        raise DataError("golden.empty", file=path)
    return Golden(f"{len(items)} prompts from {path.name}", items)


def golden_from_test(data: Dataset) -> Golden:
    """The held-out test examples, at most LIMIT of them; empty when there is nothing to ask."""
    records = list({example.record.line: example.record for example in data.test}.values())
    clusters = {id(each): str(number) for number, group in enumerate(grouped(records)) for each in group}
    items = [
        TaskItem(each.before_answer, each.answer, each.tools, cluster=clusters[id(each)])
        for each in records[:LIMIT]
        if each.before_answer and each.answer
    ]
    return Golden(f"{len(items)} test examples that were never trained on", identified(items))


def _item(path: Path, number: int, line: str) -> TaskItem:
    """One line: its prompt, or all the turns before the answer where it has `messages`; and its `tools`."""
    try:
        # An escape may be half of a character, which no tokenizer takes.
        row = json.loads(whole_characters(json.dumps(json.loads(line), ensure_ascii=False)))
        prompt, ideal = row["prompt"], row["ideal"]
        exchanges = [(turn["role"], turn["content"]) for turn in row.get("messages") or [_turn(prompt)]]
    except (ValueError, TypeError, KeyError, AttributeError):
        prompt, ideal, exchanges = None, None, []
    texts = [text for text in (prompt, ideal, *chain.from_iterable(exchanges)) if isinstance(text, str)]
    if len(texts) < 2 + 2 * len(exchanges) or not prompt.strip() or not ideal.strip():
        raise DataError("golden.no_pair", line=number, file=path)
    tools = json.dumps(row["tools"], ensure_ascii=False) if row.get("tools") else ""
    known = {name: str(row[name]) for name in ("id", "category", "cluster") if row.get(name) is not None}
    turns = tuple(Message(role, content) for role, content in exchanges)
    golden_assertions(
        row, ideal, number, path
    )  # what cannot be checked is said now, and not after the answers
    return TaskItem(turns, ideal, tools, extras={**row}, **known)


def _turn(prompt: str) -> dict[str, str]:
    return {"role": "user", "content": prompt}
