"""What a GPU trains attention with: MLX's own kernels, or ours in blocks; measured at a run's shapes.

Which is better differs by chip, precision, width of a head and length; at some shapes MLX has no kernel for
the gradient and keeps whole squares of scores in every layer. On the CPU nothing is measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import mlx.core as mx
from mlx import nn

from studio import words
from studio.train.kernels.attention import Attention, block_size, causal_in_blocks, is_plain, recomputing
from studio.train.kernels.overlay import REFUSALS, evaluating
from studio.train.memory import best_time, machine_limit

SQUARES = 4
"""So many whole squares in fp32 MLX may hold at once where it has no kernel: more than there is room for is
not tried, since an allocation that fails may end the process."""
SMALL = 1e-3


@dataclass(frozen=True)
class AttentionShape:
    """One layer's causal attention in training."""

    batch: int
    heads: int
    shared: int  # heads of keys and values
    length: int
    width: int
    values_width: int
    precision: mx.Dtype

    @classmethod
    def of(cls, queries: mx.array, keys: mx.array, values: mx.array) -> AttentionShape:
        batch, heads, length, width = queries.shape
        kind = mx.result_type(queries, keys, values)
        return cls(batch, heads, keys.shape[1], length, width, values.shape[-1], kind)

    @property
    def scale(self) -> float:
        return float(self.width**-0.5)

    @property
    def passed_on(self) -> int:
        """The bytes of the result and of the gradients of what enters, whatever computes them."""
        of_heads = self.heads + self.shared
        numbers = self.batch * self.length * of_heads * (self.width + self.values_width)
        return numbers * self.precision.size

    @property
    def square(self) -> int:
        """The bytes of all scores in fp32."""
        return 4 * self.batch * self.heads * self.length**2

    def within(self, room: int) -> AttentionShape | None:
        """The same or with fewer rows, or heads, so that MLX's squares would fit; None where one is too much.

        Kernels go by length and width, and take so much longer for more rows.
        """
        found = self
        while SQUARES * found.square > room:
            if found.batch > 1:
                found = replace(found, batch=found.batch // 2)
            elif found.shared > 1 and found.heads % found.shared == 0:
                each = found.heads // found.shared
                found = replace(found, shared=found.shared // 2, heads=found.shared // 2 * each)
            else:
                return None
        return found


@dataclass(frozen=True)
class AttentionCost:
    """Forward and back: seconds and the most bytes of one layer, and what each further one keeps."""

    seconds: float
    most: float
    kept: float

    def times(self, factor: float) -> AttentionCost:
        return AttentionCost(self.seconds * factor, self.most * factor, self.kept * factor)

    def bytes(self, layers: int) -> float:
        """Of so many layers."""
        return self.most + (layers - 1) * self.kept


type Costs = Mapping[Attention, AttentionCost]

IMPOSSIBLE = AttentionCost(math.inf, math.inf, math.inf)


@dataclass(frozen=True)
class AttentionChoice:
    """What a run trains with, and what was measured for it."""

    by: Attention
    costs: Costs

    @property
    def sentence(self) -> str:
        """For the log."""
        if math.isinf(self.costs[Attention.MLX].seconds):
            return "Attention is computed in blocks: MLX's own kernels do not serve at this size."
        own, ours = (_in_words(self.costs[by]) for by in (Attention.MLX, Attention.RECOMPUTING))
        if self.by is Attention.MLX:
            return f"Attention is computed by MLX's own kernels: a layer takes {own}, in blocks {ours}."
        return f"Attention is computed in blocks: a layer takes {ours}, by MLX's own kernels {own}."


def _in_words(cost: AttentionCost) -> str:
    return f"{1000 * cost.seconds:.1f} ms and {words.memory(int(cost.most))}"


def decide(costs: Costs, layers: int, spare: float) -> Attention:
    """The faster of those that fit; where none does, what takes least.

    `layers` keep something at once; `spare` is what is left of the machine's memory with ours.
    """
    ours = costs[Attention.RECOMPUTING].bytes(layers)
    fitting = [by for by, cost in costs.items() if cost.bytes(layers) - ours <= spare]
    if fitting:
        return min(fitting, key=lambda by: costs[by].seconds)
    return min(costs, key=lambda by: costs[by].bytes(layers))


_costs: dict[AttentionShape, Costs] = {}
_chosen: dict[AttentionShape, Attention] = {}


def decisions() -> int:
    """How many choices were made so far: a forecast from before the last may be another now."""
    return len(_chosen)


def choose(model: nn.Module, rows: int, width: int, layers: int, spare: float) -> AttentionChoice | None:
    """Measure both for a run whose widest micro-batch has so many rows; None where there is no choice.

    There is none on the CPU, and for a model without plain causal attention. `layers` and `spare` are as
    `decide` has them. Forecasts of the same shape follow.
    """
    if mx.default_device() == mx.cpu or not (shapes := shapes_of(model, rows, width)):
        return None
    costs = {shape: measured(shape) for shape in set(shapes)}[max(set(shapes), key=shapes.count)]
    choice = AttentionChoice(decide(costs, layers, spare), costs)
    for each in set(shapes):
        settle(each, choice.by)
    return choice


def settle(shape: AttentionShape, by: Attention) -> None:
    """Have forecasts of this shape follow a choice."""
    _chosen.pop(shape, None)
    _chosen[shape] = by


def unseen_by_mlx(shape: AttentionShape) -> tuple[float, float] | None:
    """Where MLX's own is chosen for this shape: the bytes of a layer at its highest beside what is passed on,
    and those that it keeps beside what ours keeps; else None.
    """
    if _chosen.get(shape) is not Attention.MLX:
        return None
    costs = measured(shape)
    own, ours = costs[Attention.MLX], costs[Attention.RECOMPUTING]
    return max(0.0, own.most - shape.passed_on), own.kept - ours.kept


def shapes_of(model: nn.Module, rows: int, width: int) -> tuple[AttentionShape, ...]:
    """Of each plain causal attention of the model, in the order of its layers; nothing is computed."""
    found: list[AttentionShape] = []
    whole = mx.fast.scaled_dot_product_attention

    def noted(queries: mx.array, keys: mx.array, values: mx.array, **how: Any) -> mx.array:
        settings = {name: value for name, value in how.items() if name not in ("scale", "mask")}
        if is_plain(queries, keys, how.get("mask"), settings):
            found.append(AttentionShape.of(queries, keys, values))
        return whole(queries, keys, values, **how)

    mx.fast.scaled_dot_product_attention = noted  # type: ignore[assignment]
    try:
        with evaluating(model):
            model(mx.zeros((rows, width), mx.int32))
    except REFUSALS:
        return ()
    finally:
        mx.fast.scaled_dot_product_attention = whole
    return tuple(found)


def measured(shape: AttentionShape) -> Costs:
    """What both cost at this shape, measured the first time."""
    if shape not in _costs:
        _costs[shape] = _measure(shape)
    return _costs[shape]


def _measure(shape: AttentionShape) -> Costs:
    whole = mx.fast.scaled_dot_product_attention
    blocks = causal_in_blocks(whole, block_size(), recomputing)
    trial = shape.within(machine_limit() - mx.get_active_memory())
    if trial is None:  # ours needs no measuring then
        ours = AttentionCost(0.0, shape.passed_on, shape.passed_on)
        return {Attention.RECOMPUTING: ours, Attention.MLX: IMPOSSIBLE}
    factor = shape.batch * shape.heads / (trial.batch * trial.heads)
    return {
        Attention.RECOMPUTING: _cost(trial, blocks).times(factor),
        Attention.MLX: _cost(trial, whole).times(factor),
    }


def _cost(shape: AttentionShape, attend: Callable[..., mx.array]) -> AttentionCost:
    """Of a layer, and of one more."""
    given = _given(shape)

    def work(layers: int) -> Sequence[mx.array]:
        def chain(*given: mx.array) -> mx.array:
            for _ in range(layers):
                found = attend(*given, scale=shape.scale, mask="causal")
                given = tuple(
                    array + SMALL * found.mean() for array in given
                )  # as of one state they come from
            return sum((array.sum() for array in given), mx.array(0.0))

        gradients: Sequence[mx.array] = mx.grad(chain, argnums=(0, 1, 2))(*given)
        return gradients

    try:
        seconds = best_time(lambda: work(1))
        one, two = (_most(lambda n=n: work(n)) for n in (1, 2))  # type: ignore[misc]
    except (RuntimeError, ValueError):  # a kernel that this shape does not have
        return IMPOSSIBLE
    return AttentionCost(seconds, one, max(0, two - one))


def _given(shape: AttentionShape) -> list[mx.array]:
    sizes = (shape.heads, shape.width), (shape.shared, shape.width), (shape.shared, shape.values_width)
    given = [
        mx.random.normal((shape.batch, heads, shape.length, width), key=mx.random.key(i)).astype(
            shape.precision
        )
        for i, (heads, width) in enumerate(sizes)
    ]
    mx.eval(given)
    return given


def _most(work: Callable[[], Sequence[mx.array]]) -> int:
    """The bytes that it takes at its highest, with nothing scheduled ahead."""
    mx.clear_cache()
    before, usual = mx.get_active_memory(), mx.set_memory_limit(1)
    mx.reset_peak_memory()
    try:
        mx.eval(work())
    finally:
        mx.set_memory_limit(usual)
    return mx.get_peak_memory() - before
