"""A stand-in takes a layer's place for one pass, in every family, and nothing of it stays."""

from __future__ import annotations

from typing import Any

import mlx.core as mx
import pytest
from mlx import nn

from studio.errors import RecipeError
from studio.train.forward import Overlays
from studio.train.kernels import overlay
from studio.train.kernels.overlay import find_stack
from tests.conftest import refused
from tests.train.families import FAMILIES, learn, make, shape_of


@pytest.mark.parametrize("family", [*FAMILIES, "gpt_oss", "cohere2", "gemma"])
def test_stand_ins_are_called_and_change_nothing(family: str) -> None:
    changes: dict[str, Any] = {"num_local_experts": 4, "layer_norm_eps": 1e-5, "sliding_window_pattern": 2}
    model = make(family, **(changes if family not in FAMILIES else {}))
    assert overlay.verified(model)


def test_a_family_that_keeps_its_layers_otherwise_is_told_apart() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = {"first": nn.Linear(4, 4)}

    assert find_stack(Odd()) is None
    assert not overlay.verified(Odd())
    with Overlays(Odd()).around([[3]]) as cache:
        assert cache is None
    with refused("train.other_layers", RecipeError, what="Gradient checkpointing"):
        Overlays(Odd(), checkpointing=True)
    with refused("train.other_layers", RecipeError, what="NEFTune"):
        Overlays(Odd(), noise=5.0)


def test_a_stand_in_answers_for_its_layer() -> None:
    stack = find_stack(make("llama"))
    assert stack is not None
    with stack.replaced({0: lambda x, *_, **__: x}):
        assert stack.layers[0].use_sliding is True
        assert stack.layers[0].self_attn.n_heads == 4


def test_the_layers_are_back_after_an_error() -> None:
    model = make("qwen3")
    stack, before = find_stack(model), shape_of(model)
    assert stack is not None

    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), stack.replaced({1: fail}, stack.embedding):
        stack.hidden(mx.array([[1, 2, 3]]))
    assert shape_of(model) == before


def test_dropout_is_drawn_from_the_batch_and_the_layer_alone() -> None:
    model = make("llama", trained=4, dropout=0.3)
    overlays = Overlays(model)
    rows = [[0], [2]]
    first, _ = learn(model, rows, overlays, seed=1)
    mx.random.seed(99)
    again, _ = learn(model, rows, overlays, seed=1)
    other, _ = learn(model, rows, overlays, seed=2)
    assert first == again != other
