"""Every family learns in 16 bits what it learns in 32, as far as 16 bits can tell."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from mlx import nn

from studio.dataset.render.render import Tokens
from studio.models.arrays import named
from studio.models.form import castable
from studio.recipe.recipe import Recipe
from studio.train.forward import Overlays
from studio.train.kernels import attention
from studio.train.kernels import pointwise as swiglu
from studio.train.kernels.head import find_head
from studio.train.learner import Learner
from studio.train.micro_batch import ExampleSet
from studio.train.objective import Likelihood
from studio.train.optimizer import make_optimizer
from studio.train.plan import MicroBatch
from studio.train.ranks import Ranks
from tests.train import families, test_head_families

QUICK = [("phi", mx.float16), ("phi", mx.bfloat16), ("llama", mx.float16), ("gemma2", mx.bfloat16)]
FAMILIES = dict.fromkeys([*families.FAMILIES, *test_head_families.FAMILIES])
EVERY = [family for family in FAMILIES if "moe" not in family]  # on the CPU MLX has experts in float32 only
KINDS = (mx.float16, mx.bfloat16)


def gradient_of(model: nn.Module, kind: mx.Dtype) -> dict[str, mx.array]:
    """The gradient of a step over three rows in the precision `kind`, computed as the engine does."""
    wanted = castable(model)
    frozen = {
        n: a for n, a in named(model.parameters()).items() if n not in named(model.trainable_parameters())
    }
    model.load_weights(
        [
            (n, a.astype(kind) if wanted(n, a) and mx.issubdtype(a.dtype, mx.floating) else a)
            for n, a in frozen.items()
        ],
        strict=False,
    )
    random = np.random.default_rng(5)
    rows = [
        Tokens(tuple(random.integers(1, 64, n).tolist()), (False,) * 2 + (True,) * (n - 2)) for n in (9, 6)
    ]
    example_set = ExampleSet(tuple(rows), ((0,), (1,)))
    learner = Learner(
        model=model,
        head=find_head(model),
        overlays=Overlays(model),
        optimizer=make_optimizer(Recipe(), 1e-3),
        precision=kind,
        clip=0,
        seed=0,
        ranks=Ranks(),
        cached=False,
        castable=wanted,
    )
    totals = example_set.totals((0, 1))
    (loss, _), gradient = learner._gradient(Likelihood(), example_set.batch(MicroBatch((0, 1), 8)), totals, 0)
    mx.eval(loss, gradient)
    scale = 1024.0 if kind == mx.float16 else 1.0
    return {name: array / scale for name, array in named(gradient).items()}


def model_for(family: str) -> nn.Module:
    if family in families.FAMILIES:
        return families.make(family)
    return test_head_families.model_of(family)


def assert_it_learns_the_same(family: str, kind: mx.Dtype) -> None:
    expected = gradient_of(model_for(family), mx.float32)
    found = gradient_of(model_for(family), kind)
    assert all(array.dtype == mx.float32 for array in found.values())
    assert families.distance(found, expected) < (0.1 if kind == mx.float16 else 0.25)


@pytest.mark.parametrize(("family", "kind"), QUICK, ids=str)
@pytest.mark.parametrize("machine", ["cpu", "gpu"])
def test_a_family_learns_in_16_bits(
    family: str, kind: mx.Dtype, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if machine == "gpu":
        pretend_gpu(monkeypatch)
    assert_it_learns_the_same(family, kind)


@pytest.mark.long
@pytest.mark.parametrize("machine", ["cpu", "gpu"])
@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("family", EVERY)
def test_every_family_learns_in_16_bits(
    family: str, kind: mx.Dtype, machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if machine == "gpu":
        pretend_gpu(monkeypatch)
    assert_it_learns_the_same(family, kind)


def pretend_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attention and SwiGLU take the gradients that they take on a GPU, in small blocks."""
    monkeypatch.setattr(attention, "CPU_BLOCK", 4)
    monkeypatch.setattr(attention, "keeping", attention.recomputing)
    monkeypatch.setattr(swiglu, "keeping", swiglu.recomputing)
