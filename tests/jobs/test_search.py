"""A guided search goes over one field after the other, keeps the best, and can be stopped at any step."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from studio.errors import RecipeError
from studio.events import Ended, Event, Step, SweepProgress
from studio.jobs.search import outcomes
from studio.jobs.sweep import SweepJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.runs.store import RunStore, RunSummary
from studio.runs.sweeps import find_sweep
from tests.conftest import refused


@pytest.fixture
def recipe(tiny_model: Path, toy_data: Path) -> Recipe:
    values = {"model": str(tiny_model), "data.path": str(toy_data), "epochs": 1, "batch_size": 16, "rank": 2}
    return Recipe().with_values({**values, "alpha": 4, "watch.forgetting": False})


OVER = (("optimizer.learning_rate", (1e-5, 0.005)), ("lora.rank", (1, 2, 4)))


def search(recipe: Recipe, runs: Path, **changed: object) -> SweepJob:
    return SweepJob(Sweep(recipe, OVER, guided=True, alpha_follows=True), runs, "s", **changed)  # type: ignore[arg-type]


def states(events: list[Event]) -> list[str]:
    return [f"{e.index}/{e.count} {e.member} {e.state}" for e in events if isinstance(e, SweepProgress)]


def found(runs: Path) -> dict[str, RunSummary]:
    return {run.name: run for run in RunStore(runs).summaries()}


@pytest.mark.long
def test_each_stage_begins_with_the_best_of_the_one_before_and_trains_nothing_twice(
    recipe: Recipe, tmp_path: Path
) -> None:
    events = list(search(recipe, tmp_path).run_events(ModelCache()))
    assert states(events) == [
        "1/4 learning_rate-1e-5 starts",
        "2/4 learning_rate-0.005 starts",
        "3/4 rank-1 starts",  # rank 2 was trained in the first stage
        "4/4 rank-4 starts",
    ]
    runs = found(tmp_path)
    losses = {name: run.best_loss for name, run in runs.items()}
    assert losses["s-learning_rate-0.005"] < losses["s-learning_rate-1e-5"]  # type: ignore[operator]
    for rank in (1, 4):
        asked = Recipe.kept(runs[f"s-rank-{rank}"].recipe)
        assert asked.optimizer.learning_rate == 0.005
        assert (asked.lora.rank, asked.lora.alpha) == (rank, 2 * rank)  # alpha follows
    first, second = outcomes(find_sweep(tmp_path, "s"), recipe)
    assert first.kept == 0.005
    best = min(losses[name] for name in ("s-learning_rate-0.005", "s-rank-1", "s-rank-4"))  # type: ignore[type-var]
    assert second.after == best
    assert second.before == losses["s-learning_rate-0.005"]
    assert second.gain == second.before - best  # type: ignore[operator]
    assert second.seconds == sum(runs[f"s-rank-{rank}"].seconds for rank in (1, 4))
    *_, ended = events
    assert isinstance(ended, Ended)
    told = str(ended.summary)
    assert told.startswith("4 of 4 runs are done. The best is s-")
    assert "Learning rate 0.005 won (2 runs," in told
    assert f"Rank {second.kept} " in told
    assert told.rstrip(".").endswith("of training")


@pytest.mark.long
def test_a_search_that_was_stopped_goes_on_to_the_end_of_an_undisturbed_one(
    recipe: Recipe, tmp_path: Path
) -> None:
    list(search(recipe, tmp_path / "whole").run_events(ModelCache()))
    stopped = search(recipe, tmp_path / "cut").run_events(ModelCache())
    third = itertools.dropwhile(lambda e: not (isinstance(e, SweepProgress) and e.index == 3), stopped)
    next(event for event in third if isinstance(event, Step))
    stopped.close()
    file = find_sweep(tmp_path / "cut", "s")
    assert (file.asked, len(file.members)) == (4, 3)
    events = list(SweepJob.again(file).run_events(ModelCache()))
    assert states(events)[1:] == ["2/4 learning_rate-0.005 done", "3/4 rank-1 goes on", "4/4 rank-4 starts"]
    whole, cut = found(tmp_path / "whole"), found(tmp_path / "cut")
    assert {name: run.best_loss for name, run in whole.items()} == {
        name: run.best_loss for name, run in cut.items()
    }
    again = list(search(recipe, tmp_path / "cut").run_events(ModelCache()))
    assert not any(isinstance(event, Step) for event in again)


def test_a_search_without_held_out_rows_is_refused_and_leaves_nothing_behind(
    recipe: Recipe, tmp_path: Path
) -> None:
    unmeasured = recipe.with_values({"validation_share": 0.0})
    with refused("sweep.nothing_held_out", RecipeError):
        list(search(unmeasured, tmp_path / "runs").run_events(ModelCache()))
    assert not (tmp_path / "runs").exists()


def test_sweeps_of_earlier_releases_are_grids_still(recipe: Recipe, tmp_path: Path) -> None:
    job = SweepJob(Sweep(recipe, (("lora.rank", (1, 2)),)), tmp_path, "s")
    file = job.file()
    file.write()
    written = json.loads(file.path.read_text())
    for name in ("guided", "alpha_follows", "count"):
        del written[name]
    file.path.write_text(json.dumps(written))
    assert SweepJob.again(find_sweep(tmp_path, "s")).sweep == Sweep(recipe, (("lora.rank", (1, 2)),))
    assert job.file().path == file.path
    assert find_sweep(tmp_path, "s").asked == 2
