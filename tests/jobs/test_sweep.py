"""A sweep trains its members one after another, and goes on where it was stopped, killed or failed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from studio.catalogue import Phrase
from studio.dataset.dataset import source_of
from studio.errors import DataError, RecipeError, RunError
from studio.events import BaseChanged, Ended, Event, RunOpened, Step, SweepProgress
from studio.jobs.sweep import SweepJob
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.recipe.sweep import Sweep
from studio.runs.store import RunStore
from studio.runs.sweeps import find_sweep
from tests.conftest import refused, write_rows


@pytest.fixture
def recipe(tiny_model: Path, toy_data: Path) -> Recipe:
    values = {"model": str(tiny_model), "data.path": str(toy_data), "epochs": 1, "batch_size": 8, "rank": 2}
    return Recipe().with_values({**values, "watch.forgetting": False})


def job(recipe: Recipe, runs: Path, name: str = "s", ranks: tuple[object, ...] = (2, 4)) -> SweepJob:
    return SweepJob(Sweep(recipe, (("lora.rank", ranks),)), runs, name)


def states(events: list[Event]) -> list[str]:
    return [f"{e.member} {e.state}" for e in events if isinstance(e, SweepProgress)]


def adapter(folder: Path) -> dict[str, mx.array]:
    return dict(mx.load(str(folder / "adapter" / "adapters.safetensors")))


def same(one: Path, other: Path) -> bool:
    left, right = adapter(one), adapter(other)
    return left.keys() == right.keys() and all(mx.array_equal(left[k], right[k]).item() for k in left)


@pytest.mark.long
def test_every_member_is_an_ordinary_run_that_knows_its_sweep(recipe: Recipe, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    events = list(job(recipe, runs).run_events(ModelCache()))
    assert states(events) == ["rank-2 starts", "rank-4 starts"]
    assert [e.run for e in events if isinstance(e, RunOpened)] == ["s-rank-2", "s-rank-4"]
    summaries = RunStore(runs).summaries()
    assert {(s.name, s.state, s.sweep) for s in summaries} == {
        ("s-rank-2", "done", "s"),
        ("s-rank-4", "done", "s"),
    }
    alone = list(TrainJob(recipe.with_values({"rank": 4}), runs, "alone").run_events(ModelCache()))
    assert isinstance(alone[-1], Ended)
    assert same(runs / "s-rank-4", runs / "alone")
    assert isinstance(events[-1], Ended)
    assert isinstance(events[-1].summary, Phrase)
    assert events[-1].summary.code == "sweep.best"
    best = dict(events[-1].summary.values)
    assert (best["done"], best["count"]) == (2, 2)
    assert best["name"] in ("s-rank-2", "s-rank-4")


@pytest.mark.long
def test_the_dataset_is_read_once_for_all_members(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def counted(path: Path, columns: str) -> object:
        read.append(path)
        return source_of(path, columns)

    monkeypatch.setattr("studio.dataset.dataset.source_of", counted)
    list(job(recipe, tmp_path, ranks=(1, 2, 3)).run_events(ModelCache()))
    assert len(read) == 1


@pytest.mark.long
def test_stopped_in_the_middle_it_goes_on_to_the_weights_of_an_undisturbed_one(
    recipe: Recipe, tmp_path: Path
) -> None:
    list(job(recipe, tmp_path / "whole").run_events(ModelCache()))
    stopped = job(recipe, tmp_path / "cut").run_events(ModelCache())
    steps = (e for e in stopped if isinstance(e, Step))
    while next(steps).step != 3:  # of the first member
        pass
    stopped.close()
    store = RunStore(tmp_path / "cut")
    assert [(s.name, s.state, s.step) for s in store.summaries()] == [("s-rank-2", "stopped", 3)]
    again = SweepJob.again(find_sweep(tmp_path / "cut", "s"))
    events = list(again.run_events(ModelCache()))
    assert states(events) == ["rank-2 goes on", "rank-4 starts"]
    assert next(e for e in events if isinstance(e, Step)).step == 4
    for run in ("s-rank-2", "s-rank-4"):
        assert same(tmp_path / "whole" / run, tmp_path / "cut" / run)


@pytest.mark.long
def test_a_member_whose_base_changed_goes_on_only_where_that_is_agreed_to(
    recipe: Recipe, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(recipe.model, tmp_path / "model"))
    asked = job(recipe.with_values({"model": str(model)}), tmp_path / "runs")
    stopped = asked.run_events(ModelCache())
    while not isinstance(next(stopped), Step):
        pass
    stopped.close()
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "rope_theta": 777.0}))
    refused = until_refused(asked.run_events(ModelCache()))
    assert [event.run for event in refused if isinstance(event, BaseChanged)] == ["s-rank-2"]
    agreed = list(replace(asked, changed_base=True).run_events(ModelCache()))
    assert states(agreed) == ["rank-2 goes on", "rank-4 starts"]
    assert {summary.state for summary in RunStore(tmp_path / "runs").summaries()} == {"done"}


def until_refused(events: Iterator[Event]) -> list[Event]:
    """What is said before a job is refused."""
    heard: list[Event] = []
    with pytest.raises(RunError):
        heard.extend(events)
    return heard


@pytest.mark.long
def test_asked_for_again_it_trains_only_what_is_left(recipe: Recipe, tmp_path: Path) -> None:
    list(job(recipe, tmp_path, name="").run_events(ModelCache()))
    events = list(job(recipe, tmp_path, name="").run_events(ModelCache()))
    assert states(events) == ["rank-2 done", "rank-4 done"]
    assert not any(isinstance(e, Step) for e in events)
    RunStore(tmp_path).delete("toy-sweep-rank-2")
    assert states(list(job(recipe, tmp_path, name="").run_events(ModelCache()))) == [
        "rank-2 starts",
        "rank-4 done",
    ]


def test_it_is_written_down_before_the_first_step_and_is_no_run(recipe: Recipe, tmp_path: Path) -> None:
    events = job(recipe, tmp_path).run_events(ModelCache())
    while not isinstance(next(events), RunOpened):
        pass
    written = json.loads((tmp_path / "s.sweep.json").read_text())
    assert [m["run"] for m in written["members"]] == ["s-rank-2", "s-rank-4"]
    assert Recipe.model_validate(written["base"]) == recipe
    assert [run.name for run in RunStore(tmp_path).runs()] == ["s-rank-2"]
    events.close()


def test_a_member_that_fails_is_given_up_and_the_others_go_on(recipe: Recipe, tmp_path: Path) -> None:
    broken = shutil.copytree(recipe.model, tmp_path / "broken")
    weights: Any = mx.load(str(broken / "model.safetensors"))
    weights["model.norm.weight"] = weights["model.norm.weight"] * float("nan")
    mx.save_safetensors(str(broken / "model.safetensors"), weights)
    sweep = Sweep(recipe, (("model", (str(broken), recipe.model)),))
    events = list(SweepJob(sweep, tmp_path, "s").run_events(ModelCache()))
    assert [e.state for e in events if isinstance(e, SweepProgress)] == ["starts", "failed", "starts"]
    assert "model.norm.weight" in find_sweep(tmp_path, "s").members[0].failed
    again = list(SweepJob(sweep, tmp_path, "s").run_events(ModelCache()))
    assert [e.state for e in again if isinstance(e, SweepProgress)] == ["failed", "done"]


def test_a_bad_dataset_stops_it_and_leaves_nothing_behind(recipe: Recipe, tmp_path: Path) -> None:
    missing = recipe.with_values({"data.path": str(tmp_path / "none.jsonl")})
    with refused("file.missing", DataError, file=str(tmp_path / "none.jsonl")):
        list(job(missing, tmp_path / "runs").run_events(ModelCache()))
    assert not (tmp_path / "runs").exists()


def test_a_grid_with_one_bad_value_trains_nothing(recipe: Recipe, tmp_path: Path) -> None:
    with refused("value.at_least", RecipeError, title="field.of", limit=1):
        next(job(recipe, tmp_path / "runs", ranks=(2, 0)).run_events(ModelCache()))
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_it_does_not_go_on_with_another_dataset(recipe: Recipe, tmp_path: Path) -> None:
    list(job(recipe, tmp_path).run_events(ModelCache()))
    RunStore(tmp_path).delete("s-rank-4")
    write_rows(Path(recipe.data.path), 50)
    with refused("sweep.other_dataset", RunError, name="s"):
        list(job(recipe, tmp_path).run_events(ModelCache()))


def test_a_name_that_another_sweep_has_is_refused(recipe: Recipe, tmp_path: Path) -> None:
    list(job(recipe, tmp_path, ranks=(2,)).run_events(ModelCache()))
    with refused("sweep.name_taken", RecipeError, name="s"):
        job(recipe, tmp_path, ranks=(3,)).file()
    assert job(recipe, tmp_path, name="other", ranks=(2,)).file().name == "other"


@pytest.mark.long
def test_a_run_that_has_the_name_of_a_member_is_left_alone(recipe: Recipe, tmp_path: Path) -> None:
    list(TrainJob(recipe, tmp_path, "s-rank-2").run_events(ModelCache()))
    list(job(recipe, tmp_path).run_events(ModelCache()))
    assert {run.name for run in RunStore(tmp_path).runs()} == {"s-rank-2", "s-rank-2-2", "s-rank-4"}


def test_several_processes_do_not_share_a_sweep(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_RANK", "0")
    with refused("sweep.launched", RecipeError):
        next(job(recipe, tmp_path / "runs").run_events(ModelCache()))
    assert not (tmp_path / "runs").exists()


@pytest.mark.long
def test_members_that_were_validated_on_other_rows_are_said_to_be(tiny_model: Path, tmp_path: Path) -> None:
    data = write_rows(tmp_path / "rows.jsonl", 300)
    values = {"model": str(tiny_model), "data.path": str(data), "rank": 2, "batch_size": 8, "save_every": 100}
    base = Recipe().with_values({**values, "validation_share": 0.3, "watch.forgetting": False})
    over = (("loop.steps", (2, 20)),)
    *_, ended = SweepJob(Sweep(base, over), tmp_path / "runs").run_events(ModelCache())
    assert isinstance(ended, Ended)
    assert isinstance(ended.summary, Phrase)
    assert {value.code for _, value in ended.summary.values if isinstance(value, Phrase)} == {
        "sweep.best",
        "sweep.other_rows",
    }
    everything = base.with_values({"validate_every": 20})
    *_, ended = SweepJob(Sweep(everything, over), tmp_path / "whole").run_events(ModelCache())
    assert isinstance(ended, Ended)
    assert isinstance(ended.summary, Phrase)
    assert ended.summary.code == "sweep.best"
