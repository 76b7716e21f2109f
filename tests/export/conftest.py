"""Short runs of every kind on one tiny model, to be taken elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from studio.jobs.train import TrainJob
from studio.models.cache import ModelCache
from studio.recipe.recipe import Recipe
from tests.conftest import write_rows

QUICK = {"watch.forgetting": False, "loop.steps": 4, "validate_every": 2, "batch_size": 4, "rank": 2}
RUNS: dict[str, dict[str, Any]] = {
    "first": {"targets": "q_proj, up_proj", "learning_rate": 0.05},
    "next": {
        "base.adapter": "first",
        "rank": 3,
        "layers": 1,
        "scope.embeddings": True,
        "learning_rate": 0.02,
    },
    "dora": {"base.adapter": "first", "method": "dora", "rank": 3, "learning_rate": 0.05},
    "plain_dora": {"method": "dora", "rank": 3, "learning_rate": 0.05},
    "full": {"method": "full", "learning_rate": 0.01},
    "four_bits": {
        "base.quantize": "4-bit",
        "base.group_size": "32",
        "learning_rate": 0.02,
        "data.template": "alpaca",
    },
}


@pytest.fixture(scope="session")
def runs(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """LoRA; LoRA with embeddings on it, on fewer layers; DoRA on it; DoRA alone; full; LoRA in 4 bits."""
    folder = tmp_path_factory.mktemp("exported")
    rows = write_rows(folder / "rows.jsonl", 40)
    for name, values in RUNS.items():
        recipe = Recipe().with_values({"model": str(tiny_model), "data.path": str(rows), **QUICK, **values})
        if parent := values.get("base.adapter"):
            recipe = recipe.with_values({"base.adapter": str(folder / "runs" / parent)})
        list(TrainJob(recipe, folder / "runs", name).run_events(ModelCache()))
    return folder / "runs"


@pytest.fixture(scope="session")
def starter_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two steps of LoRA on the starter."""
    folder = tmp_path_factory.mktemp("starter-run")
    values = {**QUICK, "data.path": str(write_rows(folder / "rows.jsonl", 20)), "loop.steps": 2}
    list(TrainJob(Recipe().with_values(values), folder / "runs", "short").run_events(ModelCache()))
    return folder / "runs" / "short"
