"""The adapter that is being trained answers as it is at that moment, and training does not notice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.events import AnswersBegin, Event, RunOpened, Step
from studio.generate.contestant import contestant_of
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob
from studio.jobs.contestants import open_contestants
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from tests.conftest import finish, refused, write_rows
from tests.generate.test_talking import FIRST, LATER, ended, talks
from tests.jobs.test_contestants import QUICK, logits

SHORT = GREEDY.model_copy(update={"max_tokens": 6})
METHODS: dict[str, dict[str, Any]] = {
    "lora": {"targets": "q_proj, up_proj", "dropout": 0.2},
    "dora": {"method": "dora"},
    "full": {"method": "full"},
}


def trained(folder: Path, recipe: Recipe, at: int, asks: bool) -> tuple[RunFolder, list[Event], ModelCache]:
    """A run to its end; with `asks` somebody talks to it after a step."""
    cache, run, told = ModelCache(), None, []
    for event in TrainJob(recipe, folder, "live").run_events(cache):
        if isinstance(event, RunOpened):
            run = RunFolder(Path(event.folder))
        if asks and run and isinstance(event, Step) and event.step == at:
            asked = talks((("base", FIRST), ("tuned@now", LATER), ("tuned@now*0.5", FIRST)))
            told = list(ChatJob(run, asked, SHORT).run_events(cache))
    assert run is not None
    return run, told, cache


@pytest.mark.parametrize("method", METHODS)
def test_what_is_being_trained_answers_and_goes_on_to_the_same_weights(
    method: str, tiny_model: Path, tmp_path: Path
) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 30)
    values = {"model": str(tiny_model), "data.path": str(rows), **QUICK, "learning_rate": 0.02}
    recipe = Recipe().with_values({**values, **METHODS[method]})
    alone, _, _ = trained(tmp_path / "alone", recipe, 3, asks=False)
    run, told, cache = trained(tmp_path / "asked", recipe, 3, asks=True)
    weights = [(each.adapter / "adapters.safetensors").read_bytes() for each in (alone, run)]
    assert weights[0] == weights[1]
    begun = {event.who: event for event in told if isinstance(event, AnswersBegin)}
    assert (begun["tuned@now"].step, begun["tuned@now"].run) == (3, "live")
    assert begun["base"].step == 0
    assert len(ended(told)) == 3
    with refused("contestant.not_training", run="live"):
        finish(open_contestants(run, [contestant_of("tuned@now")], cache))


def test_the_last_step_as_it_stands_is_what_is_saved(tiny_model: Path, tmp_path: Path) -> None:
    rows = write_rows(tmp_path / "rows.jsonl", 30)
    values = {"model": str(tiny_model), "data.path": str(rows), **QUICK}
    recipe = Recipe().with_values({**values, "learning_rate": 0.02})
    cache, run, live = ModelCache(), None, None
    for event in TrainJob(recipe, tmp_path / "runs", "live").run_events(cache):
        if isinstance(event, RunOpened):
            run = RunFolder(Path(event.folder))
        if run and isinstance(event, Step) and event.step == event.steps:
            (live,) = finish(open_contestants(run, [contestant_of("tuned@now")], cache))
    assert run is not None
    assert live is not None
    last = contestant_of(f"tuned@{live.step}")
    (saved,) = finish(open_contestants(run, [last], cache))
    assert np.array_equal(logits(live), logits(saved))
