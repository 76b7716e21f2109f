"""Smaller portions: the same run in less memory, kept to from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.catalogue import phrase
from studio.events import Event, Log, PortionsHalved, Prepared, Step
from studio.jobs.portions import LEAST
from studio.jobs.train import ResumeJob, TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from tests.jobs.engine_jobs import BrokenGpu
from tests.jobs.test_queue_metal import MEMORY

STEPS = 8


def recipe(model: Path, data: Path, **values: object) -> Recipe:
    asked = {"model": str(model), "data.path": str(data), "steps": STEPS, "save_every": 2}
    return Recipe().with_values({**asked, "batch_size": 4, "tokens_at_once": 400, **values})


def overloaded(asked: Recipe, runs: Path) -> RunFolder:
    """A run that Metal gave no memory at its fifth step."""
    with pytest.MonkeyPatch.context() as broken:
        BrokenGpu(broken, at_step=5, message=MEMORY)
        with pytest.raises(RuntimeError):
            list(TrainJob(asked, runs, "broken").run_events(ModelCache()))
    return RunFolder(runs / "broken")


def losses(run: RunFolder) -> list[float]:
    return [event.loss for event in run.events() if isinstance(event, Step)]


@pytest.mark.long
@pytest.mark.parametrize("objective", ["sft", "text"])
def test_a_run_learns_the_same_in_smaller_portions_and_keeps_to_them(
    objective: str, tiny_model: Path, toy_data: Path, tmp_path: Path
) -> None:
    if objective == "text":
        toy_data = tmp_path / "toy.txt"
        toy_data.write_text("\n\n".join(f"It is {n}. " * (5 + n % 7) for n in range(40)), encoding="utf-8")
    asked = recipe(tiny_model, toy_data, objective=objective)
    list(TrainJob(asked, tmp_path, "whole").run_events(ModelCache()))
    run = overloaded(asked, tmp_path)
    again = ResumeJob(run, smaller=True).run_events(ModelCache())
    events: list[Event] = [next(again)]
    while not isinstance(events[-1], Step):
        events.append(next(again))
    again.close()
    (halved,) = (event for event in events if isinstance(event, PortionsHalved))
    assert LEAST <= halved.tokens <= 200
    said = Log(str(phrase("portions.smaller", tokens=halved.tokens)))
    assert said in events
    goes_on = list(ResumeJob(run).run_events(ModelCache()))
    assert said in goes_on
    assert not any(isinstance(event, PortionsHalved) for event in goes_on)
    whole = losses(RunFolder(tmp_path / "whole"))
    assert len(whole) == STEPS
    assert losses(run) == pytest.approx(whole, rel=1e-4)
    assert run.events()[-1].kind == "Ended"
    shapes = [event.shapes for event in run.events() if isinstance(event, Prepared)]
    assert len(shapes) == 3


@pytest.mark.long
def test_each_time_they_are_asked_for_they_are_halved_once_more(
    tiny_model: Path, toy_data: Path, tmp_path: Path
) -> None:
    run = overloaded(recipe(tiny_model, toy_data, tokens_at_once=64), tmp_path)
    for tokens in (32, 16, 16):
        again = ResumeJob(run, smaller=True).run_events(ModelCache())
        assert next(event.tokens for event in again if isinstance(event, PortionsHalved)) == tokens
        again.close()
