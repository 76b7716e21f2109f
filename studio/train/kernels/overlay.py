"""Other callables in the place of a model's layers or embeddings, for the time of one forward pass.

Gradient checkpointing, the prefix cache, NEFTune's noise and fixed dropout are all made of this one
mechanism: a stand-in takes a layer's place in the list that the model runs through, and afterwards the layer
is back. No class is patched and no parameter is renamed, so nothing is left of it when the pass is over.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx.utils import tree_map

from studio.models.arrays import number

Call = Callable[..., Any]
EMBEDDING = "embed_tokens"
REFUSALS = (AttributeError, IndexError, KeyError, NotImplementedError, TypeError, ValueError)
"""What a family raises that runs its layers in a way of its own."""


class StandIn:
    """Takes a module's place: it is called instead, and the module answers for every other attribute."""

    def __init__(self, original: Any, call: Call) -> None:
        self.original, self.call = original, call

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self.call(*arguments, **keywords)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)


@dataclass(frozen=True, eq=False)
class Stack:
    """The module that runs a model's layers, the very list of them, and its dotted name in the model."""

    inner: nn.Module
    layers: list[Any]
    name: str

    @property
    def embedding(self) -> Any:
        """The token embeddings, or None where the family keeps them elsewhere."""
        return self.inner.get(EMBEDDING)

    def hidden(self, ids: mx.array, cache: Any = None) -> mx.array:
        """What the layers and the last norm make of `ids` [rows, width]: [rows, width, hidden]."""
        states: mx.array = self.inner(ids, cache=cache)
        return states

    @contextmanager
    def replaced(self, layers: Mapping[int, Call], embedding: Call | None = None) -> Iterator[None]:
        """Within the block, `layers[i]` is called instead of layer i and `embedding` for the embeddings.

        Enter it inside the function that is differentiated: meanwhile the module tree holds stand-ins, and
        not the parameters that `nn.value_and_grad` looks for.
        """
        before, before_embedding = list(self.layers), self.embedding
        try:
            for index, call in layers.items():
                self.layers[index] = StandIn(before[index], call)
            if embedding is not None:
                self.inner[EMBEDDING] = StandIn(before_embedding, embedding)
            yield
        finally:
            self.layers[:] = before
            if embedding is not None:
                self.inner[EMBEDDING] = before_embedding


def find_stack(model: nn.Module) -> Stack | None:
    """Where `model` keeps its layers, or None for a family that keeps them in no list of its own."""
    layers = getattr(model, "layers", None)
    if not isinstance(layers, list) or not layers:
        return None
    for name, module in model.named_modules():
        for key, value in module.items():
            if isinstance(value, list) and _same(value, layers):
                return Stack(module, value, f"{name}.{key}" if name else key)
    return None


