"""The frozen prefix computed once: the same losses and gradients, in memory and on disk, and in less time."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from studio.errors import DiskError
from studio.train import micro_batch as packing
from studio.train.forward import Overlays
from studio.train.kernels import prefix
from studio.train.kernels.prefix import PrefixCache, batches, first_trained_layer
from tests.conftest import finish
from tests.train.families import FAMILIES, SEQUENCES, distance, learn, make


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradient_are_those_without(family: str) -> None:
    # What differs is rounding, because the cache met its rows in batches of another shape.
    # Dropout in experts is left out here: see the next test.
    model = make(family, trained=1, dropout=0.0 if family == "qwen3_moe" else 0.2)
    bound = 1e-6 if family in ("llama", "qwen3", "gemma2") else 5e-6
    cache = finish(PrefixCache.build(model, SEQUENCES, 3, tokens_at_once=64))
    assert prefix.verified(model, 3)
    for rows, width in (([[0], [2]], 32), ([[1]], 32), ([[3], [1], [0]], 17)):
        loss, gradient = learn(model, rows, Overlays(model), width=width)
        fast_loss, fast = learn(model, rows, Overlays(model, prefix=cache), cached=True, width=width)
        assert fast_loss == pytest.approx(loss, rel=1e-6)
        assert distance(fast, gradient) < bound


def test_dropout_in_experts_is_the_same_only_while_their_tokens_are_not_sorted() -> None:
    """From 64 choices of experts on, mlx-lm sorts all tokens by expert, padding too, and draws in that order.

    Padding that is zero chooses other experts than padding that was computed: another draw, as good as any.
    """
    model = make("qwen3_moe", trained=1, dropout=0.2)
    overlays = Overlays(model, prefix=finish(PrefixCache.build(model, SEQUENCES, 3)))
    few = learn(model, [[3]], overlays, cached=True, width=17)[0]
    assert few == pytest.approx(learn(model, [[3]], Overlays(model), width=17)[0], rel=1e-6)
    many = learn(model, [[0], [2]], overlays, cached=True, width=32)[0]
    assert many == learn(model, [[0], [2]], overlays, cached=True, width=32)[0]
    assert many != pytest.approx(learn(model, [[0], [2]], Overlays(model), width=32)[0], rel=1e-6)


def test_the_frozen_layers_are_not_computed() -> None:
    """A frozen layer that would spoil everything does not: nothing asks for what it gives."""
    model, rows = make("llama", trained=1), [[0], [2]]
    loss, _ = learn(model, rows, Overlays(model))
    overlays = Overlays(model, prefix=finish(PrefixCache.build(model, SEQUENCES, 3)))
    for layer in model.layers[:3]:
        layer.mlp.down_proj.weight = layer.mlp.down_proj.weight * float("nan")
    model.model.embed_tokens.weight = model.model.embed_tokens.weight * float("nan")
    assert learn(model, rows, overlays, cached=True)[0] == pytest.approx(loss, rel=1e-6)


def test_rows_that_are_not_in_the_cache_are_computed() -> None:
    model, rows = make("qwen3", trained=1), [[0], [2]]
    overlays = Overlays(model, prefix=finish(PrefixCache.build(model, SEQUENCES[1:2], 3)))
    assert learn(model, rows, overlays, cached=False)[0] == learn(model, rows, Overlays(model))[0]


def test_checkpointing_and_packing_go_with_it() -> None:
    model, rows = make("llama", trained=2), [[0, 1], [2]]
    fitting = packing.fitting(model)
    cache = finish(PrefixCache.build(model, SEQUENCES, 2))
    loss, gradient = learn(model, [[0], [1], [2]], Overlays(model))
    all_at_once = Overlays(model, checkpointing=True, prefix=cache, packing=fitting)
    fast_loss, fast = learn(model, rows, all_at_once, cached=True)
    assert fast_loss == pytest.approx(loss, rel=1e-5)
    assert distance(fast, gradient) < 1e-5
    with pytest.raises(ValueError, match="noise"):
        Overlays(model, noise=5.0, prefix=cache)


@pytest.mark.parametrize("dtype", [mx.float32, mx.bfloat16, mx.float16])
def test_disk_and_memory_give_the_same_bits(dtype: mx.Dtype, tmp_path: Path) -> None:
    model = make("qwen3", trained=1)
    model.set_dtype(dtype)
    tokens = sum(len(s) - 1 for s in SEQUENCES)
    memory = finish(PrefixCache.build(model, SEQUENCES, 3, tokens_at_once=64))
    disk = finish(PrefixCache.build(model, SEQUENCES, 3, "disk", tmp_path / "run", tokens_at_once=64))
    assert memory.bytes == disk.bytes == prefix.size_bytes(model, 3, tokens)
    for rows in ([[0], [2], [1]], [[3, 1], [2, 0]]):
        states = disk.states(rows, 32)
        assert states.dtype == dtype
        assert mx.array_equal(states, memory.states(rows, 32)).item()
    disk.close()
    assert not list((tmp_path / "run").iterdir())
    assert disk.file is None
    assert not disk.parts


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: open("/dev/full", "wb+", buffering=0))  # noqa: SIM115
    open_before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(DiskError, check=lambda error: error.code == "disk.full"):
        finish(PrefixCache.build(make("llama", trained=1), SEQUENCES, 3, "disk", tmp_path))
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_a_build_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    building = PrefixCache.build(make("llama", trained=1), SEQUENCES, 3, "disk", tmp_path, tokens_at_once=1)
    progress = [next(building) for _ in range(3)]
    assert [p.done for p in progress] == [0, 1, 2]
    building.close()
    assert not list(tmp_path.iterdir())


def test_a_second_build_has_the_same_bits() -> None:
    model = make("gemma2", trained=1)
    first, second = (finish(PrefixCache.build(model, SEQUENCES, 3, tokens_at_once=64)) for _ in range(2))
    assert mx.array_equal(first.states([[0], [2]], 16), second.states([[0], [2]], 16)).item()


def test_the_batches_hold_every_sequence_once_and_keep_to_the_budget() -> None:
    lengths = np.random.default_rng(1).integers(0, 300, 200).tolist()
    made = batches(lengths, 1000)
    assert sorted(index for batch in made for index in batch) == list(range(200))
    for batch in made:
        widest = max(1, -(-max(lengths[i] for i in batch) // 32)) * 32
        assert len(batch) * widest <= 1000


@pytest.mark.parametrize(
    ("trained", "first"), [(4, 0), (3, 1), (1, 3)], ids=["all layers", "the last 3", "the last"]
)
def test_the_first_trained_layer_is_found(trained: int, first: int) -> None:
    assert first_trained_layer(make("qwen3", trained=trained)) == first


def test_trained_embeddings_leave_no_frozen_prefix_and_a_trained_head_leaves_all_layers() -> None:
    model = make("llama", trained=1)
    model.model.embed_tokens.unfreeze()
    assert first_trained_layer(model) == 0
    model.freeze()
    model.lm_head.unfreeze()
    model.model.norm.unfreeze()
    assert first_trained_layer(model) == 4
    cache = finish(PrefixCache.build(model, SEQUENCES, 4))
    loss, gradient = learn(model, [[0], [2]], Overlays(model))
    fast_loss, fast = learn(model, [[0], [2]], Overlays(model, prefix=cache), cached=True)
    assert fast_loss == pytest.approx(loss, rel=1e-6)
    assert distance(fast, gradient) < 1e-6


def test_there_is_no_prefix_before_the_first_layer_or_beyond_the_last() -> None:
    model = make("llama", trained=1)
    assert [first for first in range(7) if prefix.verified(model, first)] == [1, 2, 3, 4]


def test_a_model_that_looks_back_at_its_first_layer_is_refused() -> None:
    """The last layer adds what the first one saw; left out, the first sees nothing, and no error tells."""
    model = make("llama", trained=1)
    seen: list[mx.array] = []

    class Noting(nn.Module):
        def __init__(self, layer: nn.Module, looks_back: bool) -> None:
            super().__init__()
            self.layer, self.use_sliding, self.looks_back = layer, layer.use_sliding, looks_back

        def __call__(self, states: mx.array, *arguments: Any, **keywords: Any) -> Any:
            output = self.layer(states, *arguments, **keywords)
            if not self.looks_back:
                seen.append(output)
            elif seen:
                return output + seen.pop()
            return output

    layers = model.layers
    layers[0], layers[-1] = Noting(layers[0], looks_back=False), Noting(layers[-1], looks_back=True)
    assert not prefix.verified(model, 3)
