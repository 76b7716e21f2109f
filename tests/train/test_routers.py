"""What chooses among experts gets an adapter only where that is asked for; an earlier run keeps its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.errors import ModelError, RecipeError
from studio.events import Ended, Log, RunOpened, Step
from studio.jobs.train import ResumeJob, TrainJob
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.cache import ModelCache
from studio.models.targets import find_linear, find_routers
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from tests.train import test_head_families
from tests.train.test_architectures import FAMILIES, SHAPE, make

ROUTERS = {
    "mixtral": ({"num_local_experts": 4, "num_experts_per_tok": 2}, "block_sparse_moe.gate"),
    "granitemoe": (test_head_families.FAMILIES["granitemoe"], "block_sparse_moe.router.layer"),
    "qwen3_moe": (FAMILIES["qwen3_moe"], "mlp.gate"),
    "gpt_oss": (
        {
            "num_local_experts": 4,
            "num_experts_per_tok": 2,
            "sliding_window": 8,
            "layer_types": ["sliding_attention", "full_attention"],
        },
        "mlp.router",
    ),
}


@pytest.mark.parametrize("family", ROUTERS)
def test_all_leaves_the_routers_of_a_mixture_out_and_routers_adds_them(family: str) -> None:
    changes, router = ROUTERS[family]
    blocks = test_head_families.model_of(family, **changes).layers
    every = set(find_linear(blocks))
    assert find_routers(blocks) == {router}
    assert set(find_linear(blocks, Tuning().names)) == every - {router}
    assert set(find_linear(blocks, Tuning(targets="all, routers").names)) == every
    assert set(find_linear(blocks, Tuning(targets="routers").names)) == {router}
    name = router.rsplit(".", 1)[-1]
    assert set(find_linear(blocks, Tuning(targets=f"all, {name}").names)) == every


def test_a_dense_model_has_no_routers() -> None:
    blocks = test_head_families.model_of("llama").layers
    assert find_routers(blocks) == set()
    assert set(find_linear(blocks, ("all",))) == set(find_linear(blocks))
    with pytest.raises(ModelError, check=lambda error: error.code == "layers.unknown"):
        find_linear(blocks, ("router",))


@pytest.mark.long
def test_a_run_says_which_routers_it_leaves_and_an_earlier_one_goes_on_with_its_own(
    tiny_model: Path, toy_data: Path, tmp_path: Path
) -> None:
    config = {"model_type": "qwen3_moe", **SHAPE, **FAMILIES["qwen3_moe"]}
    folder = make(tmp_path / "moe", tiny_model, config)
    values = {"model": str(folder), "data.path": str(toy_data), "rank": 2, "steps": 2, "forgetting": False}
    recipe = Recipe().with_values({**values, "targets": "all, routers", "save_every": 1})
    run = stopped_after_one(recipe, tmp_path / "runs")
    manifest = json.loads((run.path / "run.json").read_text())
    manifest["recipe"]["lora"]["targets"] = "all"  # which meant these layers, too, when the run began
    (run.path / "run.json").write_text(json.dumps(manifest))
    events = list(ResumeJob(run).run_events(ModelCache()))
    assert [event.step for event in events if isinstance(event, Step)] == [2]
    assert "mlp.gate" in (adapter.keys_of(run.adapter) or [])
    told = [
        e.text
        for e in TrainJob(Recipe().with_values(values), tmp_path / "runs").run_events(ModelCache())
        if isinstance(e, Log)
    ]
    assert any("routers of the experts (gate) get no adapter" in text for text in told)


def stopped_after_one(recipe: Recipe, runs: Path) -> RunFolder:
    events = TrainJob(recipe, runs).run_events(ModelCache())
    opened = next(event for event in events if isinstance(event, RunOpened))
    next(event for event in events if isinstance(event, Step))
    events.close()
    return RunFolder(Path(opened.folder))


@pytest.mark.long
@pytest.mark.on_cpu
@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("quantize", ["no", "4-bit"])
def test_experts_in_16_bits_on_the_cpu_are_refused_before_the_run(
    kind: str, quantize: str, tiny_model: Path, toy_data: Path, tmp_path: Path
) -> None:
    config = {"model_type": "qwen3_moe", **SHAPE, **FAMILIES["qwen3_moe"]}
    folder = make(tmp_path / "moe", tiny_model, config)
    values = {"model": str(folder), "data.path": str(toy_data), "rank": 2, "steps": 1, "forgetting": False}
    recipe = Recipe().with_values({**values, "precision": kind, "base.quantize": quantize})
    with pytest.raises(RecipeError, check=lambda error: error.code == "train.experts_on_cpu"):
        list(TrainJob(recipe, tmp_path / "runs").run_events(ModelCache()))
    obeyed = recipe.with_values({"precision": "float32"})
    assert isinstance(list(TrainJob(obeyed, tmp_path / "runs").run_events(ModelCache()))[-1], Ended)
