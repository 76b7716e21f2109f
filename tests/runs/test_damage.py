"""One damaged item never hides the others, and is listed as damaged, with its reason."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from studio.cli.commands import run
from studio.errors import StudioError
from studio.events import Event
from studio.jobs.evaluations import StoredEvaluationJob
from studio.jobs.read import RunJob
from studio.runs.store import RunShown, RunStore
from studio.runs.sweeps import damaged_sweeps, sweeps
from studio.settings import Settings, read_settings, write_settings
from studio.synth.folder import SyntheticFolder
from studio.train.dataset_cache import DatasetCache
from tests.runs.damages import Damage, damages

HOME = Path(__file__).parents[1] / "fixtures" / "f6ece26" / "home"
RUN = "finished"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What the first release left: runs with checkpoints and an evaluation, a sweep, and rows being made."""
    return Path(shutil.copytree(HOME, tmp_path / "kept"))


@contextmanager
def damaged(path: Path, damage: Damage) -> Iterator[None]:
    """The file damaged, and afterwards as it was."""
    whole = path.read_bytes()
    damage(path)
    try:
        yield
    finally:
        if path.is_dir():
            path.rmdir()
        path.write_bytes(whole)


def files_of(run: Path) -> list[Path]:
    """Those that a list of runs may read."""
    evaluation = next((run / "evaluations").iterdir())
    return [run / "run.json", run / "events.jsonl", evaluation / "result.json", evaluation / "answers.jsonl"]


def look_at(store: RunStore, name: str) -> list[Event]:
    """All that the window reads of a run when it is chosen."""
    found = store.find(name)
    return [*RunJob(found).run_events(DatasetCache()), *StoredEvaluationJob(found).run_events(DatasetCache())]


@pytest.mark.long
@pytest.mark.parametrize("number", range(4), ids=["run", "events", "result", "answers"])
def test_whatever_happens_to_a_runs_file_all_runs_are_listed(number: int, home: Path) -> None:
    runs = home / "runs"
    names = {found.name for found in RunStore(runs).summaries()}
    assert len(names) > 2
    file = files_of(runs / RUN)[number]
    for name, damage in damages(file):
        with damaged(file, damage):
            listed = RunStore(runs).summaries()
            assert {found.name for found in listed} == names, name
            assert not [each.name for each in listed if each.damage and each.name != RUN], name
            assert all((each.state != "damaged") or each.damage for each in listed), name
            assert any(isinstance(event, RunShown) for event in look_at(RunStore(runs), RUN)), name


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("run.json", "{", "cannot be read"),
        ("run.json", '{"recipe": {}, "created": "yesterday"}', "names no date"),
        ("run.json", '{"recipe": {"data": 3}}', "the recipe's data is no group of fields"),
        ("run.json", "[" * 100_000, "cannot be read"),
        ("events.jsonl", '{"kind": ["x"]}\n', "Line 1 of events.jsonl cannot be read"),
        ("events.jsonl", "[" * 100_000, "Line 1 of events.jsonl cannot be read"),
    ],
)
def test_a_damaged_run_is_listed_with_its_reason(
    file: str, text: str, words: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "runs" / RUN / file).write_text(text)
    assert run(["runs", "--home", str(home)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"{RUN} is damaged: " in said
    assert words in said
    assert "grid-rank-1" in said


def test_files_that_are_gone_or_may_not_be_read_hide_no_run(home: Path) -> None:
    runs = home / "runs"
    before = {found.name for found in RunStore(runs).summaries()}
    (runs / RUN / "run.json").unlink()
    (runs / "grid-rank-1" / "events.jsonl").chmod(0)
    (runs / "preferred").chmod(0)
    try:
        listed = {found.name: found for found in RunStore(runs).summaries()}
        assert set(listed) == before
        assert "has no run.json" in listed[RUN].damage
        if os.geteuid():
            assert listed["preferred"].state == listed["grid-rank-1"].state == "damaged"
    finally:
        (runs / "preferred").chmod(0o755)


def test_a_damaged_sweep_hides_no_other_and_is_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = home / "runs"
    (file,) = runs.glob("*.sweep.json")
    shutil.copy(file, runs / "other.sweep.json")
    for name, damage in damages(file):
        with damaged(file, damage):
            assert "other" in [sweep.name for sweep in sweeps(runs)], name
            assert len(sweeps(runs)) + len(damaged_sweeps(runs)) == 2 or not file.exists(), name
    file.write_text("{")
    assert run(["runs", "--home", str(home)]) == 0
    assert f"{file} does not describe a sweep" in capsys.readouterr().out.replace("\n", " ")


def readable(folder: Path) -> int:
    """How many made rows can be had, in every way in which they are."""
    found = SyntheticFolder(folder)
    rows = found.rows()
    assert len(found.reviewed()) == len(rows)
    assert found.next_number() > max((row.number for row in rows), default=0)
    found.asked(), found.refused(), found.damage()
    return len(rows)


@pytest.mark.parametrize("name", ["made.jsonl", "reviews.jsonl", "making.json"])
def test_a_damaged_line_leaves_the_other_made_rows(name: str, home: Path) -> None:
    folder = home / "made" / "slips"
    whole, file = readable(folder), folder / name
    lines = len((folder / "made.jsonl").read_text().splitlines())
    assert whole > 2
    for what, damage in damages(file):
        with damaged(file, damage):
            try:
                left = readable(folder)
            except StudioError:
                assert file.is_dir(), what  # one sentence, as nothing is left of the file
                continue
            one_line = what.startswith(("line", "with", "bit"))
            assert not one_line or left >= whole - -(-whole // lines), what


def test_a_damaged_making_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = home / "made" / "slips"
    text = (folder / "made.jsonl").read_text()
    (folder / "made.jsonl").write_text(text.replace('"messages"', '"massages"', 1))
    assert run(["data", "made", str(folder)]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "made.jsonl is damaged: 1 line cannot be read and is left out (the first is line 1)." in said


_TEXTS = ('"x"', json.dumps("[" * 9))
CAN_BE = {
    **dict.fromkeys(("left", "top"), ("-1", "0", "null")),
    **dict.fromkeys(("maximized", "still", "reopen", "notify", "goes_on", "toured"), ("true",)),
    **dict.fromkeys(("pane", "dataset"), _TEXTS),
    **dict.fromkeys(("recipe", "splits"), ("{}",)),
}
"""Which of the wrong values a setting can have, as JSON says them."""


def test_a_damaged_setting_costs_no_other(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    kept = Settings(appearance="dark", width=1400, height=900, recent=("/a.jsonl",))
    write_settings(file, kept)
    document = json.loads(file.read_text())
    del document["format"]
    for field in document:
        for wrong in (3_000_000_000, -1, 0, True, 1.5, None, "x", {}, [1], [[]], "[" * 9):
            file.write_text(json.dumps({**document, field: wrong}))
            read = read_settings(file)
            same = [name for name in document if getattr(read, name) == getattr(kept, name)]
            assert set(same) >= document.keys() - {field}, (field, wrong)
            assert (field in read.damage) == (json.dumps(wrong) not in CAN_BE.get(field, ()))
    file.write_text("[" * 100_000)
    assert read_settings(file) == Settings()
    assert "is damaged" in read_settings(file).damage
