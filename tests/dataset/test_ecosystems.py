"""Rows as other ecosystems write them: each reads as what it means, or says what was left out."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from studio.catalogue import phrase
from studio.dataset.read import formats
from studio.dataset.read.flags import TURN_MARKS
from studio.dataset.read.load import Reading, read
from studio.dataset.read.mapping import Mapping, UnknownColumns
from studio.dataset.read.names import (
    ANSWERS,
    CHATS,
    CHOSEN,
    COMPLETIONS,
    CONTEXTS,
    FIELDS,
    PROMPTS,
    REJECTED,
    SYSTEMS,
    Becomes,
)
from studio.dataset.record import Record, remarks
from studio.dataset.rows import BadRow
from studio.dataset.store.check import BAD
from studio.dataset.store.reader import Store
from studio.dataset.store.records import StoredRecords, problems
from studio.dataset.store.scanner import scan
from studio.errors import DataError
from studio.events import Scanned
from tests.conftest import refused

type Write = Callable[..., Path]


def turn(role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def told(who: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"from": who, "value": value, **more}


ASK, SAY = turn("user", "Name a tree."), turn("assistant", "Oak.")
TALK = [ASK, SAY]
TOOL = {"type": "function", "function": {"name": "tide", "parameters": {"type": "object", "properties": {}}}}


def of(row: dict[str, Any]) -> Record:
    format = formats.recognize(row)
    assert format, f"no format for {sorted(row)}"
    return formats.record(1, format, row)


def said(record: Record) -> list[tuple[str, str]]:
    return [(message.role, message.whole) for message in record.messages]


def refusal(row: dict[str, Any]) -> str:
    with pytest.raises(BadRow) as refused:
        of(row)
    return refused.value.phrase.code


OAK = [("user", "Name a tree."), ("assistant", "Oak.")]
SYSTEM_OAK = [("system", "Be brief."), *OAK]
PARTS = [{"type": "text", "text": "Name a "}, {"type": "text", "text": "tree."}]
CALLED = [("user", "High?"), ("assistant", '{"name": "tide", "arguments": {"at": "Kiel"}}'), ("tool", "No")]
HISTORY = [["Name a tree.", "Oak."]]
TIDE = {"name": "tide", "arguments": {"at": "Kiel"}}
THOUGHT = ("assistant", f"<think>\nAsk.\n</think>\n\n\n{CALLED[1][1]}")

CONVERSATIONS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "OpenAI chat": ({"messages": TALK, "parallel_tool_calls": False}, OAK),
    "OpenAI developer": ({"messages": [turn("developer", "Be brief."), *TALK]}, SYSTEM_OAK),
    "OpenAI refusal": (
        {"messages": [ASK, turn("assistant", None, refusal="I would rather not.")]},
        [OAK[0], ("assistant", "I would rather not.")],
    ),
    "OpenAI functions": (
        {
            "messages": [
                turn("user", "High?"),
                {
                    "role": "assistant",
                    "content": None,
                    "function_call": {**TIDE, "arguments": '{"at": "Kiel"}'},
                },
                turn("function", "No", name="tide"),
                turn("assistant", "No."),
            ],
            "functions": [TOOL["function"]],
        },
        [*CALLED, ("assistant", "No.")],
    ),
    "Anthropic": ({"system": "Be brief.", "messages": TALK}, SYSTEM_OAK),
    "Anthropic blocks": (
        {
            "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            "messages": [turn("user", PARTS), turn("assistant", [{"type": "text", "text": "Oak."}])],
        },
        SYSTEM_OAK,
    ),
    "Anthropic tools": (
        {
            "messages": [
                turn("user", "High?"),
                turn("assistant", [{"type": "tool_use", "id": "t", "name": "tide", "input": {"at": "Kiel"}}]),
                turn(
                    "user",
                    [
                        {
                            "type": "tool_result",
                            "tool_use_id": "t1",
                            "content": [{"type": "text", "text": "No"}],
                        },
                        {"type": "text", "text": "So?"},
                    ],
                ),
                turn("assistant", [{"type": "text", "text": "No."}]),
            ],
            "tools": [{"name": "tide", "description": "d", "input_schema": {"type": "object"}}],
        },
        [*CALLED, ("user", "So?"), ("assistant", "No.")],
    ),
    "Anthropic thinking": (
        {
            "messages": [
                ASK,
                turn("assistant", [{"type": "thinking", "thinking": "Hm"}, {"type": "text", "text": "Oak."}]),
            ]
        },
        [OAK[0], ("assistant", "<think>\nHm\n</think>\n\nOak.")],
    ),
    "Bedrock": (
        {"system": [{"text": "Be brief."}], "messages": [turn("user", [{"text": "Name a tree."}]), SAY]},
        SYSTEM_OAK,
    ),
    "Gemini": (
        {
            "systemInstruction": {"role": "system", "parts": [{"text": "Be brief."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Name a tree."}]},
                {"role": "model", "parts": [{"text": "Oak."}]},
            ],
        },
        SYSTEM_OAK,
    ),
    "Gemini tools": (
        {
            "contents": [
                {"role": "user", "parts": [{"text": "High?"}]},
                {"role": "model", "parts": [{"functionCall": {"name": "tide", "args": {"at": "Kiel"}}}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "tide", "response": "No"}}]},
                {"role": "model", "parts": [{"text": "No."}]},
            ],
            "tools": [{"functionDeclarations": [{"name": "tide", "parameters": {"type": "OBJECT"}}]}],
        },
        [*CALLED, ("assistant", "No.")],
    ),
    "Gemini studio": ({"text_input": "Name a tree.", "output": "Oak."}, OAK),
    "TRL prompt-completion": ({"prompt": [ASK], "completion": [SAY]}, OAK),
    "TRL prompt of turns, text": ({"prompt": [ASK], "completion": "Oak."}, OAK),
    "TRL one turn": ({"prompt": ASK, "completion": SAY}, OAK),
    "TRL wanted": ({"prompt": "Name a tree.", "completion": "Oak.", "label": True}, OAK),
    "ShareGPT": (
        {"system": "Be brief.", "conversations": [told("human", "Name a tree."), told("gpt", "Oak.")]},
        SYSTEM_OAK,
    ),
    "ShareGPT tools": (
        {
            "conversations": [
                told("human", "High?"),
                told("function_call", json.dumps(TIDE)),
                told("observation", "No"),
                told("gpt", "No."),
            ],
            "tools": json.dumps([TOOL["function"]]),
        },
        [*CALLED, ("assistant", "No.")],
    ),
    "LLaMA-Factory thought before a call": (
        {
            "conversations": [
                told("human", "High?"),
                told("function_call", f"<think>\nAsk.\n</think>\n\n{json.dumps(TIDE)}"),
                told("observation", "No"),
                told("gpt", "No."),
            ]
        },
        [
            CALLED[0],
            ("assistant", f"<think>\nAsk.\n</think>\n\n\n{CALLED[1][1]}"),
            CALLED[2],
            ("assistant", "No."),
        ],
    ),
    "LLaMA-Factory history": (
        {
            "system": "Be brief.",
            "instruction": "Another?",
            "input": "",
            "output": "Elm.",
            "history": HISTORY,
        },
        [*SYSTEM_OAK, ("user", "Another?"), ("assistant", "Elm.")],
    ),
    "LLaMA-Factory v1": (
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "value": "Name a tree."}], "loss_weight": 0.0},
                {"role": "assistant", "content": [{"type": "text", "value": "Oak."}], "loss_weight": 1.0},
            ]
        },
        OAK,
    ),
    "LLaMA-Factory v1 reasoning and call": (
        {
            "messages": [
                turn("user", "High?"),
                turn(
                    "assistant",
                    [
                        {"type": "reasoning", "value": "Ask."},
                        {"type": "tool_call", "value": json.dumps(TIDE)},
                    ],
                ),
                turn("tool", [{"type": "text", "value": "No"}]),
                turn("assistant", "No."),
            ]
        },
        [
            CALLED[0],
            ("assistant", f"<think>\nAsk.\n</think>\n\n\n{CALLED[1][1]}"),
            CALLED[2],
            ("assistant", "No."),
        ],
    ),
    "ms-swift": (
        {
            "query": "Another?",
            "response": "Elm.",
            "system": "Be brief.",
            "history": HISTORY,
        },
        [*SYSTEM_OAK, ("user", "Another?"), ("assistant", "Elm.")],
    ),
    "ms-swift tool turns": (
        {
            "messages": [
                turn("user", "High?"),
                turn("tool_call", json.dumps(TIDE)),
                turn("tool_response", "No"),
                turn("assistant", "No."),
            ]
        },
        [*CALLED, ("assistant", "No.")],
    ),
    "calls as an answer": (
        {"query": "High?", "answers": json.dumps([TIDE]), "tools": json.dumps([TOOL["function"]])},
        CALLED[:2],
    ),
    "JSON text in a column": ({"messages": json.dumps(TALK)}, OAK),
    "Python text in a column": ({"messages": str(TALK)}, OAK),
    "columns of turns": (
        {"conversations": {"from": ["human", "gpt"], "value": ["Name a tree.", "Oak."]}},
        OAK,
    ),
    "one think block": (
        {"messages": [ASK, turn("assistant", "<think>\nHm\n</think>\n\nOak.", reasoning_content="Hm")]},
        [OAK[0], ("assistant", "<think>\nHm\n</think>\n\nOak.")],
    ),
    "a null picture": (
        {"messages": [turn("user", [{"type": "text", "text": "Name a tree.", "image": None}]), SAY]},
        OAK,
    ),
    "an article asked about": (
        {"article": "Oaks are trees.", "question": "Name a tree.", "answer": "Oak."},
        [("user", "Name a tree.\n\nOaks are trees."), OAK[1]],
    ),
    "a prompt with its material": (
        {"prompt": "Translate.", "input": "Eiche", "completion": "Oak."},
        [("user", "Translate.\n\nEiche"), OAK[1]],
    ),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_is_read_whichever_ecosystem_wrote_it(name: str) -> None:
    row, expected = CONVERSATIONS[name]
    record = of(row)
    assert said(record) == expected
    assert record.left_out == ()
    declared = row.get("tools") or row.get("functions")
    assert bool(record.tools) == bool(declared)


ELM = {"messages": [ASK]}
PAIRS: dict[str, dict[str, Any]] = {
    "TRL": {"prompt": "Name a tree.", "chosen": "Oak.", "rejected": "Fox."},
    "TRL conversational": {"prompt": [ASK], "chosen": [SAY], "rejected": [turn("assistant", "Fox.")]},
    "TRL implicit": {"chosen": TALK, "rejected": [ASK, turn("assistant", "Fox.")]},
    "LLaMA-Factory Alpaca": {"instruction": "Name", "input": "a tree.", "chosen": "Oak.", "rejected": "Fox."},
    "LLaMA-Factory ShareGPT": {
        "conversations": [told("human", "Name a tree.")],
        "chosen": told("gpt", "Oak."),
        "rejected": told("gpt", "Fox."),
    },
    "LLaMA-Factory v1": {"chosen_messages": TALK, "rejected_messages": [ASK, turn("assistant", "Fox.")]},
    "Axolotl": {"messages": [ASK], "chosen": SAY, "rejected": turn("assistant", "Fox.")},
    "Axolotl Argilla": {
        "instruction": "Name a tree.",
        "chosen_response": "Oak.",
        "rejected_response": "Fox.",
    },
    "ms-swift": {"messages": TALK, "rejected_response": "Fox."},
    "ms-swift turns": {"messages": TALK, "rejected_messages": [ASK, turn("assistant", "Fox.")]},
    "ms-swift old": {"query": "Name a tree.", "response": "Oak.", "rejected_response": "Fox."},
    "OpenAI": {
        "input": {"messages": [ASK], "tools": [], "parallel_tool_calls": True},
        "preferred_output": [SAY],
        "non_preferred_output": [turn("assistant", "Fox.")],
    },
    "in JSON text": {"chosen": json.dumps(TALK), "rejected": json.dumps([ASK, turn("assistant", "Fox.")])},
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_is_read_whichever_ecosystem_wrote_it(name: str) -> None:
    record = of(PAIRS[name])
    asked, answered = record.messages
    assert asked.shown.split() == ["Name", "a", "tree."]
    assert (answered.content, record.rejected) == ("Oak.", "Fox.")
    assert record.left_out == ()


def test_tools_of_a_pair_are_kept() -> None:
    row = {**PAIRS["OpenAI"], "input": {"messages": [ASK], "tools": [TOOL]}}
    assert json.loads(of(row).tools) == [TOOL]


@pytest.mark.parametrize("mark", [mark for mark in TURN_MARKS])
@pytest.mark.parametrize("no", [False, 0, 0.0, "false", "False", "0"])
def test_a_marked_turn_is_only_context(mark: str, no: Any) -> None:
    record = of({"messages": [ASK, turn("assistant", "Fox.", **{mark: no}), turn("user", "No."), SAY]})
    assert [message.trained for message in record.messages if message.role == "assistant"] == [False, True]
    assert refusal({"messages": [ASK, turn("assistant", "Fox.", **{mark: no})]}) == "row.no_weight"


@pytest.mark.parametrize("mark", TURN_MARKS)
@pytest.mark.parametrize("yes", [True, 1, 1.0, "true", None])
def test_a_turn_that_is_marked_to_be_learned_is(mark: str, yes: Any) -> None:
    assert of({"messages": [ASK, {**SAY, mark: yes}]}).messages[1].trained


def test_marks_of_parts_of_a_turn_refuse_the_row() -> None:
    part = {"begin_offset": 0, "end_offset": 1, "train": False}
    assert refusal({"messages": [ASK, {**SAY, "train_detail": [part]}]}) == "row.part_marks"
    assert of({"messages": [ASK, {**SAY, "train_detail": [{**part, "train": True}]}]})


ANSWERED: dict[str, dict[str, Any]] = {
    "chat": {"messages": TALK},
    "instruction": {"instruction": "Name a tree.", "input": "", "output": "Oak."},
    "prompt/completion": {"prompt": "Name a tree.", "completion": "Oak."},
    "turns": {"prompt": [ASK], "completion": [SAY]},
}


def fields_that(become: Becomes) -> list[str]:
    return sorted(name for name, fate in FIELDS.items() if fate is become)


@pytest.mark.parametrize("name", fields_that(Becomes.MARK))
@pytest.mark.parametrize("no", [False, 0, "False", "false", "0"])
@pytest.mark.parametrize("shape", ANSWERED)
def test_an_answer_that_is_marked_as_unwanted_is_not_learned(name: str, no: Any, shape: str) -> None:
    assert refusal({**ANSWERED[shape], name: no}) == "row.unwanted"
    assert said(of({**ANSWERED[shape], name: not no if isinstance(no, bool) else "True"})) == OAK


def test_a_class_of_zero_is_a_class() -> None:
    assert of({"text": "dull", "label": 0}).answer == "0"


@pytest.mark.parametrize("name", fields_that(Becomes.MEDIA))
@pytest.mark.parametrize("shape", ANSWERED)
def test_a_row_with_pictures_is_refused_and_one_without_any_is_not(name: str, shape: str) -> None:
    for there in (["a.png"], "a.png", {"bytes": None, "path": "a.png"}):
        assert refusal({**ANSWERED[shape], name: there}) == "row.media"
    nothing: tuple[Any, ...] = ([], "", None)
    for none in nothing:
        assert said(of({**ANSWERED[shape], name: none})) == OAK


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image"},
        {"type": "image", "image": "a.png"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "image", "source": {"type": "base64", "data": "aa"}},
        {"type": "input_audio", "input_audio": {"data": "aa"}},
        {"type": "document", "source": {"type": "text", "data": "x"}},
        {"inlineData": {"mimeType": "image/png", "data": "aa"}},
        {"fileData": {"fileUri": "gs://a"}},
    ],
)
def test_a_turn_with_a_picture_or_a_file_is_refused(part: dict[str, Any]) -> None:
    asked = turn("user", [{"type": "text", "text": "What?"}, part])
    assert refusal({"messages": [asked, SAY]}) == "row.media_part"


@pytest.mark.parametrize("text", ["<image>What is this?", "What is this?\n<image>", "<|image_pad|> What?"])
def test_a_placeholder_of_a_picture_is_not_learned_as_text(text: str) -> None:
    assert refusal({"messages": [turn("user", text), SAY]}) == "row.placeholder"
    assert refusal({"instruction": text, "output": "A dog."}) == "row.placeholder"


def test_a_placeholder_that_is_spoken_of_is_text() -> None:
    assert of({"prompt": "What does `<image>` do?", "completion": "It stands for a picture."})


LONG = {
    **{name: [told("human", "Why so?"), told("gpt", "Because.")] for name in (*CHATS, "contents", "chat")},
    "history": [["Why so?", "Because."]],
    "tools": [TOOL],
    "functions": [TOOL],
}


@pytest.mark.parametrize("name", [*fields_that(Becomes.USED), *fields_that(Becomes.LEFT_OUT)])
@pytest.mark.parametrize("shape", ["chat", "instruction", "prompt/completion", "preference", "plain"])
def test_a_field_that_carries_meaning_is_used_or_named(name: str, shape: str) -> None:
    """Whatever stands beside whatever: its text is in the example, or the row says that it is not."""
    base = {**ANSWERED, "preference": PAIRS["TRL"], "plain": {"text": "A text."}}[shape]
    if name in base or (name in ("ideal", *COMPLETIONS) and shape == "prompt/completion"):
        return
    row = {**base, name: LONG.get(name, "Quite another thing.")}
    format = formats.recognize(base)
    try:
        record = formats.record(1, format, row)
    except BadRow:
        return  # refused, in words
    words = " ".join([record.text, record.rejected, record.tools, *(m.whole for m in record.messages)])
    used = {each for each, value in row.items() if all(text in words for text in texts_of(value))}
    assert used | set(record.left_out) == row.keys()
    assert not used & set(record.left_out)
    assert any(each.code == "row.left_out" for each in remarks(record)) == bool(record.left_out)


def texts_of(value: Any) -> list[str]:
    """What must be in an example that uses the value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in texts_of(item)]
    names = ("content", "value", "function", "name")
    return [text for name in names if name in value for text in texts_of(value[name])]


