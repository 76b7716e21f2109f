"""Equal rows are counted alike by everything that asks for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.cli.commands import run
from studio.dataset.checks.check import Subject
from studio.dataset.checks.registry import CHECKS
from studio.dataset.identity import equal_hash, equal_key
from studio.dataset.number_column import first_of_equal
from studio.dataset.read.load import read
from studio.dataset.record import Call, Message, Record
from studio.dataset.sequence import hashes_of
from studio.dataset.steps.apply import apply
from studio.dataset.steps.steps import DropDuplicates
from studio.dataset.store.manifest import read_manifest
from studio.dataset.store.reader import Store
from studio.dataset.store.records import StoredRecords, usable
from studio.dataset.store.scan import scanning
from studio.events import finished
from tests.conftest import finish

type Make = Callable[[int, str], dict[str, Any]]


def instruction(number: int, space: str) -> dict[str, Any]:
    return {"instruction": f"Say {number}{space}", "output": f"{space}It is {number}."}


def chat(number: int, space: str) -> dict[str, Any]:
    said = [("system", "Be brief."), ("user", f"Say {number}"), ("assistant", f"{number}{space}")]
    return {"messages": [{"role": role, "content": f"{space}{text}"} for role, text in said]}


def pair(number: int, space: str) -> dict[str, Any]:
    return {"prompt": f"Say {number}{space}", "chosen": f"It is {number}.", "rejected": f"{space}No."}


def plain(number: int, space: str) -> dict[str, Any]:
    return {"text": f"{space}Number {number} comes after {number - 1}.{space}"}


def label(number: int, space: str) -> dict[str, Any]:
    return {"text": f"Film {number} was good{space}", "label": "good"}


@pytest.mark.long
@pytest.mark.parametrize("space", [" ", "\n", "\t \n", "\u00a0"], ids=["blank", "line", "several", "fixed"])
@pytest.mark.parametrize("make", [instruction, chat, pair, plain, label], ids=lambda make: make.__name__)
def test_space_around_a_text_makes_no_other_row_for_anyone(make: Make, space: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [make(number, "") for number in range(40)]
    rows.append(make(3, space))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    reading = read(path)
    warned = [problem.line for problem in reading.problems if problem.code == "row.duplicate"]
    checked = finished(CHECKS["duplicates"].find(Subject(reading.records, format=reading.format)))
    folder = finish(scanning(path, tmp_path / "scans"))
    manifest = read_manifest(folder)
    assert manifest is not None
    store = Store(path, folder)
    part = finish(apply(StoredRecords(store, reading.format, usable(store)), (DropDuplicates(),)))
    assert warned == [41]
    assert checked.lines == (41,)
    assert manifest.duplicates == 1
    assert [(count.before, count.after) for count in part.counts] == [(41, 40)]


def test_the_command_line_counts_them_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def document(*arguments: object) -> Any:
        code = run([*map(str, arguments), "--json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    path = tmp_path / "rows.jsonl"
    rows = [*(instruction(number, "") for number in range(40)), instruction(3, " ")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    shown = document("data", path, "--health")
    finding = next(found for found in shown["health"] if found["check"] == "duplicates")
    assert finding["lines"] == [41]
    assert [problem["line"] for problem in shown["problems"] if problem["code"] == "row.duplicate"] == [41]
    for step in ("drop_duplicates", "fix check=duplicates"):
        saved = document("data", "save", path, tmp_path / step[:3], "--step", step)
        assert saved["undivided"] == 40


BASE = Record(1, (Message("system", "Be brief."), Message("user", "Say 1"), Message("assistant", "One.")))


def with_last(**changes: Any) -> Record:
    return replace(BASE, messages=(*BASE.messages[:-1], replace(BASE.messages[-1], **changes)))


@pytest.mark.parametrize(
    "other",
    [
        with_last(content="one."),
        with_last(content="One. "[:3]),
        with_last(trained=False),
        with_last(calls=(Call("f", "{}"),)),
        replace(BASE, messages=BASE.messages[1:]),
        replace(BASE, tools='[{"type": "function"}]'),
        replace(BASE, rejected="Two."),
        replace(BASE, messages=(), text="One."),
        replace(BASE, messages=(BASE.messages[0], Message("user", "Say  1"), BASE.messages[2])),
    ],
    ids=["case", "letter", "weight", "call", "system", "tools", "pair", "text", "inner space"],
)
def test_any_other_difference_makes_another_row(other: Record) -> None:
    assert equal_key(other) != equal_key(BASE)
    assert equal_hash(other) != equal_hash(BASE)
    assert first_of_equal(hashes_of([BASE, replace(other, line=2)], "equal")).tolist() == [0, 1]


def test_neither_place_nor_origin_makes_another_row() -> None:
    other = replace(BASE, line=7, made='{"maker": "noise"}')
    assert equal_hash(other) == equal_hash(BASE) == equal_hash(BASE)
    hashes = hashes_of([BASE, other], "equal")
    assert first_of_equal(hashes).tolist() == [0, 0]
    assert first_of_equal(hashes, np.array([False, True])).tolist() == [1, 1]


def test_hashes_are_the_same_on_every_machine() -> None:
    assert equal_hash(BASE).hex() == "ad2f1fb566a04417"
