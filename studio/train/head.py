"""The last layer and its loss at the trained positions only, without ever holding [tokens, vocabulary].

Most of what a language model computes in training is logits that nobody asks for: those of the prompt and
of padding. And of those that are asked for, the loss needs the gradient, not the logits. So the hidden
states of the trained positions go through the head in chunks, and each chunk leaves its gradient behind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
from mlx import nn

from studio.models.arrays import number

CHUNK_BYTES = 8 * 2**20
"""About how large the logits of one chunk may be, in fp32."""


@dataclass(frozen=True)
class Head:
    """A frozen output layer: `logits(h)` [n, vocabulary], `back(g)` = g @ W, `rows(t)` the rows W[t]."""

    logits: Callable[[mx.array], mx.array]
    back: Callable[[mx.array], mx.array]
    rows: Callable[[mx.array], mx.array]
    vocabulary: int

    def loss(self, hidden: mx.array, targets: mx.array) -> mx.array:
        """The sum of -log p(target) in nats over rows of `hidden` [n, width], `targets` [n], as fp32.

        Differentiable in `hidden`. Peak memory is that of a chunk's logits, whatever n is.
        """
        chunk = self._chunk_rows()

        @mx.custom_function
        def with_gradient(hidden: mx.array) -> tuple[mx.array, mx.array]:
            total = mx.array(0.0)
            gradients: list[mx.array] = []
            for start in range(0, hidden.shape[0], chunk):
                part = hidden[start : start + chunk]
                if gradients:  # one chunk at a time, or the scheduler would hold the logits of several
                    part = mx.depends([part], [gradients[-1]])[0]
                loss, gradient = self._chunk(part, targets[start : start + chunk])
                total = total + loss
                gradients.append(gradient)
            return total, mx.concatenate(gradients)

        @with_gradient.vjp
        def _(primal: mx.array, cotangents: list[mx.array], outputs: list[mx.array]) -> mx.array:
            return cotangents[0].astype(outputs[1].dtype) * outputs[1]

        outputs: tuple[mx.array, mx.array] = with_gradient(hidden)  # type: ignore[assignment]
        return outputs[0]

    def value(self, hidden: mx.array, targets: mx.array) -> mx.array:
        """The same sum without a gradient, for measuring: half the work."""
        chunk, total = self._chunk_rows(), mx.array(0.0)
        for start in range(0, hidden.shape[0], chunk):
            logits = self.logits(hidden[start : start + chunk]).astype(mx.float32)
            total += nn.losses.cross_entropy(logits, targets[start : start + chunk], reduction="sum")
            mx.eval(total)
        return total

    def _chunk_rows(self) -> int:
        return max(16, CHUNK_BYTES // (4 * self.vocabulary))

    def _chunk(self, hidden: mx.array, targets: mx.array) -> tuple[mx.array, mx.array]:
        """A chunk's summed loss and its gradient: softmax(h W') W - W[target], from one pass of exp."""
        logits = self.logits(hidden).astype(mx.float32)
        highest = logits.max(axis=-1, keepdims=True)
        weights = mx.exp(logits - highest)
        sums = weights.sum(axis=-1, keepdims=True)
        rows = self.rows(targets)
        chosen = (hidden.astype(mx.float32) * rows.astype(mx.float32)).sum(axis=-1)
        loss = (mx.log(sums) + highest)[:, 0] - chosen
        gradient = self.back(weights.astype(hidden.dtype)) / sums.astype(hidden.dtype) - rows
        return loss.sum(), gradient


def find_head(model: nn.Module) -> Head | None:
    """The model's head when `head(model.model(ids))` is what the model itself computes, else None.

    Some families scale or cap their logits, add a bias, or are built otherwise: those are told by trying.
    """
    inner = getattr(model, "model", None)
    layer = model["lm_head"] if "lm_head" in model else getattr(inner, "embed_tokens", None)
    if not callable(inner) or not isinstance(layer, nn.Module) or "bias" in layer:
        return None
    if isinstance(layer, nn.QuantizedLinear | nn.QuantizedEmbedding):
        head = _quantized(layer)
    elif isinstance(layer, nn.Linear | nn.Embedding):
        head = _plain(layer)
    else:
        return None
    ids = mx.array([[1, 5, 3, 7]]) % head.vocabulary
    try:
        same = mx.array_equal(model(ids), head.logits(inner(ids)))  # to the last bit: it is the same product
    except (TypeError, ValueError):
        return None
    return head if number(same) else None


def _plain(layer: nn.Module) -> Head:
    weight = layer.weight
    return Head(
        logits=lambda hidden: hidden @ weight.T,
        back=lambda gradient: gradient @ weight,
        rows=lambda targets: weight[targets],
        vocabulary=weight.shape[0],
    )


def _quantized(layer: nn.Module) -> Head:
    settings = {"group_size": layer.group_size, "bits": layer.bits, "mode": layer.mode}
    weight, scales, biases = layer.weight, layer.scales, layer.get("biases")

    def rows(targets: mx.array) -> mx.array:
        part = None if biases is None else biases[targets]
        return mx.dequantize(weight[targets], scales[targets], part, **settings)

    def product(transpose: bool) -> Callable[[mx.array], mx.array]:
        return lambda x: mx.quantized_matmul(x, weight, scales, biases, transpose=transpose, **settings)

    return Head(product(True), product(False), rows, weight.shape[0])
