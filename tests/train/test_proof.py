"""A run proves that it trains: what stands still is named, and what was saved gives the same loss."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest

from studio.errors import RunError
from studio.events import Event, Log, Saved, Step
from studio.files import write_proof
from studio.models.adapter_layers import LeanLoRALinear
from studio.models.arrays import read
from studio.recipe.recipe import Recipe
from studio.runs.folder import RunFolder
from studio.train import checkpoint
from studio.train.loop import Trainer
from studio.train.proof import Proof, Untrained, prove_result, read_back
from tests.conftest import refused
from tests.train.test_loop import recipe, sit

__all__ = ["recipe"]


class Deaf(LeanLoRALinear):
    """An adapter that adds to what is computed, and hears of no gradient."""

    def __call__(self, x: mx.array) -> mx.array:
        return self.linear(x) + mx.stop_gradient(super().__call__(x) - self.linear(x))


def deafen(trainer: Trainer, layers: slice) -> None:
    for layer in trainer.session.model.layers[layers]:
        layer.self_attn.q_proj.__class__ = Deaf


def warned(events: list[Event]) -> list[str]:
    return [e.text for e in events if isinstance(e, Log) and e.level == "warning" and "not learned" in e.text]


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_a_kind_of_tensor_without_a_gradient_ends_the_run_and_is_named(
    steps: int, recipe: Recipe, tmp_path: Path
) -> None:
    trainer = sit(recipe.with_values({"steps": steps}), tmp_path)
    deafen(trainer, slice(None))
    with refused("train.not_learned", Untrained) as raised:
        list(trainer.steps())
    assert re.search(r"layers\.\*\.self_attn\.q_proj\.lora_", str(dict(raised.value.said.values)["names"]))
    assert trainer.position.step == min(steps, 3)
    assert not RunFolder(tmp_path).checkpoints()


def test_one_of_a_kind_is_named_and_the_run_goes_on(recipe: Recipe, tmp_path: Path) -> None:
    trainer = sit(recipe.with_values({"steps": 5}), tmp_path)
    deafen(trainer, slice(1))
    (told, *_) = warned(list(trainer.steps()))
    assert "model.layers.0.self_attn.q_proj.lora_a" in told
    assert "layers.1" not in told
    assert trainer.position.step == 5


@pytest.mark.parametrize("steps", [1, 4])
def test_an_update_that_moves_nothing_ends_the_run(
    steps: int, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = sit(recipe.with_values({"steps": steps, "optimizer.warmup": 0}), tmp_path)
    monkeypatch.setattr(type(trainer.learner.optimizer), "apply_single", lambda self, g, p, state: p)
    with pytest.raises(Untrained, check=lambda error: error.code == "train.not_learned"):
        list(trainer.steps())


def test_updates_that_were_skipped_do_not_count(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = sit(recipe.with_values({"steps": 6}), tmp_path)
    real, told = type(trainer.session.objective).loss, list[Event]()

    def broken(self: Any, *arguments: Any) -> tuple[mx.array, mx.array]:
        loss, metrics = real(self, *arguments)
        made = sum(isinstance(e, Step) for e in told)
        return (loss * float("inf") if made == 1 and trainer.position.bad < 2 else loss), metrics

    monkeypatch.setattr(type(trainer.session.objective), "loss", broken)
    for event in trainer.steps():
        told.append(event)
    assert trainer.proof.updates == 4
    assert not warned(told)


@pytest.mark.parametrize("steps", [1, 2, 4])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"method": "dora"},
        {"method": "full", "weight_decay": 0.1},
        {"scope.embeddings": True, "scope.head": True},
        {"scope.layers": 1},
        {"optimizer.name": "sgd", "optimizer.learning_rate": 0.1},
        {"optimizer.name": "muon"},
        {"optimizer.name": "adafactor"},
        {"optimizer.name": "lion"},
        {"precision": "bfloat16"},
        {"optimizer.learning_rate": 1e-9},
    ],
    ids=str,
)
def test_a_run_that_trains_is_left_alone(
    values: dict[str, Any], steps: int, recipe: Recipe, tmp_path: Path
) -> None:
    events = list(sit(recipe.with_values({**values, "steps": steps, "batch_size": 2}), tmp_path).steps())
    assert sum(isinstance(e, Step) for e in events) == steps
    assert not warned(events)
    assert any("Read back from the disk" in e.text for e in events if isinstance(e, Log))


def test_what_was_saved_otherwise_than_it_was_trained_is_found(recipe: Recipe, tmp_path: Path) -> None:
    trainer = sit(recipe.with_values({"steps": 2}), tmp_path)
    assert any(isinstance(e, Saved) for e in trainer.steps())
    folder = checkpoint.latest(RunFolder(tmp_path))
    assert folder is not None
    assert read_back(trainer.session, folder) > 0
    config, weights = folder / "adapter_config.json", folder / "adapters.safetensors"
    whole = config.read_text()
    config.write_text(whole.replace('"self_attn.q_proj"', '"auto"'))
    with pytest.raises(Untrained, check=lambda error: error.code == "train.unnamed"):
        read_back(trainer.session, folder)
    config.write_text(whole)
    arrays = read(weights)
    mx.eval(arrays)
    mx.save_safetensors(str(weights), {name: array * 1.5 for name, array in arrays.items()})
    with pytest.raises(Untrained, check=lambda error: error.code == "train.other_loss"):
        read_back(trainer.session, folder)


LEARNS = {"steps": 6, "validate_every": 2, "save_every": 2}


def worse_after(trainer: Trainer, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the weights of `step` be the best ones."""
    real = trainer._measure

    def measured(*arguments: Any) -> Any:
        loss, metrics = yield from real(*arguments)
        return loss + 9 * (trainer.position.step > step), metrics

    monkeypatch.setattr(trainer, "_measure", measured)


