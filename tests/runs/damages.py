"""What can happen to a file: every test of damage goes through the same list."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

type Damage = Callable[[Path], None]

WRONG: tuple[Any, ...] = (None, True, -1, 3_000_000_000, 1e400, "", "yesterday", [], ["x"], {}, {"x": [1]})
DEEP = "[" * 100_000


def damages(file: Path, *, seed: int = 0, flips: int = 3) -> Iterator[tuple[str, Damage]]:
    """Ways to damage this file, each with a name: as bytes, and as the JSON that it holds."""
    yield from _as_bytes(file.read_bytes(), random.Random(f"{seed} {file.name}"), flips)
    if file.suffix == ".json":
        yield from _as_document(json.loads(file.read_text(encoding="utf-8")))
    if file.suffix == ".jsonl":
        yield from _as_lines(file.read_text(encoding="utf-8").splitlines())


def _as_bytes(whole: bytes, dice: random.Random, flips: int) -> Iterator[tuple[str, Damage]]:
    for name, content in (
        ("empty", b""),
        ("half", whole[: len(whole) // 2]),
        ("zeros", bytes(len(whole))),
        ("no text", b"\xff\xfe\x80" * 9),
        ("deep", DEEP.encode()),
        ("null", b"null"),
        ("list", b"[]"),
        ("number", b"1"),
    ):
        yield name, _writes(content)
    yield "folder", _becomes_a_folder
    yield "gone", lambda path: path.unlink()
    for number in range(flips if whole else 0):
        place, bit = dice.randrange(len(whole)), 1 << dice.randrange(8)
        flipped = bytes((*whole[:place], whole[place] ^ bit, *whole[place + 1 :]))
        yield f"bit {number}", _writes(flipped)


def _as_document(document: Any) -> Iterator[tuple[str, Damage]]:
    for path in _places(document):
        yield f"without {path}", _writes(json.dumps(_changed(document, path)).encode())
        for wrong in WRONG:
            yield f"{path} {wrong!r}"[:60], _writes(json.dumps(_changed(document, path, wrong)).encode())


def _as_lines(lines: list[str]) -> Iterator[tuple[str, Damage]]:
    for extra in ('{"kind": ["x"]}', "{", "[1]", DEEP, "\x1b[2J", '{"kind": "Step", "step": "x"}'):
        yield f"with {extra[:30]}", _writes("\n".join((*lines, extra, "")).encode())
    for number in sorted({0, len(lines) // 2, len(lines) - 1} & set(range(len(lines)))):
        for name, damage in _as_document(json.loads(lines[number])):
            yield f"line {number} {name}", _with_line(lines, number, damage)


def _with_line(lines: list[str], number: int, damage: Damage) -> Damage:
    def do(path: Path) -> None:
        damage(path)
        line = path.read_text(encoding="utf-8")
        path.write_text("\n".join((*lines[:number], line, *lines[number + 1 :], "")), encoding="utf-8")

    return do


def _places(document: Any, depth: int = 2) -> Iterator[tuple[str | int, ...]]:
    """Every key of an object, and those of the objects in it."""
    items = document.items() if isinstance(document, dict) else enumerate(document[:2]) if document else ()
    for key, value in items:
        yield (key,)
        if depth > 1 and isinstance(value, dict | list):
            yield from ((key, *inner) for inner in _places(value, depth - 1))


def _changed(document: Any, path: tuple[str | int, ...], *value: Any) -> Any:
    """The document with another value at a place, or without it."""
    copy = json.loads(json.dumps(document))
    inside = copy
    for key in path[:-1]:
        inside = inside[key]
    if value:
        inside[path[-1]] = value[0]
    else:
        del inside[path[-1]]
    return copy


def _writes(content: bytes) -> Damage:
    def do(path: Path) -> None:
        path.write_bytes(content)

    return do


def _becomes_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
