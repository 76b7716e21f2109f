"""Where a model's output layer sits, found by watching the model run: what enters it, and what becomes of it.

Families differ in how they come to their logits: a head of their own or the embeddings, in the model or deep
inside it, then scaled, capped, or with tokens struck out. All of that stays the model's own code: for the
time of a call a stand-in takes the layer's place, which notes what enters, or answers in its stead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
from mlx import nn

from studio.models.arrays import number
from studio.models.targets import EMBEDDINGS
from studio.train.kernels.overlay import REFUSALS, Call, StandIn, evaluating, find_stack

type Finish = Callable[[mx.array], mx.array]
"""What a model does to the logits of its output layer, of any shape [..., vocabulary]."""

PROJECTIONS = (nn.Linear, nn.QuantizedLinear, *EMBEDDINGS)


class _Backwards(StandIn):
    """Takes the place of embeddings that serve as head, too: only that second use is another's."""

    def __init__(self, original: Any, call: Call) -> None:
        super().__init__(original, original)
        self.as_linear = call


@dataclass(frozen=True, eq=False)
class Tap:
    """A model's output layer: `holder[key]`, by `name` in the model; `tied` where it is the embeddings."""

    model: nn.Module
    holder: nn.Module
    key: str
    name: str
    tied: bool
    vocabulary: int  # how many tokens it tells apart
    skips: bool  # whether the model answers with its blocks left out

    @property
    def layer(self) -> nn.Module:
        layer: nn.Module = self.holder[self.key]
        return layer

    @property
    def call(self) -> Call:
        """What gives logits for states."""
        call: Call = self.layer.as_linear if self.tied else self.layer
        return call

    def hidden(self, ids: mx.array, cache: Sequence[object] | None = None) -> mx.array:
        """What the model would give to its output layer for `ids` [rows, width]: [rows, width, hidden]."""
        caught: list[mx.array] = []

        def catch(states: mx.array) -> mx.array:
            caught.append(states)
            return mx.zeros((*states.shape[:-1], self.vocabulary), states.dtype)  # nobody computes these

        with _answered(self, catch):
            self.model(ids, cache=cache)
        (states,) = caught
        return states

    def finished(self, logits: mx.array) -> mx.array:
        """What the model makes of the layer's `logits` [..., vocabulary] before it gives them out."""
        stack = find_stack(self.model) if self.skips else None
        rows = logits.reshape(1, -1, logits.shape[-1])
        with ExitStack() as stands:
            if stack is not None:
                passed = dict.fromkeys(range(len(stack.layers)), _passed)
                stands.enter_context(stack.replaced(passed))
            stands.enter_context(_answered(self, lambda _: rows))
            found: mx.array = self.model(mx.zeros((1, 1), mx.int32))
        return found.reshape(logits.shape)

    def finish(self) -> Finish | None:
        """`finished`, or None where the model gives out the layer's logits as they are."""
        logits = mx.linspace(-200, 200, 2 * self.vocabulary).reshape(2, -1)
        return None if number(mx.array_equal(self.finished(logits), logits)) else self.finished


def find_tap(model: nn.Module) -> Tap | None:
    """The output layer of `model`, or None for a family that has none that can be told apart.

    Nothing is computed for it: what is called last and has the shape of the logits is the output layer.
    """
    calls: list[tuple[str, nn.Module, str, bool, tuple[int, ...]]] = []
    ids = mx.array([[0, 0, 0]])
    with evaluating(model), ExitStack() as stands:
        for name, holder, key in _projections(model):
            layer = holder[key]
            for tied in (False, True) if hasattr(layer, "as_linear") else (False,):
                call = layer.as_linear if tied else layer
                stands.enter_context(
                    _replaced(holder, key, tied, _noting(calls, name, holder, key, tied, call))
                )
        try:
            logits = model(ids)
        except REFUSALS:
            return None
    if not calls or not isinstance(logits, mx.array) or calls[-1][-1] != logits.shape:
        return None
    name, holder, key, tied, _ = calls[-1]
    for skips in (True, False):
        tap = Tap(model, holder, key, name, tied, logits.shape[-1], skips)
        if _finishes(tap):
            return tap
    return None


def _projections(model: nn.Module) -> list[tuple[str, nn.Module, str]]:
    """Every layer outside the blocks that could be the output layer: its name, its holder and its key."""
    blocks = [block for block in getattr(model, "layers", []) if isinstance(block, nn.Module)]
    inside = {id(module) for block in blocks for module in block.modules()}
    return [
        (f"{name}.{key}" if name else key, holder, key)
        for name, holder in model.named_modules()
        if id(holder) not in inside and not _is_projection(holder)
        for key, layer in holder.items()
        if id(layer) not in inside and _is_projection(layer)
    ]


def _is_projection(layer: Any) -> bool:
    """Whether this is a linear layer or embeddings, bare or with an adapter."""
    if not isinstance(layer, nn.Module):
        return False
    return isinstance(layer, PROJECTIONS) or any(
        _is_projection(layer.get(name)) for name in ("linear", "embedding")
    )


def _noting(calls: list[Any], *what: Any) -> Call:
    *place, original = what

    def call(states: mx.array) -> mx.array:
        found: mx.array = original(states)
        calls.append((*place, found.shape))
        return found

    return call


def _finishes(tap: Tap) -> bool:
    """Whether the model makes logits of logits when its output layer is answered for."""
    with evaluating(tap.model):
        try:
            return tap.finished(mx.zeros((2, tap.vocabulary))).shape == (2, tap.vocabulary)
        except REFUSALS:
            return False


def _answered(tap: Tap, call: Call) -> Any:
    return _replaced(tap.holder, tap.key, tap.tied, call)


@contextmanager
def _replaced(holder: nn.Module, key: str, tied: bool, call: Call) -> Iterator[None]:
    before = holder[key]
    holder[key] = (_Backwards if tied else StandIn)(before, call)
    try:
        yield
    finally:
        holder[key] = before


def _passed(states: mx.array, *_: Any, **__: Any) -> mx.array:
    """In the place of a block."""
    return states