def rewritten(folder: Path, change: Callable[[dict[str, mx.array]], dict[str, mx.array]]) -> None:
    """Change an adapter, and let its checksums say that it was written so."""
    file = folder / "adapters.safetensors"
    arrays = read(file)
    mx.eval(arrays)
    mx.save_safetensors(str(file), change(arrays))
    write_proof(folder)


def one_bit(arrays: dict[str, mx.array]) -> dict[str, mx.array]:
    name = min(arrays)
    bits = arrays[name].view(mx.uint32).reshape(-1)
    return {
        **arrays,
        name: mx.concatenate([bits[:1] ^ 1, bits[1:]]).view(mx.float32).reshape(arrays[name].shape),
    }


def until(trainer: Trainer, step: int) -> Generator[Event]:
    events: Generator[Event] = trainer.steps()  # type: ignore[assignment]
    for event in events:
        if isinstance(event, Step) and event.step == step:
            break
    return events


def said(events: Iterable[Event]) -> list[str]:
    return [e.text for e in events if isinstance(e, Log) and "The adapter on the disk" in e.text]


def test_the_best_adapter_is_proven_where_it_is_an_older_one(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = sit(recipe.with_values(LEARNS), tmp_path)
    worse_after(trainer, 2, monkeypatch)
    assert said(trainer.steps()) == ["The adapter on the disk is that of step 2, bit for bit."]
    assert trainer.proof.best_loss is not None


@pytest.mark.parametrize("resumed", [False, True])
def test_an_adapter_that_was_changed_by_one_bit_since_it_was_saved_is_found(
    resumed: bool, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = sit(recipe.with_values(LEARNS), tmp_path)
    worse_after(trainer, 2, monkeypatch)
    events = until(trainer, 5)
    if resumed:
        events.close()
        trainer.save()
        trainer = sit(recipe.with_values(LEARNS), tmp_path)
        worse_after(trainer, 2, monkeypatch)
        events = until(trainer, 6)
    rewritten(tmp_path / "adapter", one_bit)
    with pytest.raises(Untrained, check=lambda error: error.code == "train.other_adapter"):
        list(events)


def test_an_adapter_whose_scale_was_changed_since_is_found(recipe: Recipe, tmp_path: Path) -> None:
    trainer = sit(recipe.with_values(LEARNS), tmp_path)
    events = until(trainer, 6)
    for _ in events:
        if (tmp_path / "checkpoints" / "step-000006").exists():
            break
    config = tmp_path / "adapter" / "adapter_config.json"
    described = json.loads(config.read_text())
    described["lora_parameters"]["scale"] += 1
    config.write_text(json.dumps(described))
    write_proof(tmp_path / "adapter")
    with pytest.raises(Untrained, check=lambda error: error.code == "train.other_adapter"):
        list(events)


def test_an_adapter_is_held_against_the_loss_of_the_weights_that_it_was_saved_from(
    recipe: Recipe, tmp_path: Path
) -> None:
    trainer = sit(recipe.with_values(LEARNS), tmp_path)
    list(trainer.steps())
    mark, loss = trainer.position.mark, trainer.proof.best_loss
    assert loss is not None
    prove_result(trainer.session, tmp_path / "adapter", mark, loss)
    with pytest.raises(Untrained, check=lambda error: error.code == "train.other_adapter"):
        prove_result(trainer.session, tmp_path / "adapter", mark, loss + 1e-6)


def test_without_validation_the_last_adapter_is_proven_and_a_damaged_one_named(
    recipe: Recipe, tmp_path: Path
) -> None:
    alone = recipe.with_values({"steps": 3, "validation_share": 0.0})
    told = said(sit(alone, tmp_path / "one").steps())
    assert told == ["The adapter on the disk is that of the last step, bit for bit."]
    events = sit(alone, tmp_path / "two").steps()
    for event in events:
        if isinstance(event, Saved):
            break
    (tmp_path / "two" / "adapter" / "adapters.safetensors").write_bytes(b"")
    with refused("disk.changed", RunError, file=tmp_path / "two" / "adapter" / "adapters.safetensors"):
        list(events)


@pytest.mark.long
def test_a_proof_changes_nothing_of_what_is_trained(
    recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {**LEARNS, "lora.dropout": 0.1}
    list(sit(recipe.with_values(values), tmp_path / "one").steps())
    monkeypatch.setattr(Proof, "keep", lambda self, measured: -1)
    list(sit(recipe.with_values(values), tmp_path / "two").steps())
    files = [tmp_path / run / "adapter" / "adapters.safetensors" for run in ("one", "two")]
    assert files[0].read_bytes() == files[1].read_bytes()
