"""A run in a process of its own, to be killed."""

from __future__ import annotations

from pathlib import Path

from studio.process import prepare_process

prepare_process()

# Imported before the fork, so that a process starts at once; nothing of MLX is used before it.
from studio.jobs.train import ResumeJob, TrainJob  # noqa: E402
from studio.models.cache import ModelCache  # noqa: E402
from studio.recipe.recipe import Recipe  # noqa: E402
from studio.runs.folder import RunFolder  # noqa: E402
from studio.train import loop, prepare  # noqa: E402, F401


def go(recipe: Recipe, runs: Path) -> None:
    """Train the one run under `runs`, from the start or from its newest checkpoint, to its end."""
    found = [path.parent for path in runs.glob("*/run.json")]
    job = ResumeJob(RunFolder(found[0])) if found else TrainJob(recipe, runs)
    model_cache = ModelCache()
    for _ in job.run_events(model_cache):
        pass
    model_cache.close()
