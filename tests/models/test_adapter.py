"""Every way of training: put on, trained, written, read back, by us and by mlx-lm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn, optimizers
from mlx_lm.tuner.dora import DoRALinear as LibraryDoRALinear
from mlx_lm.tuner.lora import LoRASwitchLinear
from mlx_lm.tuner.utils import load_adapters
from mlx_lm.utils import load_model

from studio.errors import ModelError
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.adapter_layers import DoRALinear
from studio.models.arrays import named
from studio.models.cache import ModelCache
from studio.models.count import count_parameters
from tests.conftest import refused

IDS = mx.array([[5, 9, 200, 31, 7, 2, 11]])
LORA = Tuning(rank=4, alpha=8)
DORA = Tuning("dora", rank=4, alpha=8)
EXTRAS = {"embeddings": True, "head": True}

CASES: dict[str, tuple[str, int, Tuning]] = {
    "LoRA": ("llama", 0, LORA),
    "LoRA with dropout": ("llama", 0, Tuning(rank=4, alpha=8, dropout=0.1)),
    "rank-stabilized": ("qwen2", 0, Tuning(rank=4, alpha=8, rank_stabilized=True)),
    "chosen targets, last layers": ("qwen2", 0, Tuning(rank=4, targets="q_proj, mlp.up_proj", layers=2)),
    "LoRA with embeddings and head": ("llama", 0, Tuning(rank=4, **EXTRAS)),
    "LoRA with a tied head": ("qwen2", 0, Tuning(rank=4, head=True)),
    "LoRA on experts": ("qwen3_moe", 0, LORA),
    "LoRA on 4 bits": ("qwen2", 4, Tuning(rank=4, **EXTRAS)),
    "DoRA": ("qwen2", 0, DORA),
    "DoRA with dropout": ("qwen2", 0, Tuning("dora", rank=4, dropout=0.1)),
    "DoRA with embeddings and head": ("llama", 0, Tuning("dora", rank=4, layers=1, **EXTRAS)),
    "DoRA with a tied head": ("qwen2", 0, Tuning("dora", rank=4, head=True)),
    "DoRA on 4 bits": ("llama", 4, Tuning("dora", rank=4, head=True)),
    "full": ("llama", 0, Tuning("full")),
    "full, last layer": ("llama", 0, Tuning("full", layers=1)),
    "full, last layer and a tied head": ("qwen2", 0, Tuning("full", layers=1, head=True)),
}
case = pytest.mark.parametrize(("family", "bits", "tuning"), CASES.values(), ids=CASES)


def train_one_step(model: nn.Module) -> None:
    """Two plain steps: after the first, also the matrices that started at zero pass gradients on."""
    model.train()
    optimizer = optimizers.AdamW(1e-2)

    def loss(model: nn.Module) -> mx.array:
        return nn.losses.cross_entropy(model(IDS[:, :-1]), IDS[:, 1:]).mean()

    for _ in range(2):
        _, gradient = nn.value_and_grad(model, loss)(model)
        optimizer.update(model, gradient)
        mx.eval(model.parameters(), optimizer.state)
    model.eval()


def write(folder: Path, model: nn.Module, described: dict[str, Any]) -> Path:
    folder.mkdir()
    mx.save_safetensors(str(folder / adapter.WEIGHTS), adapter.weights(model))
    (folder / adapter.CONFIG).write_text(json.dumps(described))
    return folder


@case
def test_what_is_trained_starts_as_the_base_and_comes_back_from_disk(
    family: str, bits: int, tuning: Tuning, make: Callable[..., Path], tmp_path: Path
) -> None:
    folder, model_cache = make(family, bits=bits), ModelCache()
    model = model_cache.open(folder).module
    base = model(IDS)
    described = adapter.attach(model, tuning)
    assert mx.abs(model(IDS) - base).max().item() < 1e-6
    counted = count_parameters(folder, tuning)
    start = adapter.weights(model)
    assert {array.dtype for array in start.values()} == {mx.float32}
    assert {name: tuple(a.shape) for name, a in start.items()} == counted.shapes
    assert sum(a.size for a in start.values()) == counted.trainable
    train_one_step(model)
    trained = adapter.weights(model)
    assert [name for name in trained if mx.array_equal(trained[name], start[name]).item()] == []
    saved = write(tmp_path / "adapter", model, described)
    again = model_cache.open(folder).module
    assert mx.array_equal(again(IDS), base)
    adapter.read_onto(again, saved)
    assert not mx.allclose(again(IDS), base)
    assert mx.array_equal(again(IDS), model(IDS))
    theirs, _ = load_model(folder)
    load_adapters(theirs, str(saved))
    theirs.eval()
    if tuning.method == "dora":  # the same formula, in another order of sums
        assert mx.allclose(theirs(IDS), model(IDS), rtol=1e-4, atol=1e-5)
    else:
        assert mx.array_equal(theirs(IDS), model(IDS))


@case
def test_the_same_seed_gives_the_same_start(
    family: str, bits: int, tuning: Tuning, make: Callable[..., Path]
) -> None:
    folder, starts = make(family, bits=bits), []
    for _ in range(2):
        model = ModelCache().open(folder).module
        mx.random.seed(11)
        adapter.attach(model, tuning)
        starts.append(adapter.weights(model))
    assert all(mx.array_equal(starts[0][name], starts[1][name]) for name in starts[0])


def test_the_strength_is_alpha_over_rank_or_over_its_root(make: Callable[..., Path]) -> None:
    folder = make("qwen2")
    for tuning, scale in ((Tuning(rank=16, alpha=32), 2.0), (Tuning("dora", 16, 32, 0, True), 8.0)):
        model = ModelCache().open(folder).module
        described = adapter.attach(model, tuning)
        assert described["lora_parameters"]["scale"] == scale
        assert model.layers[0].self_attn.q_proj.scale == scale


def test_only_what_is_asked_for_is_trained(make: Callable[..., Path]) -> None:
    folder = make("llama")

    def trained(tuning: Tuning) -> set[str]:
        return set(count_parameters(folder, tuning).shapes)

    assert trained(Tuning(targets="q_proj", layers=1)) == {
        f"model.layers.2.self_attn.q_proj.lora_{part}" for part in "ab"
    }
    more = trained(Tuning(targets="q_proj", layers=1, **EXTRAS)) - trained(Tuning(targets="q_proj", layers=1))
    assert more == {f"{path}.lora_{part}" for path in ("lm_head", "model.embed_tokens") for part in "ab"}
    whole = {name for name, _ in named(ModelCache().open(folder).module.parameters()).items()}
    assert trained(Tuning("full")) == whole
    last = trained(Tuning("full", layers=1))
    assert last == {name for name in whole if name.startswith("model.layers.2.")}
    assert trained(Tuning("full", layers=1, **EXTRAS)) - last == {
        "lm_head.weight",
        "model.embed_tokens.weight",
    }


def test_an_unknown_target_names_the_layers_there_are_nearest_first(make: Callable[..., Path]) -> None:
    with refused("layers.unknown", ModelError, name="qproj") as raised:
        adapter.attach(ModelCache().open(make("llama")).module, Tuning(targets="qproj, v_proj"))
    assert str(dict(raised.value.said.values)["names"]).startswith("q_proj, ")


def test_dora_refuses_experts_but_goes_beside_them(make: Callable[..., Path]) -> None:
    model_cache, folder = ModelCache(), make("qwen3_moe")
    with pytest.raises(ModelError, check=lambda error: error.code == "adapter.dora_experts"):
        adapter.attach(model_cache.open(folder).module, DORA)
    beside = model_cache.open(folder).module
    adapter.attach(beside, Tuning("dora", targets="q_proj, v_proj"))
    assert isinstance(beside.layers[0].self_attn.q_proj, DoRALinear)
    experts = model_cache.open(folder).module
    adapter.attach(experts, LORA)
    assert isinstance(experts.layers[0].mlp.switch_mlp.up_proj, LoRASwitchLinear)


def test_quantized_weights_are_not_trained_themselves(make: Callable[..., Path]) -> None:
    with pytest.raises(ModelError, check=lambda error: error.code == "adapter.quantized"):
        adapter.attach(ModelCache().open(make("llama", bits=4)).module, Tuning("full"))


def test_an_adapter_is_never_put_on_an_adapter(make: Callable[..., Path], tmp_path: Path) -> None:
    model = ModelCache().open(make("llama")).module
    saved = write(tmp_path / "adapter", model, adapter.attach(model, LORA))
    with pytest.raises(ModelError, check=lambda error: error.code == "adapter.second"):
        adapter.attach(model, LORA)
    with pytest.raises(ModelError, check=lambda error: error.code == "adapter.second"):
        adapter.read_onto(model, saved)


def test_an_adapter_of_another_model_is_told_by_the_array_that_does_not_fit(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    model = ModelCache().open(make("llama")).module
    described = adapter.attach(model, Tuning(rank=4, targets="q_proj"))
    described["lora_parameters"]["rank"] = 8
    saved = write(tmp_path / "adapter", model, described)
    with refused("adapter.does_not_fit", ModelError, fault="adapter.other_shape") as raised:
        adapter.read_onto(ModelCache().open(tmp_path / "llama-0").module, saved)
    shape = dict(dict(raised.value.said.values)["fault"].values)
    assert shape["name"].endswith("q_proj.lora_a")
    assert (shape["shape"], shape["mine"]) == ("[64, 4]", "[64, 8]")


def test_full_training_of_a_16_bit_model_keeps_fp32_masters(
    make: Callable[..., Path], tmp_path: Path
) -> None:
    folder, model_cache = make("llama", dtype=mx.bfloat16), ModelCache()
    model = model_cache.open(folder).module
    described = adapter.attach(model, Tuning("full", layers=1))
    assert {array.dtype for array in adapter.weights(model).values()} == {mx.float32}
    assert model.layers[0].mlp.up_proj.weight.dtype == mx.bfloat16
    again = model_cache.open(folder).module
    adapter.read_onto(again, write(tmp_path / "adapter", model, described))
    assert {array.dtype for array in named(again.parameters()).values()} == {mx.bfloat16}


def dora_by_hand(
    layer: DoRALinear, x: np.ndarray[Any, Any], dropped: np.ndarray[Any, Any]
) -> np.ndarray[Any, Any]:
    """PEFT's formula in float64, with g = m / |W + sBA|: base(x) + (g - 1) W dropped + g s B A dropped."""
    weight, a, b = (
        np.array(part, dtype=np.float64) for part in (layer.linear.weight, layer.lora_a, layer.lora_b)
    )
    change = layer.scale * (a @ b).T
    g = np.array(layer.m, dtype=np.float64) / np.linalg.norm(weight + change, axis=1)
    base = x @ weight.T + np.array(layer.linear.bias, dtype=np.float64)
    out: np.ndarray[Any, Any] = base + (g - 1) * (dropped @ weight.T) + g * (dropped @ change.T)
    return out


