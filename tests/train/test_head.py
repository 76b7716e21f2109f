"""The head at trained positions only: the same loss and gradient as all logits give, in bounded memory."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn
from mlx_lm.models import llama, qwen3
from mlx_lm.tuner.utils import linear_to_lora_layers

from studio.dataset.render.batch import Batch, collate
from studio.dataset.render.render import Tokens
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.arrays import named
from studio.models.cache import ModelCache
from studio.train.kernels import head as heads
from studio.train.kernels.head import FrozenHead, Head, TrainedHead, cross_entropy, find_head
from studio.train.learner import token_losses

SHAPE = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "intermediate_size": 96,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "rms_norm_eps": 1e-6,
    "vocab_size": 320,
    "max_position_embeddings": 256,
    "rope_theta": 1e4,
}


def qwen(tied: bool = True, bits: int = 0) -> nn.Module:
    mx.random.seed(1)
    model = qwen3.Model(qwen3.ModelArgs(model_type="qwen3", tie_word_embeddings=tied, **SHAPE))
    if bits:
        nn.quantize(model, group_size=32, bits=bits)
    model.freeze()
    linear_to_lora_layers(model, 2, {"rank": 4, "scale": 2.0, "dropout": 0.0})
    noisy = {
        name: a + mx.random.normal(a.shape) * 0.02 for name, a in named(model.trainable_parameters()).items()
    }
    model.load_weights(list(noisy.items()), strict=False)
    mx.eval(model.parameters())
    return model


def rows() -> list[Tokens]:
    random = np.random.default_rng(2)
    lengths = ((40, 20), (9, 3), (25, 24))
    return [
        Tokens(tuple(random.integers(1, 320, n).tolist()), tuple(i >= prompt for i in range(n)))
        for n, prompt in lengths
    ]


def summed(model: nn.Module, batch: Batch, head: Head | None, *, learning: bool = True) -> mx.array:
    positions = np.flatnonzero(batch.weights)
    return token_losses(model, batch, positions, head, learning=learning).sum()


@pytest.mark.parametrize(
    ("tied", "bits"), [(True, 0), (False, 0), (True, 4), (False, 8)], ids=["tied", "untied", "4 bit", "8 bit"]
)
def test_loss_and_gradient_equal_those_of_all_logits(
    tied: bool, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "CHUNK_BYTES", 0)  # the smallest chunks, so that there are several
    model, batch = qwen(tied, bits), collate(rows())
    head = find_head(model)
    assert head is not None
    plain, expected = nn.value_and_grad(model, lambda: summed(model, batch, None))()
    fused, found = nn.value_and_grad(model, lambda: summed(model, batch, head))()
    measured = summed(model, batch, head, learning=False)
    assert fused.item() == pytest.approx(plain.item(), rel=1e-5)
    assert measured.item() == pytest.approx(plain.item(), rel=1e-5)
    expected, found = named(expected), named(found)
    for name, gradient in expected.items():
        np.testing.assert_allclose(
            found[name], gradient, rtol=1e-3, atol=1e-5 * float(mx.abs(gradient).max())
        )


@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("method", ["lora", "dora", "full"])
def test_a_trained_head_learns_as_it_would_from_all_logits(
    tied: bool, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "CHUNK_BYTES", 0)
    shape = {**SHAPE, "tie_word_embeddings": tied}
    mx.random.seed(1)
    model = qwen3.Model(qwen3.ModelArgs(model_type="qwen3", **shape))
    adapter.attach(model, Tuning(method, 4, 8.0, 0.0, False, "all", 0, tied, True))
    noisy = {n: a + mx.random.normal(a.shape) * 0.02 for n, a in adapter.weights(model).items()}
    model.load_weights(list(noisy.items()), strict=False)
    head, batch = find_head(model), collate(rows())
    assert head is not None
    assert isinstance(head.output, TrainedHead)
    plain, expected = nn.value_and_grad(model, lambda: summed(model, batch, None))()
    found, gradient = nn.value_and_grad(model, lambda: summed(model, batch, head))()
    assert found.item() == pytest.approx(plain.item(), rel=1e-5)
    expected, gradient = named(expected), named(gradient)
    name = "model.embed_tokens" if tied else "lm_head"
    assert any(key.startswith(name) and mx.abs(array).max() > 0 for key, array in gradient.items())
    for key, array in expected.items():
        np.testing.assert_allclose(
            gradient[key], array, rtol=1e-3, atol=1e-5 * float(mx.abs(array).max()) + 1e-9
        )


def test_each_token_keeps_its_own_weight_in_the_gradient() -> None:
    model, batch = qwen(), collate(rows())
    head = find_head(model)
    assert head is not None
    assert isinstance(head.output, FrozenHead)
    positions = np.flatnonzero(batch.weights)
    factors = mx.arange(len(positions)) / len(positions)

    def weighted(with_head: Head | None) -> mx.array:
        return (token_losses(model, batch, positions, with_head) * factors).sum()

    _, expected = nn.value_and_grad(model, lambda: weighted(None))()
    _, found = nn.value_and_grad(model, lambda: weighted(head))()
    found = named(found)
    for name, array in named(expected).items():
        np.testing.assert_allclose(found[name], array, rtol=1e-3, atol=1e-5 * float(mx.abs(array).max()))


def test_a_scaled_gradient_is_scaled() -> None:
    model, batch = qwen(), collate(rows())
    head = find_head(model)
    _, once = nn.value_and_grad(model, lambda: summed(model, batch, head))()
    _, third = nn.value_and_grad(model, lambda: summed(model, batch, head) / 3)()
    for name, gradient in named(once).items():
        np.testing.assert_allclose(np.array(named(third)[name]) * 3, gradient, rtol=1e-4, atol=1e-6)


def test_a_head_of_an_unusual_kind_is_not_mistaken() -> None:
    shape = {k: v for k, v in SHAPE.items() if k != "head_dim"}
    model = llama.Model(llama.ModelArgs(model_type="llama", tie_word_embeddings=False, **shape))
    model.freeze()
    model.lm_head = _Halved(64, 320, bias=False)
    model.freeze()
    head, batch = find_head(model), collate(rows())
    assert head is not None
    assert summed(model, batch, head).item() == pytest.approx(summed(model, batch, None).item(), rel=1e-6)


def test_the_starter_trains_through_it(starter: Path) -> None:
    assert find_head(ModelCache().open(starter / "model").module) is not None


@pytest.mark.long
def test_memory_does_not_grow_with_the_trained_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "CHUNK_BYTES", 64 * 20_000 * 4)
    weight = mx.random.normal((20_000, 32))
    head = heads.plain_head(_Layer(weight))
    peaks = []
    for count in (1024, 4096):
        hidden, targets = mx.random.normal((count, 32)), mx.arange(count)
        mx.eval(weight, hidden, targets)
        mx.reset_peak_memory()
        before = mx.get_active_memory()
        mx.eval(mx.grad(lambda h, t=targets: head.losses(h, t).sum())(hidden))
        peaks.append(mx.get_peak_memory() - before)
    all_logits = 4096 * 20_000 * 4
    assert peaks[1] < 0.3 * all_logits
    assert peaks[1] < 1.5 * peaks[0]


class _Halved(nn.Linear):
    def __call__(self, hidden: mx.array) -> mx.array:
        return super().__call__(hidden) * 0.5


class _Layer(nn.Module):
    def __init__(self, weight: mx.array) -> None:
        super().__init__()
        self.weight = weight


def test_a_large_vocabulary_costs_no_precision() -> None:
    mx.random.seed(3)
    logits, targets = mx.random.normal((8, 151_936)) * 4, mx.arange(8)
    exact = np.array(logits, np.float64)
    expected = np.log(np.exp(exact).sum(axis=-1)) - exact[np.arange(8), np.arange(8)]
    np.testing.assert_allclose(np.array(cross_entropy(logits, targets)), expected, rtol=2e-6)
