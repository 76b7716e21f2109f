"""A saved dataset is whole, comes back as it was, is read by others, and notices when it was changed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.catalogue import phrase
from studio.dataset.manifest import NAME, Manifest, SourceFile, is_saved
from studio.dataset.read.folders import golden_beside
from studio.dataset.read.load import read
from studio.dataset.read.saved import read_saved
from studio.dataset.record import Call, Message, Record
from studio.dataset.save.folder import save
from studio.dataset.steps.apply import apply
from studio.dataset.steps.result import Shaped
from studio.dataset.steps.steps import AnyStep, step_from
from studio.errors import DataError, DiskError, TargetError
from studio.evaluate.golden import golden_for, read_golden
from studio.events import Problem
from studio.recipe.recipe import Recipe
from studio.train.dataset_cache import DatasetCache
from tests.conftest import finish, refused

STEPS: tuple[AnyStep, ...] = tuple(
    step_from(step)
    for step in (
        {"kind": "cap", "rows": 40},
        {"kind": "split", "seed": 2},
        {"kind": "reserve_golden", "count": 4},
    )
)


def rows(count: int) -> list[Record]:
    return [
        Record(n, (Message("user", f"Question {n}?"), Message("assistant", f"Answer {n}.")))
        for n in range(1, count + 1)
    ]


def saved(folder: Path, records: list[Record], steps: tuple[AnyStep, ...] = STEPS, **more: Any) -> Manifest:
    shaped = finish(apply(records, steps))
    return finish(save(folder, shaped, format="chat", steps=steps, **more))


def content(records: tuple[Record, ...] | list[Record]) -> list[Record]:
    return [replace(record, line=0) for record in records]


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
CALL = st.builds(Call, TEXT, TEXT, TEXT)
MESSAGE = st.builds(
    Message,
    st.sampled_from(["system", "user", "assistant", "tool"]),
    TEXT,
    TEXT,
    calls=st.lists(CALL, max_size=2).map(tuple),
    trained=st.booleans(),
)
RECORD = st.builds(
    Record,
    st.just(1),
    st.lists(MESSAGE, max_size=3).map(tuple),
    text=TEXT,
    rejected=TEXT,
    made=TEXT,
)


@settings(
    max_examples=15,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    found=st.lists(
        st.tuples(RECORD, st.sampled_from(["", "train", "test", "golden"])), min_size=1, max_size=8
    )
)
def test_whatever_a_record_holds_comes_back(tmp_path: Path, found: list[tuple[Record, str]]) -> None:
    records = tuple(replace(record, line=n) for n, (record, _) in enumerate(found, 1))
    parts = {n: part for n, (_, part) in enumerate(found, 1) if part}
    shaped = Shaped(records, parts, (), ())
    manifest = finish(save(tmp_path / "set", shaped, format="chat"))
    again, kept = finish(read_saved(tmp_path / "set"))
    assert again == manifest
    assert manifest.fingerprint == shaped.fingerprint
    for name, part in kept.items():
        assert content(part) == content(shaped.part(name))
    assert sum(map(len, kept.values())) == len(records)
    assert [record.line for part in kept.values() for record in part] == list(range(1, len(records) + 1))


def test_the_manifest_tells_where_the_rows_come_from_and_what_was_done(tmp_path: Path) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text("{}\n")
    equal = [phrase("row.duplicate", place=phrase("line", line=line)) for line in (1, 2)]
    problems = [Problem(3, equal[0], "warning"), Problem(5, equal[1], "warning")]
    saved(tmp_path / "set", rows(60), sources=[SourceFile.of(source)], problems=problems)
    manifest = json.loads((tmp_path / "set" / NAME).read_text())
    assert manifest["schema_version"] == 1
    assert manifest["rows"] == {"train": 28, "validation": 4, "test": 4, "golden": 4}
    assert manifest["sources"][0]["sha256"].startswith("ca3d163bab055381")
    assert manifest["problems"] == {"exact duplicate of line …": 2}
    assert [step["kind"] for step in manifest["history"]] == ["cap", "split", "reserve_golden"]
    assert tuple(step_from(step) for step in manifest["history"]) == STEPS
    assert [(c["before"], c["after"]) for c in manifest["counts"]] == [(60, 40), (40, 40), (40, 40)]
    assert [(f["file"], f["part"], f["rows"]) for f in manifest["files"]] == [
        ("part-00000.parquet", "train", 28),
        ("part-00001.parquet", "validation", 4),
        ("part-00002.parquet", "test", 4),
        ("part-00003.parquet", "golden", 4),
    ]


def test_parts_are_zstd_parquet_with_the_columns_that_are_filled(tmp_path: Path) -> None:
    made = replace(rows(1)[0], line=41, made="paraphrase of row 1 by starter")
    saved(tmp_path / "set", [*rows(40), made], ())
    file = parquet.ParquetFile(tmp_path / "set" / "part-00000.parquet")
    assert set(file.schema_arrow.names) == {"line", "messages", "made", "part"}
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


def test_other_software_reads_the_parts_as_the_card_says(tmp_path: Path) -> None:
    import datasets

    saved(tmp_path / "set", rows(60))
    datasets.disable_progress_bars()
    loaded = datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"))
    assert {name: part.num_rows for name, part in loaded.items()} == {
        "train": 28,
        "validation": 4,
        "test": 4,
        "golden": 4,
    }
    assert loaded["train"][0]["messages"][0]["role"] == "user"


def test_the_card_gives_statistics_labels_and_the_history_in_sentences(tmp_path: Path) -> None:
    labelled = [
        Record(n, (Message("user", f"Row {n}"), Message("assistant", "yes" if n % 3 else "no")))
        for n in range(1, 61)
    ]
    saved(tmp_path / "set", labelled)
    card = (tmp_path / "set" / "README.md").read_text()
    assert "40 examples in chat format" in card
    assert "| train | 28 | 2 | " in card
    assert "- yes: 27\n- no: 13" in card
    assert "1. Keep at most 40 rows, the first: 60 → 40 rows, 20 fewer." in card
    assert "8 golden" not in card


def test_the_golden_set_is_a_file_that_an_evaluation_reads(tmp_path: Path) -> None:
    manifest = saved(tmp_path / "set", rows(60))
    lines = [json.loads(line) for line in (tmp_path / "set" / "golden.jsonl").read_text().splitlines()]
    assert len(lines) == manifest.rows["golden"] == 4
    _, parts = finish(read_saved(tmp_path / "set"))
    assert [(line["prompt"], line["ideal"]) for line in lines] == [
        (r.prompt, r.answer) for r in parts["golden"]
    ]


def test_the_same_input_and_history_give_the_same_fingerprint_wherever_it_is_saved(tmp_path: Path) -> None:
    first, second = saved(tmp_path / "one", rows(60)), saved(tmp_path / "two", rows(60))
    assert first.fingerprint == second.fingerprint
    assert saved(tmp_path / "three", rows(61)[1:]).fingerprint != first.fingerprint


def test_a_save_that_is_stopped_anywhere_leaves_nothing(tmp_path: Path) -> None:
    shaped = finish(apply(rows(5000), ()))
    stops = 0
    while True:
        saving = save(tmp_path / "set", shaped, format="chat")
        try:
            for _ in range(stops + 1):
                next(saving)
        except StopIteration:
            break
        saving.close()
        assert list(tmp_path.iterdir()) == []
        stops += 1
    assert stops == 10
    assert is_saved(tmp_path / "set")


def test_saving_again_replaces_a_dataset_and_nothing_else(tmp_path: Path) -> None:
    saved(tmp_path / "set", rows(60))
    assert saved(tmp_path / "set", rows(50)).rows["train"] == 28
    other = tmp_path / "photos"
    other.mkdir()
    (other / "one.png").write_bytes(b"1")
    with refused("target.no_dataset", TargetError, folder=str(other), names="one.png"):
        saved(other, rows(60))
    assert [path.name for path in other.iterdir()] == ["one.png"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with refused("disk.file_there", DiskError, file=str(tmp_path / "file")):
        saved(tmp_path / "file" / "set", rows(60))


def _rewritten(folder: Path) -> None:
    path = folder / "part-00001.parquet"
    parquet.write_table(parquet.read_table(path), path, compression="snappy")


def _swapped(folder: Path) -> None:
    text = (folder / NAME).read_text()
    (folder / NAME).write_text(text.replace('"part": "train"', '"part": "test"'))


@pytest.mark.parametrize(
    ("change", "code", "values"),
    [
        (_rewritten, "saved.changed", {"file": "part-00001.parquet"}),
        (_swapped, "saved.changed", {"file": NAME}),
        (
            lambda folder: (folder / "part-00000.parquet").unlink(),
            "saved.lacks",
            {"file": "part-00000.parquet"},
        ),
        (lambda folder: (folder / NAME).write_text('{"schema_version": 9}'), "file.newer", {}),
        (
            lambda folder: (folder / NAME).write_text('{"schema_version": 1}'),
            "saved.damaged",
            {"fault": "Field required"},
        ),
        (
            lambda folder: (folder / NAME).write_text("{"),
            "disk.no_json",
            {"advice": phrase("disk.advice", advice=phrase("saved.again"))},
        ),
    ],
)
def test_what_was_changed_by_hand_is_noticed(
    tmp_path: Path, change: Any, code: str, values: dict[str, str]
) -> None:
    saved(tmp_path / "set", rows(60))
    change(tmp_path / "set")
    with refused(code, DataError, **values):
        finish(read_saved(tmp_path / "set"))


def test_a_saved_dataset_is_read_like_a_file_and_keeps_its_parts(tmp_path: Path) -> None:
    manifest = saved(tmp_path / "set", [*rows(60), replace(rows(1)[0], line=61)], STEPS[1:])
    found = read(tmp_path / "set")
    assert (found.format, found.fingerprint, len(found.records)) == ("chat", manifest.fingerprint, 61)
    assert Counter(found.given.values()) == manifest.rows
    assert [problem.reason for problem in found.problems if "duplicate" in problem.reason]


def test_training_sees_the_saved_parts_and_no_golden_row(tmp_path: Path, tiny_model: Path) -> None:
    manifest = saved(tmp_path / "set", rows(60))
    recipe = Recipe().with_values({"data.path": str(tmp_path / "set"), "model": str(tiny_model)})
    dataset = finish(DatasetCache().open(recipe))
    used = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    assert {name: len(part) for name, part in used.items()} | {"golden": 4} == manifest.rows
    _, parts = finish(read_saved(tmp_path / "set"))
    seen = {example.record.prompt for example in chain(*used.values())}
    assert not seen & {record.prompt for record in parts["golden"]}
    golden = golden_for(golden_beside(tmp_path / "set"), dataset)
    assert [item.prompt for item in golden.items] == [record.prompt for record in parts["golden"]]


def test_a_golden_question_keeps_its_earlier_turns(tmp_path: Path) -> None:
    said = ("system", "Be short."), ("user", "One?"), ("assistant", "1"), ("user", "Two?"), ("assistant", "2")
    record = Record(1, tuple(Message(*turn) for turn in said))
    finish(save(tmp_path / "set", Shaped((record,), {1: "golden"}, (), ()), format="chat"))
    item = read_golden(tmp_path / "set" / "golden.jsonl").items[0]
    assert (item.turns, item.ideal) == (record.before_answer, "2")
