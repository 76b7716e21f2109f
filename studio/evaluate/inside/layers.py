"""What leaves every layer of a model while it runs, and the way from there to words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn

from studio.catalogue import Unusable
from studio.train.kernels.head import FrozenHead, TrainedHead, find_head
from studio.train.kernels.overlay import REFUSALS, Call, alike, evaluating, find_stack


@dataclass(eq=False)
class LayerNotes:
    """What left each layer, in order, and what was watched at that moment."""

    states: list[mx.array] = field(default_factory=list)
    watched: list[int] = field(default_factory=list)
    _look: Callable[[], int] | None = None

    def watch(self, look: Callable[[], int]) -> None:
        """Note also what `look` says whenever a layer is through."""
        self._look = look

    def note(self, found: Any) -> None:
        """Keep what a layer gave. Raises Unusable for what are no states."""
        if not isinstance(found, mx.array):
            raise Unusable("inside.other_layers")
        self.states.append(found)
        if self._look is not None:
            self.watched.append(self._look())


@contextmanager
def noting_layers(model: nn.Module) -> Iterator[LayerNotes]:
    """Within the block what leaves each of the model's layers is noted; the model gives what it would give.

    Raises Unusable for a family that keeps its layers in no list of its own or runs them another way.
    """
    stack = find_stack(model)
    if stack is None:
        raise Unusable("inside.other_layers")
    notes = LayerNotes()

    def noted(layer: Call) -> Call:
        def call(*arguments: Any, **keywords: Any) -> Any:
            found = layer(*arguments, **keywords)
            notes.note(found)
            return found

        return call

    with evaluating(model), stack.replaced({i: noted(layer) for i, layer in enumerate(stack.layers)}):
        yield notes
    if len(notes.states) != len(stack.layers):
        raise Unusable("inside.other_layers")


def hidden_states(model: nn.Module, ids: Sequence[int]) -> list[mx.array]:
    """What leaves every layer for one text: for each layer [tokens, width] in fp32.

    Raises Unusable as `noting_layers` does.
    """
    return [states[0] for states in batch_states(model, [ids])]


def batch_states(model: nn.Module, rows: Sequence[Sequence[int]]) -> list[mx.array]:
    """The same for texts of one length, read at once: for each layer [texts, tokens, width] in fp32."""
    with noting_layers(model) as notes:
        mx.eval(model(mx.array([list(ids) for ids in rows])), notes.states)
    shape = (len(rows), len(rows[0]), -1)
    return [states.reshape(shape).astype(mx.float32) for states in notes.states]


@dataclass(frozen=True, eq=False)
class Reader:
    """A model's last norm and head: what a state in the middle of it would say if it were the last."""

    norm: nn.Module
    head: FrozenHead | TrainedHead
    dtype: mx.Dtype

    def logits(self, states: mx.array) -> mx.array:
        """Logits [n, vocabulary] in fp32 for states [n, width]; their length does not matter to a norm."""
        found: mx.array = self.head.given_out(self.norm(states.astype(self.dtype)))
        return found.astype(mx.float32)


def find_reader(model: nn.Module) -> Reader:
    """The way from a layer's states to words, told by trying: it must give the model's own logits.

    Raises Unusable for a family whose last norm or head cannot be told apart.
    """
    head, stack = find_head(model), find_stack(model)
    if head is None or stack is None:
        raise Unusable("inside.no_reader")
    ids = [token % head.tap.vocabulary for token in (1, 5, 3, 7)]
    with noting_layers(model) as notes:
        expected = model(mx.array([ids]))[0]
    last = notes.states[-1].reshape(-1, notes.states[-1].shape[-1])
    for norm in stack.inner.values():
        if not isinstance(norm, nn.Module):
            continue
        try:
            reader = Reader(norm, head.output, last.dtype)
            logits = reader.logits(last)
            if logits.shape == expected.shape and alike(logits, expected.astype(mx.float32)):
                return reader
        except REFUSALS:
            continue
    raise Unusable("inside.no_reader")


def top_tokens(reader: Reader, states: mx.array, count: int) -> list[list[int]]:
    """The tokens that each of the states [n, width] speaks most for, the first first."""
    order = mx.argsort(-reader.logits(states), axis=-1)[:, :count]
    found: list[list[int]] = np.array(order).tolist()
    return found
