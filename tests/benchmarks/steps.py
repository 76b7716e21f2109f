"""What a step costs on a dataset that was read, and what it costs a run to keep its rows."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from studio.dataset.steps.steps import Edit, steps_text
from studio.events import finished
from studio.jobs.rows import keep_rows
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.train.dataset_cache import DatasetCache
from tests.benchmarks.figure import Figure

ROWS = 30_000
MOST = 0.25
"""Of the CPU time of reading the dataset, for either."""


def measure() -> list[Figure]:
    """Read it, read it again with a row edited, and keep its rows as a run does."""
    with tempfile.TemporaryDirectory() as folder:
        path = _written(Path(folder) / "rows.jsonl")
        recipe, cache = Recipe().with_values({"data.path": str(path)}), DatasetCache()
        edited = recipe.with_values({"data.history": steps_text([Edit(line=5, value="Another answer.")])})
        whole, _ = _seconds(lambda: finished(cache.open(recipe)))
        again, dataset = _seconds(lambda: finished(cache.open(edited)))
        run = RunFolder(Path(folder) / "run")
        run.path.mkdir()
        kept, _ = _seconds(lambda: list(keep_rows(dataset, run)))
        share = sum(file.stat().st_size for file in run.dataset.iterdir()) / path.stat().st_size
    return [
        Figure(
            f"{ROWS:,} rows with one more edited, by reading them",
            f"{again / whole:.2f} x ({again:.1f} s against {whole:.1f} s)",
            f"at most {MOST} x",
            again <= MOST * whole,
        ),
        Figure(
            f"Keeping {ROWS:,} rows in a run, by reading them",
            f"{kept / whole:.2f} x ({kept:.1f} s), {100 * share:.0f} % of the file's bytes",
            f"at most {MOST} x",
            kept <= MOST * whole,
        ),
    ]


def _written(path: Path) -> Path:
    with path.open("w") as file:
        for number in range(ROWS):
            uses = " ".join(str(number * times) for times in range(8))
            row = {
                "prompt": f"Question {number}: what is item {number * 7} for?",
                "completion": f"For {uses}.",
            }
            file.write(json.dumps(row) + "\n")
    return path


def _seconds(run: Callable[[], Any]) -> tuple[float, Any]:
    """The CPU time it takes, and what it gives."""
    began = time.process_time()
    result = run()
    return time.process_time() - began, result
