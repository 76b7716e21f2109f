"""Gradient checkpointing: the same loss and gradient to the last digits, for less memory."""

from __future__ import annotations

import mlx.core as mx
import pytest
from mlx import nn

from studio.train.forward import Overlays
from studio.train.kernels.overlay import recomputed, seeded
from tests.train.families import FAMILIES, furthest, learn, make


@pytest.mark.parametrize("dropout", [0.0, 0.4])
@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradient_are_those_without(family: str, dropout: float) -> None:
    model, rows = make(family, trained=3, dropout=dropout), [[0], [1], [2]]
    loss, gradient = learn(model, rows, Overlays(model))
    thrifty_loss, thrifty = learn(model, rows, Overlays(model, checkpointing=True))
    assert thrifty_loss == pytest.approx(loss, rel=1e-6)
    assert furthest(thrifty, gradient) < 1e-5


def test_other_dropout_would_give_another_gradient() -> None:
    model = make("llama", trained=3, dropout=0.4)
    _, gradient = learn(model, [[0], [2]], Overlays(model), seed=1)
    _, other = learn(model, [[0], [2]], Overlays(model), seed=2)
    assert furthest(other, gradient) > 0.01


def test_the_whole_model_can_be_trained_with_it() -> None:
    model = make("qwen3")
    model.unfreeze()
    loss, gradient = learn(model, [[0], [3]], Overlays(model))
    thrifty_loss, thrifty = learn(model, [[0], [3]], Overlays(model, checkpointing=True))
    assert "model.embed_tokens.weight" in gradient
    assert thrifty_loss == pytest.approx(loss, rel=1e-6)
    assert furthest(thrifty, gradient) < 1e-5


def test_the_layers_own_parameters_are_back_after_the_gradient() -> None:
    """Those that the recomputation puts in would keep the whole pass's graph alive."""
    layer = nn.Linear(4, 4)
    before = dict(layer)
    mx.eval(mx.grad(lambda x: mx.square(recomputed(layer, layer)(x)).sum())(mx.ones((2, 4))))
    assert before
    assert all(layer[name] is array for name, array in before.items())


def test_what_a_layer_gives_besides_its_states_passes_through() -> None:
    """Families that share keys and values between layers return them, with plain numbers, as a tuple."""
    layer = nn.Linear(4, 4)

    def call(x: mx.array, mask: str | None, *, shared: tuple[mx.array, int]) -> tuple[mx.array, int]:
        return layer(x) * shared[0], shared[1] + 1

    def loss(parameters: object, scale: mx.array, *, keep: bool) -> mx.array:
        layer.update(parameters)
        run = call if keep else recomputed(layer, seeded(call, 3))
        states, count = run(mx.ones((2, 4)), "causal", shared=(scale, 1))
        assert count == 2
        return states.sum()

    gradient = mx.grad(loss, argnums=(0, 1))
    scale = mx.array(3.0)
    (kept, kept_scale) = gradient(layer.trainable_parameters(), scale, keep=True)
    (again, again_scale) = gradient(layer.trainable_parameters(), scale, keep=False)
    assert mx.allclose(kept["weight"], again["weight"]).item()
    assert mx.allclose(kept_scale, again_scale).item()


def test_memory_is_that_of_one_layer() -> None:
    model = make("qwen3", trained=16, num_hidden_layers=16, intermediate_size=128)
    sequences = [tuple(range(1, 60)) * 2] * 4
    rows = [[0], [1], [2], [3]]

    def peak(checkpointing: bool) -> int:
        overlays = Overlays(model, checkpointing=checkpointing)
        before = mx.get_active_memory()
        mx.reset_peak_memory()
        learn(model, rows, overlays, width=128, sequences=sequences)
        return mx.get_peak_memory() - before

    assert peak(True) < 0.6 * peak(False)
