"""What is exported reads back as the same examples, and golden rows do not slip out to train elsewhere."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.dataset.read.load import read
from studio.dataset.record import Call, Message, Record
from studio.dataset.save.export import export
from studio.errors import DataError
from studio.evaluate.golden import read_golden
from tests.conftest import finish, refused

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10).map(
    lambda text: f"x{text}"
)
SETTINGS = settings(max_examples=20, deadline=None, database=None, derandomize=True)
TOOLS = json.dumps([{"type": "function", "function": {"name": "look", "parameters": {}}}])


@st.composite
def chats(draw: st.DrawFn) -> Record:
    messages = [Message("system", draw(WORDS))] if draw(st.booleans()) else []
    for number in range(draw(st.integers(1, 3))):
        messages.append(Message("user", draw(WORDS)))
        if draw(st.booleans()):
            call = Call("look", json.dumps({"for": draw(WORDS)}, ensure_ascii=False), f"call{number}")
            messages.append(Message("assistant", "", calls=(call,)))
            messages.append(Message("tool", draw(WORDS), name="look", call_id=f"call{number}"))
        last = Message("assistant", draw(WORDS))
        messages.append(replace(last, trained=draw(st.booleans())))
    messages[-1] = replace(messages[-1], trained=True)
    tools = TOOLS if any(message.calls for message in messages) else ""
    return Record(1, tuple(messages), tools=tools)


@st.composite
def pairs(draw: st.DrawFn) -> Record:
    chat = [Message("user", draw(WORDS)), Message("assistant", f"good {draw(WORDS)}")]
    if draw(st.booleans()):
        chat = [
            Message("system", draw(WORDS)),
            Message("user", draw(WORDS)),
            Message("assistant", "1"),
            *chat,
        ]
    tools = TOOLS if draw(st.booleans()) else ""
    return Record(1, tuple(chat), tools=tools, rejected=f"bad {draw(WORDS)}")


RECORDS = st.one_of(
    st.lists(chats(), min_size=1, max_size=5),
    st.lists(pairs(), min_size=1, max_size=5),
    st.lists(st.builds(Record, st.just(1), text=WORDS), min_size=1, max_size=5),
)


@SETTINGS
@given(found=RECORDS)
def test_a_file_read_back_has_equal_records(
    tmp_path_factory: pytest.TempPathFactory, found: list[Record]
) -> None:
    records = [replace(record, line=line) for line, record in enumerate(found, 1)]
    out = tmp_path_factory.mktemp("export") / "out.jsonl"
    assert finish(export(records, {}, out)) == [out]
    assert list(read(out).records) == records


@SETTINGS
@given(found=st.lists(chats(), min_size=3, max_size=6))
def test_a_folder_has_the_layout_of_mlx_lm_and_keeps_the_parts(
    tmp_path_factory: pytest.TempPathFactory, found: list[Record]
) -> None:
    records = [replace(record, line=line) for line, record in enumerate(found, 1)]
    parts = {1: "train", 2: "validation", 3: "test"}
    out = tmp_path_factory.mktemp("export") / "folder"
    files = finish(export(records, {line: parts.get(line, "train") for line in range(1, 7)}, out))
    assert {file.name for file in files} == {"train.jsonl", "valid.jsonl", "test.jsonl"}
    again = read(out)
    found_there = [(record.content, again.given[record.line]) for record in again.records]
    expected = [(record.content, parts.get(record.line, "train")) for record in records]
    assert sorted(found_there, key=repr) == sorted(expected, key=repr)


def test_mlx_lm_reads_the_folder(tmp_path: Path) -> None:
    from mlx_lm.tuner.datasets import ChatDataset, load_local_dataset

    class Config:
        pass

    records = [Record(n, (Message("user", "Hi"), Message("assistant", f"{n}"))) for n in range(1, 5)]
    finish(export(records, {1: "train", 2: "train", 3: "validation", 4: "test"}, tmp_path / "out"))
    sets = load_local_dataset(tmp_path / "out", None, Config())
    assert all(isinstance(part, ChatDataset) for part in sets)
    assert [len(part) for part in sets] == [2, 1, 1]
    assert sets[0][0]["messages"] == [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "1"},
    ]


def test_golden_rows_are_kept_apart(tmp_path: Path) -> None:
    records = [Record(n, (Message("user", f"Ask {n}"), Message("assistant", f"{n}"))) for n in (1, 2)]
    finish(export(records, {2: "golden"}, tmp_path / "out"))
    assert [record.line for record in read(tmp_path / "out").records] == [1]
    assert json.loads((tmp_path / "out" / "golden.jsonl").read_text()) == {"prompt": "Ask 2", "ideal": "2"}
    finish(export(records, {2: "golden"}, tmp_path / "out.jsonl"))
    assert len(read(tmp_path / "out.jsonl").records) == 1
    with refused("export.all_golden", DataError):
        finish(export(records[1:], {2: "golden"}, tmp_path / "none.jsonl"))


def test_an_export_that_is_stopped_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("before")
    writing = export([Record(1, text="new")], {}, out, replace=True)
    next(writing)
    writing.close()
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.jsonl", "before")]


def test_another_kind_of_file_is_not_exported_to(tmp_path: Path) -> None:
    with refused("export.neither", DataError, file="out.csv"):
        finish(export([Record(1, text="x")], {}, tmp_path / "out.csv"))


def test_a_golden_row_is_asked_with_its_tools(tmp_path: Path) -> None:
    turns = (Message("user", "Look."), Message("assistant", "Nothing there."))
    records = [Record(1, turns, tools=TOOLS), Record(2, (Message("user", "Hi"), Message("assistant", "Ho")))]
    finish(export(records, {1: "golden"}, tmp_path / "out"))
    (item,) = read_golden(tmp_path / "out" / "golden.jsonl").items
    assert (item.prompt, item.ideal, json.loads(item.tools)) == ("Look.", "Nothing there.", json.loads(TOOLS))


def test_a_pair_keeps_its_tools_and_the_turns_before(tmp_path: Path) -> None:
    tools = [{"type": "function", "function": {"name": "w", "description": "π ≤ 3,2  "}}]
    before = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]
    row = {
        "prompt": [*before, {"role": "user", "content": "z"}],
        "chosen": [{"role": "assistant", "content": "c"}],
        "rejected": [{"role": "assistant", "content": "d"}],
        "tools": tools,
    }
    source, out = tmp_path / "pairs.jsonl", tmp_path / "out.jsonl"
    source.write_text(json.dumps(row) + "\n", encoding="utf-8")
    (record,) = read(source).records
    finish(export([record], {}, out))
    assert json.loads(out.read_text("utf-8"))["tools"] == tools
    assert read(out).records == (record,)
    assert json.loads(record.tools) == tools
