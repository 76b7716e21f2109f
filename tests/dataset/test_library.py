"""The library of datasets: what was opened, saved or trained on is listed with what is known of it."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from send2trash import TrashPermissionError

from studio.dataset.library import Library, LibraryEntry
from studio.dataset.steps.journal import StepJournal
from studio.dataset.steps.steps import Delete
from studio.files import NoTrash
from studio.jobs.bring import BringJob
from studio.paths import Paths
from tests.conftest import refused, write_rows


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths.under(tmp_path / "home")


def saved_copy(paths: Paths, source: Path, name: str = "joined") -> Path:
    """A dataset that the app itself put among its own."""
    list(BringJob((source,), paths.datasets / name).run_events(None))
    return paths.datasets / name


def named(entries: tuple[LibraryEntry, ...]) -> dict[str, LibraryEntry]:
    return {entry.name: entry for entry in entries}


def test_what_was_opened_is_listed_with_its_kind_rows_size_steps_and_runs(
    paths: Paths, tmp_path: Path
) -> None:
    library, path = Library(paths), write_rows(tmp_path / "rows.jsonl", 5)
    library.note(path, "instruction", 5, "abc")
    StepJournal.of(paths.step_journals, "abc").add(Delete(line=2))
    (entry,) = library.entries({str(path): ["first", "second"]})
    assert entry == LibraryEntry(
        str(path), "instruction", 5, path.stat().st_size, entry.opened, "abc", 1, ("first", "second")
    )
    assert abs(entry.opened - time.time()) < 60
    library.note(path, "instruction", 4, "abc")  # opened again
    assert [each.rows for each in library.entries()] == [4]


def test_copies_of_ours_what_runs_used_and_recent_ones_are_known_without_being_opened(
    paths: Paths, tmp_path: Path
) -> None:
    copy = saved_copy(paths, write_rows(tmp_path / "rows.jsonl", 5))
    used, recent = tmp_path / "used.csv", tmp_path / "gone.jsonl"
    used.write_text("prompt,completion\na,b\n")
    found = named(Library(paths).entries({str(used): ["run"]}, [str(recent), str(copy)]))
    assert list(found) == ["gone.jsonl", "joined", "used.csv"]
    assert (found["joined"].rows, found["joined"].format, found["joined"].is_ours) == (5, "instruction", True)
    assert found["joined"].bytes == sum(file.stat().st_size for file in copy.iterdir())
    assert found["used.csv"].runs == ("run",)
    assert not found["gone.jsonl"].is_there


def test_only_a_copy_of_ours_is_deleted_and_what_was_removed_comes_back_once_it_is_opened(
    paths: Paths, tmp_path: Path
) -> None:
    mine = write_rows(tmp_path / "rows.jsonl", 5)
    copy = saved_copy(paths, mine)
    inside = next(copy.glob("*.parquet"))
    library = Library(paths)
    for path in (mine, inside):
        library.note(path, "instruction", 5, "abc")
        library.forget(str(path))
        assert path.exists()
    library.forget(str(copy), for_good=True)
    assert not copy.exists()
    assert library.entries({str(mine): ["run"]}, [str(mine)]) == ()
    library.note(mine, "instruction", 5, "abc")
    assert list(named(library.entries())) == ["rows.jsonl"]


def test_a_copy_stays_on_the_list_where_there_is_no_trash(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = saved_copy(paths, write_rows(tmp_path / "rows.jsonl", 5))

    def refuse(path: str) -> None:
        raise TrashPermissionError(path)

    monkeypatch.setattr("send2trash.send2trash", refuse)
    with refused("disk.no_trash", NoTrash):
        Library(paths).forget(str(copy))
    assert list(named(Library(paths).entries())) == ["joined"]


def test_what_is_damaged_of_the_list_costs_nothing_else(paths: Paths, tmp_path: Path) -> None:
    library = Library(paths)
    library.note(write_rows(tmp_path / "rows.jsonl", 5), "instruction", 5, "abc")
    for place, text in enumerate(("{", "[]", "{}", '{"path": 3}', '{"path": "/x", "rows": "many"}')):
        (paths.library / f"{place}.json").write_text(text)
    broken = paths.datasets / "broken"
    broken.mkdir(parents=True)
    (broken / "dataset.json").write_text(json.dumps({"schema_version": 1, "rows": []}))
    assert list(named(library.entries())) == ["rows.jsonl", "broken"]
