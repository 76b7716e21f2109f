"""A run that is killed again and again ends with the same weights as one that never was."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from studio.files import TEMPORARY
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import summarize
from tests.conftest import write_pairs, write_rows
from tests.train.killed import go

COMMON = {"dropout": 0.1, "rank": 4, "batch_size": 3, "save_every": 2, "validate_every": 3, "epochs": 3}
ANSWERS = {**COMMON, "accumulation": 2, "scope.layers": 1, "prefix_cache": "memory", "patience": 9}
PREFERENCES = {**COMMON, "objective": "dpo", "optimizer.name": "adamw8bit"}
MARGINS = {**COMMON, "objective": "simpo", "accumulation": 2}


@pytest.mark.long
@pytest.mark.parametrize(
    ("values", "kills"),
    [(ANSWERS, 20), (PREFERENCES, 5), (MARGINS, 3)],
    ids=["answers", "preferences", "margins"],
)
def test_a_run_killed_at_random_moments_ends_with_the_same_weights(
    values: dict[str, Any], kills: int, tiny_model: Path, tmp_path: Path
) -> None:
    pairs = "objective" in values
    data = (write_pairs if pairs else write_rows)(tmp_path / "rows.jsonl", 60)
    recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(data), **values})
    whole = tmp_path / "whole"
    assert finished(start(recipe, whole))
    events = reported(whole)
    draw = random.Random(1)
    killed, runs = 0, [tmp_path / "0"]
    places: set[tuple[str, ...]] = set()
    while killed < kills:
        process = start(recipe, runs[-1])
        if killed % 4 == 3:
            kill_while_saving(process, runs[-1])
        else:
            kill_when_reported(process, runs[-1], reported(runs[-1]) + draw.randint(1, events // 2))
        if process.exitcode == -signal.SIGKILL:
            killed += 1
            places.add(tuple(path.name for path in sorted(runs[-1].glob("*/checkpoints/*"))))
        else:
            assert finished(process)
            runs.append(tmp_path / str(len(runs)))
    assert len(places) >= kills / 3, f"killed at {places}"
    for folder in runs:
        assert finished(start(recipe, folder))
        one, other = arrays(whole), arrays(folder)
        assert one.keys() == other.keys()
        assert all(mx.array_equal(one[name], other[name]).item() for name in one)
        assert summarize(run_of(folder)).state == "done"
        assert not list(run_of(folder).path.glob("**/.*.tmp"))


def start(recipe: Recipe, runs: Path) -> BaseProcess:
    """Another process that goes on with the run under `runs`, or begins it.

    A Mac's frameworks, Metal's among them, do not work in a process that was forked and started nothing of
    its own; elsewhere a fork saves loading MLX for every kill.
    """
    context = multiprocessing.get_context("spawn" if sys.platform == "darwin" else "forkserver")
    context.set_forkserver_preload(["tests.train.killed"])
    process = context.Process(target=go, args=(recipe, runs), daemon=True)
    process.start()
    return process


def reported(runs: Path) -> int:
    """How many events the run under `runs` has written down."""
    return sum(file.read_bytes().count(b"\n") for file in runs.glob("*/events.jsonl"))


def kill_when_reported(process: BaseProcess, runs: Path, events: int) -> None:
    """Kill it once that many events are written down, wherever it is by then."""
    while process.is_alive() and reported(runs) < events:
        time.sleep(0.001)
    process.kill()
    process.join()


def kill_while_saving(process: BaseProcess, runs: Path) -> None:
    """Kill it as soon as a file of a new checkpoint is there: before the others, and before its folder."""
    while not (places := list(runs.glob("*/checkpoints"))) and process.is_alive():
        time.sleep(0.001)
    while process.is_alive():
        for name in os.listdir(places[0]):
            if name.endswith(TEMPORARY):
                process.kill()
                process.join()
                return


def finished(process: BaseProcess) -> bool:
    """Whether the process came to its end by itself."""
    process.join(600)
    return process.exitcode == 0


def run_of(runs: Path) -> RunFolder:
    (manifest,) = runs.glob("*/run.json")
    return RunFolder(manifest.parent)


def arrays(runs: Path) -> dict[str, mx.array]:
    """Everything that the run's last checkpoint and its result hold."""
    run = run_of(runs)
    found: dict[str, Any] = {}
    for file in (*run.checkpoints()[-1].glob("*.safetensors"), run.adapter / "adapters.safetensors"):
        found |= {f"{file.parent.name}/{file.name}/{n}": a for n, a in mx.load(str(file)).items()}  # type: ignore[union-attr]
    mx.eval(found)
    return found
