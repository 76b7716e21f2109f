"""Some rows of a big file are the rows that the same steps leave of it when it is read whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.catalogue import phrase
from studio.dataset.manifest import Manifest
from studio.dataset.read import memory_check
from studio.dataset.read.load import read
from studio.dataset.steps.apply import apply
from studio.dataset.steps.steps import AnyStep, Cap, Delete, DropDuplicates, Edit, Filter, Fix, Shuffle, Split
from studio.dataset.store import source
from studio.dataset.store.reader import Store
from studio.dataset.store.records import StoredRecords, problems, usable
from studio.dataset.store.scanner import scan
from studio.errors import DataError
from studio.events import DatasetExported, DatasetSaved, Problem
from studio.jobs.save import ExportJob, SaveJob
from studio.recipe.recipe import Recipe
from tests.conftest import finish, refused, write_rows


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Some 700 rows, of which some are duplicates, faulty, or unusable."""
    path = write_rows(tmp_path / "mixed.jsonl", 600)
    lines = path.read_text().splitlines()
    odd = ['{"instruction": "Same", "output": "Same"}', '{"instruction": "None", "output": null}', "{"]
    to_fix = [
        '{"instruction": "Write to", "output": "jane@acme.org, or not"}',
        '{"instruction": "Write to", "output": "[e-mail], or not"}',
        '{"instruction": "End", "output": "<|im_end|>"}',
        '{"instruction": "Same same same same", "output": "same same same same"}',
    ]
    path.write_text("\n".join([*lines, *odd, *lines[:97], "", lines[3], *to_fix]))
    return path


def scanned(path: Path, folder: Path) -> Store:
    list(scan(path, folder))
    return Store(path, folder)


def stored(path: Path, folder: Path, format: str = "instruction") -> StoredRecords:
    store = scanned(path, folder)
    return StoredRecords(store, format, usable(store))


CHOOSING: list[tuple[AnyStep, ...]] = [
    (),
    (Cap(rows=50),),
    (Cap(rows=50, how="random", seed=4),),
    (DropDuplicates(),),
    (DropDuplicates(), Filter(faultless=True), Cap(rows=20, how="random")),
    (Filter(faultless=True, action="remove"),),
    (Filter(contains="NUMBER 3", any_case=True), Cap(rows=20)),
    (Filter(max_characters=60), DropDuplicates()),
    (Fix(check="near duplicates"), Fix(check="echo")),
    (Fix(check="personal data"), DropDuplicates(), Cap(rows=300, how="random")),
    (Fix(check="template tokens"), Filter(faultless=True), Fix(check="few rows")),
    (Fix(check="cut"),),
    (
        Edit(line=3, value="Edited"),
        Edit(line=602, value="Number 7 is 7."),
        Delete(line=5),
        Delete(line=9_999),
        DropDuplicates(),
        Edit(line=4, value="Mail ann@mail.org"),
        Fix(check="personal data"),
        Cap(rows=100, how="random", seed=2),
    ),
]


@pytest.mark.parametrize("steps", CHOOSING, ids=lambda steps: "+".join(step.kind for step in steps) or "none")
def test_streamed_rows_are_those_of_the_whole_file(
    mixed: Path, tmp_path: Path, steps: tuple[AnyStep, ...]
) -> None:
    part = finish(apply(stored(mixed, tmp_path / "index"), steps))
    whole = finish(apply(read(mixed).records, steps))
    assert isinstance(part.records, StoredRecords)
    assert tuple(part.records) == whole.records
    assert part.counts == whole.counts
    assert part.remarks == whole.remarks


def test_a_table_gives_its_rows_by_their_places(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('prompt,completion\n"Say\nA",a\n\n"Say, B","b\r\nb"\nC,c')
    part = finish(apply(stored(path, tmp_path / "index", "prompt/completion"), ()))
    assert tuple(part.records) == read(path).records
    assert [record.line for record in part.records] == [2, 5, 7]


def test_steps_that_leave_nothing_are_refused(mixed: Path, tmp_path: Path) -> None:
    with refused("step.leaves_none", DataError, rows=703):
        finish(apply(stored(mixed, tmp_path / "index"), [Filter(contains="Oslo")]))


def test_rows_of_a_file_that_changed_meanwhile_are_refused(mixed: Path, tmp_path: Path) -> None:
    part = finish(apply(stored(mixed, tmp_path / "index"), ()))
    mixed.write_text(mixed.read_text() + "\n")
    with refused("scan.file_changed", DataError, file=mixed.name):
        list(part.records)


def test_what_is_wrong_with_rows_is_told_as_reading_tells_it(mixed: Path, tmp_path: Path) -> None:
    found = dict(problems(scanned(mixed, tmp_path / "index")))
    assert found[601] == Problem(602, phrase("row.null", what=phrase("field", name="output")))
    assert found[602].column == 2
    assert {problem.line for problem in found.values()} == {problem.line for problem in read(mixed).problems}


@pytest.mark.parametrize(
    "steps",
    [(Cap(rows=300, how="random"), Split(seed=1)), (DropDuplicates(), Shuffle(seed=2), Cap(rows=100)), ()],
    ids=("split", "shuffle", "all"),
)
def test_a_big_file_is_saved_with_the_fingerprint_of_a_small_one(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: tuple[AnyStep, ...]
) -> None:
    recipe = Recipe().with_values({"data.path": str(mixed)})
    small = list(SaveJob(recipe, tmp_path / "small", steps).run_events(None))[-1]
    monkeypatch.setattr(source, "LARGE", 1000)
    big = list(SaveJob(recipe, tmp_path / "big", steps, scans=tmp_path / "scans").run_events(None))[-1]
    assert isinstance(small, DatasetSaved)
    assert isinstance(big, DatasetSaved)
    assert big.fingerprint == small.fingerprint
    assert big.history == small.history
    told, told_small = (Manifest.read(tmp_path / name) for name in ("big", "small"))
    assert told.sources == told_small.sources
    assert sum(told.problems.values()) == len({problem.line for problem in read(mixed).problems})


def test_fixes_and_edits_are_done_to_a_big_file_where_it_lies(
    mixed: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = (
        Fix(check="template tokens"),
        Fix(check="personal_data"),
        Edit(line=9, value="Nine."),
        Delete(line=3),
    )
    recipe = Recipe().with_values({"data.path": str(mixed), "model": str(tiny_model)})
    small = list(SaveJob(recipe, tmp_path / "small", steps).run_events(None))[-1]
    monkeypatch.setattr(source, "LARGE", 1000)
    monkeypatch.setattr(memory_check, "check_rows", lambda *_: pytest.fail("The rows were to be held."))
    big = list(SaveJob(recipe, tmp_path / "big", steps, scans=tmp_path / "scans").run_events(None))[-1]
    assert isinstance(small, DatasetSaved)
    assert isinstance(big, DatasetSaved)
    assert (big.fingerprint, big.history) == (small.fingerprint, small.history)
    assert big.history[0].endswith("703 → 702 rows")


def test_a_big_file_is_exported_row_by_row(
    mixed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "LARGE", 1000)
    recipe = Recipe().with_values({"data.path": str(mixed)})
    job = ExportJob(recipe, tmp_path / "out.jsonl", (Cap(rows=10),), scans=tmp_path / "scans")
    done = list(job.run_events(None))[-1]
    assert isinstance(done, DatasetExported)
    assert done.rows == 10
    first = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[0])
    assert first["messages"][0] == {"role": "user", "content": "Say the number 0"}
