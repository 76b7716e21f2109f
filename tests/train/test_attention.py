"""Attention and SwiGLU with gradients of their own give what MLX's give."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import mlx.core as mx
import pytest
from mlx_lm.models.activations import swiglu as plain_swiglu

from studio.train.kernels import attention
from studio.train.kernels import pointwise as swiglu
from studio.train.kernels.attention import in_blocks, keeping, recomputing
from studio.train.kernels.pointwise import own_gradient

SCALE = 0.25


def whole(queries: mx.array, keys: mx.array, values: mx.array) -> mx.array:
    return mx.fast.scaled_dot_product_attention(queries, keys, values, scale=SCALE, mask="causal")


def found(function: Callable[..., mx.array], given: list[mx.array], after: mx.array) -> list[mx.array]:
    values, gradients = mx.vjp(function, given, [after])
    return [*values, *gradients]


def agree(some: list[mx.array], others: list[mx.array], tolerance: float = 1e-5) -> bool:
    return all(
        one.shape == other.shape
        and one.dtype == other.dtype
        and mx.allclose(one, other, tolerance, tolerance)
        for one, other in zip(some, others, strict=True)
    )


def qkv(heads: int, shared: int, length: int, width: int = 16) -> tuple[list[mx.array], mx.array]:
    shapes = [(2, heads, length, 16), (2, shared, length, 16), (2, shared, length, width)]
    return [mx.random.normal(shape) for shape in shapes], mx.random.normal((2, heads, length, width))


@pytest.mark.parametrize("make", [keeping, recomputing])
@pytest.mark.parametrize(("heads", "shared", "width"), [(4, 4, 16), (4, 2, 16), (6, 1, 16), (4, 4, 8)])
def test_attention_and_its_gradient_are_mlxs(make: Any, heads: int, shared: int, width: int) -> None:
    given, after = qkv(heads, shared, 21, width)
    assert agree(found(make(SCALE), given, after), found(whole, given, after))


@pytest.mark.parametrize("make", ["keeping", "recomputing"])
@pytest.mark.parametrize("length", [1, 7, 8, 9, 30])
def test_blocks_make_no_difference(make: str, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "CPU_BLOCK", 8)
    monkeypatch.setattr(attention, "GPU_BLOCK", 8)
    made = getattr(attention, make).__wrapped__  # made while in blocks
    monkeypatch.setattr(attention, "keeping", made)
    monkeypatch.setattr(attention, "recomputing", made)
    given, after = qkv(4, 2, length)
    expected = found(whole, given, after)
    before = mx.fast.scaled_dot_product_attention
    with in_blocks():
        assert mx.fast.scaled_dot_product_attention is not before
        assert agree(found(whole, given, after), expected)
    assert mx.fast.scaled_dot_product_attention is before


@pytest.mark.parametrize("make", ["keeping", "recomputing"])
@pytest.mark.parametrize("types", list(product((mx.float32, mx.float16, mx.bfloat16), repeat=3)), ids=str)
def test_each_gradient_has_the_type_of_what_it_is_of(
    make: str, types: tuple[mx.Dtype, mx.Dtype, mx.Dtype], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "CPU_BLOCK", 8)
    monkeypatch.setattr(attention, "keeping", getattr(attention, make).__wrapped__)
    given, after = qkv(4, 2, 11)
    given = [array.astype(kind) for array, kind in zip(given, types, strict=True)]
    after = after.astype(mx.result_type(*given))
    expected = found(whole, given, after)
    with in_blocks():
        values = found(whole, given, after)
    tolerance = 1e-5 if set(types) == {mx.float32} else 0.05
    assert agree(values, expected, tolerance)


def test_attention_with_a_mask_of_its_own_or_sinks_is_left_to_mlx() -> None:
    (queries, keys, values), _ = qkv(4, 4, 12)
    mask = mx.random.normal((12, 12)) > 0
    sinks = mx.random.normal((4,))
    ways: list[dict[str, Any]] = [{"mask": mask}, {"mask": "causal", "sinks": sinks}, {}]
    for way in ways:
        expected = mx.fast.scaled_dot_product_attention(queries, keys, values, scale=SCALE, **way)
        with in_blocks():
            given = mx.fast.scaled_dot_product_attention(queries, keys, values, scale=SCALE, **way)
        assert mx.array_equal(given, expected)


@pytest.mark.parametrize("function", [swiglu.keeping, swiglu.recomputing])
@pytest.mark.parametrize("types", [(mx.float32, mx.float16), (mx.bfloat16, mx.float32)], ids=str)
def test_swiglu_of_mixed_types_has_gradients_of_theirs(function: Any, types: Any) -> None:
    gate, x = (mx.random.normal((5, 33)).astype(kind) for kind in types)
    assert agree(
        found(function, [gate, x], mx.ones((5, 33))), found(plain_swiglu, [gate, x], mx.ones((5, 33))), 0.02
    )


@pytest.mark.parametrize("function", [swiglu.keeping, swiglu.recomputing])
def test_swiglu_and_its_gradient_are_mlxs(function: Any) -> None:
    gate, x, after = (mx.random.normal((5, 33)) * 8 for _ in range(3))
    gate[0, :3] = mx.array([-1e4, 1e4, 0.0])
    assert agree(found(function, [gate, x], after), found(plain_swiglu, [gate, x], after))


@pytest.mark.parametrize(
    "way",
    [
        pytest.param("keeping", marks=pytest.mark.on_cpu),
        pytest.param("recomputing", marks=pytest.mark.on_gpu),
    ],
)
def test_models_compute_swiglu_so_during_a_pass_and_not_after_it(way: str) -> None:
    from mlx_lm.models import llama, switch_layers

    with own_gradient():
        assert llama.swiglu is getattr(swiglu, way)
        assert switch_layers.swiglu is getattr(swiglu, way)
    assert llama.swiglu is plain_swiglu
    assert switch_layers.swiglu is plain_swiglu


def test_a_chain_of_swiglus_takes_less_memory_than_mlxs() -> None:
    """MLX allocates ahead of what is computed, further where the machine is busy: the least of many tries."""

    def comes_below(function: Callable[..., mx.array], most: int) -> bool:
        return any(peak_once(function) < most for _ in range(400))

    def least(function: Callable[..., mx.array]) -> int:
        return min(peak_once(function) for _ in range(20))

    def peak_once(function: Callable[..., mx.array]) -> int:
        def chain(x: mx.array) -> mx.array:
            for _ in range(12):
                x = function(x, gate)
            return x.sum()

        mx.eval(mx.grad(chain)(gate))
        mx.clear_cache()
        mx.reset_peak_memory()
        before = mx.get_active_memory()
        mx.eval(mx.grad(chain)(gate))
        return mx.get_peak_memory() - before

    gate = mx.random.normal((64, 256))
    mx.eval(gate)
    assert comes_below(swiglu.keeping, least(plain_swiglu))
    assert comes_below(swiglu.recomputing, least(swiglu.keeping))
