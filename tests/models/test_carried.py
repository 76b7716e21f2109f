"""A model that goes on from an adapter begins, to the last bit, as that one ended, whatever is put on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from studio.errors import ModelError
from studio.models import adapter
from studio.models.adapter import ParentAdapter, Tuning
from studio.models.arrays import count, named
from studio.models.cache import ModelCache
from studio.models.count import count_parameters
from studio.models.folder import adapter_fingerprint
from studio.models.targets import ALL, ROUTERS, find_linear, find_routers
from tests.models.test_adapter import IDS, train_one_step, write

LORA, WIDE = Tuning(rank=4, alpha=8), Tuning(rank=8, embeddings=True, head=True)
ONE_LAYER = Tuning(rank=2, targets="q_proj, down_proj", layers=1)
DORA = Tuning("dora", rank=4, embeddings=True)
FULL = Tuning("full")

CHAINS: dict[str, tuple[str, int, tuple[Tuning, ...]]] = {
    "LoRA, of another rank and other targets": ("llama", 0, (ONE_LAYER, WIDE, LORA)),
    "LoRA on DoRA on LoRA, tied": ("qwen2", 0, (WIDE, DORA, LORA)),
    "DoRA on DoRA with a head": ("llama", 0, (Tuning("dora", rank=2, head=True), DORA)),
    "experts": ("qwen3_moe", 0, (LORA, Tuning(rank=2, targets="all, routers"))),
    "4 bits": ("qwen2", 4, (WIDE, DORA, LORA)),
    "LoRA on full": ("llama", 0, (FULL, LORA)),
    "full on DoRA on LoRA": ("llama", 0, (WIDE, DORA, FULL)),
    "full in the last layer, tied": ("qwen2", 0, (WIDE, Tuning("full", layers=1, embeddings=True), LORA)),
}
chain = pytest.mark.parametrize(("family", "bits", "tunings"), CHAINS.values(), ids=CHAINS)


def outputs(model: nn.Module) -> np.ndarray:
    return np.array(model(IDS).astype(mx.float32))


@chain
def test_each_stage_starts_as_the_one_before_ended_and_comes_back_from_disk(
    family: str, bits: int, tunings: tuple[Tuning, ...], make: Callable[..., Path], tmp_path: Path
) -> None:
    folder, cache = make(family, bits=bits), ModelCache()
    parents: tuple[ParentAdapter, ...] = ()
    ended = outputs(cache.open(folder).module)
    for number, asked in enumerate(tunings):
        tuning = Tuning(**{**vars(asked), "parents": parents})
        model = cache.open(folder).module
        adapter.carry(model, parents)
        assert np.array_equal(outputs(model), ended), "what is carried changes nothing, to the last bit"

        described = adapter.attach(model, tuning)
        exact = 1e-5 if tuning.method != "lora" else 1e-6  # DoRA's norms and fused weights are rounded anew
        assert np.abs(outputs(model) - ended).max() < exact * np.abs(ended).max()
        counted = count_parameters(folder, tuning)
        assert counted.trainable == count(model.trainable_parameters())
        assert counted.shapes == {name: tuple(a.shape) for name, a in adapter.weights(model).items()}
        if not bits:
            assert counted.adapted == count(model.parameters())
        carried = {name: array for name, array in named(model.parameters()).items()}
        train_one_step(model)
        assert not np.allclose(outputs(model), ended)
        trained = adapter.weights(model).keys()
        assert all(
            np.array_equal(np.array(array), np.array(named(model.parameters())[name]))
            for name, array in carried.items()
            if name not in trained
        )

        ended = outputs(model)
        saved = write(tmp_path / str(number), model, described)
        again = cache.open(folder).module
        adapter.carry(again, parents)
        adapter.read_onto(again, saved, parents)
        assert np.array_equal(outputs(again), ended)
        parents = (*parents, ParentAdapter(saved, adapter_fingerprint(saved)))


def test_layers_that_carry_something_are_found_like_others(make: Callable[..., Path], tmp_path: Path) -> None:
    folder = make("qwen3_moe")
    bare, model = ModelCache().open(folder).module, ModelCache().open(folder).module
    routers = find_routers(bare.layers)
    saved = write(tmp_path / "a", model, adapter.attach(model, Tuning(rank=2, targets="all, routers")))
    carrying = ModelCache().open(folder).module
    adapter.carry(carrying, (ParentAdapter(saved, ""),))

    assert routers
    assert find_routers(carrying.layers) == routers
    for names in ((ALL,), (ALL, ROUTERS), ("q_proj",)):
        assert list(find_linear(carrying.layers, names)) == list(find_linear(bare.layers, names))


def test_an_adapter_is_refused_without_what_it_was_trained_on(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    folder, cache = make("llama"), ModelCache()
    first = cache.open(folder).module
    saved = write(tmp_path / "first", first, adapter.attach(first, LORA))
    parents = (ParentAdapter(saved, adapter_fingerprint(saved)),)
    second = cache.open(folder).module
    adapter.carry(second, parents)
    on_top = write(tmp_path / "second", second, adapter.attach(second, Tuning(rank=2, parents=parents)))

    for others in ((), (ParentAdapter(saved, "another"),)):
        with pytest.raises(ModelError) as raised:
            adapter.read_onto(cache.open(folder).module, on_top, others)
        assert raised.value.code == "adapter.needs_parents"


def test_weights_of_its_own_do_not_go_on_a_quantized_model(make: Callable[..., Path], tmp_path: Path) -> None:
    model = ModelCache().open(make("llama")).module
    saved = write(tmp_path / "full", model, adapter.attach(model, FULL))
    with pytest.raises(ModelError) as raised:
        adapter.carry(ModelCache().open(make("llama", bits=4)).module, (ParentAdapter(saved, ""),))
    assert raised.value.code == "adapter.full_on_quantized"