@pytest.mark.parametrize("name", [*fields_that(Becomes.ABOUT), "a_name_of_their_own"])
def test_what_is_about_a_row_is_passed_over(name: str) -> None:
    for row in ANSWERED.values():
        assert not any(remarks(of({**row, name: "Quite another thing."})))


def test_the_table_knows_every_name_that_examples_are_built_of() -> None:
    for group in (ANSWERS, CHATS, CHOSEN, COMPLETIONS, CONTEXTS, PROMPTS, REJECTED, SYSTEMS):
        assert {FIELDS[name] for name in group} <= {Becomes.USED}


def test_what_several_columns_say_twice_is_not_left_out() -> None:
    row = {"prompt": "Name a tree.", "messages": TALK, "system": ""}
    assert of(row).left_out == ()
    assert of({"problem": "2+2?", "solution": "It is \\boxed{4}.", "answer": "4"}).left_out == ()


def test_a_second_system_or_set_of_tools_is_named() -> None:
    row = {"system": "Be long.", "messages": [turn("system", "Be brief."), *TALK]}
    assert of(row).left_out == ("system",)
    other = {"name": "hour"}
    assert of({"messages": TALK, "tools": [TOOL], "functions": [other]}).left_out == ("functions",)
    assert "tide" in of({"prompt": "Name a tree.", "completion": "Oak.", "tools": [TOOL]}).tools
    assert "tide" in of({"instruction": "Name a tree.", "output": "Oak.", "tools": json.dumps([TOOL])}).tools


