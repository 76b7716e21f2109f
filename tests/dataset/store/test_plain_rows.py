"""A scan keeps of plain rows, read a block at a time, what it keeps of them one by one."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from studio.dataset.read.chats import ROLES
from studio.dataset.rows import ROW_LIMIT
from studio.dataset.store.plain_rows import PlainRows
from studio.dataset.store.reader import Store
from studio.dataset.store.scanner import scan

type Row = dict[str, Any]

TEXTS = (
    *("Why?", "Because.", "Two  spaces", "two\nlines", " before", "after\n", "", "   ", "é" * 99, "字" * 120),
    *("\u3000x", "x\u00a0", "a\u2003b", "“quoted”", "a\u001cb", "a\u0085b", "x" * 95 + "  y", "w " * 60),
    *(
        "<image>",
        "a < b",
        "see <video>",
        "<|image_pad|>",
        "<start_of_image>",
        "`<image>`",
        "Q: x\nA:",
        "so: ",
    ),
    *(
        "<tool_response>1",
        "[TOOL_RESULTS]",
        "a\nObservation: b",
        "FUNCTION RESPONSE: 1",
        "User: a\nAssistant: b",
    ),
    *('[{"role": "user"}]', ' {"a": 1}', "[1", "a\0b", "\ud800", "\U0001f600", "null", 'quo"te\\', "\u2028"),
)
_ROLES = (*ROLES, "nobody", "User", "")


def _text(dice: random.Random) -> Any:
    if dice.random() < 0.01:
        return dice.choice((None, 7, True, [], {"a": "b"}, ["a"]))
    return dice.choice(TEXTS) if dice.random() < 0.1 else f"{dice.choice(TEXTS[:2])} {dice.randrange(400)}"


def _turns(dice: random.Random) -> Any:
    if dice.random() < 0.02:
        return dice.choice((None, [], "text", [None]))
    roles = [["user", "assistant"][n % 2] for n in range(dice.choice((1, 2, 2, 2, 3, 4)))]
    if dice.random() < 0.2:
        roles[dice.randrange(len(roles))] = dice.choice(_ROLES)
    if dice.random() < 0.3:
        roles = ["system", *roles]
    return [{"role": role, "content": _text(dice)} for role in roles]


def _sharegpt(dice: random.Random) -> Row:
    turns = _turns(dice)
    named = {"role": "from", "content": "value"}
    if isinstance(turns, list):
        turns = [turn and {named[key]: value for key, value in turn.items()} for turn in turns]
    return {"conversations": turns}


def _instruction(dice: random.Random) -> Row:
    return {"instruction": _text(dice), "input": dice.choice(("", _text(dice))), "output": _text(dice)}


SHAPES: dict[str, Callable[[random.Random], Row]] = {
    "instruction": _instruction,
    "completion": lambda dice: {
        "prompt": _text(dice),
        "completion": _text(dice),
        "id": dice.randrange(10**6),
    },
    "preference": lambda dice: {"prompt": _text(dice), "chosen": _text(dice), "rejected": _text(dice)},
    "text": lambda dice: {"text": _text(dice), "meta": {"score": dice.random(), "tags": ["a"]}},
    "chat": lambda dice: {"messages": _turns(dice)},
    "sharegpt": _sharegpt,
}


def _line(dice: random.Random, row: Row) -> str:
    """A row as JSON, mostly sound."""
    if dice.random() < 0.01:
        row = {**row, dice.choice(("image", "system", "score", "input", "ID ")): dice.choice(TEXTS)}
    if dice.random() < 0.01:
        row = dict(reversed(row.items()))
    if dice.random() < 0.01 and row:
        row.pop(next(iter(row)))
    line = json.dumps(row, ensure_ascii=dice.random() < 0.5).replace("\ud800", "\\ud800")
    return _damaged(dice, line) if dice.random() < 0.01 else line


def _damaged(dice: random.Random, line: str) -> str:
    key = line[: line.index(":") + 1] if ":" in line else line
    return dice.choice(
        (
            *(
                line[:-1],
                line + line,
                line + " null",
                line + "}",
                "",
                "  ",
                "null",
                "[]",
                "// x",
                "\t" + line,
            ),
            *(key + ' "again", ' + line[1:], line.replace('"', "'", 1), line.replace(" ", "\t"), line + " "),
            *(
                line[:-1] + ', "id": ' + "9" * 5000 + "}",
                line[:-1] + ', "id": 1e999}',
                line.replace(" ", "\x01"),
            ),
            *(line[: len(line) // 2] + "\n" + line[len(line) // 2 :], line.replace(": ", ":[[[[[", 1)),
            *('{"text": "' + "x" * 5000 + '", "meta": {"score": ' + "9" * 5000 + ', "tags": []}}',),
        )
    )


def _index(path: Path, folder: Path) -> pa.Table:
    list(scan(path, folder))
    return pa.Table.from_batches([part.columns() for part in Store(path, folder).parts])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("end", ["\n", "\r\n", "mixed"])
def test_plain_rows_are_kept_as_all_others_are(
    shape: str, end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(f"{shape} {end}")
    lines = [_line(dice, SHAPES[shape](dice)) for _ in range(2000)]
    ends = [
        dice.choice(("\n", "\r\n", "\r")) if end == "mixed" and dice.random() < 0.01 else "\n" for _ in lines
    ]
    text = "".join(line + (end if end != "mixed" else each) for line, each in zip(lines, ends, strict=True))
    path = tmp_path / "rows.jsonl"
    data = text.encode("utf-8", "replace")
    path.write_bytes(b"\xef\xbb\xbf" + data[:90_000] + b'{"prompt": "\xff"}\n' + data[90_000:].rstrip())
    quickly = _index(path, tmp_path / "quick")
    read: list[int] = []
    assert _found_plain(path, tmp_path, monkeypatch, read) is not None
    monkeypatch.setattr(PlainRows, "of", lambda format, sample: None)
    closely = _index(path, tmp_path / "close")
    assert quickly.schema == closely.schema
    for name in closely.schema.names:
        assert quickly[name].to_pylist() == closely[name].to_pylist(), name
    assert sum(read) > 200 or end == "mixed"


def _found_plain(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, read: list[int]) -> pa.Table:
    """The index again, counting the rows that were read as plain."""
    original = PlainRows.read

    def counted(self: PlainRows, *block: Any) -> Any:
        found = original(self, *block)
        read.append(len(found.rows) if found and found.rows else 0)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(PlainRows, "read", counted)
        return _index(path, folder / "counted")


@pytest.mark.parametrize("space", [chr(code) for code in range(0x3001) if chr(code).isspace()])
def test_space_of_every_kind_is_seen(space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = (
        f"a{space}b",
        f"a{space}{space}b",
        f"{space}a",
        f"a{space}",
        space,
        f"a:{space}",
        f"“{space}”",
        "字 字",
    )
    rows = [{"prompt": asked, "completion": f"{answer}."} for asked in texts for answer in texts]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    quickly = _index(path, tmp_path / "quick")
    monkeypatch.setattr(PlainRows, "of", lambda format, sample: None)
    assert quickly.equals(_index(path, tmp_path / "close"))


def test_lines_longer_than_a_block_stand_among_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [10, 40_000, 10, ROW_LIMIT + 1, 2**20, 10, 20 * 10**6, 10]
    rows = [{"prompt": f"p{n}", "completion": "x" * size} for n, size in enumerate(sizes)]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    quickly = _index(path, tmp_path / "quick")
    monkeypatch.setattr(PlainRows, "of", lambda format, sample: None)
    assert quickly.equals(_index(path, tmp_path / "close"))
    assert quickly["line"].to_pylist() == [*range(1, 9)]
