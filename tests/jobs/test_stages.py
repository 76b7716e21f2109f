"""A staged recipe is one job: each stage a run that goes on from the one before, resumed where it stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import pytest

from studio.cli.commands import run as command_line
from studio.errors import RecipeError
from studio.events import Ended, Event, Prepared, RunOpened, Step, SweepProgress
from studio.jobs.sweep import SweepJob
from studio.models.cache import ModelCache
from studio.recipe.stages import read_stages
from studio.runs.folder import RunFolder
from studio.runs.store import RunStore
from studio.runs.sweeps import find_sweep
from tests.conftest import write_pairs, write_rows

STAGES = """
model = "{model}"
watch.forgetting = false
loop.steps = 4
loop.batch_size = 4
loop.validate_every = 2
lora.rank = 2
lora.dropout = 0.1

[[stage]]
name = "read"
objective = "text"
data.path = "texts.jsonl"

[[stage]]
name = "answer"
method = "dora"
data.path = "rows.jsonl"

[[stage]]
name = "prefer"
objective = "dpo"
data.path = "pairs.jsonl"
"""
RUNS = ["owls-read", "owls-answer", "owls-prefer"]


@pytest.fixture
def file(tiny_model: Path, tmp_path: Path) -> Path:
    texts = (json.dumps({"text": f"After {n} comes {n + 1}."}) for n in range(40))
    (tmp_path / "texts.jsonl").write_text("\n".join(texts))
    write_rows(tmp_path / "rows.jsonl", 40)
    write_pairs(tmp_path / "pairs.jsonl", 40)
    file = tmp_path / "owls.toml"
    file.write_text(STAGES.format(model=tiny_model))
    return file


def job(file: Path, runs: Path) -> SweepJob:
    return SweepJob(read_stages(file), runs, "owls")


def performed(job: SweepJob, stop_in: str = "", at: int = 0) -> list[Event]:
    """Perform a job, closing it at a step of one of its runs."""
    events: list[Event] = []
    opened = ""
    generator = job.run_events(ModelCache())
    for event in generator:
        events.append(event)
        opened = event.run if isinstance(event, RunOpened) else opened
        if isinstance(event, Step) and (opened, event.step) == (stop_in, at):
            generator.close()
    return events


def weights(folder: Path) -> dict[str, mx.array]:
    return dict(mx.load(str(folder / "adapter" / "adapters.safetensors")))


@pytest.mark.long
def test_stages_train_one_after_another_and_stopped_they_go_on_to_the_same_weights(
    file: Path, tmp_path: Path
) -> None:
    whole = performed(job(file, tmp_path / "whole"))
    first = performed(job(file, tmp_path / "runs"), "owls-answer", 3)
    rest = performed(SweepJob.again(find_sweep(tmp_path / "runs", "owls")))

    assert [e.run for e in whole if isinstance(e, RunOpened)] == RUNS
    assert isinstance(whole[-1], Ended)
    assert str(whole[-1].summary) == "3 of 3 stages are done."
    assert [e.run for e in first if isinstance(e, RunOpened)] == RUNS[:2]
    states = [f"{e.member} {e.state}" for e in rest if isinstance(e, SweepProgress)]
    assert states == ["read done", "answer goes on", "prefer starts"]
    assert [e.step for e in rest if isinstance(e, Step)] == [4, 1, 2, 3, 4]
    for name in RUNS:
        one, other = weights(tmp_path / "whole" / name), weights(tmp_path / "runs" / name)
        assert one.keys() == other.keys()
        assert all(mx.array_equal(one[n], other[n]).item() for n in one)
    summaries = {s.name: s for s in RunStore(tmp_path / "runs").summaries()}
    assert [(summaries[n].sweep, summaries[n].stage, summaries[n].parent) for n in RUNS] == [
        ("owls", "1 of 3", ""),
        ("owls", "2 of 3", "owls-read"),
        ("owls", "3 of 3", "owls-answer"),
    ]
    sizes = [e.total_parameters for e in whole if isinstance(e, Prepared)]
    assert sizes == sorted(set(sizes)), "each carries what the ones before have learned"
    assert len(RunFolder(tmp_path / "runs" / "owls-prefer").parents()) == 2


@pytest.mark.long
def test_a_stage_that_fails_ends_the_job_and_is_tried_again(file: Path, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    kept = rows.read_text()
    rows.write_text("{}\n")
    asked = job(file, tmp_path / "runs")
    with pytest.raises(Exception, match=r"rows\.jsonl"):
        performed(asked)
    assert [run.name for run in RunStore(tmp_path / "runs").runs()] == ["owls-read"]

    rows.write_text(kept)
    assert [e.run for e in performed(asked) if isinstance(e, RunOpened)] == RUNS[1:]


@pytest.mark.long
def test_the_command_line_trains_forecasts_resumes_and_reports_stages_as_one(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(*arguments: object) -> dict[str, object]:
        assert command_line([*map(str, arguments), "--home", str(tmp_path / "home"), "--json"]) == 0
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    foretold = answer("forecast", file)
    trained = answer("train", file, "--set", "loop.steps=2")
    again = answer("resume", "owls")

    assert [(m["run"], m["state"], m["steps"]) for m in trained["members"]] == [(n, "done", 2) for n in RUNS]
    assert again == trained
    assert trained["stages"] == "owls"
    stages = foretold["stages"]
    assert [stage["name"] for stage in stages] == ["read", "answer", "prefer"]
    home = RunStore(tmp_path / "home" / "runs")
    prepared = [next(e for e in home.find(n).events() if isinstance(e, Prepared)) for n in RUNS]
    assert [s["total_parameters"] for s in stages] == [p.total_parameters for p in prepared]
    assert [s["trainable_parameters"] for s in stages] == [p.trainable_parameters for p in prepared]
    assert foretold["peak"] == max(stage["peak"] for stage in stages)
    assert command_line(["runs", "--home", str(tmp_path / "home")]) == 0
    assert "stage 3 of 3 of owls  goes on from owls-answer" in capsys.readouterr().out


def test_another_recipe_under_the_same_name_is_refused(file: Path, tmp_path: Path) -> None:
    asked = job(file, tmp_path)
    asked.file().write()
    other = replace(asked.sweep, base=asked.sweep.base.with_values({"lora.rank": 3}))
    with pytest.raises(RecipeError) as raised:
        performed(replace(asked, sweep=other))
    assert raised.value.code == "stages.name_taken"
