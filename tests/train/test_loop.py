"""What the loop computes: exactly the loss and gradient it says, on exactly the tokens it says."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx.utils import tree_flatten
from mlx_lm.tuner.utils import linear_to_lora_layers

from studio.data.batch import collate
from studio.events import Prepared, Step, Validated
from studio.jobs.train import TrainJob
from studio.models.count import count_parameters
from studio.models.shelf import Shelf
from studio.runs.folder import RunFolder
from studio.runs.store import summarize
from studio.train.loop import Diverged, Session
from studio.train.loss import row_losses, summed_loss
from studio.train.prepare import prepare
from studio.train.recipe import Recipe
from studio.train.schedule import Plan, learning_rate
from tests.conftest import finish


@pytest.fixture
def recipe(tiny_model: Path, toy_data: Path) -> Recipe:
    return Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data), "rank": 4})


def test_the_loss_is_the_mean_log_probability_of_the_answer_and_its_end(recipe: Recipe) -> None:
    ready = finish(prepare(recipe, Shelf()))
    record, tokens = max(ready.data.train, key=lambda example: len(example[1].ids))
    logits = np.array(ready.opened.module(mx.array([tokens.ids])), dtype=np.float64)[0]
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    targets = [i for i, trained in enumerate(tokens.trained) if trained]
    answer = ready.opened.tokenizer.decode([tokens.ids[i] for i in targets])
    assert answer == record.answer + "<|im_end|>"
    by_hand = -sum(log_p[i - 1, tokens.ids[i]] for i in targets)
    short = min((t for _, t in ready.data.train), key=lambda t: len(t.ids))
    assert row_losses(ready.opened.module, [tokens, short])[0].item() == pytest.approx(by_hand, rel=1e-5)


def test_accumulated_batches_give_the_gradient_of_one_large_batch(recipe: Recipe, tmp_path: Path) -> None:
    weights = []
    for size, accumulation in ((12, 1), (4, 3)):
        changed = recipe.with_values({"batch_size": size, "accumulation": accumulation, "clip": 0})
        ready = finish(prepare(changed, Shelf()))
        session = Session(changed, RunFolder(tmp_path), ready.opened, ready.data, 1e-3)
        lengths = session.plan.lengths
        rows = tuple(np.argsort(lengths)[:: len(lengths) // 12][:12].tolist())
        groups = [rows[i : i + size] for i in range(0, 12, size)]
        session.plan = _Fixed(lengths, changed.loop, groups)
        session._step(1)
        weights.append({k: np.array(v) for k, v in tree_flatten(session.optimizer.state) if k.endswith(".m")})
    assert weights[0].keys() == weights[1].keys()
    for name, gradient in weights[0].items():
        np.testing.assert_allclose(gradient, weights[1][name], rtol=1e-4, atol=1e-8)


class _Fixed(Plan):
    """A plan whose first step takes the given groups of rows."""

    def __init__(self, lengths: tuple[int, ...], loop: object, groups: list[tuple[int, ...]]) -> None:
        super().__init__(lengths, loop)  # type: ignore[arg-type]
        object.__setattr__(self, "groups", groups)

    def batches_of(self, step: int) -> list[tuple[int, tuple[int, ...]]]:
        return list(enumerate(self.groups))  # type: ignore[attr-defined]


def test_a_step_equals_adamw_written_by_hand(recipe: Recipe, tmp_path: Path) -> None:
    recipe = recipe.with_values({"clip": 0.5, "weight_decay": 0.1})
    ready = finish(prepare(recipe, Shelf()))
    session = Session(recipe, RunFolder(tmp_path), ready.opened, ready.data, 1e-3)
    before = {k: np.array(v, dtype=np.float64) for k, v in tree_flatten(session.model.trainable_parameters())}
    batch = collate([session.train_tokens[i] for i in session.plan.batches_of(1)[0][1]])
    _, gradient = nn.value_and_grad(
        session.model, lambda: summed_loss(session.model, batch, None) / batch.tokens
    )()
    gradient = {k: np.array(v, dtype=np.float64) for k, v in tree_flatten(gradient)}
    norm = np.sqrt(sum((g**2).sum() for g in gradient.values()))
    event = session._step(1)
    assert event.gradient_norm == pytest.approx(norm, rel=1e-5)
    rate = learning_rate(recipe.optimizer, 1e-3, 1, session.plan.steps)
    after = dict(tree_flatten(session.model.trainable_parameters()))
    for name, value in before.items():
        g = gradient[name] * min(1.0, 0.5 / norm)
        expected = value * (1 - rate * 0.1) - rate * g / (
            np.abs(g) + 1e-8
        )  # the first step's bias-corrected Adam
        np.testing.assert_allclose(np.array(after[name]), expected, rtol=2e-3, atol=2e-7)


def test_every_example_is_read_once_an_epoch_and_nothing_is_dropped(recipe: Recipe) -> None:
    plan = Plan(tuple(range(10, 57)), recipe.with_values({"batch_size": 5, "accumulation": 3}).loop)
    assert plan.steps == 10
    read = [i for step in range(1, plan.steps + 1) for _, indices in plan.batches_of(step) for i in indices]
    epochs = [read[i : i + 47] for i in range(0, len(read), 47)]
    assert len(epochs) == 3
    assert all(sorted(epoch) == list(range(47)) for epoch in epochs)
    assert epochs[0] != epochs[1]
    assert plan.epoch_after(plan.steps) == 3.0


def test_training_learns_the_toy_and_reports_it(recipe: Recipe, tmp_path: Path) -> None:
    events = list(TrainJob(recipe, tmp_path).run_events(Shelf()))
    prepared = next(e for e in events if isinstance(e, Prepared))
    steps = [e for e in events if isinstance(e, Step)]
    validated = [e for e in events if isinstance(e, Validated)]
    assert (prepared.train_examples, prepared.validation_examples, prepared.test_examples) == (48, 6, 6)
    assert validated[0].step == 0
    assert validated[-1].loss < validated[0].loss - 1
    assert steps[-1].epoch == 3.0
    assert all(s.memory_peak >= s.memory_active > 0 and s.memory_process > 0 for s in steps)
    assert steps[-1].seconds_left == 0


def test_a_loss_that_is_no_number_ends_the_run_with_advice_and_saves_nothing_of_it(
    recipe: Recipe, tiny_model: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    weights = mx.load(str(broken / "model.safetensors"))
    weights["model.norm.weight"] = weights["model.norm.weight"] * float("nan")
    mx.save_safetensors(str(broken / "model.safetensors"), weights)
    with pytest.raises(Diverged, match="Lower the learning rate"):
        list(TrainJob(recipe.with_values({"model": str(broken)}), tmp_path / "runs").run_events(Shelf()))
    run = next((tmp_path / "runs").iterdir())
    assert summarize(RunFolder(run)).state == "failed"
    assert not list(run.glob("checkpoints/*"))


def test_counts_come_from_the_configuration_alone(recipe: Recipe, tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "config.json").write_text((tiny_model / "config.json").read_text())
    count = count_parameters(tmp_path, rank=4, alpha=8, dropout=0, layers=0)
    opened = Shelf().open(tiny_model)
    assert count.total == sum(a.size for _, a in tree_flatten(opened.module.parameters()))
    opened.module.freeze()
    linear_to_lora_layers(opened.module, 2, {"rank": 4, "scale": 2, "dropout": 0})
    assert count.trainable == sum(a.size for _, a in tree_flatten(opened.module.trainable_parameters()))


@pytest.mark.parametrize(
    ("config", "trainable", "total"),
    [
        (
            {"model_type": "qwen3", "hidden_size": 1024, "num_hidden_layers": 28, "intermediate_size": 3072,
             "num_attention_heads": 16, "num_key_value_heads": 8, "head_dim": 128, "rms_norm_eps": 1e-6,
             "vocab_size": 151936, "max_position_embeddings": 32768, "rope_theta": 1e6,
             "tie_word_embeddings": True},
            20_185_088,
            616_235_008 - 20_185_088,
        ),
        (
            {"model_type": "llama", "hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 14336,
             "num_attention_heads": 32, "num_key_value_heads": 8, "rms_norm_eps": 1e-5, "vocab_size": 128256,
             "rope_theta": 5e5, "tie_word_embeddings": False},
            41_943_040,
            8_030_261_248,
        ),
    ],
    ids=["Qwen3-0.6B-Base at rank 32", "Llama-3.1-8B at rank 16"],
)  # fmt: skip
def test_published_parameter_counts_come_out_to_the_last_digit(
    config: dict[str, object], trainable: int, total: int, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config))
    rank = 32 if config["model_type"] == "qwen3" else 16
    count = count_parameters(tmp_path, rank=rank, alpha=2 * rank, dropout=0, layers=0)
    assert (count.trainable, count.total) == (trainable, total)


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine(recipe: Recipe) -> None:
    optimizer = recipe.with_values({"warmup": 0.1}).optimizer
    rates = [learning_rate(optimizer, 1.0, step, 100) for step in range(1, 101)]
    assert rates[:10] == pytest.approx([n / 10 for n in range(1, 11)])
    assert rates[9] == max(rates)
    assert all(a > b for a, b in pairwise(rates[9:]))
    assert 0 < rates[-1] < 0.001
