"""What a micro-batch of a step keeps in memory and computes, found by tracing a few of the model's layers.

Few trained layers are traced, and one less; from layer to layer what is kept grows by the same amount, so the
rest is a line through both. Families that cannot be traced get a rule of thumb from the widths in their
config.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import mlx.core as mx

from studio.forecast.meta_model import MetaModel, build_meta_model
from studio.forecast.peak_memory import RESHAPES, VIEWS, Ahead, peaks
from studio.forecast.trace import PRODUCTS, Trace, standing_in, trace
from studio.models.adapter import Tuning
from studio.models.arrays import named, nested
from studio.models.folder import hidden_size
from studio.models.form import WeightForm
from studio.train.kernels.head import FrozenHead, TrainedHead, chunk_rows, cross_entropy, head_of

NO_WORK = PRODUCTS | VIEWS | RESHAPES
FEW, FEW_ON_GPU = 3, 5
"""So many layers are traced, and one less. A GPU's work is scheduled so far ahead that three layers end
before as much is under way as with more: the next would seem to take more than each further one does."""
CHUNKS = 6
"""Chunks of the head that are traced; further ones reach the same height."""


@dataclass(frozen=True)
class Shape:
    """A micro-batch: its rows, their width, and at how many positions the head is needed."""

    rows: int
    width: int
    targets: int

    @property
    def positions(self) -> int:
        return self.rows * self.width


@dataclass(frozen=True)
class Height:
    """What a micro-batch takes in bytes while its gradient is found, without weights; and what it computes.

    `head` is the highest point up to the end of the head, `layers` that of the way back through the layers.
    Both count gradients and weights cast for the step. `multiplications` are of products, forward and back
    (`forward` of them forward), `numbers` what everything else writes.
    """

    head: float
    layers: float
    multiplications: float
    forward: float
    numbers: float

    @property
    def highest(self) -> float:
        return max(self.head, self.layers)


@lru_cache(maxsize=64)
def heights(
    folder: Path,
    changed: int,
    tuning: Tuning,
    form: WeightForm,
    layers: int,
    shape: Shape,
    decided: int = 0,
) -> tuple[Height, Height]:
    """Of a step's gradient over `layers` trained layers, and what each of them adds.

    `changed` tells versions of config.json apart, and `decided` times before and after attention was chosen.
    Raises ModelError and whatever a family raises that does not fit.
    """
    few = min(layers, FEW if mx.default_device() == mx.cpu else FEW_ON_GPU)
    model = build_meta_model(folder, tuning, form, few)
    high = _measured(model, shape)
    if few == 1:
        return high, high
    model.keep(few - 1)
    low = _measured(model, shape)
    each = _together(high, low, -1)
    return _together(high, each, layers - few), each


def _together(some: Height, other: Height, times: float) -> Height:
    """`some` and so many times the other."""
    pairs = zip(vars(some).values(), vars(other).values(), strict=True)
    return Height(*(a + times * b for a, b in pairs))


def _measured(model: MetaModel, shape: Shape) -> Height:
    kept = mx.default_device() == mx.cpu
    with standing_in(kept) as attended:
        traced = _trace(model, shape)
    split = traced.index_of_last(model.vocabulary)
    found = peaks(traced, Ahead.here(), split)
    every = traced.operations
    first = next((i for i, one in enumerate(every) if one.outputs[0].shape[-1:] == (model.vocabulary,)), 0)
    return Height(
        head=found.before + sum(attended.kept),
        layers=found.after + sum(attended.kept) + max(attended.highest, default=0),
        multiplications=sum(one.multiplications for one in every),
        forward=sum(one.multiplications for one in every[:first]),
        numbers=sum(one.outputs[0].numbers for one in every if one.name not in NO_WORK),
    )


def _trace(model: MetaModel, shape: Shape) -> Trace:
    """The operations of a micro-batch's loss and gradient."""
    trained, frozen = model.trained, model.frozen

    def step(*arrays: mx.array) -> list[mx.array]:
        ids, given = arrays[-1], list(arrays[: len(trained)])
        model.put(dict(zip(frozen, arrays[len(trained) : -1], strict=True)))

        def loss(weights: list[mx.array]) -> tuple[mx.array, dict[str, mx.array]]:
            model.put(model.rounded(dict(zip(trained, weights, strict=True))))
            return _loss(model, ids, shape.targets)

        (value, more), gradient = mx.value_and_grad(loss)(given)
        return [value, *(more[n] + g if n in more else g for n, g in zip(trained, gradient, strict=True))]

    before = model.model.parameters()
    ids = mx.zeros((shape.rows, shape.width), mx.int32)
    try:
        return trace(step, [*trained.values(), *frozen.values(), ids])
    finally:
        model.model.update(before)


