"""Left open, validations and checkpoints take at most about a tenth of a run, and a resumed run agrees."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import pytest

from studio.events import Event, Log, RunOpened, Saved, Step, Validated
from studio.files import PROOF
from studio.jobs.train import ResumeJob, TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.train.plan import BatchPlan
from studio.train.schedule import LEAST_PROBE, LEAST_ROWS, SHARE, Schedule, Work, chosen, schedule_for
from tests.conftest import write_rows


def work(steps: int, rows: int, batch: int = 8, probe: int = 10, parameters: int = 135_000_000) -> Work:
    return Work(steps, steps * batch * 100.0, [100] * rows, [100] * probe, parameters, 5_000_000)


@pytest.mark.parametrize(
    ("steps", "rows", "batch"), list(product((1, 16, 100, 1000, 20_000), (0, 9, 200, 5000), (1, 8)))
)
@pytest.mark.parametrize("method", ["lora", "full"])
def test_looking_and_saving_take_at_most_a_tenth(steps: int, rows: int, batch: int, method: str) -> None:
    recipe, done = Recipe().with_values({"method": method}), work(steps, rows, batch)
    found = schedule_for(recipe, done)
    plan = BatchPlan((100,) * 800, recipe.loop.model_copy(update={"steps": steps}), 512, every=found.every)
    after = sum(plan.validates_after(step) for step in range(1, steps + 1))
    assert 1 <= after <= 11
    assert plan.validates_after(steps)
    assert plan.saves_after(steps)
    read = 100 * (found.rows or rows) + 100 * (found.probe or 10)
    saved = (0.02 + 16.0 * 5_000_000 / 0.5e9) * 1e12 / 135_000_000
    cost = (1 + after) * read + after * saved
    time = done.trained * (3.0 if method == "full" else 2.0)
    least = found.rows in (0, LEAST_ROWS) and (found.probe or 10) * 100 < LEAST_PROBE + 100
    assert cost <= SHARE * time * 1.05 or (after == 1 and least) or saved > SHARE * time / 2


def test_a_short_run_on_a_real_model_is_validated_at_its_beginning_and_its_end() -> None:
    assert schedule_for(Recipe(), work(steps=16, rows=9)).every == 16


def test_a_long_run_is_validated_ten_times_on_everything() -> None:
    assert schedule_for(Recipe(), work(steps=2000, rows=9)) == Schedule(200)


def test_a_run_of_middling_length_measures_a_part_often_enough_for_a_curve() -> None:
    tight = Work(240, 50_000.0, [21.0] * 80, [90.0] * 60, 3_400_000, 290_000)
    found = schedule_for(Recipe(), tight)
    assert found.every == 48
    assert 32 <= found.rows < 80
    assert 1 <= found.probe < 60


def test_what_is_given_is_obeyed() -> None:
    assert schedule_for(Recipe().with_values({"validate_every": 1}), work(16, 9)) == Schedule()
    often = Recipe().with_values({"validate_every": 3})
    plan = BatchPlan((100,) * 80, often.loop, 512)
    assert [step for step in range(1, plan.steps + 1) if plan.validates_after(step)][:3] == [3, 6, 9]


def test_answers_to_sample_prompts_count() -> None:
    asked = Recipe().with_values({"prompts": "Who?\nWhat?"})
    assert schedule_for(asked, work(200, 9)).every > schedule_for(Recipe(), work(200, 9)).every


def test_a_fixed_part_is_the_same_every_time_and_spread_over_all() -> None:
    assert chosen(1000, 100, 3) == chosen(1000, 100, 3) != chosen(1000, 100, 4)
    assert len(set(chosen(1000, 100, 3))) == 100
    assert min(chosen(1000, 100, 3)) < 100 < 900 < max(chosen(1000, 100, 3))
    assert chosen(5, 0, 3) == (0, 1, 2, 3, 4)


@pytest.fixture
def recipe(tiny_model: Path, tmp_path: Path) -> Recipe:
    """300 rows of which 90 are held out, and a run of eight short steps."""
    data = write_rows(tmp_path / "rows.jsonl", 300)
    values = {"model": str(tiny_model), "data.path": str(data), "rank": 2, "steps": 8, "batch_size": 2}
    return Recipe().with_values({**values, "validation_share": 0.3})


def seen(events: list[Event]) -> list[tuple[str, int]]:
    return [(type(e).__name__, e.step) for e in events if isinstance(e, Validated | Saved)]


def test_a_run_says_what_it_leaves_out(recipe: Recipe, tmp_path: Path) -> None:
    events = list(TrainJob(recipe, tmp_path / "runs").run_events(ModelCache()))
    assert seen(events) == [("Validated", 0), ("Validated", 8), ("Saved", 8)]
    assert any(f"on {LEAST_ROWS} of 90 rows" in e.text for e in events if isinstance(e, Log))


def test_a_resumed_run_goes_on_by_the_schedule_it_began_with(recipe: Recipe, tmp_path: Path) -> None:
    whole = list(TrainJob(recipe, tmp_path / "whole").run_events(ModelCache()))
    run, begun = stopped_after(recipe, tmp_path / "runs", 3)
    rest = list(ResumeJob(run).run_events(ModelCache()))
    assert [e for e in begun + rest if isinstance(e, Validated)] == [
        e for e in whole if isinstance(e, Validated)
    ]


@pytest.mark.long
def test_a_run_of_the_first_release_goes_on_as_it_was(recipe: Recipe, tmp_path: Path) -> None:
    run, _ = stopped_after(recipe, tmp_path / "runs", 3)
    position = next((run.path / "checkpoints").glob("step-*/position.json"))
    values = json.loads(position.read_text())
    (position.parent / PROOF).unlink()  # which the first release did not write either
    position.write_text(json.dumps({k: v for k, v in values.items() if k not in ("every", "rows", "probe")}))
    rest = list(ResumeJob(run).run_events(ModelCache()))
    validated = [(e.step, e.tokens) for e in rest if isinstance(e, Validated)]
    assert [step for step, _ in validated] == [3, 4, 5, 6, 7, 8]
    assert len({tokens for _, tokens in validated}) == 1
    assert validated[0][1] > 16 * 20


def stopped_after(recipe: Recipe, runs: Path, steps: int) -> tuple[RunFolder, list[Event]]:
    events, told = TrainJob(recipe, runs).run_events(ModelCache()), list[Event]()
    for event in events:
        told.append(event)
        if isinstance(event, Step) and event.step == steps:
            break
    events.close()
    return RunFolder(Path(next(e.folder for e in told if isinstance(e, RunOpened)))), told