@pytest.fixture
def dora() -> DoRALinear:
    mx.random.seed(1)
    layer = DoRALinear(nn.Linear(24, 16), rank=4, scale=2.0, dropout=0.5)
    layer.lora_b = mx.random.normal(layer.lora_b.shape) * 0.1
    layer.m = layer.m * mx.random.uniform(0.8, 1.2, layer.m.shape)
    return layer


def test_dora_computes_what_peft_computes(dora: DoRALinear) -> None:
    x = mx.random.normal((5, 24))
    numbers = np.array(x, dtype=np.float64)
    np.testing.assert_allclose(dora.eval()(x), dora_by_hand(dora, numbers, numbers), rtol=2e-5, atol=1e-5)
    dora.train()
    mx.random.seed(2)
    out = dora(x)
    mx.random.seed(2)
    dropped = np.array(dora.dropout(x), dtype=np.float64)
    assert (dropped == 0).any()
    np.testing.assert_allclose(out, dora_by_hand(dora, numbers, dropped), rtol=2e-5, atol=1e-5)


def test_doras_gradient_takes_the_norm_as_a_constant(dora: DoRALinear) -> None:
    x = mx.random.normal((5, 24))
    library = LibraryDoRALinear.from_base(dora.linear, r=4, dropout=0.5, scale=2.0)
    library.update({name: dora[name] for name in ("lora_a", "lora_b", "m")})
    gradients = []
    for layer in (dora, library):
        layer.eval()
        layer.linear.freeze()
        gradients.append(named(nn.value_and_grad(layer, lambda x, m=layer: m(x).square().sum())(x)[1]))
    assert set(gradients[0]) == {"lora_a", "lora_b", "m"}
    for name, gradient in gradients[0].items():
        np.testing.assert_allclose(gradient, gradients[1][name], rtol=1e-4, atol=1e-4)


def test_a_dora_row_of_zeros_stays_zero() -> None:
    linear = nn.Linear(8, 4, bias=False)
    linear.weight = mx.zeros((4, 8))
    layer = DoRALinear(linear, rank=2, scale=1.0, dropout=0.0)
    assert mx.array_equal(layer(mx.ones((1, 8))), mx.zeros((1, 4)))
