"""The last layer and its loss at the trained positions only, without ever holding [tokens, vocabulary].

Most of what a language model computes in training is logits that nobody asks for: those of the prompt and
of padding. And of those that are asked for, the loss needs the gradient, not the logits. So the hidden
states of the trained positions go through the head in chunks, and each chunk leaves its gradient behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten

from studio.models.arrays import number
from studio.train.kernels.overlay import REFUSALS, evaluating
from studio.train.kernels.pointwise import exponential, row_sums
from studio.train.kernels.tap import Finish, Tap, find_tap

CHUNK_BYTES = 32 * 2**20
"""About how large the logits of one chunk may be, in fp32."""
HALF_SCALE = 1024.0
"""Probabilities are written in float16 this much larger: of a large vocabulary they would round to zero."""


class Head(Protocol):
    """An output layer and its loss, in bounded memory however many rows there are."""

    def hidden(self, ids: mx.array, cache: Sequence[object] | None = None) -> mx.array:
        """What the model gives to its output layer for `ids` [rows, width]: [rows, width, hidden]."""
        ...

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
    """A head that is not trained: `logits(h)` [n, vocabulary], `back(g)` = g @ W, `rows(t)` the rows W[t].

    `bias` is what the layer adds to each token's logit, `finish` what the model does to the logits.
    """

    logits: Callable[[mx.array], mx.array]
    back: Callable[[mx.array], mx.array]
    rows: Callable[[mx.array], mx.array]
    vocabulary: int
    bias: mx.array | None = None
    finish: Finish | None = None

    def given_out(self, hidden: mx.array) -> mx.array:
        """The logits as the model gives them out."""
        logits = self.logits(hidden)
        return logits if self.finish is None else self.finish(logits)

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
        return _values(self.given_out, hidden, targets, chunk_rows(self.vocabulary))

    def chunk(self, hidden: mx.array, targets: mx.array) -> tuple[mx.array, mx.array]:
        """A chunk's losses and their gradients: softmax(h W') W - W[target], from one pass of exp."""
        if self.finish is not None:
            return self._finished_chunk(self.finish, hidden, targets)
        logits = self.logits(hidden).astype(mx.float32)
        highest = logits.max(axis=-1, keepdims=True)
        weights = exponential(logits - highest)
        sums = row_sums(weights)
        rows = self.rows(targets)
        chosen = (hidden.astype(mx.float32) * rows.astype(mx.float32)).sum(axis=-1)
        if self.bias is not None:
            chosen = chosen + self.bias[targets].astype(mx.float32)
        loss = (mx.log(sums) + highest)[:, 0] - chosen
        if hidden.dtype == mx.float16:  # whose largest number is smaller than a sum over a vocabulary
            weights, sums = weights * (HALF_SCALE / sums), mx.array(HALF_SCALE)
        mean = self.back(weights.astype(hidden.dtype)).astype(mx.float32) / sums
        return loss, (mean - rows.astype(mx.float32)).astype(hidden.dtype)

    def _finished_chunk(
        self, finish: Finish, hidden: mx.array, targets: mx.array
    ) -> tuple[mx.array, mx.array]:
        scale = HALF_SCALE if hidden.dtype == mx.float16 else 1.0

        def loss(logits: mx.array) -> tuple[mx.array, mx.array]:
            losses = cross_entropy(finish(logits), targets)
            return scale * losses.sum(), losses

        (_, losses), gradient = mx.value_and_grad(loss)(self.logits(hidden))
        return losses, (self.back(gradient.astype(hidden.dtype)) / scale).astype(hidden.dtype)


@dataclass(frozen=True)
class TrainedHead:
    """A head whose weights, or whose adapter, are trained: each chunk is computed again in the backward pass.

    `layer` is the module that holds the weights, `logits` what calls it, `finish` as in FrozenHead. It serves
    for a layer of an unusual kind, too.
    """

    layer: nn.Module
    logits: Callable[[mx.array], mx.array]
    vocabulary: int
    finish: Finish | None = None

    def given_out(self, hidden: mx.array) -> mx.array:
        """The logits as the model gives them out."""
        logits = self.logits(hidden)
        return logits if self.finish is None else self.finish(logits)

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
                return cross_entropy(self.given_out(hidden), numbers)

            losses.append(mx.checkpoint(part)(weights, hidden[start : start + chunk]))
        self.layer.update(weights)
        return mx.concatenate(losses)

    def values(self, hidden: mx.array, targets: mx.array) -> mx.array:
        return _values(self.given_out, hidden, targets, chunk_rows(self.vocabulary))


def cross_entropy(logits: mx.array, targets: mx.array) -> mx.array:
    """-log p of `targets` [...] in nats from `logits` [..., vocabulary], in fp32."""
    logits = logits.astype(mx.float32)
    chosen = mx.take_along_axis(logits, targets[..., None], axis=-1)[..., 0]
    highest = mx.stop_gradient(logits.max(axis=-1, keepdims=True))
    return (mx.log(row_sums(exponential(logits - highest))) + highest)[..., 0] - chosen


@dataclass(frozen=True, eq=False)
class OwnHead:
    """A model's own head: what enters it, and the losses that come out of it."""

    tap: Tap
    output: FrozenHead | TrainedHead

    def hidden(self, ids: mx.array, cache: Sequence[object] | None = None) -> mx.array:
        return self.tap.hidden(ids, cache)

    def losses(self, hidden: mx.array, targets: mx.array, seed: int) -> mx.array:
        return self.output.losses(hidden, targets, seed)

    def values(self, hidden: mx.array, targets: mx.array) -> mx.array:
        return self.output.values(hidden, targets)


