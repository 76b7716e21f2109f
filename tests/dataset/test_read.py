"""Files become records, and every row that cannot is named by its line."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.catalogue import Phrase, phrase
from studio.dataset.read import file_reader as reader_module
from studio.dataset.read.load import read
from studio.dataset.read.source import EXTENSIONS
from studio.dataset.record import Message
from studio.dataset.rows import ROW_LIMIT, field
from studio.errors import DataError
from tests.conftest import refused

Write = Callable[..., Path]

GOOD = {"prompt": "Say hello", "completion": "Hello!"}

FORMATS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    (
        "instruction",
        {"instruction": "Add", "input": "1 2", "output": "3"},
        [("user", "Add\n\n1 2"), ("assistant", "3")],
    ),
    (
        "instruction",
        {"instruction": "Hi", "input": "", "output": "Yo"},
        [("user", "Hi"), ("assistant", "Yo")],
    ),
    (
        "instruction",
        {"instruction": "Hi", "context": None, "response": "Yo"},
        [("user", "Hi"), ("assistant", "Yo")],
    ),
    (
        "chat",
        {
            "messages": [
                {"role": "system", "content": "S"},
                {"role": "user", "content": "Q"},
                {"role": "assistant", "content": "A"},
            ]
        },
        [("system", "S"), ("user", "Q"), ("assistant", "A")],
    ),
    (
        "chat",
        {
            "conversations": [
                {"from": "system", "value": "S"},
                {"from": "human", "value": "Q"},
                {"from": "gpt", "value": "A"},
            ]
        },
        [("system", "S"), ("user", "Q"), ("assistant", "A")],
    ),
    (
        "chat",
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Q"}]},
                {"role": "assistant", "content": "A"},
            ]
        },
        [("user", "Q"), ("assistant", "A")],
    ),
    ("prompt/completion", {"prompt": "Q", "completion": "A"}, [("user", "Q"), ("assistant", "A")]),
    ("prompt/completion", {"Question": "Q", "Answer": "A"}, [("user", "Q"), ("assistant", "A")]),
    ("prompt/completion", {"prompt": "Q", "response": "A"}, [("user", "Q"), ("assistant", "A")]),
    ("preference", {"prompt": "Q", "chosen": "A", "rejected": "B"}, [("user", "Q"), ("assistant", "A")]),
    (
        "preference",
        {
            "chosen": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}],
            "rejected": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "B"}],
        },
        [("user", "Q"), ("assistant", "A")],
    ),
    ("classification", {"text": "Great!", "label": "good"}, [("user", "Great!"), ("assistant", "good")]),
    ("classification", {"text": "Great!", "label": 1}, [("user", "Great!"), ("assistant", "1")]),
    ("text", {"text": "Once upon a time."}, []),
]


@pytest.mark.parametrize(("format", "row", "turns"), FORMATS)
def test_each_format_is_recognized_and_becomes_messages(
    write: Write, format: str, row: dict[str, Any], turns: list[tuple[str, str]]
) -> None:
    reading = read(write("data.jsonl", [row]))
    assert reading.format == format
    assert [(m.role, m.whole) for m in reading.records[0].messages] == turns
    assert reading.problems == ()


def test_an_alpaca_row_keeps_its_input_apart_from_its_instruction(write: Write) -> None:
    record = read(write("a.jsonl", [{"instruction": "Add", "input": "1 2", "output": "3"}])).records[0]
    assert record.messages[0] == Message("user", "Add", "1 2")


def test_a_preference_row_keeps_the_rejected_answer(write: Write) -> None:
    assert (
        read(write("a.jsonl", [{"prompt": "Q", "chosen": "A", "rejected": "B"}])).records[0].rejected == "B"
    )


def test_plain_text_is_all_answer(write: Write) -> None:
    record = read(write("a.jsonl", [{"text": "Once."}])).records[0]
    assert (record.prompt, record.answer) == ("", "Once.")


def turns(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in pairs]}


FAULTS: list[tuple[str, str]] = [
    ('{"prompt": "a", "completion": }', "not JSON: expecting value at character 31"),
    ('{"prompt": "a", "completion": "b"', "not JSON: expecting ',' delimiter at character 34"),
    ('{"prompt": "a", "completion": "b"} x', "not JSON: something follows the object at character 35"),
    ('{"prompt": "a', "not JSON: unterminated string at character 12"),
    ('["a", "b"]', "an array, not an object; if the whole file is one array, name it .json"),
    ("3", "a number (3), not an object with named fields"),
    ("null", "null, not an object with named fields"),
    ('{"prompt": "a"}', 'missing "completion" (it has "prompt")'),
    ('{"completion": "a", "id": 3}', 'missing "prompt" (it has "completion", "id")'),
    ('{"prompt": "a", "completion": ""}', '"completion" is empty'),
    ('{"prompt": "a", "completion": "  \\n"}', '"completion" is empty'),
    ('{"prompt": "a", "completion": null}', '"completion" is null'),
    ('{"prompt": "a", "completion": 5}', '"completion" is a number (5), not text'),
    ('{"prompt": ["a"], "completion": "b"}', '"prompt" is an array, not text'),
    ('{"a": 1, "b": 2}', 'only unknown fields ("a", "b"); this file\'s rows need "prompt" and "completion"'),
    ("{}", 'only unknown fields (none); this file\'s rows need "prompt" and "completion"'),
    ('{"prompt": "a", "completion": "b", "prompt": "c"}', '"prompt" appears twice; keep one of them'),
    ('{"prompt": "a\0", "completion": "b"}', "holds a NUL byte; remove it, or save the file as UTF-8 again"),
    (
        '{"prompt": "a", "completion": "b\\u0000"}',
        '"completion" holds a NUL byte; remove it, or save the file as UTF-8 again',
    ),
    (
        '{"prompt": "a", "completion": "b\\ud83d"}',
        '"completion" holds half a character (\\ud83d) at character 2',
    ),
    ("[" * 100_000, "not JSON: nested too deeply"),
    ('{"prompt": "a", "completion": "b", "id": ' + "9" * 5000 + "}", "not JSON: a number of more than 4,300"),
]


@pytest.mark.parametrize(("line", "reason"), FAULTS, ids=[reason[:40] for _, reason in FAULTS])
def test_a_malformed_row_is_named_by_its_line_and_the_rest_goes_on(
    write: Write, line: str, reason: str
) -> None:
    good = json.dumps(GOOD)
    other = json.dumps({"prompt": "x", "completion": "y"})
    reading = read(write("data.jsonl", f"{good}\n\n{line}\n{other}\n"))
    assert [record.line for record in reading.records] == [1, 4]
    assert [(item.line, item.severity) for item in reading.problems] == [(3, "error")]
    assert reading.problems[0].reason.startswith(reason)


CHAT_FAULTS: list[tuple[dict[str, Any], str]] = [
    (turns(("user", "Q")), '"messages" has no turn by the assistant, so there is no answer to learn'),
    (turns(("user", "Q"), ("assistant", "")), "turn 2 (assistant) is empty"),
    (turns(("user", None), ("assistant", "A")), "turn 1 (user) is null"),
    (
        turns(("narrator", "Q"), ("assistant", "A")),
        'turn 1 is by "narrator"; use system, user, assistant or tool',
    ),
    (turns((3, "Q")), "turn 1 is by a number (3); use system, user, assistant or tool"),
    ({"messages": []}, '"messages" is empty'),
    ({"messages": "Q"}, '"messages" is a text, not an array of turns'),
    ({"messages": [["Q"]]}, "turn 1 is an array, not an object with role and content"),
    ({"messages": [{"role": "user"}]}, 'turn 1 has no "content" (it has "role")'),
    ({"messages": [{"from": "human", "content": "x"}]}, 'turn 1 has no "value" (it has "from", "content")'),
    (
        {
            "messages": [
                {"role": "user", "content": "Q"},
                {"role": "assistant", "content": "", "tool_calls": [1]},
            ]
        },
        "a call of a tool in turn 2 (assistant) is a number (1), not an object",
    ),
]


@pytest.mark.parametrize(("row", "reason"), CHAT_FAULTS)
def test_a_malformed_conversation_names_its_turn(write: Write, row: dict[str, Any], reason: str) -> None:
    reading = read(write("data.jsonl", [turns(("user", "Q"), ("assistant", "A")), row]))
    assert [(item.line, item.reason) for item in reading.problems] == [(2, reason)]


def test_a_preference_without_preference_is_an_error(write: Write) -> None:
    rows = [{"prompt": "Q", "chosen": "A", "rejected": "B"}, {"prompt": "Q", "chosen": "A", "rejected": "A"}]
    assert "nothing to prefer" in read(write("data.jsonl", rows)).problems[0].reason


def test_invalid_utf8_costs_only_its_own_line(write: Write) -> None:
    good, other = json.dumps(GOOD).encode(), b'{"prompt": "x", "completion": "y"}'
    reading = read(write("data.jsonl", good + b'\n{"prompt": "caf\xe9", "completion": "b"}\n' + other))
    assert [record.line for record in reading.records] == [1, 3]
    assert (
        reading.problems[0].reason == '"prompt" is not valid UTF-8: byte E9 at character 4; save it as UTF-8'
    )


def test_duplicates_and_echoes_are_warned_of_but_train(write: Write) -> None:
    reading = read(write("data.jsonl", [GOOD, GOOD, {"prompt": "same", "completion": "same "}]))
    assert len(reading.records) == 3
    assert [(p.line, p.severity, p.reason) for p in reading.problems] == [
        (2, "warning", "exact duplicate of line 1"),
        (3, "warning", "the prompt and the answer are identical"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", ["data.jsonl", "data.csv", "data.json", "data.ndjson"])
def test_byte_order_marks_and_line_ends_make_no_difference(
    write: Write, encoding: str, end: str, name: str
) -> None:
    rows = [{"prompt": "é1", "completion": "ü😀"}, {"prompt": "é2", "completion": "b"}]
    match name.split(".")[1]:
        case "csv":
            text = end.join(["prompt,completion", "é1,ü😀", "é2,b", ""])
        case "json":
            text = end.join(["[", json.dumps(rows[0], ensure_ascii=False) + ",", json.dumps(rows[1]), "]"])
        case _:
            text = end.join(json.dumps(row, ensure_ascii=False) for row in rows)
    reading = read(write(name, text.encode(encoding)))
    assert [(r.prompt, r.answer) for r in reading.records] == [("é1", "ü😀"), ("é2", "b")]
    assert reading.problems == ()
    assert [r.line for r in reading.records] == ([1, 2] if "l" in name or "nd" in name else [2, 3])


def test_csv_rows_have_the_line_they_start_on_even_after_quoted_newlines(write: Write) -> None:
    text = 'prompt,completion\n"two\nlines","a ""quoted"" b"\n\nx,\ny,z,extra\nq,a\n'
    reading = read(write("data.csv", text))
    assert [(r.line, r.prompt, r.answer) for r in reading.records] == [
        (2, "two\nlines", 'a "quoted" b'),
        (7, "q", "a"),
    ]
    assert [(p.line, p.reason) for p in reading.problems] == [
        (5, '"completion" is empty'),
        (6, "3 cells where the header has 2; put quotes around text with a comma"),
    ]


def test_a_csv_quote_that_is_never_closed_costs_only_its_own_line(write: Write) -> None:
    reading = read(write("data.csv", 'prompt,completion\na,b\n"c,d\ne,f\ng,h\n'))
    assert [r.line for r in reading.records] == [2, 4, 5]
    assert [(p.line, p.reason) for p in reading.problems] == [
        (3, 'a quote (") opens here and is never closed')
    ]


@pytest.mark.parametrize(("name", "mark"), [("data.csv", ";"), ("data.tsv", "\t"), ("data.csv", "\t")])
def test_tables_may_be_separated_by_semicolons_or_tabs(write: Write, name: str, mark: str) -> None:
    reading = read(write(name, f"instruction{mark}input{mark}output\nAdd, please{mark}1{mark}2\n"))
    assert (reading.format, reading.records[0].prompt) == ("instruction", "Add, please\n\n1")


def test_a_table_without_a_header_is_refused_with_the_names_it_needs(write: Write) -> None:
    fields = phrase("fields.two", one=field("hello"), other=field("world"))
    with refused("columns.unknown", DataError, file="data.csv", fields=fields):
        read(write("data.csv", "hello,world\nfoo,bar\n"))


def test_a_table_with_two_equal_columns_is_refused(write: Write) -> None:
    with refused("file.column_twice", DataError, file="data.csv", name="prompt"):
        read(write("data.csv", "prompt,prompt,completion\na,b,c\n"))


@pytest.mark.parametrize("wrapped", [False, True])
def test_json_arrays_keep_the_line_of_each_row(write: Write, wrapped: bool) -> None:
    rows = [GOOD, {"prompt": "x"}, {"prompt": "x", "completion": "y"}]
    document = {"version": 1, "data": rows} if wrapped else rows
    text = json.dumps(document, indent=2)
    reading = read(write("data.json", text))
    expected = [n for n, line in enumerate(text.splitlines(), 1) if line.strip() == "{" and n > 1]
    assert [r.line for r in reading.records] == [expected[0], expected[2]]
    assert [p.line for p in reading.problems] == [expected[1]]


def test_rows_of_a_json_array_on_one_line_are_told_apart(write: Write) -> None:
    reading = read(write("data.json", json.dumps([GOOD, {"prompt": "x", "completion": "y"}])))
    assert [r.line for r in reading.records] == [1, 2]


def test_a_json_array_that_breaks_off_keeps_what_came_before(write: Write) -> None:
    reading = read(write("data.json", '[\n{"prompt": "a", "completion": "b"},\n{"prompt": "c", "compl'))
    assert [r.line for r in reading.records] == [2]
    assert reading.problems[0].line == 3
    assert "nothing after it could be read" in reading.problems[0].reason


def test_jsonl_under_the_name_json_is_read_as_jsonl(write: Write) -> None:
    text = f"{json.dumps(GOOD)}\nnope\n{json.dumps({'prompt': 'x', 'completion': 'y'})}\n"
    reading = read(write("data.json", text))
    assert [r.line for r in reading.records] == [1, 3]
    assert [p.line for p in reading.problems] == [2]


def test_a_single_conversation_in_a_json_file_is_one_row(write: Write) -> None:
    assert len(read(write("data.json", json.dumps(turns(("user", "Q"), ("assistant", "A"))))).records) == 1


def test_parquet_rows_are_numbered(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as parquet

    path = tmp_path / "data.parquet"
    parquet.write_table(pa.table({"prompt": ["a", "b", None], "completion": ["c", "", "d"]}), path)
    reading = read(path)
    assert [r.line for r in reading.records] == [1]
    assert [(p.line, p.reason) for p in reading.problems] == [
        (2, '"completion" is empty'),
        (3, '"prompt" is null'),
    ]


def test_text_files_are_split_at_blank_lines_or_else_by_line(write: Write) -> None:
    paragraphs = read(write("a.txt", "\nOne\ntwo.\n\n\nThree.\n"))
    assert [(r.line, r.text) for r in paragraphs.records] == [(2, "One\ntwo."), (6, "Three.")]
    by_line = read(write("b.txt", "One.\r\nTwo.\r\n"))
    assert [(r.line, r.text) for r in by_line.records] == [(1, "One."), (2, "Two.")]


@pytest.mark.parametrize(
    ("name", "megabytes"), [("data.jsonl", 50), ("data.json", 10), ("data.csv", 10), ("data.txt", 10)]
)
def test_a_row_of_fifty_megabytes_is_a_problem_and_no_crash(write: Write, name: str, megabytes: int) -> None:
    huge = "x" * (megabytes * 2**20)
    good, bad = json.dumps(GOOD), json.dumps({"prompt": "a", "completion": huge})
    content = {
        "jsonl": f"{good}\n{bad}\n",
        "json": f"[{good},\n{bad}]",
        "csv": f"prompt,completion\na,b\nc,{huge}\n",
        "txt": f"One.\n{huge}\n",
    }
    reading = read(write(name, content[name.split(".")[1]]))
    assert len(reading.records) == 1
    assert [f"{ROW_LIMIT:,} characters" in p.reason for p in reading.problems] == [True]


def test_the_fingerprint_is_that_of_the_bytes(write: Write) -> None:
    first, second = read(write("a.jsonl", [GOOD])), read(write("b.jsonl", [GOOD]))
    assert first.fingerprint == second.fingerprint != read(write("c.jsonl", [GOOD, GOOD])).fingerprint


def test_a_mixed_file_has_the_format_of_most_rows(write: Write) -> None:
    reading = read(write("a.jsonl", [{"text": "lonely"}, GOOD, {"prompt": "x", "completion": "y"}]))
    assert reading.format == "prompt/completion"
    assert [p.line for p in reading.problems] == [1]


def faulty(line: int, code: str, **values: Any) -> Phrase:
    return phrase("row.no_example", line=line, reason=phrase(code, **values))


NO_JSON = faulty(1, "row.not_json_at", fault="expecting value", column=1)
TWO_ROWS = phrase("sentences", one=NO_JSON, other=faulty(2, "row.array"))
UNREADABLE: list[tuple[str, bytes, str, dict[str, Any]]] = [
    ("a.jsonl", b"", "file.empty", {}),
    ("a.jsonl", b"\n \n", "file.no_rows", {}),
    ("a.json", b"[]", "file.no_rows", {}),
    ("a.csv", b"prompt,completion\n", "file.no_rows", {}),
    ("a.docx", b"x", "file.other_kind", {"kind": ".docx", "kinds": ", ".join(EXTENSIONS)}),
    ("a", b"x", "file.no_extension", {"kinds": ", ".join(EXTENSIONS)}),
    ("a.jsonl", b"nope\n", "file.row_unusable", {"reasons": NO_JSON}),
    ("a.jsonl", b"nope\n[]\n", "file.rows_unusable", {"rows": 2, "reasons": TWO_ROWS}),
    ("a.jsonl", b'{"a": 1}\n', "columns.unknown", {"fields": field("a")}),
    ("a.json", b'{"a": [1], "b": [2]}', "json.arrays", {"arrays": 2}),
    ("a.json", b'{"a": 1, "b": "c"}', "json.no_array", {}),
    ("a.json", b'{"a": 1,', "json.damaged", {"fault": "fault.in_line"}),
    ("a.json", b'{"a": ' + b"[" * 100_000, "json.damaged", {"fault": "fault.nested"}),
    ("a.json", b'"text"', "json.neither", {}),
    ("a.parquet", b"PAR1 nonsense PAR1", "table.no_parquet", {}),
    ("a.arrow", b"nonsense", "table.no_arrow", {}),
    ("a.jsonl", b"\xff\xfe{\x00\x00", "file.row_unusable", {}),
    ("a.jsonl", gzip.compress(b"{}" * 50, mtime=0), "file.row_unusable", {"reasons": "row.no_example"}),
]


@pytest.mark.parametrize(("name", "content", "code", "values"), UNREADABLE)
def test_a_file_with_nothing_to_train_on_is_refused_in_words(
    write: Write, name: str, content: bytes, code: str, values: dict[str, Any]
) -> None:
    with refused(code, DataError, file=name, **values):
        read(write(name, content))


def test_a_missing_file_and_a_folder_are_refused_in_words(tmp_path: Path) -> None:
    with refused("file.missing", DataError, file=str(tmp_path / "gone.jsonl")):
        read(tmp_path / "gone.jsonl")
    with refused("folder.no_examples", DataError, folder=str(tmp_path)):
        read(tmp_path)


def test_an_unreadable_file_is_refused_in_words(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("a.jsonl", [GOOD])

    def refuse(*_: Any) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    if os.geteuid():
        path.chmod(0)
    else:  # root reads everything
        monkeypatch.setattr(reader_module, "rows_of", refuse)
    with refused("disk.unreadable", DataError, file="a.jsonl", fault="Permission denied"):
        read(path)


def test_rows_of_a_golden_set_with_turns_before_the_answer_are_read_with_it(write: Write) -> None:
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]
    lines = [{"prompt": "Hello?", "ideal": "Hi.", "messages": turns}, {"prompt": "Bye?", "ideal": "Bye."}]
    reading = read(write("golden.jsonl", "".join(json.dumps(line) + "\n" for line in lines)))
    assert not reading.problems
    roles = [[message.role for message in record.messages] for record in reading.records]
    assert roles == [["system", "user", "assistant"], ["user", "assistant"]]
    assert [record.answer for record in reading.records] == ["Hi.", "Bye."]