@pytest.mark.parametrize("prompt", ["What is 2 + 2?", [turn("user", "What is 2 + 2?")]])
@pytest.mark.parametrize("name", ["solution", "ground_truth", "reference_answer", "reward_model"])
def test_a_prompt_with_something_to_compare_with_has_no_answer(prompt: Any, name: str) -> None:
    assert refusal({"prompt": prompt, name: "4"}) == "row.prompt_only"


def test_only_the_completion_of_turns_is_learned() -> None:
    record = of({"prompt": [*TALK, turn("user", "Another?")], "completion": [turn("assistant", "Elm.")]})
    assert [message.trained for message in record.messages if message.role == "assistant"] == [False, True]


ARGUMENTS = [{"city": "Rome", "query": None}, {"city": None, "query": "cats"}]


def called(arguments: Any, tools: Any) -> dict[str, Any]:
    call = {"id": "c", "type": "function", "function": {"name": "tide", "arguments": arguments}}
    return {"messages": [turn("user", "?"), turn("assistant", "", tool_calls=[call]), SAY], "tools": tools}


def test_nulls_that_arrow_fills_in_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "calls.parquet"
    own = [{name: {"type": "string"} for name, value in each.items() if value} for each in ARGUMENTS]
    tools = [
        [
            {
                "type": "function",
                "function": {"name": "tide", "parameters": {"type": "object", "properties": p}},
            }
        ]
        for p in own
    ]
    rows = [called(arguments, each) for arguments, each in zip(ARGUMENTS, tools, strict=True)]
    parquet.write_table(pa.Table.from_pylist(rows), path)
    records = read(path).records
    assert [json.loads(each.messages[1].calls[0].arguments) for each in records] == [
        {"city": "Rome"},
        {"query": "cats"},
    ]
    assert [json.loads(each.tools) for each in records] == tools


