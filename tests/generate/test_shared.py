"""Base and tuned are one copy of the weights: without its adapters, the tuned is the base to the last bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from studio.generate.contestant import contestant_of
from studio.generate.shared import _losses, detached, verify
from studio.models.cache import ModelCache
from studio.models.folder import model_fingerprint
from tests.conftest import refused
from tests.generate.test_parties import bare
from tests.jobs.test_contestants import opened, runs
from tests.train.families import make

__all__ = ["runs"]

ROWS = ([5, 9, 200, 31, 7, 2, 11], [7, 7, 12], list(range(60, 120)))


@pytest.mark.parametrize("run", ["first", "wide", "dora", "full"])
def test_without_its_adapters_a_contestant_has_the_losses_of_the_untouched_base(
    run: str, runs: Path, tiny_model: Path
) -> None:
    found = opened(runs, run, "base", "tuned", "tuned@2", "tuned*0.5")
    untouched = ModelCache().open(tiny_model).module.eval()
    before = _losses(found[1].module, ROWS)
    (copy,) = verify(found, ROWS)
    assert copy.fingerprint == model_fingerprint(tiny_model)["weights"]
    keys = tuple(each.key for each in found)
    assert (copy.sharing, copy.own) == ((keys, ()) if run != "full" else (keys[:1], keys[1:]))
    for contestant in found:
        if contestant.key in copy.sharing:
            with detached(contestant.module) as module:
                assert np.array_equal(_losses(module, ROWS), _losses(untouched, ROWS))
    assert np.array_equal(_losses(found[1].module, ROWS), before), "and they are put back on"
    assert not np.array_equal(before, _losses(untouched, ROWS))


def test_without_its_adapters_a_mixture_of_experts_is_its_base() -> None:
    ids = mx.array([[5, 9, 20, 31, 7, 2, 11]])
    tuned = make("qwen3_moe", trained=4).eval()
    base = bare(make("qwen3_moe", trained=4))
    with detached(tuned) as module:
        assert np.array_equal(np.array(module(ids)), np.array(base(ids)))
    assert not np.allclose(np.array(tuned(ids)), np.array(base(ids)), atol=1e-3)


def test_a_base_that_is_not_the_original_is_found_out(runs: Path, tiny_model: Path) -> None:
    found = opened(runs, "first", "base", "tuned", f"model:{tiny_model}")
    assert verify(found)[0].sharing == ("base", "tuned", f"model:{tiny_model}")
    changed = found[1].bare()
    changed.model.norm.eps = 0.5  # no array, and yet another model
    other = replace(found[0], contestant=contestant_of("run:other"), module=changed)
    with refused("contestant.not_original", key="run:other"):
        verify([found[1], other])