def find_head(model: nn.Module) -> OwnHead | None:
    """The model's head, with whatever its family does to the logits; None where that cannot be had in chunks.

    Families are built in many ways, so it is told by trying: to the last bit it gives the model's own logits.
    """
    tap = find_tap(model)
    if tap is None:
        return None
    ids = mx.array([[1, 5, 3, 7]]) % tap.vocabulary
    with evaluating(model):
        head = OwnHead(tap, head_of(tap.layer, tap.call, tap.vocabulary, tap.finish()))
        try:
            found = head.output.given_out(tap.hidden(ids))
            same = mx.array_equal(model(ids), found)  # it is the same product
        except REFUSALS:
            return None
        return head if number(same) else None


def head_of(
    layer: nn.Module, call: Finish, vocabulary: int, finish: Finish | None
) -> FrozenHead | TrainedHead:
    """The head that an output layer makes; `finish` is what the model does to its logits, if anything."""
    trained = tree_flatten(layer.trainable_parameters()) or tree_flatten(layer.children())
    if not trained and type(layer) in (nn.QuantizedLinear, nn.QuantizedEmbedding):
        return quantized_head(layer, finish)
    if not trained and type(layer) in (nn.Linear, nn.Embedding):
        return plain_head(layer, finish)
    return TrainedHead(layer, call, vocabulary, finish)


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


def plain_head(layer: nn.Module, finish: Finish | None = None) -> FrozenHead:
    """The head of a linear layer, or of embeddings that serve as one, in floating numbers."""
    weight, bias = layer.weight, layer.get("bias")

    def logits(hidden: mx.array) -> mx.array:
        return hidden @ weight.T if bias is None else mx.addmm(bias, hidden, weight.T)

    return FrozenHead(
        logits=logits,
        back=lambda gradient: gradient @ weight,
        rows=lambda targets: weight[targets],
        vocabulary=weight.shape[0],
        bias=bias,
        finish=finish,
    )


def quantized_head(layer: nn.Module, finish: Finish | None = None) -> FrozenHead:
    """The same of quantized weights."""
    settings = {"group_size": layer.group_size, "bits": layer.bits, "mode": layer.mode}
    weight, scales, biases, bias = layer.weight, layer.scales, layer.get("biases"), layer.get("bias")

    def rows(targets: mx.array) -> mx.array:
        part = None if biases is None else biases[targets]
        return mx.dequantize(weight[targets], scales[targets], part, **settings)

    def product(x: mx.array, transpose: bool) -> mx.array:
        return mx.quantized_matmul(x, weight, scales, biases, transpose=transpose, **settings)

    def logits(hidden: mx.array) -> mx.array:
        found = product(hidden, True)
        return found if bias is None else found + bias

    return FrozenHead(logits, lambda x: product(x, False), rows, weight.shape[0], bias, finish)