def _same(some: list[Any], others: list[Any]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


def verified(model: nn.Module) -> bool:
    """Whether stand-ins for all layers, and for the embeddings if found, are called and change nothing."""
    stack = find_stack(model)
    if stack is None:
        return False
    called: set[int] = set()

    def noting(index: int, original: Call) -> Call:
        def call(*arguments: Any, **keywords: Any) -> Any:
            called.add(index)
            return original(*arguments, **keywords)

        return call

    layers = {index: noting(index, layer) for index, layer in enumerate(stack.layers)}
    embedding = None if stack.embedding is None else noting(-1, stack.embedding)
    ids = mx.array([[1, 5, 3, 7, 2], [2, 6, 1, 0, 0]])
    with evaluating(model):
        try:
            plain = stack.hidden(ids)
            with stack.replaced(layers, embedding):
                same = mx.array_equal(plain, stack.hidden(ids))
        except REFUSALS:
            return False
    expected = set(layers) if embedding is None else {-1, *layers}
    return called == expected and bool(same.item())


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Within the block the model draws no dropout."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def alike(states: mx.array, expected: mx.array) -> bool:
    """Whether two computations of states [..., hidden] differ by rounding only.

    Position by position, because single huge activations would hide a difference elsewhere. In 16 bits
    rounding is large and may send a token to another expert, so there the mean over positions counts.
    """
    states, reference = states.astype(mx.float32), expected.astype(mx.float32)
    errors = mx.linalg.norm(states - reference, axis=-1) / (mx.linalg.norm(reference, axis=-1) + 1e-20)
    if expected.dtype == mx.float32:
        return number(errors.max()) < 1e-4
    return number(errors.mean()) < 0.05


def seed_of(seed: int, index: int) -> int:
    """The random seed of part `index` of a pass whose own seed is `seed`: 64 well mixed bits."""
    return int(np.random.SeedSequence([seed, index]).generate_state(1, np.uint64)[0])


def seeded(call: Call, seed: int) -> Call:
    """`call` with MLX's random state set before: it draws the same whenever, and however often, it runs."""

    def run(*arguments: Any, **keywords: Any) -> Any:
        mx.random.seed(seed)
        return call(*arguments, **keywords)

    return run


def recomputed(layer: nn.Module, call: Call) -> Call:
    """`call`, which runs `layer`, without what it computed on the way being kept for the gradient.

    The layer's trainable parameters and every floating array among the arguments get their gradients; masks
    and caches are passed as they are. What `call` draws at random has to be the same each time it runs
    (see `overlay.seeded`), or the gradient would belong to another dropout than the loss.
    """

    def run(*arguments: Any, **keywords: Any) -> Any:
        given = (arguments, keywords)
        floating = _floating(given)

        def again(parameters: dict[str, Any], floating: list[mx.array]) -> Any:
            arguments, keywords = _with_arrays(given, floating)
            return _with_parameters(layer, parameters, call, arguments, keywords)

        return mx.checkpoint(again)(layer.trainable_parameters(), floating)

    return run


def _with_parameters(
    layer: nn.Module, parameters: dict[str, Any], call: Call, arguments: Any, keywords: Any
) -> Any:
    """What `call` gives with these parameters in the layer; the layer's own are back afterwards."""
    before = layer.trainable_parameters()
    layer.update(parameters)
    try:
        return call(*arguments, **keywords)
    finally:
        layer.update(before)


def _with_arrays(given: Any, arrays: list[mx.array]) -> Any:
    """The same arguments with their floating arrays replaced by `arrays`, in order."""
    supply = iter(arrays)
    return tree_map(lambda leaf: next(supply) if _is_floating(leaf) else leaf, given)


def _floating(given: Any) -> list[mx.array]:
    found: list[mx.array] = []
    tree_map(lambda leaf: found.append(leaf) if _is_floating(leaf) else None, given)
    return found


def _is_floating(leaf: Any) -> bool:
    return isinstance(leaf, mx.array) and mx.issubdtype(leaf.dtype, mx.floating)


def noisy(embedding: Call, lengths: Sequence[Sequence[int]], alpha: float, seed: int) -> Call:
    """The embeddings with uniform noise of at most alpha / sqrt(tokens * hidden) on every real token.

    `lengths` has for each row the tokens of each sequence in it: a long sequence gets less noise per token,
    and padding none.
    """

    def call(ids: mx.array) -> mx.array:
        states: mx.array = embedding(ids)
        strength = mx.array(strengths(lengths, states.shape[1], alpha, states.shape[2]))
        noise = mx.random.uniform(-1, 1, states.shape, key=mx.random.key(seed))
        return states + (noise * strength[..., None]).astype(states.dtype)

    return call


def strengths(
    lengths: Sequence[Sequence[int]], width: int, alpha: float, hidden: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The largest noise on each token of a batch: [rows, width], zero in padding."""
    result = np.zeros((len(lengths), width), np.float32)
    for row, parts in enumerate(lengths):
        start = 0
        for length in parts:
            result[row, start : start + length] = alpha / math.sqrt(max(1, length) * hidden)
            start += length
    return result
