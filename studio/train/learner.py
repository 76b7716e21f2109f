"""One optimizer step: losses and gradients over its micro-batches, and the update."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from mlx import nn, optimizers
from mlx.utils import tree_map, tree_map_with_path

from studio.dataset.render.batch import Batch, collate
from studio.dataset.render.render import Tokens
from studio.models.arrays import number
from studio.train.forward import Overlays
from studio.train.kernels.attention import Attention, in_blocks
from studio.train.kernels.head import Head, cross_entropy
from studio.train.kernels.pointwise import own_gradient
from studio.train.micro_batch import ExampleSet, Totals
from studio.train.objective import PREFERENCE_METRICS, Objective, Positions, per_sequence
from studio.train.optimizer import set_rate
from studio.train.plan import BatchPlan, MicroBatch, random_seed
from studio.train.ranks import Ranks


def token_losses(
    model: nn.Module,
    batch: Batch,
    positions: npt.NDArray[np.intp],
    head: Head | None,
    *,
    cache: Sequence[object] | None = None,
    learning: bool = True,
    seed: int = 0,
) -> mx.array:
    """-log p of the targets at `positions` of the flattened batch, in nats: [positions] in fp32.

    With the model's `head` at hand only those positions reach the vocabulary; without it all of them do.
    `learning` says whether a gradient will be asked for; `seed` is that of a head's dropout.
    """
    at, ids = mx.array(positions), mx.array(batch.ids)
    targets = mx.array(batch.targets.reshape(-1)[positions])
    if head is None:
        logits = model(ids, cache=cache)
        return cross_entropy(logits.reshape(-1, logits.shape[-1])[at], targets)
    hidden = head.hidden(ids, cache)
    hidden = hidden.reshape(-1, hidden.shape[-1])[at]
    return head.losses(hidden, targets, seed) if learning else head.values(hidden, targets)


def row_losses(model: nn.Module, rows: Sequence[Tokens]) -> mx.array:
    """The sum over its trained tokens of -log p(token), for each row: [rows] in fp32."""
    batch = collate(rows)
    losses = cross_entropy(model(mx.array(batch.ids)), mx.array(batch.targets))
    return (losses * mx.array(batch.weights)).sum(axis=-1)


FLOAT16_SCALE = 1024.0
"""Gradients in float16 are computed this much larger, or small ones would round to zero."""


@dataclass(frozen=True)
class StepResult:
    """What a step found: its loss, the gradient's norm before clipping, and the metrics of its objective."""

    loss: float
    gradient_norm: float
    metrics: tuple[float, ...]
    totals: Totals

    @property
    def finite(self) -> bool:
        return math.isfinite(self.loss) and math.isfinite(self.gradient_norm)


