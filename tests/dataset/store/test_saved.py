"""A saved dataset too big to be held is read from its index as it would be read whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.dataset.manifest import NAME, Manifest
from studio.dataset.read import memory_check
from studio.dataset.read.load import read
from studio.dataset.steps.steps import step_from
from studio.dataset.store.reader import Store
from studio.dataset.store.records import StoredRecords, usable
from studio.dataset.store.scanner import scan
from studio.dataset.store.source import is_large
from studio.errors import DataError
from studio.jobs.save import SaveJob
from studio.recipe.recipe import Recipe
from tests.conftest import refused, write_rows

CHAT = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How warm is it?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": {"name": "warmth", "arguments": "{}"}}],
        },
        {"role": "tool", "name": "warmth", "content": "20"},
        {"role": "assistant", "content": "20 degrees."},
    ]
}


def saved(folder: Path, source: Path, *steps: dict[str, object]) -> Path:
    done = tuple(step_from(step) for step in steps)
    list(SaveJob(Recipe().with_values({"data.path": str(source)}), folder, done).run_events(None))
    return folder


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """Rows with an input and a conversation with a tool, divided, three of them golden."""
    path = write_rows(tmp_path / "rows.jsonl", 60)
    more = {"instruction": "Add them.", "input": "2 and 3", "output": "5"}
    path.write_text(path.read_text() + json.dumps(more) + "\n" + json.dumps(CHAT) + "\n")
    split = {"kind": "split", "seed": 1}
    return saved(tmp_path / "saved", path, split, {"kind": "reserve_golden", "count": 3})


def test_its_index_holds_the_very_records_on_the_same_lines(divided: Path, tmp_path: Path) -> None:
    list(scan(divided, tmp_path / "index"))
    store = Store(divided, tmp_path / "index")
    records = StoredRecords(store, "instruction", usable(store))
    assert tuple(records) == read(divided).records
    assert store.rows == 62


def test_one_is_large_where_the_memory_does_not_hold_it(
    divided: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_large(divided)
    monkeypatch.setattr(memory_check, "memory_words", lambda path: "It is too big.")
    assert is_large(divided)
    assert not is_large(tmp_path)  # a folder of files


def test_what_is_made_of_it_keeps_its_parts_and_no_golden_row_trains(
    divided: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe().with_values({"data.path": str(divided)})
    cap = (step_from({"kind": "cap", "rows": 40, "how": "first"}),)
    list(SaveJob(recipe, tmp_path / "held", cap).run_events(None))
    monkeypatch.setattr(memory_check, "memory_words", lambda path: "It is too big.")
    list(SaveJob(recipe, tmp_path / "paged", cap, scans=tmp_path / "scans").run_events(None))
    held, paged = (Manifest.read(tmp_path / name) for name in ("held", "paged"))
    assert paged.rows == held.rows
    assert paged.fingerprint == held.fingerprint
    list(SaveJob(recipe, tmp_path / "whole", scans=tmp_path / "scans").run_events(None))
    assert Manifest.read(tmp_path / "whole").fingerprint == Manifest.read(divided).fingerprint


def test_a_part_that_was_changed_is_refused_and_another_dataset_in_its_place_is_noticed(
    divided: Path, tmp_path: Path
) -> None:
    list(scan(divided, tmp_path / "index"))
    store = Store(divided, tmp_path / "index")
    store.check_unchanged()
    manifest = (divided / NAME).read_text()
    (divided / NAME).write_text(manifest.replace('"name": "saved"', '"name": "other dataset"'))
    with refused("scan.file_changed", DataError, file=divided.name):
        store.check_unchanged()
    part = next(divided.glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with refused("saved.changed", DataError, folder=str(divided), file=part.name):
        list(scan(divided, tmp_path / "again"))
