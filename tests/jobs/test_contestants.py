"""Contestants are opened as what they are called, over one copy of their model's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from studio.events import AnswerEnded
from studio.generate.contestant import Contestant, OpenContestant, contestant_of, one_prompt
from studio.generate.sampling import GREEDY
from studio.jobs.answers import ChatJob
from studio.jobs.contestants import open_contestants
from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from tests.conftest import finish, refused, write_rows

IDS = mx.array([[5, 9, 200, 31, 7, 2, 11], [7, 7, 12, 90, 4, 1, 3]])
QUICK = {"watch.forgetting": False, "loop.steps": 4, "validate_every": 2, "batch_size": 4, "rank": 2}
RUNS: dict[str, dict[str, Any]] = {
    "first": {"targets": "q_proj, up_proj", "learning_rate": 0.05},
    "wide": {"lora.rank_stabilized": True, "scope.embeddings": True, "learning_rate": 0.01},
    "dora": {"base.adapter": "first", "method": "dora", "rank": 3, "learning_rate": 0.05},
    "full": {"method": "full", "learning_rate": 0.01},
}


@pytest.fixture(scope="session")
def runs(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four short runs on one model: LoRA, rank-stabilized LoRA with embeddings, DoRA on a parent, full."""
    return train_all(tiny_model, tmp_path_factory.mktemp("contestants"))


def train_all(model: Path, folder: Path) -> Path:
    rows = write_rows(folder / "rows.jsonl", 40)
    for name, values in RUNS.items():
        recipe = Recipe().with_values({"model": str(model), "data.path": str(rows), **QUICK, **values})
        list(TrainJob(recipe, folder / "runs", name).run_events(ModelCache()))
    return folder / "runs"


def opened(runs: Path, run: str, *keys: str, cache: ModelCache | None = None) -> tuple[OpenContestant, ...]:
    contestants = [contestant_of(key) for key in keys]
    return finish(open_contestants(RunFolder(runs / run), contestants, cache or ModelCache()))


def logits(contestant: OpenContestant) -> np.ndarray:
    return np.array(contestant.module(IDS))


def test_each_contestant_is_who_it_is_called(runs: Path, tiny_model: Path) -> None:
    keys = ("base", "parent", "tuned", "tuned@2", "run:first", "run:wide", f"model:{tiny_model}")
    found = opened(runs, "dora", *keys)
    assert tuple(each.key for each in found) == keys
    base, parent, tuned, checkpoint, first, wide, model = map(logits, found)
    assert np.array_equal(base, model)
    assert np.array_equal(parent, first), "what the run went on from is that run's result"
    different = (base, parent, tuned, checkpoint, wide)
    assert all(not np.allclose(a, b, atol=1e-4) for n, a in enumerate(different) for b in different[:n])
    assert len({each.fingerprint for each in found}) == 6, "all but the base, named twice, are others"


def test_contestants_of_one_model_share_its_weights(runs: Path) -> None:
    found = opened(runs, "dora", "base", "parent", "tuned", "run:wide")
    assert len({id(each.weights) for each in found}) == 1
    embeddings = [each.module.model.norm.weight for each in found]
    assert all(array is embeddings[0] for array in embeddings)


@pytest.mark.parametrize("run", ["first", "wide", "dora", "full"])
def test_strength_is_the_line_from_where_training_began_to_its_result(run: str, runs: Path) -> None:
    start = "parent" if run == "dora" else "base"
    found = opened(runs, run, start, "tuned", "tuned*0", "tuned*0.5")
    begun, ended, none, half = map(logits, found)
    assert np.abs(none - begun).max() < 1e-5
    assert not np.allclose(half, begun, atol=1e-3)
    assert not np.allclose(half, ended, atol=1e-3)


def test_what_is_not_there_is_refused_in_words(runs: Path) -> None:
    with refused("run.missing", name="nobody"):
        opened(runs, "first", "run:nobody")
    with refused("run.missing", name="../runs/first"):
        other = Contestant(kind="run", run="../runs/first")
        finish(open_contestants(RunFolder(runs / "first"), [other], ModelCache()))
    with refused("contestant.no_checkpoint", run="first", step=3):
        opened(runs, "first", "tuned@3")
    with refused("parent.none", name="first"):
        opened(runs, "first", "parent")
    with refused("contestant.server", key="server:http://localhost/v1#gpt"):
        opened(runs, "first", "base", "server:http://localhost/v1#gpt")
    with refused("contestant.twice", key="base"):
        opened(runs, "first", "base", "base")


def test_the_playground_asks_contestants_by_their_keys(runs: Path) -> None:
    who = ("base", "tuned@2", "tuned*0.5", "run:wide")
    job = ChatJob(RunFolder(runs / "first"), one_prompt("Say the number 7", who), GREEDY)
    ended = {e.who: e.text for e in job.run_events(ModelCache()) if isinstance(e, AnswerEnded)}
    assert tuple(sorted(ended)) == tuple(sorted(who))
    assert len(set(ended.values())) > 1
