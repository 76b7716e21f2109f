"""What PEFT made is read as PEFT reads it, and what is written for PEFT is what PEFT would have written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import mlx.core as mx
import numpy as np
import pytest

from studio.cli.commands import run as command_line
from studio.events import AdapterImported, Exported
from studio.export.chain import adapter_in
from studio.export.optimizer_state import entries
from studio.export.peft import names_of, to_peft
from studio.generate.contestant import OpenContestant
from studio.jobs.export import AdapterImportJob, RunExportJob
from studio.jobs.train import recipe_of
from studio.models import adapter as adapters
from studio.models import arrays
from studio.models.cache import ModelCache
from studio.runs.folder import RunFolder
from studio.train import checkpoint
from studio.train.optimizer import make_optimizer
from tests.conftest import refused

ORACLE = Path(__file__).parents[1] / "oracles" / "fixtures" / "peft"
CASES = ("lora", "rslora", "dora", "patterns")


def imported(source: Path, out: Path, model: Path | str = "starter") -> AdapterImported:
    events = AdapterImportJob(source, out, str(model)).run_events(ModelCache())
    return next(e for e in events if isinstance(e, AdapterImported))


def exported(run: Path, out: Path) -> Exported:
    events = RunExportJob(RunFolder(run), "peft", out).run_events(ModelCache())
    return next(e for e in events if isinstance(e, Exported))


@pytest.mark.parametrize("case", CASES)
def test_an_adapter_of_peft_gives_pefts_logits_once_it_is_brought_in(
    case: str, starter: Path, tmp_path: Path
) -> None:
    oracle = json.loads((ORACLE / "logits.json").read_text())
    imported(ORACLE / case, tmp_path / "out")

    model = ModelCache().open(starter / "model").module
    bare = np.array(model(mx.array(oracle["ids"])))[:, :, ::40]
    adapters.read_onto(model, tmp_path / "out")
    found = np.array(model(mx.array(oracle["ids"])))[:, :, ::40]
    wanted = np.array(oracle[case])
    assert np.abs(found - wanted).max() < 1e-4
    assert np.abs(bare - wanted).max() > 0.01, "the adapter does something"


@pytest.mark.parametrize("case", ["lora", "rslora", "dora"])
def test_what_is_written_for_peft_is_what_peft_wrote(case: str, starter: Path, tmp_path: Path) -> None:
    imported(ORACLE / case, tmp_path / "out")
    opened = ModelCache().open(starter / "model")
    tuned = SimpleNamespace(bare=lambda: opened.module, folder=starter / "model")
    again = to_peft(adapter_in(tmp_path / "out"), cast("OpenContestant", tuned), case == "rslora")

    theirs = cast("dict[str, mx.array]", mx.load(str(ORACLE / case / "adapter_model.safetensors")))
    assert again.arrays.keys() == theirs.keys()
    for name, array in theirs.items():
        assert np.allclose(np.array(again.arrays[name]), np.array(array), rtol=1e-5, atol=1e-7), name
    config = json.loads((ORACLE / case / "adapter_config.json").read_text())
    for name in ("r", "lora_alpha", "use_dora", "use_rslora", "bias", "fan_in_fan_out", "peft_type"):
        assert again.config[name] == pytest.approx(config[name]), name
    assert sorted(again.config["target_modules"]) == sorted(config["target_modules"])


def test_torchs_adamw_goes_on_from_the_state_beside_a_checkpoint_as_the_run_does(
    runs: Path, tmp_path: Path
) -> None:
    exported(runs / "first", tmp_path / "out")
    ours, theirs = runs / "first" / "checkpoints" / "step-000004", tmp_path / "out" / "checkpoint-4"
    position, weights, state = checkpoint.read(ours)
    optimizer = make_optimizer(recipe_of(RunFolder(runs / "first").manifest()), 0.05)
    optimizer.state = state
    gradients = {name: mx.sin(mx.arange(a.size) * 0.1).reshape(a.shape) for name, a in weights.items()}
    stepped = arrays.named(optimizer.apply_gradients(arrays.nested(gradients), arrays.nested(weights)))

    saved = arrays.read(theirs / "optimizer.safetensors")
    there = arrays.read(theirs / "adapter_model.safetensors")
    rate, decay = optimizer.learning_rate.item(), optimizer.weight_decay
    assert saved["step"].item() == position.step == 4
    for name, array in weights.items():
        path, _, part = name.rpartition(".")
        peft = names_of(path, is_table=False)[part]
        moments = (np.array(saved[f"{peft}.{moment}"]) for moment in ("exp_avg", "exp_avg_sq"))
        found = torch_adamw(np.array(there[peft]), np.array(gradients[name]).T, *moments, 5, rate, decay)
        assert np.allclose(found, np.array(stepped[name]).T, rtol=1e-5, atol=1e-7), name
        assert not np.allclose(found, np.array(array).T, rtol=1e-3), "it does take a step"


def torch_adamw(
    p: np.ndarray, g: np.ndarray, m: np.ndarray, v: np.ndarray, step: int, rate: float, decay: float
) -> np.ndarray:
    """A step as the documentation of torch.optim.AdamW gives it, with its defaults."""
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    unbiased = m / (1 - 0.9**step), v / (1 - 0.999**step)
    return np.asarray(p - rate * decay * p - rate * unbiased[0] / (np.sqrt(unbiased[1]) + 1e-8))


def test_the_page_beside_a_state_names_every_array_in_both_places(runs: Path, tmp_path: Path) -> None:
    exported(runs / "next", tmp_path / "out")
    folder = tmp_path / "out" / "checkpoint-4"

    page = (folder / "OPTIMIZER.md").read_text()
    theirs = arrays.read(folder / "optimizer.safetensors")
    ours = arrays.read(runs / "next" / "checkpoints" / "step-000004" / "optimizer.safetensors")
    assert len(theirs) == len(ours)
    assert all(f"`{name}`" in page for name in (*theirs, *ours))
    assert "base_model.model.model.embed_tokens.lora_embedding_A.exp_avg" in theirs


def test_moments_that_torch_does_not_have_are_written_as_they_are() -> None:
    layer, table = "model.layers.0.q_proj", "model.embed_tokens"
    state = {
        f"groups.0.{layer}.lora_b.v": mx.ones((2, 8)),
        f"{layer}.lora_a.m": mx.zeros((3, 256)),
        f"{layer}.lora_a.m_scale": mx.ones((3, 1)),
        f"{layer}.lora_b.exp_avg_sq_row": mx.ones((2,)),
        "groups.0.step": mx.array(3),
    }

    found = {entry.ours: entry.theirs for entry in entries(state, table)}
    assert found[f"groups.0.{layer}.lora_b.v"] == f"base_model.model.{layer}.lora_B.weight.momentum_buffer"
    assert found[f"{layer}.lora_a.m"] == f"{layer}.lora_a.m", (
        "8-bit codes are blocks, not the parameter's shape"
    )
    assert found[f"{layer}.lora_b.exp_avg_sq_row"] == f"base_model.model.{layer}.lora_B.weight.exp_avg_sq_col"
    assert found["groups.0.step"] == "groups.0.step"


@pytest.mark.parametrize("run", ["first", "next", "plain_dora"])
def test_a_run_comes_back_from_peft_as_it_went(
    run: str, runs: Path, tiny_model: Path, tmp_path: Path
) -> None:
    event = exported(runs / run, tmp_path / "out")

    assert event.difference < 1e-5
    assert {"adapter_model.safetensors", "adapter_config.json", "tokenizer.json"} < set(event.files)
    assert {"training_args.json", "checkpoint-4/trainer_state.json"} < set(event.files)
    state = json.loads((tmp_path / "out" / "checkpoint-4" / "trainer_state.json").read_text())
    assert (state["global_step"], state["max_steps"]) == (4, 4)
    assert [line["step"] for line in state["log_history"] if "loss" in line] == [1, 2, 3, 4]
    assert [line["step"] for line in state["log_history"] if "eval_loss" in line] == [0, 2, 4]
    assert json.loads((tmp_path / "out" / "training_args.json").read_text())["max_steps"] == 4
    there = imported(tmp_path / "out", tmp_path / "back", "")
    assert Path(there.model) == tiny_model.resolve()
    checkpoint = imported(tmp_path / "out" / "checkpoint-4", tmp_path / "checkpoint", tiny_model)
    assert checkpoint.layers == there.layers


def test_ranks_of_a_merged_chain_are_named_layer_by_layer(runs: Path, tmp_path: Path) -> None:
    exported(runs / "next", tmp_path / "out")
    config = json.loads((tmp_path / "out" / "adapter_config.json").read_text())
    assert config["r"] == 5
    assert config["rank_pattern"]["model.layers.0.self_attn.q_proj"] == 2
    assert config["alpha_pattern"]["model.layers.1.mlp.down_proj"] == 3
    assert "lm_head" in config["target_modules"], "the embeddings are the head, too"
    assert "model.layers.1.mlp.down_proj" in config["target_modules"], "of one layer only: by its whole path"
    assert "q_proj" in config["target_modules"]


def test_what_peft_has_no_form_for_is_refused_and_nothing_is_left(runs: Path, tmp_path: Path) -> None:
    with refused("export.peft_full"):
        exported(runs / "full", tmp_path / "out")
    with refused("export.no_one_adapter"):
        exported(runs / "dora", tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def _setting(name: str, value: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        config = json.loads((folder / "adapter_config.json").read_text())
        (folder / "adapter_config.json").write_text(json.dumps({**config, name: value}))

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_setting("peft_type", "IA3"), "import.kind"),
        (_setting("bias", "all"), "import.setting"),
        (_setting("modules_to_save", ["lm_head"]), "import.setting"),
        (_setting("init_lora_weights", "pissa_niter_16"), "import.changed_base"),
        (_setting("r", "four"), "import.config"),
        (lambda folder: (folder / "adapter_model.safetensors").unlink(), "import.no_weights"),
        (lambda folder: (folder / "adapter_model.safetensors").write_bytes(b"no"), "import.config"),
        (lambda folder: (folder / "adapter_config.json").unlink(), "import.none"),
    ],
)
def test_other_adapters_are_refused_in_words(
    change: Callable[[Path], None], code: str, tmp_path: Path
) -> None:
    source = Path(shutil.copytree(ORACLE / "dora", tmp_path / "source"))
    change(source)
    with refused(code):
        imported(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_adapter_of_another_model_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    with refused("import.no_layer"):
        imported(ORACLE / "lora", tmp_path / "out", tiny_model)
    with refused("import.no_model", base="starter"):
        imported(ORACLE / "lora", tmp_path / "out", "")


@pytest.mark.long
def test_a_run_goes_on_from_an_adapter_that_was_brought_in(
    toy_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, home = tmp_path / "out", ["--home", str(tmp_path / "home")]
    assert command_line(["import", str(ORACLE / "dora"), "--model", "starter", "--out", str(out)]) == 0
    assert f"--set adapter={out}" in capsys.readouterr().out
    quick = [f"--set={each}" for each in ("steps=1", "rank=2", "forgetting=false", f"adapter={out}")]
    assert command_line(["train", str(toy_data), "--name", "after", *quick, *home]) == 0
    kept = json.loads((tmp_path / "home" / "runs" / "after" / "adapter" / "adapter_config.json").read_text())
    assert len(kept["parents"]) == 1
