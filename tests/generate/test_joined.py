"""Rows of several contestants in one model: each has the logits that it has alone."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from studio.generate.joined import join
from studio.models import adapter
from studio.models.adapter import Tuning
from studio.models.cache import ModelCache
from tests.jobs.test_contestants import opened, runs

__all__ = ["runs"]

EXACT = 1e-5  # of the largest logit, where that is beyond 1
IDS = mx.array([[5, 9, 200, 31, 7, 2, 11], [7, 7, 12, 90, 4, 1, 3], [1, 2, 3, 4, 5, 6, 7]])
SETS = {
    "a base and two checkpoints": ("first", ("base", "tuned@2", "tuned")),
    "rank-stabilized, with embeddings": ("wide", ("base", "tuned", "tuned*0.5", "run:first")),
    "DoRA on a parent": ("dora", ("base", "parent", "tuned", "run:wide", "tuned*0.5")),
}

STARTER = {
    "LoRA": Tuning(rank=8),
    "rank-stabilized LoRA, with embeddings": Tuning(rank=4, rank_stabilized=True, embeddings=True),
    "DoRA": Tuning("dora", rank=4),
    "DoRA, with embeddings and head": Tuning("dora", rank=4, embeddings=True, head=True),
}


def test_on_the_starter_rows_of_every_kind_of_adapter_have_their_own_logits(starter: Path) -> None:
    cache = ModelCache()
    tuned = [cache.open(starter / "model").module for _ in STARTER]
    for number, (model, tuning) in enumerate(zip(tuned, STARTER.values(), strict=True)):
        mx.random.seed(number)
        adapter.attach(model, tuning)
        noisy = {n: a + 0.02 * mx.random.normal(a.shape) for n, a in adapter.weights(model).items()}
        model.load_weights(list(noisy.items()), strict=False)
        model.eval()
    modules = [cache.open(starter / "model").module, *tuned]
    model = cache.open(starter / "model").module
    rows = join(model, modules)
    ids = mx.array([[1398, 356, 304, 1491, 263, 392, 1577, 16, 2105, 639]])
    rows.select(range(len(modules)))
    together = np.array(model(mx.concatenate([ids] * len(modules))))
    alone = [np.array(each(ids))[0] for each in modules]
    for mine, logits in zip(together, alone, strict=True):
        assert np.abs(mine - logits).max() < 1e-5 * max(1, np.abs(logits).max() / 10)
        assert np.array_equal(mine.argmax(axis=-1), logits.argmax(axis=-1))
    assert all(np.abs(a - b).max() > 0.1 for n, a in enumerate(alone) for b in alone[:n])


@pytest.mark.parametrize(("run", "keys"), SETS.values(), ids=SETS)
def test_each_row_has_its_contestants_logits(run: str, keys: tuple[str, ...], runs: Path) -> None:
    found = opened(runs, run, *keys)
    alone = [np.array(each.module(IDS)) for each in found]
    model = found[0].bare()
    rows = join(model, [each.module for each in found])
    order = [number for number in range(len(found)) for _ in range(len(IDS))]
    rows.select(order)
    together = np.array(model(mx.concatenate([IDS] * len(found))))
    for number, logits in enumerate(alone):
        mine = together[len(IDS) * number : len(IDS) * (number + 1)]
        assert np.abs(mine - logits).max() < EXACT * np.abs(logits).max()
    rows.select([1, 0, 1])
    mixed = np.array(model(IDS))
    for row, number in enumerate([1, 0, 1]):
        assert np.abs(mixed[row] - alone[number][row]).max() < EXACT * np.abs(alone[number]).max()