def _loss(model: MetaModel, ids: mx.array, targets: int) -> tuple[mx.array, dict[str, mx.array]]:
    """The loss, and gradients of the head's own weights that do not come through the states."""
    if model.tap is None:
        logits = model.model(ids)
        chosen = logits.reshape(-1, logits.shape[-1])[mx.arange(targets)]
        return cross_entropy(chosen, mx.zeros(targets, mx.int32)).sum(), {}
    states = model.tap.hidden(ids)
    states = states.reshape(-1, states.shape[-1])[mx.arange(targets)]
    tap = model.tap
    head = head_of(tap.layer, tap.call, tap.vocabulary, model.finish)
    if isinstance(head, TrainedHead):
        value, gradients, more = _trained_chunks(head, mx.stop_gradient(states))
        own = {f"{tap.name}.{name}": array for name, array in more.items()}
        return (states * gradients).sum() + value, own
    value, gradients = _chunks(head, mx.stop_gradient(states))
    return (states * gradients).sum() + value, {}


def _parts(vocabulary: int, states: mx.array) -> Sequence[mx.array]:
    """The first chunks of the states, as the engine's head takes them."""
    rows = chunk_rows(vocabulary)
    return [states[i : i + rows] for i in range(0, min(states.shape[0], CHUNKS * rows), rows)]


def _chunks(head: FrozenHead, states: mx.array) -> tuple[mx.array, mx.array]:
    """As `FrozenHead.losses` has it: each chunk leaves its gradient behind."""
    losses: list[mx.array] = []
    gradients: list[mx.array] = []
    for part in _parts(head.vocabulary, states):
        after = mx.depends([part], [gradients[-1]])[0] if gradients else part
        loss, gradient = head.chunk(after, mx.zeros(part.shape[0], mx.int32))
        losses.append(loss)
        gradients.append(gradient)
    return mx.concatenate(losses).sum(), _filled(gradients, states)


def _trained_chunks(head: TrainedHead, states: mx.array) -> tuple[mx.array, mx.array, dict[str, mx.array]]:
    """As `TrainedHead.losses` has it: each chunk's gradients, those of the layer's weights added up."""
    weights = named(head.layer.trainable_parameters())

    def loss(given: dict[str, mx.array], part: mx.array) -> mx.array:
        head.layer.update(nested(given))
        return cross_entropy(head.given_out(part), mx.zeros(part.shape[0], mx.int32)).sum()

    own: dict[str, mx.array] = {}
    value, gradients = mx.array(0.0), []
    for part in _parts(head.vocabulary, states):
        found, (more, gradient) = mx.value_and_grad(loss, argnums=(0, 1))(weights, part)
        value = value + found
        gradients.append(gradient)
        own = {name: own[name] + array if name in own else array for name, array in more.items()}
    head.layer.update(nested(weights))
    return mx.stop_gradient(value), _filled(gradients, states), own


def _filled(gradients: list[mx.array], states: mx.array) -> mx.array:
    """The gradients of the first chunks, and room for those of the others."""
    left = states.shape[0] - sum(part.shape[0] for part in gradients)
    rest = [mx.zeros((left, states.shape[1]), states.dtype)] if left else []
    return mx.stop_gradient(mx.concatenate([*gradients, *rest]))


STATES, INNER, HEADS, SCORES = 4.7, 5.2, 4.9, 1.0
"""How many arrays of each width a layer keeps: fitted to measured LoRA steps of a Qwen3, within 6 %."""
CHUNK_BYTES = 4 * 8 * 2**20
"""What a head in chunks takes at its highest."""


def estimated_heights(
    config: dict[str, Any], layers: int, shape: Shape, trained: int
) -> tuple[Height, Height]:
    """What `activations.heights` gives, roughly, for `trained` parameters in fp32.

    Of a mixture of experts each token's share counts. Precision is taken to be fp32, so it is high rather
    than low for models in 16 bits.
    """
    text = {**config, **(config.get("text_config") or {})}
    hidden = hidden_size(config)
    heads = int(text.get("num_attention_heads") or text.get("n_head") or max(1, hidden // 64))
    inner = int(text.get("intermediate_size") or 4 * hidden)
    if experts := int(text.get("num_experts_per_tok") or 0):
        inner = max(inner, experts * int(text.get("moe_intermediate_size") or inner))
    of_heads = heads * int(text.get("head_dim") or hidden // heads)
    numbers = STATES * hidden + INNER * inner + HEADS * of_heads + SCORES * heads * shape.width
    size = 4.0 * shape.positions * numbers
    products = 3 * shape.positions * (4 * hidden * of_heads + 3 * hidden * inner)
    each = Height(size, size, products, products / 3, 6 * shape.positions * numbers)
    logits = 0.0 if "vocab_size" not in text else 4.0 * shape.targets * text["vocab_size"]
    on_top = 4 * trained + min(3 * logits, CHUNK_BYTES)
    whole = Height(*(layers * value for value in vars(each).values()))
    return Height(whole.head + on_top, whole.layers + on_top, *list(vars(whole).values())[2:]), each
