"""A run that was stopped, or killed, ends with the same weights as one that never was."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import mlx.core as mx
import pytest

from studio.dataset.read.load import read
from studio.errors import DataError, DiskError, RunError
from studio.events import Ended, Event, RunOpened, Saved, Step, Validated
from studio.jobs.train import ResumeJob, TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore, summarize
from tests.conftest import refused, write_rows

CHANGES = {"epochs": 2, "dropout": 0.2, "accumulation": 2, "batch_size": 3, "rank": 4, "validate_every": 4}


@pytest.fixture
def recipe(tiny_model: Path, toy_data: Path) -> Recipe:
    return Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data), **CHANGES})


def run_to(job: TrainJob | ResumeJob, stop_at: int | None = None) -> tuple[RunFolder, list[Event]]:
    """Perform a job, closing it at the report of step `stop_at`."""
    events: list[Event] = []
    generator = job.run_events(ModelCache())
    for event in generator:
        events.append(event)
        if isinstance(event, Step) and event.step == stop_at:
            generator.close()
    run = next(e for e in events if isinstance(e, RunOpened))
    return RunFolder(Path(run.folder)), events


@pytest.fixture(scope="module")
def whole(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of the same recipe that was never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    values = {"model": str(tiny_model), "data.path": str(write_rows(folder / "toy.jsonl", 60)), **CHANGES}
    run, _ = run_to(TrainJob(Recipe().with_values(values), folder / "runs"))
    return run


def final(run: RunFolder) -> dict[str, mx.array]:
    folder = run.checkpoints()[-1]
    arrays = {
        **mx.load(str(folder / "adapters.safetensors")),
        **mx.load(str(folder / "optimizer.safetensors")),
    }
    mx.eval(arrays)
    return arrays


def assert_identical(one: RunFolder, other: RunFolder) -> None:
    first, second = final(one), final(other)
    assert first.keys() == second.keys()
    assert all(mx.array_equal(first[name], second[name]).item() for name in first)
    best = [mx.load(str(run.adapter / "adapters.safetensors")) for run in (one, other)]
    assert all(mx.array_equal(best[0][name], best[1][name]).item() for name in best[0])


def test_a_stopped_run_resumes_to_the_same_weights(whole: RunFolder, recipe: Recipe, tmp_path: Path) -> None:
    steps = [e.step for e in whole.events() if isinstance(e, Step)]
    assert steps == list(range(1, 16 + 1))
    for stop_at in (1, 4, 7, 15):
        parts, _ = run_to(TrainJob(recipe, tmp_path / "parts"), stop_at)
        assert summarize(parts).state == "stopped"
        _, rest = run_to(ResumeJob(parts))
        assert [e.step for e in rest if isinstance(e, Step)] == steps[stop_at:]
        assert_identical(whole, parts)


@pytest.mark.long
def test_a_run_stopped_after_its_last_step_is_done_and_not_stopped(
    whole: RunFolder, recipe: Recipe, tmp_path: Path
) -> None:
    parts, _ = run_to(TrainJob(recipe, tmp_path / "parts"), 16)
    told = summarize(parts)
    assert (told.state, told.step, told.steps) == ("done", 16, 16)
    assert told.message == summarize(whole).message
    assert_identical(whole, parts)


def test_a_run_whose_last_validation_would_take_long_is_stopped_before_it(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.train.loop.SHORT", 0.0)
    run, _ = run_to(TrainJob(recipe, tmp_path), 16)
    told = summarize(run)
    assert (told.state, told.resumable) == ("stopped", True)
    assert told.message == "Stopped after the last step; Resume measures what was learned."
    run_to(ResumeJob(run))
    assert summarize(run).state == "done"


@pytest.mark.long
def test_a_run_stopped_many_times_resumes_to_the_same_history(
    whole: RunFolder, recipe: Recipe, tmp_path: Path
) -> None:
    parts, _ = run_to(TrainJob(recipe, tmp_path / "parts"), 3)
    for stop_at in (5, 6, 12):
        run_to(ResumeJob(parts), stop_at)
    run_to(ResumeJob(parts))
    assert_identical(whole, parts)
    assert losses(whole) == losses(parts)
    assert summarize(parts).state == "done"


def losses(run: RunFolder) -> list[tuple[int, float, str]]:
    return [(e.step, e.loss, e.kind) for e in run.events() if isinstance(e, Step | Validated)]


@pytest.mark.long
def test_answers_given_between_two_steps_do_not_disturb_a_run(
    whole: RunFolder, recipe: Recipe, tmp_path: Path
) -> None:
    model_cache = ModelCache()
    for event in TrainJob(recipe, tmp_path / "disturbed").run_events(model_cache):
        if isinstance(event, RunOpened):
            disturbed = RunFolder(Path(event.folder))
        if isinstance(event, Step):
            mx.random.seed(event.step)
            mx.eval(model_cache.open(Path(recipe.model)).module(mx.random.randint(0, 300, (1, 8))))
    assert_identical(whole, disturbed)


@pytest.mark.long
def test_a_killed_run_resumes_to_the_same_weights(recipe: Recipe, tmp_path: Path) -> None:
    recipe = recipe.with_values({"epochs": 8})
    whole, _ = run_to(TrainJob(recipe, tmp_path / "whole"))
    command = (
        "import sys; from studio.process import prepare_process; prepare_process(); "
        "from pathlib import Path; from studio.jobs.train import TrainJob; "
        "from studio.models.cache import ModelCache; from studio.recipe.recipe import Recipe; "
        "job = TrainJob(Recipe.model_validate_json(sys.argv[1]), Path(sys.argv[2])); "
        "[None for _ in job.run_events(ModelCache())]"
    )
    runs = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-c", command, recipe.model_dump_json(), str(runs)])
    deadline = time.monotonic() + 600
    while not list(runs.glob("*/checkpoints/step-*")):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    run = RunFolder(next(runs.iterdir()))
    assert summarize(run).state == "interrupted"
    run_to(ResumeJob(run))
    assert_identical(whole, run)


def test_only_the_last_checkpoints_and_the_best_are_kept(recipe: Recipe, tmp_path: Path) -> None:
    run, events = run_to(TrainJob(recipe.with_values({"keep": 1, "save_every": 2}), tmp_path))
    best = max((e.step for e in events if isinstance(e, Validated) and e.best), default=0)
    assert len([e for e in events if isinstance(e, Saved)]) == 8
    assert {p.name for p in run.checkpoints()} <= {"step-000016", f"step-{best:06d}"}
    assert run.checkpoints()[-1].name == "step-000016"


STEPS = '[{"kind": "edit", "line": 3, "field": "answer", "value": "Three!"}, {"kind": "shuffle", "seed": 4}]'


@pytest.mark.long
@pytest.mark.parametrize("change", ["changed", "gone"])
def test_a_run_goes_on_with_the_rows_it_kept_whatever_becomes_of_their_file(
    recipe: Recipe, toy_data: Path, tmp_path: Path, change: str
) -> None:
    stepped = recipe.with_values({"data.history": STEPS, "train_on": "all"})
    whole, _ = run_to(TrainJob(stepped, tmp_path / "whole"))
    run, _ = run_to(TrainJob(stepped, tmp_path / "stopped"), 2)
    if change == "changed":
        toy_data.write_text('{"instruction": "Another", "output": "File"}\n' * 20)
    else:
        toy_data.unlink()
    run_to(ResumeJob(run))
    assert_identical(whole, run)
    kept = read(run.dataset)
    assert "Three!" in {record.answer for record in kept.records}
    assert set(kept.given.values()) == {"train", "validation", "test"}


def test_a_damaged_row_of_a_run_is_named(recipe: Recipe, tmp_path: Path) -> None:
    run, _ = run_to(TrainJob(recipe, tmp_path), 2)
    part = next(run.dataset.glob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-9] + b"damaged!!")
    with refused("saved.changed", DataError, file=part.name):
        run_to(ResumeJob(run))


def test_a_run_without_rows_of_its_own_does_not_go_on_with_another_dataset(
    recipe: Recipe, toy_data: Path, tmp_path: Path
) -> None:
    run, _ = run_to(TrainJob(recipe, tmp_path), 2)
    shutil.rmtree(run.dataset)  # as earlier releases left it
    toy_data.write_text(toy_data.read_text() + '{"instruction": "More", "output": "Yes"}\n')
    with refused("dataset.changed_since", RunError, path=toy_data, run=run.name):
        run_to(ResumeJob(run))


def test_a_second_copy_is_refused_while_a_run_is_held(recipe: Recipe, tmp_path: Path) -> None:
    generator = TrainJob(recipe, tmp_path).run_events(ModelCache())
    opened = next(e for e in generator if isinstance(e, RunOpened))
    run = RunFolder(Path(opened.folder))
    assert summarize(run).state == "running"
    with pytest.raises(RunError, check=lambda error: error.code == "run.in_use"):
        run_to(ResumeJob(run))
    generator.close()


def test_a_damaged_checkpoint_is_named(recipe: Recipe, tmp_path: Path) -> None:
    run, _ = run_to(TrainJob(recipe, tmp_path), 5)
    (run.checkpoints()[-1] / "optimizer.safetensors").write_bytes(b"not safetensors")
    with refused("checkpoint.damaged", RunError, folder=run.checkpoints()[-1]):
        run_to(ResumeJob(run))
    ended = run.events()[-1]
    assert isinstance(ended, Ended)
    assert ended.outcome == "failed"


@pytest.mark.long
def test_a_disk_that_fills_up_while_mlx_writes_is_a_sentence_and_the_run_goes_on_later(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: str, arrays: dict[str, mx.array]) -> None:
        Path(file).write_bytes(b"half")
        raise RuntimeError("[write] Unable to write 2846 bytes to file.")

    job = TrainJob(recipe, tmp_path / "full")
    with monkeypatch.context() as patch:
        patch.setattr("mlx.core.save_safetensors", full)
        with pytest.raises(DiskError, check=lambda error: error.code == "disk.full"):
            list(job.run_events(ModelCache()))
    run = RunStore(tmp_path / "full").runs()[0]
    assert summarize(run).state == "failed"
    assert sorted(p.name for p in run.path.rglob(".*")) == [".lock", ".summary"]
    run_to(ResumeJob(run))
    undisturbed, _ = run_to(TrainJob(recipe, tmp_path / "whole"))
    assert_identical(run, undisturbed)


def test_a_run_stopped_before_its_first_step_is_stopped_and_goes_on(recipe: Recipe, tmp_path: Path) -> None:
    generator = TrainJob(recipe, tmp_path / "runs").run_events(ModelCache())
    opened = next(event for event in generator if isinstance(event, RunOpened))
    generator.close()
    run = RunFolder(Path(opened.folder))
    assert summarize(run).state == "stopped"
    run_to(ResumeJob(run))
    assert summarize(run).state == "done"


def test_a_run_stopped_before_it_is_opened_leaves_nothing(recipe: Recipe, tmp_path: Path) -> None:
    generator = TrainJob(recipe, tmp_path / "runs").run_events(ModelCache())
    for _ in generator:
        if RunStore(tmp_path / "runs").runs():
            generator.close()  # its rows are being kept
    assert RunStore(tmp_path / "runs").runs() == []