def test_a_null_that_a_schema_has_is_kept() -> None:
    place = {"type": ["string", "null"], "default": None}
    tool = {"name": "tide", "parameters": {"type": "object", "properties": {"at": place, "query": None}}}
    record = of(called({"at": None, "query": None}, [tool]))
    (declared,) = json.loads(record.tools)
    assert declared["function"]["parameters"]["properties"] == {"at": place}
    assert json.loads(record.messages[1].calls[0].arguments) == {"at": None}


def test_formats_are_mixed_in_one_file_as_in_a_folder(write: Write) -> None:
    rows = [
        {"messages": TALK},
        {"prompt": "Name a shrub.", "completion": "Broom."},
        {"text": "A text."},
        {"instruction": "Name a herb.", "input": "", "output": "Dill."},
        {"messages": None, "prompt": "Name a fern.", "completion": "Bracken."},
    ]
    reading = read(write("mixed.jsonl", rows))
    assert [record.line for record in reading.records] == [1, 2, 4, 5]
    assert [(found.line, found.code) for found in reading.problems] == [(3, "row.other_format")]


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_json_is_read_however_it_is_laid_out(tmp_path: Path, suffix: str) -> None:
    rows = [{"prompt": "Name a tree.", "completion": "Oak."}, {"prompt": "A fern?", "completion": "Bracken."}]
    layouts = [
        "\n".join(map(json.dumps, rows)),
        json.dumps(rows),
        json.dumps(rows, indent=1),
        "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n",
        "\n".join(json.dumps(row, indent=2) for row in rows),
        "\n\n".join(json.dumps(row, indent=4) for row in rows) + "\n",
    ]
    for number, text in enumerate(layouts):
        path = tmp_path / f"{number}{suffix}"
        path.write_text(text)
        reading = read(path)
        assert [record.answer for record in reading.records] == ["Oak.", "Bracken."], text
        assert reading.problems == ()


