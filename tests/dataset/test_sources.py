"""Compressed, columnar and differently encoded files, folders, and several files at once."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from studio.catalogue import phrase
from studio.cli.commands import run
from studio.dataset.dataset import Dataset
from studio.dataset.manifest import Manifest
from studio.dataset.read import folders
from studio.dataset.read.folders import modified
from studio.dataset.read.load import read
from studio.dataset.read.mapping import Mapping
from studio.dataset.render.render import Renderer, Rendering
from studio.dataset.rows import ROW_LIMIT
from studio.errors import DataError
from studio.recipe.fields import Data
from tests.conftest import refused

Write = Callable[..., Path]

ROWS = [{"prompt": f"Question {n}?", "completion": f"Answer {n}"} for n in range(1, 6)]
TEXT = "".join(json.dumps(row) + "\n" for row in ROWS)
TABLE = "prompt,completion\n" + "".join(f"{row['prompt']},{row['completion']}\n" for row in ROWS)


def parquet_bytes(rows: list[dict[str, Any]], group: int = 2) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist(rows), buffer, row_group_size=group)
    return buffer.getvalue()


def arrow_bytes(rows: list[dict[str, Any]], *, stream: bool) -> bytes:
    table, buffer = pa.Table.from_pylist(rows), io.BytesIO()
    with (pa.ipc.new_stream if stream else pa.ipc.new_file)(buffer, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return buffer.getvalue()


CONTENTS: dict[str, bytes] = {
    "a.jsonl": TEXT.encode(),
    "a.ndjson": TEXT.encode(),
    "a.json": json.dumps(ROWS, indent=1).encode(),
    "a.csv": TABLE.encode(),
    "a.tsv": TABLE.replace(",", "\t").encode(),
    "a.parquet": parquet_bytes(ROWS),
    "a.arrow": arrow_bytes(ROWS, stream=False),
    "stream.arrow": arrow_bytes(ROWS, stream=True),
}


def pairs(reading: Any) -> list[tuple[str, str]]:
    return [(record.prompt, record.answer) for record in reading.records]


WANTED = [(row["prompt"], row["completion"]) for row in ROWS]


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("name", CONTENTS)
def test_every_kind_of_file_gives_the_same_records_also_compressed(
    write: Write, name: str, zipped: bool
) -> None:
    content = CONTENTS[name]
    reading = read(write(f"{name}.gz", gzip.compress(content, mtime=0)) if zipped else write(name, content))
    assert pairs(reading) == WANTED
    assert reading.problems == ()


def test_a_compressed_file_under_a_plain_name_is_read(write: Write) -> None:
    assert pairs(read(write("a.jsonl", gzip.compress(TEXT.encode(), mtime=0)))) == WANTED


def test_a_compressed_file_that_breaks_off_keeps_the_rows_before(write: Write) -> None:
    many = "".join(
        json.dumps({"prompt": f"{n * 7919 % 10007}?", "completion": str(n)}) + "\n" for n in range(5000)
    )
    reading = read(write("a.jsonl.gz", gzip.compress(many.encode(), mtime=0)[:-5000]))
    assert 100 < len(reading.records) < 5000
    assert [record.answer for record in reading.records] == [str(n) for n in range(len(reading.records))]
    assert any("the compressed file is damaged" in problem.reason for problem in reading.problems)


def test_a_damaged_part_of_a_parquet_file_costs_only_its_rows(write: Write) -> None:
    rows = [{"prompt": f"{n}?" * 50, "completion": str(n) * 90} for n in range(9)]
    content = bytearray(parquet_bytes(rows, group=3))
    with parquet.ParquetFile(io.BytesIO(content)) as file:
        start = file.metadata.row_group(1).column(0).dictionary_page_offset
    content[start : start + 8] = b"\xff" * 8
    reading = read(write("a.parquet", bytes(content)))
    assert [record.line for record in reading.records] == [1, 2, 3, 7, 8, 9]
    assert [problem.line for problem in reading.problems] == [4]
    assert "rows 4 to 6 are damaged" in reading.problems[0].reason


def test_markdown_is_read_by_sections(write: Write) -> None:
    text = "Before.\n\n# One\nText\n~~~\n# code\n\n```\n~~~\n\n### Two\n\nMore\n"
    reading = read(write("a.md", text))
    assert [(record.line, record.text) for record in reading.records] == [
        (1, "Before."),
        (3, "# One\nText\n~~~\n# code\n\n```\n~~~"),
        (11, "### Two\n\nMore"),
    ]


ENCODED = [
    ("utf-16-le", "Où est le chat ?", ""),
    ("utf-16-be", "Où est le chat ?", ""),
    ("cp1252", "„Größe“ … wie groß?", "Windows-1252"),
    ("latin-1", "¿Dónde está el río?", "Windows-1252"),
    ("cp1251", "Какая сегодня погода в городе, и что нам делать?", "cp1251"),
    ("shift_jis", "今日の天気はどうですか。散歩に行きましょう。", "cp932|shift_jis|shift_jis_2004"),
]


@pytest.mark.parametrize(("encoding", "question", "words"), ENCODED, ids=[name for name, _, _ in ENCODED])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json"])
def test_text_that_is_not_utf8_is_read_and_said(
    write: Write, encoding: str, question: str, words: str, name: str
) -> None:
    rows = [{"prompt": f"{question} {n}", "completion": question} for n in range(5)]
    text = {
        "a.jsonl": "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows),
        "a.json": json.dumps(rows, ensure_ascii=False),
        "a.csv": "prompt;completion\n" + "".join(f"{r['prompt']};{r['completion']}\n" for r in rows),
    }
    reading = read(write(name, text[name].encode(encoding)))
    assert pairs(reading) == [(row["prompt"], row["completion"]) for row in rows]
    said = [problem.reason for problem in reading.problems if "not UTF-8" in problem.reason]
    assert [any(word in reason for word in words.split("|")) for reason in said] == ([True] if words else [])


def test_utf8_rows_survive_in_a_file_that_is_mostly_something_else(write: Write) -> None:
    rows = [{"prompt": f"Größe {n}", "completion": "schön"} for n in range(4)]
    lines = [
        json.dumps(row, ensure_ascii=False).encode("utf-8" if n == 2 else "cp1252")
        for n, row in enumerate(rows)
    ]
    assert pairs(read(write("a.jsonl", b"\n".join(lines)))) == [(r["prompt"], r["completion"]) for r in rows]


def test_a_row_too_long_for_memory_is_refused_also_when_compressed(write: Write) -> None:
    bad = json.dumps({"prompt": "a", "completion": "x" * 50 * 2**20})
    reading = read(write("a.jsonl.gz", gzip.compress(f"{TEXT}{bad}\n{TEXT}".encode(), 1, mtime=0)))
    assert len(reading.records) == 10
    assert [p.line for p in reading.problems if f"{ROW_LIMIT:,}" in p.reason] == [6]


BROKEN_ROWS = [
    '{"prompt": "x", "completion": }',
    "{'prompt': 'x'}",
    '{"prompt": "x", "completion": "y",}',
    '{"prompt": "x" "completion": "[{"}',
    '{"prompt": "x',
    '{"prompt": ["x"}',
    "nope",
    "}",
    '{"x": ' + "[" * 50_000 + "]" * 50_000 + "}",
]


@pytest.mark.parametrize("broken", BROKEN_ROWS, ids=[row[:30] for row in BROKEN_ROWS])
def test_a_broken_row_of_a_json_array_costs_only_itself(write: Write, broken: str) -> None:
    good = [json.dumps(row) for row in ROWS]
    lines = [*good[:2], broken, *good[2:4], broken, good[4]]
    array = "[\n  " + ",\n  ".join(lines) + "\n]\n"
    reading = read(write("a.json", array))
    assert pairs(reading) == WANTED
    assert [problem.line for problem in reading.problems] == [4, 7]
    assert [record.line for record in reading.records] == [2, 3, 5, 6, 8]
    assert pairs(read(write("b.json", f'{{"version": 1, "data": {array}}}'))) == WANTED


def test_rows_of_a_json_array_without_commas_between_them_are_read(write: Write) -> None:
    assert pairs(read(write("a.json", "[" + "\n".join(map(json.dumps, ROWS)) + "]"))) == WANTED


def test_a_problem_knows_its_column(write: Write) -> None:
    reading = read(write("a.jsonl", f'{TEXT}  {{"prompt": nope}}\n'))
    assert [(problem.line, problem.column) for problem in reading.problems] == [(6, 14)]


def folder(root: Path, files: dict[str, Any]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content)
        path.write_bytes(content if isinstance(content, bytes) else text.encode())
    return root


def ask(*names: str) -> list[dict[str, str]]:
    return [{"prompt": f"{name}?", "completion": name} for name in names]


LAYOUTS: list[tuple[dict[str, Any], dict[str, str]]] = [
    (
        {
            "train.jsonl": ask("a", "b"),
            "valid.jsonl": ask("c"),
            "test.jsonl": ask("d"),
            "README.md": "# Hi\n",
        },
        {"a": "train", "b": "train", "c": "validation", "d": "test"},
    ),
    (
        {
            "data/train-00001-of-00002.parquet": parquet_bytes(ask("b")),
            "data/train-00000-of-00002.parquet": parquet_bytes(ask("a")),
            "data/validation-00000-of-00001.parquet": parquet_bytes(ask("c")),
        },
        {"a": "train", "b": "train", "c": "validation"},
    ),
    (
        {
            "dataset_dict.json": "{}",
            "train/data-00000-of-00001.arrow": arrow_bytes(ask("a"), stream=True),
            "train/state.json": "{}",
            "dev/data-00000-of-00001.arrow": arrow_bytes(ask("b"), stream=True),
        },
        {"a": "train", "b": "validation"},
    ),
    ({"train.jsonl": ask("a"), "all.jsonl": ask("x"), "golden.jsonl": ask("g")}, {"a": ""}),
    (
        {
            "2.jsonl": ask("b"),
            "10.jsonl": ask("c"),
            "²1.json": ask("d"),
            "1.csv": "prompt,completion\na?,a\n",
        },
        dict.fromkeys("abcd", ""),
    ),
    ({"test.jsonl": ask("a"), ".hidden.jsonl": ask("x")}, {"a": ""}),
]


@pytest.mark.parametrize(("files", "parts"), LAYOUTS)
def test_a_folder_is_its_files_and_their_names_say_the_split(
    tmp_path: Path, files: dict[str, Any], parts: dict[str, str]
) -> None:
    reading = read(folder(tmp_path / "set", files))
    assert {r.answer: reading.given.get(r.line, "") for r in reading.records} == parts
    assert list(parts) == [record.answer for record in reading.records]
    assert reading.name == "set"


def test_lines_of_several_files_run_on_and_lead_back(tmp_path: Path) -> None:
    first = folder(
        tmp_path, {"a.jsonl": [*ask("a"), {"prompt": "x"}], "b.csv": "prompt,completion\nb?,b\na?,a\n"}
    )
    reading = read([first / "a.jsonl", first / "b.csv"])
    assert [(r.answer, r.line, reading.places.place(r.line)) for r in reading.records] == [
        ("a", 1, ("a.jsonl", 1)),
        ("b", 4, ("b.csv", 2)),
        ("a", 5, ("b.csv", 3)),
    ]
    assert [(p.file, reading.places.place(p.line)[1], p.reason) for p in reading.problems] == [
        ("a.jsonl", 2, 'missing "completion" (it has "prompt")'),
        ("b.csv", 3, "exact duplicate of line 1 of a.jsonl"),
    ]
    assert reading.name == "a.jsonl and 1 more"


def test_one_bad_file_among_several_is_a_problem_of_its_own(tmp_path: Path) -> None:
    files = {"a.jsonl": ask("a", "b"), "b.csv": "prompt,completion\n", "c.jsonl": [{"text": "A story."}]}
    reading = read(folder(tmp_path / "set", files))
    assert [record.answer for record in reading.records] == ["a", "b"]
    assert [(p.line, p.file, p.severity) for p in reading.problems] == [
        (0, "b.csv", "error"),
        (0, "c.jsonl", "error"),
    ]
    assert "it holds text examples" in reading.problems[1].reason


def test_every_row_of_a_file_without_a_good_one_is_named_among_several(tmp_path: Path) -> None:
    nothing = 'nope\n\n{"prompt": "x"\n'
    files = {"a.jsonl": ask("a", "b"), "b.jsonl": nothing, "c.jsonl": [*ask("c"), {"completion": "d"}]}
    reading = read(folder(tmp_path / "set", files))
    assert [record.answer for record in reading.records] == ["a", "b", "c"]
    bad = [(p.file, reading.places.words(p.line)) for p in reading.problems]
    assert bad == [
        ("b.jsonl", "line 1 of b.jsonl"),
        ("b.jsonl", "line 3 of b.jsonl"),
        ("c.jsonl", "line 2 of c.jsonl"),
    ]


def test_the_fingerprint_of_a_folder_changes_with_any_file(tmp_path: Path) -> None:
    first = folder(tmp_path / "one", {"train.jsonl": ask("a"), "test.jsonl": ask("b")})
    same = folder(tmp_path / "two", {"train.jsonl": ask("a"), "test.jsonl": ask("b")})
    assert read(first).fingerprint == read(same).fingerprint
    before = modified(same)
    (same / "test.jsonl").write_text(json.dumps(ask("c")[0]))
    assert read(first).fingerprint != read(same).fingerprint
    assert modified(same) >= before > 0 == modified(tmp_path / "none")


def test_files_of_the_same_name_are_told_apart(tmp_path: Path) -> None:
    root = folder(tmp_path, {"x/a.jsonl": ask("a"), "y/a.jsonl": ask("b")})
    reading = read([root / "x" / "a.jsonl", root / "y" / "a.jsonl"])
    assert [file.name for file in reading.places.files] == ["x/a.jsonl", "y/a.jsonl"]


@pytest.mark.parametrize("held_out", [("valid",), ("test",), ("valid", "test")])
def test_given_parts_stay_and_only_missing_ones_are_split_off(
    tmp_path: Path, chatml: Any, held_out: tuple[str, ...]
) -> None:
    files = {f"{part}.jsonl": ask(*(f"{part}{n}" for n in range(30))) for part in ("train", *held_out)}
    path = folder(tmp_path / "set", files)
    dataset = Dataset.load(path, Renderer(chatml, Rendering()), Data(path=str(path)), 0)
    answers = {
        part: [e.record.answer for e in getattr(dataset, part)] for part in ("train", "validation", "test")
    }
    for name, part in (("valid", "validation"), ("test", "test")):
        if name in held_out:
            assert answers[part] == [f"{name}{n}" for n in range(30)]
        else:
            assert 0 < len(answers[part]) < 10
            assert all(answer.startswith("train") for answer in answers[part])
    assert dataset.read_event("tiny").files[0].part == "train"


MAPPINGS: list[tuple[dict[str, Any], Mapping, str]] = [
    ({"Frage": "Q", "Antwort": "A"}, Mapping(prompt="Frage", answer="Antwort"), "prompt/completion"),
    (
        {"user_question": "Q", "bot_reply": "A"},
        Mapping(prompt="user_question", answer="bot_reply"),
        "prompt/completion",
    ),
    (
        {"userMessage": "Q", "kontext": "I", "antwort": "A"},
        Mapping(prompt="userMessage", input="kontext", answer="antwort"),
        "instruction",
    ),
    ({"translation": {"en": "Q", "fr": "A"}}, Mapping(prompt="translation.en", answer="translation.fr"), ""),
    (
        {"better_answer": "A", "worse_answer": "B", "task": "Q"},
        Mapping(prompt="task", chosen="better_answer", rejected="worse_answer"),
        "preference",
    ),
    ({"Satz": "Q", "Klasse": 1}, Mapping(text="Satz", label="Klasse"), "classification"),
    ({"id": 3, "story": "Once."}, Mapping(text="story"), "text"),
    (
        {"chat_history": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]},
        Mapping(messages="chat_history"),
        "chat",
    ),
]


@pytest.mark.parametrize(("row", "mapping", "format"), MAPPINGS)
def test_unknown_columns_are_guessed_and_read_by_their_mapping(
    write: Write, row: dict[str, Any], mapping: Mapping, format: str
) -> None:
    from studio.dataset.read.mapping import UnknownColumns

    path = write("a.jsonl", [row])
    with pytest.raises(UnknownColumns) as asked:
        read(path)
    assert asked.value.guess == mapping
    assert asked.value.columns[0].examples
    reading = read(path, mapping)
    assert reading.format == (format or "prompt/completion")
    assert reading.records[0].answer in ("A", "1", "Once.")


def test_a_mapped_column_is_named_in_its_problems(write: Write) -> None:
    path = write("a.jsonl", [{"Q": "a", "A": "b"}, {"Q": "c", "A": ""}, {"Q": "c"}, {"x": 1}])
    reading = read(path, Mapping(prompt="Q", answer="A"))
    assert [problem.reason for problem in reading.problems] == [
        '"A" is empty',
        'missing "A" (it has "Q")',
        'only unknown fields ("x")',
    ]


def test_a_mapping_that_makes_no_example_is_refused(write: Write) -> None:
    with refused("columns.incomplete", DataError):
        read(write("a.jsonl", ROWS), Mapping(prompt="prompt"))


def test_a_mapping_comes_back_from_what_is_written() -> None:
    mapping = Mapping(prompt="Frage", answer="Antwort.text", system="Rolle")
    assert (
        Mapping.parse(mapping.written)
        == mapping
        == Mapping.parse("answer = Antwort.text,prompt=Frage,system=Rolle")
    )


@pytest.mark.parametrize("name", ["Frage, falls da", 'with "quotes"', "a=b", " padded ", '5"', "back\\slash"])
def test_any_name_of_a_column_can_be_written(name: str) -> None:
    mapping = Mapping(prompt=name, answer="Antwort")
    assert Mapping.parse(mapping.written) == mapping


@pytest.mark.parametrize("written", ["Frage", "prompt=a, answer=", "ask=a", "text=a, text=b"])
def test_what_maps_no_columns_is_refused_with_the_roles_there_are(written: str) -> None:
    with refused("columns.no_mapping", DataError, written=written, roles=", ".join(Mapping.model_fields)):
        Mapping.parse(written)


def test_columns_that_make_no_example_are_refused() -> None:
    with refused("columns.incomplete", DataError):
        Mapping.parse("prompt=a")


def test_a_refused_file_says_how_its_columns_could_be_mapped(write: Write) -> None:
    remedy = phrase("columns.guessed", guess="prompt=Frage, answer=Antwort")
    with refused("columns.unknown", DataError, file="a.jsonl", remedy=remedy):
        read(write("a.jsonl", [{"Frage": "Q", "Antwort": "A"}]))


def test_a_folder_of_everything_is_refused_and_hidden_folders_are_not_gone_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = folder(tmp_path / "set", {"a.jsonl": ask("a"), ".git/objects/b.jsonl": ask("b")})
    (root / "gone.jsonl").symlink_to(tmp_path / "nowhere.jsonl")
    monkeypatch.setattr(folders, "_VISITED", 3)
    assert [record.answer for record in read(root).records] == ["a"]
    (root / "more").mkdir()
    (root / "more" / "c.txt").write_text("c")
    with refused("folder.very_many", DataError, folder=str(root)):
        read(root)


def test_a_file_whose_name_is_no_text_can_be_saved(tmp_path: Path) -> None:
    path = tmp_path / "r\udcffws.jsonl"
    try:
        path.write_text(TEXT)
    except OSError:
        pytest.skip("this disk takes only names that are text")
    assert run(["data", "save", str(path), str(tmp_path / "kept")]) == 0
    assert Manifest.read(tmp_path / "kept").sources[0].name == "r\\udcffws.jsonl"


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_text_of_a_table_that_is_not_utf8_costs_only_its_row(write: Write, name: str) -> None:
    offsets = b"".join(n.to_bytes(4, "little") for n in (0, 2, 4, 6))
    texts = pa.Array.from_buffers(pa.string(), 3, [None, pa.py_buffer(offsets), pa.py_buffer(b"okq\xffme")])
    table = pa.table({"prompt": texts, "completion": ["a", "b", "c"]})
    reading = read(write(name, table_bytes(table, name)))
    assert [record.prompt for record in reading.records] == ["ok", "me"]
    (bad,) = reading.problems
    assert (bad.line, bad.reason) == (
        2,
        '"prompt" is not valid UTF-8: byte FF at character 2; save it as UTF-8',
    )


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_two_columns_of_the_same_name_are_refused(write: Write, name: str) -> None:
    table = pa.table([["q"], ["a"], ["b"]], names=["prompt", "completion", "completion"])
    with refused("file.column_twice", DataError, file=name, name="completion"):
        read(write(name, table_bytes(table, name)))


def table_bytes(table: pa.Table, name: str) -> bytes:
    buffer = io.BytesIO()
    if name.endswith(".parquet"):
        parquet.write_table(table, buffer)
    else:
        with pa.ipc.new_file(buffer, table.schema) as writer:
            writer.write_table(table)
    return buffer.getvalue()


@pytest.mark.parametrize("mark", [";", "|", "\t"])
def test_the_separator_that_excel_names_before_the_header_is_taken(write: Write, mark: str) -> None:
    lines = [f"SEP={mark}", f"prompt{mark}completion", f"Say a, b{mark}a, b", ""]
    (record,) = read(write("a.csv", "\r\n".join(lines))).records
    assert (record.line, record.prompt, record.answer) == (3, "Say a, b", "a, b")
