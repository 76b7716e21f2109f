"""NEFTune's noise: on real tokens only, as strong as the paper says, fixed by the batch's seed."""

from __future__ import annotations

import math

import mlx.core as mx
import numpy as np
import pytest

from studio.train.forward import Overlays
from studio.train.kernels.overlay import noisy
from tests.train.families import learn, make

HIDDEN = 256


def nothing(ids: mx.array) -> mx.array:
    return mx.zeros((*ids.shape, HIDDEN))


def test_the_noise_fills_its_bounds_and_spares_the_padding() -> None:
    lengths = [[100], [25, 4], [7]]
    noise = np.array(noisy(nothing, lengths, 5.0, seed=3)(mx.zeros((3, 120), mx.int32)))
    for row, start, length in ((0, 0, 100), (1, 0, 25), (1, 25, 4), (2, 0, 7)):
        part = noise[row, start : start + length] * math.sqrt(length * HIDDEN) / 5.0
        assert 0.98 < np.abs(part).max() <= 1.0
        assert abs(part.mean()) < 0.06
        assert part.std() == pytest.approx(1 / math.sqrt(3), rel=0.06)
    assert not noise[0, 100:].any()
    assert not noise[1, 29:].any()
    assert not noise[2, 7:].any()


def test_the_seed_alone_decides() -> None:
    ids = mx.zeros((1, 8), mx.int32)
    first = noisy(nothing, [[8]], 5.0, seed=3)(ids)
    mx.random.seed(0)
    assert mx.array_equal(first, noisy(nothing, [[8]], 5.0, seed=3)(ids)).item()
    assert not mx.array_equal(first, noisy(nothing, [[8]], 5.0, seed=4)(ids)).item()


@pytest.mark.parametrize("bits", [0, 4])
def test_a_tied_head_still_reads_the_embeddings_themselves(bits: int) -> None:
    model = make("qwen2", num_hidden_layers=2)
    if bits:
        model.model.embed_tokens = model.model.embed_tokens.to_quantized(32, bits)
        model.model.embed_tokens.freeze()
    rows = [[0], [2]]
    plain, _ = learn(model, rows, Overlays(model))
    faint, _ = learn(model, rows, Overlays(model, noise=1e-6))
    strong, _ = learn(model, rows, Overlays(model, noise=50.0))
    assert faint == pytest.approx(plain, rel=1e-5)
    assert abs(strong - plain) > 1e-3 * plain


def test_there_is_none_when_not_learning() -> None:
    model = make("qwen2")
    ids, overlays = mx.array([[1, 2, 3]]), Overlays(model, noise=50.0)
    model.eval()
    plain = model(ids)
    with overlays.around([[3]], learning=False):
        assert mx.array_equal(model(ids), plain).item()
    with overlays.around([[3]], learning=True):
        assert not mx.array_equal(model(ids), plain).item()