@dataclass(frozen=True, eq=False)
class Learner:
    """A model and what updates it. Trained weights are float32, whatever the `precision` of a step."""

    model: nn.Module
    head: Head | None
    overlays: Overlays
    optimizer: optimizers.Optimizer
    precision: mx.Dtype
    clip: float
    seed: int
    ranks: Ranks
    cached: bool  # whether frozen layers are read from the prefix cache
    castable: Callable[[str, mx.array], bool]  # which weights, by name, may be rounded
    attention: Attention | None = None  # by which it is computed; None: as this device does

    def learn(
        self,
        objective: Objective,
        example_set: ExampleSet,
        plan: BatchPlan,
        step: int,
        rate: float,
        look: Callable[[dict[str, Any]], None] | None = None,
    ) -> StepResult:
        """Make step `step`, unless its loss or gradient is not finite: then nothing is changed.

        `look` is shown the gradient of an update before it is made.
        """
        batches = plan.batches_of(step)
        totals = example_set.totals([index for _, batch in batches for index in batch])
        loss, metrics = mx.array(0.0), mx.zeros(PREFERENCE_METRICS if example_set.pairs else 0)
        gradient: dict[str, Any] = {}
        for micro_batch, seed in self._share(plan, batches):
            part, more = self._gradient(objective, example_set.batch(micro_batch), totals, seed)
            loss, metrics = loss + part[0], metrics + part[1]
            gradient = tree_map(mx.add, gradient, more) if gradient else more
            del more  # or it would be held through the update
            mx.eval(loss, metrics, gradient)
        gradient = gradient or tree_map(mx.zeros_like, self.model.trainable_parameters())
        loss, metrics, gradient = self.ranks.sum((loss, metrics, gradient))
        if self.precision == mx.float16:
            gradient = tree_map(lambda array: array / FLOAT16_SCALE, gradient)
        gradient, norm = optimizers.clip_grad_norm(gradient, self.clip or math.inf)
        found = StepResult(number(loss), number(norm), _numbers(metrics), totals)
        if found.finite:
            if look is not None:
                look(gradient)
            set_rate(self.optimizer, rate)
            self.optimizer.update(self.model, gradient)
            mx.eval(self.model.trainable_parameters(), self.optimizer.state)
        return found

    def rehearse(self, objective: Objective, example_set: ExampleSet, micro_batch: MicroBatch) -> None:
        """Compute a micro-batch's gradient and forget it: what a shape costs the first time is paid here."""
        totals = example_set.totals(micro_batch.examples)
        mx.eval(self._gradient(objective, example_set.batch(micro_batch), totals, seed=0))

    def measure(
        self,
        objective: Objective,
        example_set: ExampleSet,
        micro_batches: Iterable[MicroBatch],
        totals: Totals,
    ) -> Iterator[tuple[float, tuple[float, ...]]]:
        """For each micro-batch its share of the loss and its metrics, without learning from it."""
        with self._measuring():
            for micro_batch in micro_batches:
                with in_blocks(self.attention), own_gradient():
                    loss, metrics = self._loss(
                        objective, example_set.batch(micro_batch), totals, learning=False
                    )
                    mx.eval(loss, metrics)
                yield number(loss), _numbers(metrics)

    def log_p(
        self, example_set: ExampleSet, micro_batches: Iterable[MicroBatch]
    ) -> Iterator[dict[int, float]]:
        """For each micro-batch the log p of every sequence's trained tokens, by the sequence's number."""
        with self._measuring():
            for micro_batch in micro_batches:
                batch = example_set.batch(micro_batch)
                positions = np.flatnonzero(batch.weights)
                with in_blocks(self.attention), own_gradient():
                    losses = self._token_losses(batch, positions, learning=False)
                sums = per_sequence(losses, positions, batch)
                yield dict(zip(batch.sequences, (-sums).tolist(), strict=True))  # type: ignore[arg-type]

    @contextmanager
    def _measuring(self) -> Iterator[None]:
        trained = self.model.trainable_parameters()
        self.model.eval()
        self.model.update(self._rounded(trained))
        try:
            yield
        finally:
            self.model.update(trained)
            self.model.train()

    def _share(
        self, plan: BatchPlan, batches: Sequence[tuple[int, tuple[int, ...]]]
    ) -> Iterator[tuple[MicroBatch, int]]:
        """This process's micro-batches of a step, each with its seed."""
        for index, batch in batches:
            mine = self.ranks.share(sorted(batch, key=lambda i: (-plan.lengths[i], i)))
            for part, micro_batch in enumerate(plan.micro_batches(mine)):
                yield micro_batch, random_seed(self.seed, index, part * self.ranks.size + self.ranks.rank)

    def _gradient(
        self, objective: Objective, batch: Batch, totals: Totals, seed: int
    ) -> tuple[tuple[mx.array, mx.array], dict[str, Any]]:
        """A micro-batch's loss and metrics, and its gradient (times FLOAT16_SCALE in that precision)."""
        trained = self.model.trainable_parameters()
        mx.random.seed(seed)

        def loss(weights: dict[str, Any]) -> tuple[mx.array, mx.array, mx.array]:
            self.model.update(self._rounded(weights))
            value, metrics = self._loss(objective, batch, totals, learning=True, seed=seed)
            scale = FLOAT16_SCALE if self.precision == mx.float16 else 1.0
            return scale * value, value, metrics

        try:
            with in_blocks(self.attention), own_gradient():
                (_, value, metrics), gradient = mx.value_and_grad(loss)(trained)
        finally:
            self.model.update(trained)
        return (value, metrics), gradient

    def _rounded(self, weights: dict[str, Any]) -> dict[str, Any]:
        """Weights in the precision of a step, but for those that must keep theirs."""

        def turned(name: str, array: mx.array) -> mx.array:
            # DoRA's magnitudes stand alone for a whole row: rounding them would swallow their updates.
            exact = name.endswith(".m") or not self.castable(name, array)
            return array if exact else array.astype(self.precision)

        rounded: dict[str, Any] = tree_map_with_path(turned, weights)
        return rounded

    def _loss(
        self, objective: Objective, batch: Batch, totals: Totals, *, learning: bool, seed: int = 0
    ) -> tuple[mx.array, mx.array]:
        positions = objective.positions(batch)
        losses = self._token_losses(batch, positions, learning=learning, seed=seed)
        return objective.loss(losses, positions, batch, totals)

    def _token_losses(self, batch: Batch, positions: Positions, *, learning: bool, seed: int = 0) -> mx.array:
        parts = batch.parts
        with self.overlays.around(
            lengths=[[size for _, size in row] for row in parts],
            rows=[[sequence for sequence, _ in row] for row in parts] if self.cached else None,
            seed=seed,
            learning=learning,
        ) as cache:
            return token_losses(
                self.model, batch, positions, self.head, cache=cache, learning=learning, seed=seed
            )


def _numbers(array: mx.array) -> tuple[float, ...]:
    """The numbers of an array of one dimension."""
    return tuple(np.array(array, np.float64).reshape(-1).tolist()) if array.ndim else ()
