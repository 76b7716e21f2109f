"""What the loop computes: exactly the loss and gradient it says, on exactly the tokens it says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx.utils import tree_flatten
from mlx_lm.tuner.utils import linear_to_lora_layers

from studio.events import Event, Log, Prepared, Skipped, Step, Validated
from studio.jobs.train import TrainJob
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.arrays import named
from studio.models.cache import ModelCache
from studio.models.count import count_parameters
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.runs.store import summarize
from studio.train.finite import NotFinite
from studio.train.learner import row_losses
from studio.train.loop import Diverged, Trainer
from studio.train.plan import BatchPlan
from studio.train.prepare import prepare
from studio.train.schedule import learning_rate
from studio.train.session import open_session
from tests.conftest import finish, refused, write_pairs


@pytest.fixture
def recipe(tiny_model: Path, toy_data: Path) -> Recipe:
    return Recipe().with_values({"model": str(tiny_model), "data.path": str(toy_data), "rank": 4})


def sit(recipe: Recipe, folder: Path) -> Trainer:
    """A run that is about to make its first step, at a rate of 1e-3."""
    ready, run = finish(prepare(recipe, ModelCache())), RunFolder(folder)
    session = finish(open_session(recipe, run, ready.opened, ready.data, 1e-3, ready.general))
    return Trainer(session, run, 1e-3, [])


def test_the_loss_is_the_mean_log_probability_of_the_answer_and_its_end(recipe: Recipe) -> None:
    ready = finish(prepare(recipe, ModelCache()))
    example = max(ready.data.train, key=lambda example: len(example.tokens.ids))
    tokens = example.tokens
    logits = np.array(ready.opened.module(mx.array([tokens.ids])), dtype=np.float64)[0]
    log_p = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    targets = [i for i, trained in enumerate(tokens.trained) if trained]
    answer = ready.opened.tokenizer.decode([tokens.ids[i] for i in targets])
    assert answer == example.record.answer + "<|im_end|>"
    by_hand = -sum(log_p[i - 1, tokens.ids[i]] for i in targets)
    short = min((e.tokens for e in ready.data.train), key=lambda t: len(t.ids))
    assert row_losses(ready.opened.module, [tokens, short])[0].item() == pytest.approx(by_hand, rel=1e-5)


@pytest.mark.parametrize("objective", ["sft", "dpo", "orpo", "simpo"])
def test_however_a_step_is_divided_its_gradient_is_the_same(
    objective: str, recipe: Recipe, tmp_path: Path
) -> None:
    pairs = write_pairs(tmp_path / "pairs.jsonl", 24)
    values = {"objective": objective, "clip": 0, "optimizer.name": "sgd", "steps": 1, "epochs": 1}
    values |= {} if objective == "sft" else {"data.path": str(pairs)}
    gradients = []
    for size, accumulation, at_once in (
        (12, 1, 10**6),
        (4, 3, 10**6),
        (3, 4, 10**6),
        (12, 1, 150),
        (1, 12, 1),
    ):
        changed = recipe.with_values(
            {**values, "batch_size": size, "accumulation": accumulation, "tokens_at_once": at_once}
        )
        trainer = sit(changed, tmp_path / "run")
        start = {n: np.array(a) for n, a in adapter.weights(trainer.session.model).items()}
        rows = np.argsort(trainer.plan.lengths, kind="stable")[:: len(trainer.plan.lengths) // 12][:12]
        groups = [tuple(rows[i : i + size].tolist()) for i in range(0, 12, size)]
        plan = _Fixed(trainer.plan, groups)
        found = trainer.learner.learn(trainer.session.objective, trainer.session.training, plan, 1, 1.0)
        after = adapter.weights(trainer.session.model)
        gradients.append((found.loss, {name: start[name] - np.array(after[name]) for name in start}))
    loss, expected = gradients[0]
    for other, gradient in gradients[1:]:
        assert other == pytest.approx(loss, rel=1e-6)
        for name, array in expected.items():
            scale = np.abs(array).max()
            np.testing.assert_allclose(gradient[name], array, rtol=0, atol=1e-5 * scale + 1e-8)


class _Fixed(BatchPlan):
    """A plan whose first step takes the given groups of examples."""

    def __init__(self, plan: BatchPlan, groups: list[tuple[int, ...]]) -> None:
        super().__init__(plan.lengths, plan.loop, plan.budget, plan.rows)
        object.__setattr__(self, "groups", groups)

    def batches_of(self, step: int) -> list[tuple[int, tuple[int, ...]]]:
        return list(enumerate(self.groups))  # type: ignore[attr-defined]


def test_a_step_equals_adamw_written_by_hand(recipe: Recipe, tmp_path: Path) -> None:
    recipe = recipe.with_values({"clip": 0.5, "weight_decay": 0.1, "tokens_at_once": 10**6})
    trainer = sit(recipe, tmp_path)
    session, model = trainer.session, trainer.session.model
    before = {k: np.array(v, dtype=np.float64) for k, v in adapter.weights(model).items()}
    (micro_batch,) = session.plan.micro_batches(session.plan.batches_of(1)[0][1])
    batch = session.training.batch(micro_batch)

    def loss() -> mx.array:
        logits = model(mx.array(batch.ids)).astype(mx.float32)
        losses = nn.losses.cross_entropy(logits, mx.array(batch.targets), reduction="none")
        return (losses * mx.array(batch.weights)).sum() / batch.tokens

    _, tree = nn.value_and_grad(model, loss)()
    gradient = {k: np.array(v, dtype=np.float64) for k, v in named(tree).items()}
    norm = np.sqrt(sum((g**2).sum() for g in gradient.values()))
    event = next(e for e in trainer.steps() if isinstance(e, Step))
    assert event.gradient_norm == pytest.approx(norm, rel=1e-5)
    rate = learning_rate(recipe.optimizer, 1e-3, 1, session.plan.steps)
    after = adapter.weights(model)
    for name, value in before.items():
        g = gradient[name] * min(1.0, 0.5 / norm)
        expected = value * (1 - rate * 0.1) - rate * g / (
            np.abs(g) + 1e-8
        )  # the first step's bias-corrected Adam
        np.testing.assert_allclose(np.array(after[name]), expected, rtol=2e-3, atol=2e-7)


def test_training_learns_the_toy_and_reports_it(recipe: Recipe, tmp_path: Path) -> None:
    events = list(TrainJob(recipe, tmp_path).run_events(ModelCache()))
    prepared = next(e for e in events if isinstance(e, Prepared))
    steps = [e for e in events if isinstance(e, Step)]
    validated = [e for e in events if isinstance(e, Validated)]
    assert (prepared.train_examples, prepared.validation_examples, prepared.test_examples) == (48, 6, 6)
    assert validated[0].step == 0
    assert validated[-1].loss < validated[0].loss - 1
    assert steps[-1].epoch == 3.0
    assert all(s.memory_peak >= s.memory_active > 0 and s.memory_process > 0 for s in steps)
    assert steps[-1].seconds_left == 0


def non_finite(model: Path, folder: Path, factor: float) -> Path:
    """A copy of a model whose last norm is multiplied by `factor`."""
    shutil.copytree(model, folder)
    weights: Any = mx.load(str(folder / "model.safetensors"))
    weights["model.norm.weight"] = weights["model.norm.weight"] * factor
    mx.save_safetensors(str(folder / "model.safetensors"), weights)
    return folder


def ended_by(recipe: Recipe, model: Path, runs: Path) -> tuple[list[Event], NotFinite, Path]:
    """The events of a run that is refused, why it was, and its folder."""
    events: list[Event] = []
    with pytest.raises(NotFinite) as caught:
        events.extend(_kept(TrainJob(recipe.with_values({"model": str(model)}), runs), events))
    return events, caught.value, next(runs.glob("[!.]*"))


@pytest.mark.parametrize("share", [0.1, 0.0], ids=["with validation", "without"])
def test_weights_that_are_no_numbers_end_the_run_at_once_and_are_named(
    share: float, recipe: Recipe, tiny_model: Path, tmp_path: Path
) -> None:
    broken = non_finite(tiny_model, tmp_path / "broken", float("nan"))
    recipe = recipe.with_values({"validation_share": share})
    events, error, run = ended_by(recipe, broken, tmp_path / "runs")
    assert len([e for e in events if isinstance(e, Skipped)]) == (0 if share else 1)
    assert error.code == "train.weights_not_finite"
    assert dict(error.said.values)["names"] == "model.norm.weight"
    assert not any("output layer" in e.text for e in events if isinstance(e, Log)), "which is not to blame"
    assert summarize(RunFolder(run)).state == "failed"
    assert not list(run.glob("checkpoints/*"))


def test_what_is_beyond_float16_is_told_apart_from_bad_weights(
    recipe: Recipe, tiny_model: Path, tmp_path: Path
) -> None:
    large = non_finite(tiny_model, tmp_path / "large", 1e6)
    assert [
        e
        for e in TrainJob(
            recipe.with_values({"model": str(large), "steps": 1}), tmp_path / "fine"
        ).run_events(ModelCache())
        if isinstance(e, Step)
    ]
    large = non_finite(tiny_model, tmp_path / "half", 5e4)
    _, error, _ = ended_by(recipe.with_values({"precision": "float16"}), large, tmp_path / "runs")
    assert error.code == "train.beyond_float16"


def test_three_steps_in_a_row_that_are_no_number_end_the_run_with_advice(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = sit(recipe.with_values({"epochs": 2}), tmp_path)
    real = type(trainer.session.objective).loss
    told: list[Event] = []

    def breaking(self: Any, *arguments: Any) -> tuple[mx.array, mx.array]:
        loss, metrics = real(self, *arguments)
        return (loss * float("nan") if any(isinstance(e, Step) for e in told) else loss), metrics

    monkeypatch.setattr(type(trainer.session.objective), "loss", breaking)
    with refused("train.diverged", Diverged, steps=3, where="train.no_checkpoint", advice="train.lower_rate"):
        told.extend(_noted(trainer, told))
    assert [e.in_a_row for e in told if isinstance(e, Skipped)] == [1, 2, 3]


def _noted(trainer: Trainer, into: list[Event]) -> list[Event]:
    for event in trainer.steps():
        into.append(event)
    return []


def _kept(job: TrainJob, into: list[Event]) -> list[Event]:
    for event in job.run_events(ModelCache()):
        into.append(event)
    return []


def test_a_step_that_is_no_number_changes_nothing_and_the_run_goes_on(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = sit(recipe.with_values({"epochs": 1}), tmp_path)
    real = type(trainer.session.objective).loss
    calls: list[int] = []

    def sometimes(self: Any, *arguments: Any) -> tuple[mx.array, mx.array]:
        calls.append(1)
        loss, metrics = real(self, *arguments)
        return (loss * float("inf") if broken else loss), metrics

    monkeypatch.setattr(type(trainer.session.objective), "loss", sometimes)
    broken = False
    before: dict[str, Any] = {}
    told: list[Event] = []
    for event in trainer.steps():
        told.append(event)
        if isinstance(event, Step | Skipped):
            now = {n: np.array(a) for n, a in adapter.weights(trainer.session.model).items()}
            same = bool(before) and all(np.array_equal(before[n], now[n]) for n in now)
            assert same == isinstance(event, Skipped)
            before, broken = now, len([e for e in told if isinstance(e, Step | Skipped)]) in (2, 3)
    assert [type(e) for e in told if isinstance(e, Step | Skipped)] == [
        Step,
        Step,
        Skipped,
        Skipped,
        Step,
        Step,
    ]
    assert [e.in_a_row for e in told if isinstance(e, Skipped)] == [1, 2]
    assert trainer.position.bad == 0


def test_counts_come_from_the_configuration_alone(recipe: Recipe, tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "config.json").write_text((tiny_model / "config.json").read_text())
    count = count_parameters(tmp_path, Tuning(rank=4))
    opened = ModelCache().open(tiny_model)
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
    count = count_parameters(tmp_path, Tuning(rank=rank))
    assert (count.trainable, count.total) == (trainable, total)
