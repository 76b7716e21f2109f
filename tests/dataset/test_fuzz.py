"""Two thousand damaged and arbitrary files: records or a sentence, never a crash, and no good row lost."""

from __future__ import annotations

import gzip
import io
import json
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.dataset.read.load import Reading, read
from studio.dataset.read.mapping import Mapping
from studio.dataset.read.source import EXTENSIONS
from studio.errors import DataError


def cases(count: int) -> Any:
    return settings(
        max_examples=count,
        deadline=timedelta(seconds=60),  # only what hangs
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


def attempt(name: str, content: bytes, mapping: Mapping | None = None) -> Reading | None:
    """What is read of a file with this content: sound, or refused in words, or this fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        reading, refusal = None, ""
        try:
            reading = read(path, mapping)
        except DataError as error:
            refusal = str(error)
    if reading is None:
        assert refusal.strip().encode()
        return None
    lines = [record.line for record in reading.records]
    assert lines == sorted(set(lines))
    assert lines[0] > 0
    assert all(problem.reason.encode() and problem.column >= 0 for problem in reading.problems)
    errors = {problem.line for problem in reading.problems if problem.severity == "error"}
    assert not errors.intersection(lines)
    return reading


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
good_rows = st.lists(st.fixed_dictionaries({"prompt": texts, "completion": texts}), min_size=1, max_size=6)
NAMES = sorted(
    {
        *("prompt", "completion", "instruction", "input", "output", "text", "label", "chosen", "rejected"),
        *("messages", "conversations", "conversation", "data", "chat", "dialogue", "system", "system_prompt"),
        *(
            "question",
            "answer",
            "answers",
            "context",
            "role",
            "content",
            "from",
            "value",
            "tools",
            "tool_calls",
        ),
        *("document", "summary", "replies", "function", "name", "arguments", "weight", "type", "x"),
    }
)
scalars = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), texts, st.text(max_size=8)),
    st.sampled_from(
        ["user", "assistant", "system", "tool", "human", "gpt", "\ud83d", "\0", "", " ", "0", "false"]
    ),
    st.sampled_from(["\n\nHuman: a\n\nAssistant: b", "USER: a\nASSISTANT:", "### Human: a", "{}", "[1]"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=12,
)
rows = st.dictionaries(st.sampled_from(NAMES), values, max_size=6)
FRAGMENTS = [
    *(
        b'{"prompt": "a", "completion": "b"}',
        b'{"text": ',
        b'"x"',
        b"}",
        b"[",
        b"]",
        b",",
        b"\n",
        b"\r",
        b'"',
    ),
    *(
        b"\0",
        b"prompt,completion\n",
        b"prompt;completion\r\n",
        b"a;b",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
    ),
    *(
        b"\xf0\x9f\x98",
        b"\xe9",
        b"\xc3\xa9",
        b"\\ud83d",
        b"1e999",
        b"NaN",
        b"-",
        b"PAR1",
        b"ARROW1",
        b"[" * 2000,
    ),
    *(
        b"\x1f\x8b\x08\x00",
        b"{" * 9,
        b'{"a":' * 1500,
        b"# A\n",
        b"```\n",
        b"\x81",
        b"\xff\xff\xff\xff",
        b"\x85",
    ),
]
KINDS = (*EXTENSIONS, ".jsonl.gz", ".csv.gz")


@cases(480)
@given(
    st.sampled_from(KINDS),
    st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=20).map(b"".join)),
)
def test_arbitrary_bytes_never_crash(kind: str, content: bytes) -> None:
    attempt(f"a{kind}", content)


@pytest.mark.long
@cases(480)
@given(
    st.lists(rows, min_size=1, max_size=4),
    st.sampled_from([".jsonl", ".json", ".csv", ".jsonl.gz"]),
    st.booleans(),
)
def test_rows_of_any_structure_never_crash(items: list[dict[str, Any]], kind: str, mapped: bool) -> None:
    if kind == ".json":
        text = json.dumps(items)
    elif kind == ".csv":
        text = "\n".join(
            ",".join(map(str, row.values())) for row in [dict(zip(NAMES, NAMES, strict=True)), *items]
        )
    else:
        text = "\n".join(json.dumps(row) for row in items)
    content = text.encode("utf-8", "surrogatepass")
    mapping = Mapping(prompt="x", answer="data.text") if mapped else None
    attempt(f"a{kind}", gzip.compress(content, mtime=0) if kind.endswith("gz") else content, mapping)


def encoded(kind: str, items: Sequence[dict[str, str]]) -> bytes:
    """A valid file of these rows."""
    buffer = io.BytesIO()
    table = pa.Table.from_pylist(list(items))
    match kind:
        case ".json":
            return json.dumps(items, ensure_ascii=False, indent=1).encode()
        case ".csv" | ".csv.gz":
            names = ("prompt", "completion")
            cells = [names, *([row[name] for name in names] for row in items)]
            lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in cells]
            content = "\r\n".join(lines).encode()
            return gzip.compress(content, mtime=0) if kind.endswith("gz") else content
        case ".parquet":
            parquet.write_table(table, buffer, row_group_size=2)
            return buffer.getvalue()
        case ".arrow":
            with pa.ipc.new_stream(buffer, table.schema) as writer:
                writer.write_table(table)
            return buffer.getvalue()
        case ".txt" | ".md":
            return "\n\n".join(row["prompt"] for row in items).encode()
        case _:
            content = "\n".join(json.dumps(row, ensure_ascii=False) for row in items).encode()
            return gzip.compress(content, mtime=0) if kind.endswith("gz") else content


@pytest.mark.long
@cases(480)
@given(
    st.sampled_from((".jsonl", ".json", ".csv", ".parquet", ".arrow", ".txt", ".md", ".jsonl.gz", ".csv.gz")),
    good_rows,
    st.lists(
        st.tuples(
            st.floats(0, 1),
            st.sampled_from(["cut", "flip", "insert", "repeat"]),
            st.binary(min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_damaged_files_of_every_kind_never_crash(
    kind: str, items: list[dict[str, str]], damages: list[tuple[float, str, bytes]]
) -> None:
    content = encoded(kind, items)
    for share, damage, piece in damages:
        at = int(share * len(content))
        match damage:
            case "cut":
                content = content[:at]
            case "flip":
                content = content[:at] + piece + content[at + len(piece) :]
            case "insert":
                content = content[:at] + piece + content[at:]
            case _:
                content = content[:at] + content[max(at - 40, 0) :]
    attempt(f"a{kind}", content)


broken_lines = st.one_of(
    st.binary(max_size=60),
    rows.map(lambda row: json.dumps(row).encode()),
    st.sampled_from(FRAGMENTS),
).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b""))


@pytest.mark.long
@cases(400)
@given(
    good_rows,
    st.lists(st.tuples(st.integers(0, 6), broken_lines), max_size=4),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_no_good_row_is_lost_among_broken_ones(
    items: list[dict[str, str]], broken: list[tuple[int, bytes]], end: bytes
) -> None:
    lines: list[tuple[bytes, dict[str, str] | None]] = [
        (json.dumps(row, ensure_ascii=False).encode(), row) for row in items
    ] * 4
    for place, line in broken:
        lines.insert(place + 1, (line, None))  # a first line decides on a file's encoding
    reading = attempt("a.jsonl", end.join(line for line, _ in lines))
    assert reading is not None
    found = {record.line: (record.prompt, record.answer) for record in reading.records}
    for number, (_, row) in enumerate(lines, 1):
        if row:
            assert found[number] == (row["prompt"], row["completion"])


@cases(160)
@given(good_rows, st.sampled_from([".jsonl", ".json", ".csv", ".parquet", ".arrow", ".jsonl.gz", ".csv.gz"]))
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_good_rows_are_read_equal_from_files_of_every_kind(
    encoding: str, items: list[dict[str, str]], kind: str
) -> None:
    content = encoded(kind, items)
    if encoding != "utf-8" and kind in (".jsonl", ".json"):
        content = content.decode().encode(encoding)
    reading = attempt(f"a{kind}", content)
    assert reading is not None
    assert [(r.prompt, r.answer) for r in reading.records] == [
        (row["prompt"], row["completion"]) for row in items
    ]
