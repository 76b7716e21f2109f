"""Rows of several contestants in one model: each has the logits that it has alone."""

from __future__ import annotations

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from studio.generate.joined import join
from tests.jobs.test_contestants import opened, runs

__all__ = ["runs"]

EXACT = 1e-5  # of the largest logit, where that is beyond 1
IDS = mx.array([[5, 9, 200, 31, 7, 2, 11], [7, 7, 12, 90, 4, 1, 3], [1, 2, 3, 4, 5, 6, 7]])
SETS = {
    "a base and two checkpoints": ("first", ("base", "tuned@2", "tuned")),
    "rank-stabilized, with embeddings": ("wide", ("base", "tuned", "tuned*0.5", "run:first")),
    "DoRA on a parent": ("dora", ("base", "parent", "tuned", "run:wide", "tuned*0.5")),
}


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
