"""AdamW in 8 bits: a quarter of the state, and nearly the same steps."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from mlx import optimizers

from studio.train.kernels.adamw8bit import M_LEVELS, V_LEVELS, AdamW8bit, decode, encode
from tests.train.test_optimizer import DECAY, drawn, losses, plain, recipe_for, stepped


def test_the_first_step_in_8_bits_is_adamws_and_the_next_ones_nearly() -> None:
    one, eight = (stepped(recipe_for(name, weight_decay=DECAY))[0] for name in ("adamw", "adamw8bit"))
    for key, weight in plain(eight.parameters()).items():
        np.testing.assert_array_equal(weight, plain(one.parameters())[key])
    before = plain(drawn(0))
    one, eight = (stepped(recipe_for(name), steps=20)[0] for name in ("adamw", "adamw8bit"))
    for key, weight in plain(eight.parameters()).items():
        moved, apart = plain(one.parameters())[key] - before[key], weight - plain(one.parameters())[key]
        assert np.linalg.norm(apart) < 0.03 * np.linalg.norm(moved), key


@pytest.mark.parametrize("dither", [0.0, 0.5, 0.999])
def test_codes_stay_near_their_values_over_eight_magnitudes(dither: float) -> None:
    values = mx.array(np.logspace(-20, -12, 256, dtype=np.float32)).reshape(1, 256)
    for levels, dtype in ((V_LEVELS, mx.uint8), (M_LEVELS, mx.int8)):
        codes, scale = encode(values, levels, mx.array(dither))
        ratio = np.array(decode(codes.astype(dtype), scale, levels) / values)[0]
        assert np.abs(ratio - 1).max() < (0.4 if levels == V_LEVELS else 0.9)  # at 1e-8 of the largest
        assert np.abs(ratio[192:] - 1).max() < (0.06 if levels == V_LEVELS else 0.12)  # from 1e-2 of it
    assert mx.array_equal(encode(-values, M_LEVELS, mx.array(dither))[0], -codes)


def test_no_value_becomes_zero_and_zero_stays_zero() -> None:
    values = mx.array([[1.0, 1e-30, 0.0, -1e-30]])
    assert encode(values, M_LEVELS, mx.array(1.0))[0].tolist() == [[127, 1, 0, -1]]
    assert encode(mx.zeros((1, 4)), M_LEVELS, mx.array(0.0))[0].tolist() == [[0, 0, 0, 0]]


@pytest.mark.long
def test_a_slowly_changing_second_moment_is_followed_and_not_held_by_its_rounding() -> None:
    weight = {"weight": mx.zeros((64, 64))}
    optimizer = AdamW8bit(0.0, bias_correction=True)
    optimizer.init(weight)
    random = np.random.default_rng(0)
    first, then = random.uniform(0.01, 1, (2, 64, 64)).astype(np.float32)
    exact = np.zeros((64, 64))
    for step in range(1500):
        gradient = first if step < 500 else then
        optimizer.apply_gradients({"weight": mx.array(gradient)}, weight)
        mx.eval(optimizer.state)
        exact = 0.999 * exact + 0.001 * gradient.astype(np.float64) ** 2
    state = optimizer.state["weight"]
    held = np.array(decode(state["v"], state["v_scale"], V_LEVELS)).reshape(64, 64)
    ratio = np.sqrt(held / exact)
    assert ratio.min() > 0.9
    assert ratio.max() < 1.1


@pytest.mark.parametrize("scale", [1e-3, 1e-8, 1e-16, 1e-25])
def test_tiny_gradients_are_neither_lost_nor_blown_up_by_8_bits(scale: float) -> None:
    """Down to where AdamW's own epsilon stops it, and squares leave float32's range."""
    before, key = plain(drawn(0)), "layers.2.proj.lora_a"
    one, eight = (stepped(recipe_for(n), steps=5, scale=scale)[0] for n in ("adamw", "adamw8bit"))
    expected, moved = (plain(m.parameters())[key] - before[key] for m in (one, eight))
    np.testing.assert_allclose(moved, expected, atol=0.1 * np.abs(expected).max() + 1e-12)


@pytest.mark.parametrize("share", [1e-2, 1e-4, 1e-6, 1e-8, 1e-12])
def test_a_gradient_far_smaller_than_its_neighbours_makes_no_wild_steps(share: float) -> None:
    size = np.full((64, 64), share, dtype=np.float32)
    size[:, ::64] = 1.0  # four of each block
    weight, optimizer = {"weight": mx.zeros((64, 64))}, AdamW8bit(1.0, weight_decay=0.0, bias_correction=True)
    optimizer.init(weight)
    random, places = np.random.default_rng(0), [np.zeros((64, 64))]
    for _ in range(200):
        gradient = random.normal(size=size.shape).astype(np.float32) * size
        weight = optimizer.apply_gradients({"weight": mx.array(gradient)}, weight)
        mx.eval(weight, optimizer.state)
        places.append(np.array(weight["weight"]))
    assert max(np.abs(after - before).max() for before, after in pairwise(places)) < 6  # AdamW's own: 1.3


def test_training_in_8_bits_follows_adamw(tiny_model: Path) -> None:
    assert losses("adamw8bit", tiny_model) == pytest.approx(losses("adamw", tiny_model), abs=0.01)


def test_over_hundreds_of_noisy_steps_it_stays_near_adamw() -> None:
    random = np.random.default_rng(1)
    size = np.exp(random.normal(0, 2, (64, 64)))
    gradients = [(random.normal(size=size.shape) * size).astype(np.float32) for _ in range(300)]
    ends = []
    for algorithm in (optimizers.AdamW, AdamW8bit):
        weight, optimizer = (
            {"weight": mx.zeros((64, 64))},
            algorithm(1.0, weight_decay=0.0, bias_correction=True),
        )
        for gradient in gradients:
            weight = optimizer.apply_gradients({"weight": mx.array(gradient)}, weight)
            mx.eval(weight, optimizer.state)
        ends.append(np.array(weight["weight"]))
    assert np.linalg.norm(ends[1] - ends[0]) < 0.2 * np.linalg.norm(ends[0])
