"""What each earlier release left on a disk opens for ever. `tests/fixtures/make.py` says what there is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.cli.commands import run
from studio.dataset.read.load import read
from studio.dataset.read.saved import read_saved
from studio.dataset.steps.journal import StepJournal
from studio.dataset.steps.steps import Delete, Edit
from studio.events import Ended, Evaluated, Event, Prepared, Probed, Rewards, Sampled, Step, Validated
from studio.jobs.train import prepare_again
from studio.models.cache import ModelCache
from studio.recipe.files import read_recipe
from studio.recipe.recipe import Recipe
from studio.runs.evaluations import latest_evaluation
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore
from studio.settings import Settings, read_settings
from studio.synth.folder import SyntheticFolder, accepted
from tests.conftest import finish

FIXTURES = Path(__file__).parent / "fixtures"
RELEASES = sorted(path.name for path in FIXTURES.iterdir() if (path / "home").is_dir())
RUNS = Path("home/runs")

type Studio = Callable[..., Any]


@pytest.fixture(params=RELEASES)
def left(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what a release left, which is also the current folder."""
    folder = tmp_path / "left"
    shutil.copytree(FIXTURES / request.param, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("STUDIO_HOME", str(folder / "home"))
    return folder


@pytest.fixture
def studio(left: Path, capsys: pytest.CaptureFixture[str]) -> Studio:
    def document(*arguments: object) -> Any:
        code = run([*map(str, arguments), "--json"])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return json.loads(captured.out)

    return document


def kinds(run: RunFolder) -> set[type[Event]]:
    return {type(event) for event in run.events()}


def test_there_is_a_release_to_hold_to() -> None:
    assert RELEASES  # else every test here would be skipped


def test_every_run_is_listed_as_it_ended(studio: Studio) -> None:
    listed = {run["name"]: run for run in studio("runs")}
    assert {name: run["state"] for name, run in listed.items()} == {
        "finished": "done",
        "preferred": "done",
        "stopped": "stopped",
        "grid-rank-1": "done",
        "grid-rank-2": "stopped",
    }
    finished = listed["finished"]
    assert (finished["step"], finished["steps"], finished["model"]) == (15, 15, "model")
    assert finished["best_loss"] == pytest.approx(4.0499, abs=1e-4)


def test_nothing_that_happened_in_a_run_is_lost(left: Path) -> None:
    lines = {"finished": 15, "preferred": 6, "stopped": 5, "grid-rank-1": 5, "grid-rank-2": 2}
    for name, steps in lines.items():
        run = RunFolder(RUNS / name)
        assert [e.step for e in run.events() if isinstance(e, Step)] == list(range(1, steps + 1))
        written = (run.path / "events.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(run.events()) == len(written)
    assert kinds(RunFolder(RUNS / "finished")) >= {Prepared, Step, Validated, Probed, Sampled, Ended}
    assert Rewards in kinds(RunFolder(RUNS / "preferred"))


def test_an_evaluation_is_shown_with_its_answers(left: Path) -> None:
    stored = latest_evaluation(RunFolder(RUNS / "finished"))
    assert stored is not None
    assert isinstance(stored.result, Evaluated)
    assert [answer.prompt for answer in stored.answers] == [f"Say the number {n}" for n in range(3)]
    assert {score.measure for score in stored.result.scores} >= {"golden_exact", "validation_loss"}
    assert all(len(answer.answers) == 2 for answer in stored.answers)
    assert stored.result.score("validation_loss").of("base") is not None
    summary = next(each for each in RunStore(RUNS).summaries() if each.name == "finished")
    assert (summary.base_exact, summary.tuned_exact) == (0.0, 0.0)


def test_a_stopped_run_keeps_its_split_and_goes_on(studio: Studio, left: Path) -> None:
    expected = json.loads((left / "expected.json").read_text(encoding="utf-8"))
    run = RunFolder(RUNS / "stopped")
    _, ready = finish(prepare_again(run, ModelCache()))
    for part in ("train", "validation", "test"):
        assert [each.record.line for each in getattr(ready.data, part)] == expected[part]
    assert studio("resume", "stopped")["state"] == "done"
    losses = [event.loss for event in run.events() if isinstance(event, Step)]
    assert losses[5:] == pytest.approx(expected["losses"], abs=2e-3)


def test_a_run_of_the_first_release_trains_the_answers_that_it_began_with(studio: Studio, left: Path) -> None:
    for manifest in (left / "runs").glob("*/run.json"):
        assert not RunFolder(manifest.parent).trains_every_answer()
    assert RunFolder.create(left / "runs", "new", {"recipe": {}}).trains_every_answer()


def test_runs_are_evaluated_and_asked(studio: Studio) -> None:
    evaluated = studio("evaluate", "finished", "--measures", "golden_exact", "--measures", "validation_loss")
    assert len(evaluated["answers"]) == 3
    measured = {(each["measure"], each["part"]): each["scores"] for each in evaluated["scores"]}
    assert measured["validation_loss", ""][1]["value"] == pytest.approx(4.0499, abs=2e-3)
    for name in ("finished", "preferred", "stopped"):
        asked = studio("chat", name, "--prompt", "Say the number 5", "--compare", "--max-tokens", 3)
        assert asked["answers"].keys() == {"base", "tuned"}


def test_a_stopped_sweep_goes_on(studio: Studio) -> None:
    swept = studio("sweep", "--resume", "grid")
    assert [member["state"] for member in swept["members"]] == ["done"] * 3
    assert [member["changes"] for member in swept["members"]] == [{"lora.rank": rank} for rank in (1, 2, 4)]


def test_a_saved_dataset_opens_and_is_done_again_to_its_source(studio: Studio, left: Path) -> None:
    manifest, parts = finish(read_saved(left / "dataset"))
    assert {name: len(rows) for name, rows in parts.items()} == manifest.rows
    assert manifest.rows == {"train": 25, "validation": 4, "test": 4, "golden": 3}
    shown = studio("data", "dataset", "--model", "model")
    assert shown["examples"] == 33
    again = studio("data", "save", "rows.jsonl", "again", "--like", "dataset")
    assert again["fingerprint"] == manifest.fingerprint


def test_changes_by_hand_are_there(studio: Studio) -> None:
    found = StepJournal.of(Path("home/overlays"), read(Path("rows.jsonl")).fingerprint).read()
    assert found.steps == (Edit(line=2, field="answer", value="It is one."), Delete(line=5))
    saved = studio("data", "save", "rows.jsonl", "edited", "--edits")
    assert saved["undivided"] == 41


def test_made_rows_wait_as_they_were_left(studio: Studio, left: Path) -> None:
    folder = left / "home" / "made" / "slips"
    shown = studio("data", "made", folder)
    assert shown["states"] == {"accepted": 1, "edited": 1, "rejected": 1, "pending": 3}
    assert [record.answer for record in accepted(folder)] == ["It is 2. It is 2. It is 2.", "It is said."]
    assert SyntheticFolder(folder).finished
    assert studio("data", "made", folder, "--accept", "4-6")["states"]["accepted"] == 4


def test_settings_and_a_recipe_file_are_read(studio: Studio, left: Path) -> None:
    assert read_settings(left / "home" / "settings.json") == Settings(
        "dark", 1000, 700, ("rows.jsonl", "chats.jsonl")
    )
    quick = {"model": "model", "batch_size": 8, "learning_rate": 0.01, "watch.forgetting": False}
    expected = Recipe().with_values({**quick, "data.path": "rows.jsonl", "rank": 4, "epochs": 2})
    assert read_recipe(left / "recipe.toml") == expected
    trained = studio(
        "train", "rows.jsonl", "--recipe", "recipe.toml", "--model", "model", "--set", "epochs=1"
    )
    assert trained["state"] == "done"