def test_lines_of_turns_are_chats(tmp_path: Path) -> None:
    path = tmp_path / "turns.jsonl"
    for lines in (1, 2):
        path.write_text("".join(f"{json.dumps([turn('user', f'{n}?'), SAY])}\n" for n in range(lines)))
        assert [len(record.messages) for record in read(path).records] == [2] * lines


def test_splits_of_one_file_are_parts(write: Write, tmp_path: Path) -> None:
    rows = [{"input": f"{number}?", "output": str(number)} for number in range(4)]
    path = tmp_path / "splits.json"
    path.write_text(json.dumps({"train": rows[:2], "validation": rows[2:3], "test": rows[3:]}, indent=1))
    reading = read(path)
    assert [reading.given[record.line] for record in reading.records] == [
        "train",
        "train",
        "validation",
        "test",
    ]
    assert [record.answer for record in reading.records] == ["0", "1", "2", "3"]


def test_a_pointer_of_git_lfs_is_told_from_data(tmp_path: Path) -> None:
    for name in ("a.jsonl", "a.parquet", "a.csv", "a.json", "a.arrow", "a.txt"):
        path = tmp_path / name
        path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n")
        with refused("file.pointer", DataError, file=name, size=phrase("size.bytes", bytes=12_345)):
            read(path)
        path.write_text("version https://git-lfs.github.com/spec/v1\n")
        with refused("file.pointer", DataError, file=name, size="size.unknown"):
            read(path)


