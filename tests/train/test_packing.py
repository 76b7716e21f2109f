"""Packed rows: each sequence sees only itself, so losses and gradients are those of separate rows."""

from __future__ import annotations

from itertools import pairwise

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.train import micro_batch as packing
from studio.train.forward import Overlays
from studio.train.micro_batch import Segments, pack
from tests.train.families import FAMILIES, furthest, learn, make


@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradient_are_those_of_separate_rows(family: str) -> None:
    model = make(family, trained=4)
    loss, gradient = learn(model, [[0], [1], [2], [3]], Overlays(model))
    overlays = Overlays(model, packing=packing.fitting(model))
    for rows in ([[0, 1], [2, 3]], [[3, 1, 0, 2]], [[2], [3, 0], [1]]):
        packed_loss, packed = learn(model, rows, overlays)
        assert packed_loss == pytest.approx(loss, rel=1e-5)
        assert furthest(packed, gradient) < 1e-4


def test_without_the_mask_the_loss_would_be_another() -> None:
    model = make("llama", trained=4)
    loss, _ = learn(model, [[0], [1], [2], [3]], Overlays(model))
    leaking, _ = learn(model, [[0, 1], [2, 3]], Overlays(model))
    assert abs(leaking - loss) > 1e-3 * loss


def test_noise_and_checkpointing_go_with_it() -> None:
    model = make("gemma2", trained=4, dropout=0.2)
    fitting = packing.fitting(model)
    loss, gradient = learn(model, [[0, 1], [2, 3]], Overlays(model, noise=5.0, packing=fitting))
    overlays = Overlays(model, noise=5.0, packing=fitting, checkpointing=True)
    thrifty_loss, thrifty = learn(model, [[0, 1], [2, 3]], overlays)
    assert thrifty_loss == pytest.approx(loss, rel=1e-6)
    assert furthest(thrifty, gradient) < 1e-5


def test_families_with_absolute_positions_or_a_running_state_are_refused() -> None:
    gpt2 = {
        "n_ctx": 64,
        "n_embd": 32,
        "n_head": 4,
        "n_layer": 2,
        "n_positions": 64,
        "layer_norm_epsilon": 1e-5,
    }
    assert not packing.verified(make("gpt2", trained=1, num_key_value_heads=4, **gpt2))
    mamba = {"state_size": 4, "conv_kernel": 4, "use_bias": False, "use_conv_bias": True, "time_step_rank": 4}
    assert not packing.verified(make("mamba", trained=1, **mamba))
    assert packing.verified(make("llama"))


def test_rounding_to_16_bits_is_told_from_a_difference() -> None:
    model = make("qwen3")
    model.set_dtype(mx.bfloat16)
    assert packing.verified(model)
    gpt2 = {"n_ctx": 64, "n_embd": 32, "n_head": 4, "n_layer": 2, "n_positions": 64}
    absolute = make("gpt2", trained=1, num_key_value_heads=4, layer_norm_epsilon=1e-5, **gpt2)
    absolute.set_dtype(mx.bfloat16)
    assert not packing.verified(absolute)


def test_the_mask_is_causal_within_each_sequence_and_its_window() -> None:
    mask = np.array(Segments([[3, 2], [4]], 4).make_mask(6, window_size=2))
    assert mask.shape == (2, 1, 6, 6)
    part = [[0, 0, 0, 1, 1, -1], [0, 0, 0, 0, -1, -1]]
    for row in range(2):
        for q in range(6):
            for k in range(6):
                expected = part[row][q] == part[row][k] and 0 <= q - k < 2
                assert mask[row, 0, q, k] == expected


def test_rows_of_one_sequence_need_no_mask() -> None:
    assert packing.Packing(4).cache([[3], [9]], layers=4) is None


@given(st.lists(st.integers(0, 64), max_size=200))
def test_every_sequence_is_in_one_row_and_rows_are_not_overfull(lengths: list[int]) -> None:
    rows = pack(lengths, 64)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    sums = [sum(lengths[i] for i in row) for row in rows]
    assert all(total <= 64 for total in sums)
    assert all(a + b > 64 for a, b in pairwise(sorted(sums)) if len(sums) > 1)


def test_rows_come_out_nearly_full() -> None:
    lengths = np.random.default_rng(0).integers(10, 200, 1000).tolist()
    rows = pack(lengths, 512)
    assert sum(lengths) / (512 * len(rows)) > 0.97
    assert rows == pack(lengths, 512)


def test_a_sequence_that_is_too_long_has_a_row_to_itself() -> None:
    assert sorted(pack([70, 10, 10], 64)) == [[0], [1, 2]]


def test_a_mask_is_made_once_for_all_layers() -> None:
    cache = packing.Packing(4).cache([[3, 2]], layers=3)
    assert cache is not None
    first = cache[0].make_mask(6)
    assert cache[2].make_mask(6) is first
    assert isinstance(first, mx.array)
