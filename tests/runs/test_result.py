"""A checkpoint becomes a run's result whole or not at all, and nothing of what stood there is lost."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from studio.errors import RunError
from studio.events import Step
from studio.files import check_proof, write_proof
from studio.jobs.train import ResumeJob, TrainJob
from studio.models import adapter
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs import result
from studio.runs.folder import RunFolder
from studio.runs.result import is_chosen, result_steps, take_checkpoint
from tests.conftest import refused, write_rows

QUICK = {"watch.forgetting": False, "loop.steps": 6, "validate_every": 2, "batch_size": 4, "rank": 2}


@pytest.fixture(scope="module")
def trained(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("result")
    rows = write_rows(folder / "rows.jsonl", 40)
    values = {"model": str(tiny_model), "data.path": str(rows), "learning_rate": 0.01, "loop.keep": 3}
    recipe = Recipe().with_values({**QUICK, **values})
    list(TrainJob(recipe, folder / "runs", "run").run_events(ModelCache()))
    return folder / "runs" / "run"


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> RunFolder:
    shutil.copytree(trained, tmp_path / "runs" / "run")
    return RunFolder(tmp_path / "runs" / "run")


def weights(folder: Path) -> bytes:
    return (folder / adapter.WEIGHTS).read_bytes()


def test_an_earlier_checkpoint_takes_the_results_place_and_gives_it_back(run: RunFolder) -> None:
    assert (result_steps(run), adapter.step_of(run.adapter)) == ((2, 4, 6), 6)
    before = weights(run.adapter)

    taken = take_checkpoint(run, 2)

    assert (taken.before, taken.step, adapter.step_of(run.adapter)) == (6, 2, 2)
    assert weights(run.adapter) == weights(run.path / "checkpoints" / "step-000002") != before
    assert taken.kept is not None
    assert weights(taken.kept) == before
    assert check_proof(run.adapter)
    assert check_proof(taken.kept)
    assert is_chosen(run.adapter)
    shutil.rmtree(run.path / "checkpoints" / "step-000006")
    assert take_checkpoint(run, 6).step == 6
    assert weights(run.adapter) == before
    assert result_steps(run) == (2, 4, 6)


def test_taking_what_is_there_changes_nothing(run: RunFolder) -> None:
    files = {path: path.stat().st_mtime_ns for path in run.adapter.iterdir()}
    assert take_checkpoint(run, 6).kept is None
    assert {path: path.stat().st_mtime_ns for path in run.adapter.iterdir()} == files
    assert not is_chosen(run.adapter)


def test_what_cannot_be_taken_is_refused_and_the_result_stays(run: RunFolder) -> None:
    before = weights(run.adapter)
    with refused("contestant.no_checkpoint", RunError, run="run", step=3, there="2, 4, 6"):
        take_checkpoint(run, 3)
    file = run.path / "checkpoints" / "step-000004" / adapter.WEIGHTS
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(RunError, check=lambda error: error.code == "disk.changed"):
        take_checkpoint(run, 4)
    with run.held(), pytest.raises(RunError, check=lambda error: error.code == "run.in_use"):
        take_checkpoint(run, 2)
    assert weights(run.adapter) == before


def test_a_crash_in_the_middle_leaves_the_former_result(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = weights(run.adapter)

    def crash(folder: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(result, "write_proof", crash)
    with pytest.raises(KeyboardInterrupt):
        take_checkpoint(run, 2)
    assert weights(run.adapter) == before
    assert check_proof(run.adapter)
    monkeypatch.undo()
    assert take_checkpoint(run, 2).step == 2


@pytest.mark.parametrize("better", [True, False])
def test_a_run_with_a_chosen_result_goes_on_and_replaces_it_only_by_a_better_one(
    better: bool, run: RunFolder
) -> None:
    for folder in run.checkpoints()[1:]:
        shutil.rmtree(folder)  # as if it had been stopped after its first checkpoint
    if not better:
        position = run.checkpoints()[0] / "position.json"
        known = json.loads(position.read_text())
        position.write_text(json.dumps({**known, "best_loss": 0.0}))
        write_proof(position.parent)
    take_checkpoint(run, 2)
    events = list(ResumeJob(run).run_events(ModelCache()))
    assert [event.step for event in events if isinstance(event, Step)] == [3, 4, 5, 6]
    assert (adapter.step_of(run.adapter), is_chosen(run.adapter)) == ((6, False) if better else (2, True))