def test_dates_and_names_of_classes_are_read_from_parquet(tmp_path: Path) -> None:
    about = {"info": {"features": {"label": {"names": ["dull", "bright"], "_type": "ClassLabel"}}}}
    table = pa.table({"text": ["a", "b", "c"], "label": [1, 0, -1]})
    path = tmp_path / "classes.parquet"
    parquet.write_table(table.replace_schema_metadata({"huggingface": json.dumps(about)}), path)
    reading = read(path)
    assert [record.answer for record in reading.records] == ["bright", "dull"]
    assert [(found.line, found.code) for found in reading.problems] == [(3, "row.null")]
    dated = pa.table({"question": ["When?"], "answer": [datetime.date(2024, 5, 1)]})
    parquet.write_table(dated, tmp_path / "dates.parquet")
    assert read(tmp_path / "dates.parquet").records[0].answer == "2024-05-01"


def test_caches_in_a_saved_folder_are_no_data(tmp_path: Path) -> None:
    from datasets import Dataset, DatasetDict

    rows = Dataset.from_list([{"prompt": f"{number}?", "completion": str(number)} for number in range(6)])
    DatasetDict({"train": rows.select(range(4)), "test": rows.select([4, 5])}).save_to_disk(
        str(tmp_path / "d")
    )
    train = tmp_path / "d" / "train"
    (data,) = train.glob("data-*.arrow")
    for name in ("cache-1a2b.arrow", "tmp1234.arrow"):
        (train / name).write_bytes(data.read_bytes())
    reading = read(tmp_path / "d")
    assert sorted(reading.given.values()) == ["test"] * 2 + ["train"] * 4
    (train / "state.json").unlink()
    (train / "tmp1234.arrow").unlink()
    assert len(read(tmp_path / "d").records) == 6


