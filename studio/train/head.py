"""The last layer and its loss at the trained positions only, without ever holding [tokens, vocabulary].

Most of what a language model computes in training is logits that nobody asks for: those of the prompt and
of padding. And of those that are asked for, the loss needs the gradient, not the logits. So the hidden
states of the trained positions go through the head in chunks, and each chunk leaves its gradient behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten

from studio.models.arrays import number
from studio.train.exponential import exponential, row_sums

CHUNK_BYTES = 32 * 2**20
"""About how large the logits of one chunk may be, in fp32."""


class Head(Protocol):
    """An output layer and its loss, in bounded memory however many rows there are."""

    def losses(self, hidden: mx.array, targets: mx.array, seed: int) -> mx.array:
        """-log p(target) in nats for each row of `hidden` [n, width] and `targets` [n]: [n] in fp32.

        Differentiable in `hidden`, and in the layer's own weights where they are trained. `seed` fixes the
        dropout of an adapter on this layer.
        """
        ...

    def values(self, hidden: mx.array, targets: mx.array) -> mx.array:
        """The same without a gradient, for measuring: half the work."""
        ...


@dataclass(frozen=True)
class FrozenHead:
    """A head that is not trained: `logits(h)` [n, vocabulary], `back(g)` = g @ W, `rows(t)` the rows W[t]."""

    logits: Callable[[mx.array], mx.array]
    back: Callable[[mx.array], mx.array]
    rows: Callable[[mx.array], mx.array]
    vocabulary: int

    def losses(self, hidden: mx.array, targets: mx.array, seed: int = 0) -> mx.array:
        chunk = chunk_rows(self.vocabulary)

        @mx.custom_function
        def with_gradient(hidden: mx.array) -> tuple[mx.array, mx.array]:
            losses: list[mx.array] = []
            gradients: list[mx.array] = []
            for start in range(0, hidden.shape[0], chunk):
                part = hidden[start : start + chunk]
                if gradients:  # one chunk at a time, or the scheduler would hold the logits of several
                    part = mx.depends([part], [gradients[-1]])[0]
                loss, gradient = self.chunk(part, targets[start : start + chunk])
                losses.append(loss)
                gradients.append(gradient)
            return mx.concatenate(losses), mx.concatenate(gradients)

        @with_gradient.vjp
        def _(primal: mx.array, cotangents: list[mx.array], outputs: list[mx.array]) -> mx.array:
            return cotangents[0][:, None].astype(outputs[1].dtype) * outputs[1]

        outputs: tuple[mx.array, mx.array] = with_gradient(hidden)  # type: ignore[assignment]
        return outputs[0]

    def values(self, hidden: mx.array, targets: mx.array) -> mx.array:
        return _values(self.logits, hidden, targets, chunk_rows(self.vocabulary))

    def chunk(self, hidden: mx.array, targets: mx.array) -> tuple[mx.array, mx.array]:
        """A chunk's losses and their gradients: softmax(h W') W - W[target], from one pass of exp."""
        logits = self.logits(hidden).astype(mx.float32)
        highest = logits.max(axis=-1, keepdims=True)
        weights = exponential(logits - highest)
        sums = row_sums(weights)
        rows = self.rows(targets)
        chosen = (hidden.astype(mx.float32) * rows.astype(mx.float32)).sum(axis=-1)
        loss = (mx.log(sums) + highest)[:, 0] - chosen
        gradient = self.back(weights.astype(hidden.dtype)) / sums.astype(hidden.dtype) - rows
        return loss, gradient


@dataclass(frozen=True)
class TrainedHead:
    """A head whose weights, or whose adapter, are trained: each chunk is computed again in the backward pass.

    `layer` is the module that holds the weights, `logits` what calls it.
    """

    layer: nn.Module
    logits: Callable[[mx.array], mx.array]
    vocabulary: int

    def losses(self, hidden: mx.array, targets: mx.array, seed: int = 0) -> mx.array:
        weights = self.layer.trainable_parameters()
        chunk = chunk_rows(self.vocabulary)
        losses: list[mx.array] = []
        for start in range(0, hidden.shape[0], chunk):

            def part(
                weights: dict[str, object],
                hidden: mx.array,
                numbers: mx.array = targets[start : start + chunk],
                drawn: int = seed + start,
            ) -> mx.array:
                mx.random.seed(drawn % 2**64)  # the same dropout both times
                self.layer.update(weights)
                return cross_entropy(self.logits(hidden), numbers)

            losses.append(mx.checkpoint(part)(weights, hidden[start : start + chunk]))
        self.layer.update(weights)
        return mx.concatenate(losses)

    def values(self, hidden: mx.array, targets: mx.array) -> mx.array:
        return _values(self.logits, hidden, targets, chunk_rows(self.vocabulary))


def cross_entropy(logits: mx.array, targets: mx.array) -> mx.array:
    """-log p of `targets` [...] in nats from `logits` [..., vocabulary], in fp32."""
    logits = logits.astype(mx.float32)
    chosen = mx.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    highest = mx.stop_gradient(logits.max(axis=-1, keepdims=True))
    return (mx.log(row_sums(exponential(logits - highest))) + highest)[..., 0] - chosen


def find_head(model: nn.Module) -> Head | None:
    """The model's head when `head(model.model(ids))` is what the model itself computes, else None.

    Some families scale or cap their logits, add a bias, or are built otherwise: those are told by trying.
    """
    inner = getattr(model, "model", None)
    own = "lm_head" in model
    layer = model["lm_head"] if own else getattr(inner, "embed_tokens", None)
    if not callable(inner) or not isinstance(layer, nn.Module):
        return None
    head: FrozenHead | TrainedHead
    if tree_flatten(layer.trainable_parameters()) or tree_flatten(layer.children()):
        call = layer if own else getattr(layer, "as_linear", None)
        if call is None:
            return None
        head = TrainedHead(layer, call, _vocabulary(layer))
    elif "bias" in layer:
        return None
    elif isinstance(layer, nn.QuantizedLinear | nn.QuantizedEmbedding):
        head = quantized_head(layer)
    elif isinstance(layer, nn.Linear | nn.Embedding):
        head = plain_head(layer)
    else:
        return None
    ids = mx.array([[1, 5, 3, 7]]) % head.vocabulary
    learning = model.training
    try:
        model.eval()
        same = mx.array_equal(model(ids), head.logits(inner(ids)))  # to the last bit: it is the same product
        return head if number(same) else None
    except (TypeError, ValueError):
        return None
    finally:
        model.train(learning)


def _vocabulary(layer: nn.Module) -> int:
    """How many tokens a head tells apart, also when its weights lie inside an adapter."""
    inner = next((layer[name] for name in ("linear", "embedding") if name in layer), layer)
    return int(inner.weight.shape[0])


def chunk_rows(vocabulary: int) -> int:
    return max(16, CHUNK_BYTES // (4 * vocabulary))


def _values(
    logits: Callable[[mx.array], mx.array], hidden: mx.array, targets: mx.array, chunk: int
) -> mx.array:
    found: list[mx.array] = []
    for start in range(0, hidden.shape[0], chunk):
        found.append(cross_entropy(logits(hidden[start : start + chunk]), targets[start : start + chunk]))
        mx.eval(found[-1])
    return mx.concatenate(found)


def plain_head(layer: nn.Module) -> FrozenHead:
    weight = layer.weight
    return FrozenHead(
        logits=lambda hidden: hidden @ weight.T,
        back=lambda gradient: gradient @ weight,
        rows=lambda targets: weight[targets],
        vocabulary=weight.shape[0],
    )


def quantized_head(layer: nn.Module) -> FrozenHead:
    settings = {"group_size": layer.group_size, "bits": layer.bits, "mode": layer.mode}
    weight, scales, biases = layer.weight, layer.scales, layer.get("biases")

    def rows(targets: mx.array) -> mx.array:
        part = None if biases is None else biases[targets]
        return mx.dequantize(weight[targets], scales[targets], part, **settings)

    def product(transpose: bool) -> Callable[[mx.array], mx.array]:
        return lambda x: mx.quantized_matmul(x, weight, scales, biases, transpose=transpose, **settings)

    return FrozenHead(product(True), product(False), rows, weight.shape[0])