def stored(path: Path, folder: Path) -> tuple[list[Record], list[tuple[int, str]]]:
    (last,) = (event for event in scan(path, folder) if isinstance(event, Scanned) and event.finished)
    store = Store(path, folder)
    usable = [row.number for row in store.page(0, store.rows) if row.state != BAD]
    found = [(problem.line, problem.code) for _, problem in problems(store)]
    return list(StoredRecords(store, last.format, np.array(usable, np.uint32))), sorted(found)


def test_a_big_file_reads_as_a_small_one_does(write: Write, tmp_path: Path) -> None:
    rows = [row for row, _ in CONVERSATIONS.values()]
    rows += [{**row, "choices": ["a"]} for row in ANSWERED.values()]
    rows += [{**row, "kto_tag": False} for row in ANSWERED.values()]
    rows += [{"text": "A text."}, {"messages": TALK, "images": ["a.png"]}, {"prompt": "a", "solution": "b"}]
    path = write("all.jsonl", rows)
    reading: Reading = read(path)
    records, found = stored(path, tmp_path / "index")
    assert records == list(reading.records)
    assert [record.left_out for record in records] == [record.left_out for record in reading.records]
    assert found == sorted((problem.line, problem.code) for problem in reading.problems)


def test_columns_that_are_mapped_do_not_hide_what_decides_about_a_row(write: Write) -> None:
    rows = [{"Frage": f"{number}?", "Antwort": str(number), "tools": [TOOL]} for number in range(3)]
    rows[1]["kto_tag"] = False
    rows[2]["images"] = ["a.png"]
    reading = read(write("mapped.jsonl", rows), Mapping(prompt="Frage", answer="Antwort"))
    assert [record.line for record in reading.records] == [1]
    assert "tide" in reading.records[0].tools
    assert [problem.code for problem in reading.problems] == ["row.unwanted", "row.media"]


UNGUESSED: list[dict[str, Any]] = [
    {"id": "a-17", "name": "Ann"},
    {"prompt": "Why is it so?", "model_id": "some/model"},
    {"prompt": "Why is it so?", "id": "row-00017"},
    {"question": "Why is it so?", "name": "Ann"},
    {"text_id": "c0ffee17"},
    {"url": "https://example.org/a"},
    {"prompt": "Why is it so?"},
    {"ref": "a81bc81b-dead-4e5d-abff-90865d1e13b1"},
    {"when": "2024-05-01", "host": "10.0.0.1"},
    {"prompt": "Why is it so?", "created_at": "Monday, the first of May"},
]
GUESSED: list[tuple[dict[str, Any], Mapping]] = [
    ({"id": "a-17", "Aufgabe": "2+2?", "Antwort": "4"}, Mapping(prompt="Aufgabe", answer="Antwort")),
    ({"source": "Eiche", "target": "oak"}, Mapping(prompt="source", answer="target")),
    ({"url": "https://example.org", "story": "Once."}, Mapping(text="story")),
]


@pytest.mark.parametrize(("row", "mapping"), GUESSED)
def test_columns_about_a_row_do_not_stand_in_the_way_of_a_guess(
    write: Write, row: dict[str, Any], mapping: Mapping
) -> None:
    with pytest.raises(UnknownColumns) as raised:
        read(write("unknown.jsonl", [row, row]))
    assert raised.value.guess == mapping


@pytest.mark.parametrize("row", UNGUESSED, ids=[" ".join(row) for row in UNGUESSED])
def test_guesses_that_nobody_wants_are_not_offered(write: Write, row: dict[str, Any]) -> None:
    with refused("columns.unknown", UnknownColumns, remedy="") as raised:
        read(write("unknown.jsonl", [row, row]))
    assert raised.value.guess == Mapping()


ARGUED = '{"name": "tide", "arguments": \'{"at": "Kiel"}\'}'
WHO = ["FUNCTION RESPONSE", "TOOL RESPONSE", "Tool Result", "Observation", "function_response"]


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("call", [ARGUED, json.dumps(TIDE)])
def test_what_a_tool_says_in_a_transcript_is_no_part_of_an_answer(who: str, call: str) -> None:
    chat = (
        f"USER: High?\n\n\nASSISTANT: <functioncall> {call} <|endoftext|>\n\n\n{who}: No\n\n\nASSISTANT: No."
    )
    record = of({"system": "Be brief.", "chat": chat})
    assert said(record) == [("system", "Be brief."), *CALLED, ("assistant", "No.")]


@pytest.mark.parametrize("mark", ["<tool_response>", "FUNCTION RESPONSE:", "\nObservation:"])
def test_what_a_tool_says_inside_an_answer_is_named(mark: str) -> None:
    record = of({"messages": [ASK, turn("assistant", f"I ask.{mark} No\nNo.")]})
    assert [remark.code for remark in remarks(record)] == ["row.tool_text"]
    assert not any(remarks(of({"messages": [turn("user", f"{mark} No"), SAY]})))


@pytest.mark.parametrize("row", [{"text": "A text."}, {"text": "A text.", "label": "dull"}])
@pytest.mark.parametrize("name", fields_that(Becomes.MEDIA))
def test_pictures_beside_a_text_are_named(row: dict[str, Any], name: str) -> None:
    assert of({**row, name: "a.png"}).left_out == (name,)
