"""What is minimized: from the losses of single tokens to the loss of a step.

Every loss is a share of the step's: summed over the micro-batches and the machines of a step they give the
step's loss, and their gradients its gradient, however it was divided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from mlx import nn

from studio.dataset.render.batch import Batch
from studio.recipe.recipe import Recipe
from studio.train.micro_batch import Totals

type Positions = npt.NDArray[np.intp]

PREFERENCE_METRICS = 4
"""Sums over pairs: reward of the chosen, of the rejected, their difference, and right decisions."""


class Objective(Protocol):
    """Which tokens' losses are needed, and what is made of them."""

    def positions(self, batch: Batch) -> Positions:
        """Where in the flattened batch a token's loss is needed."""
        ...

    def loss(
        self, losses: mx.array, positions: Positions, batch: Batch, totals: Totals
    ) -> tuple[mx.array, mx.array]:
        """This micro-batch's share of the step's loss, and its metrics (none, or PREFERENCE_METRICS sums)."""
        ...


@dataclass(frozen=True)
class Likelihood:
    """The mean of -log p over all trained tokens: fine-tuning on answers, and on plain text."""

    def positions(self, batch: Batch) -> Positions:
        return np.flatnonzero(batch.weights)

    def loss(
        self, losses: mx.array, positions: Positions, batch: Batch, totals: Totals
    ) -> tuple[mx.array, mx.array]:
        return losses.sum() / totals.tokens, mx.zeros(0)


@dataclass(frozen=True)
class Dpo:
    """Direct preference optimization (Rafailov et al., 2023): the mean over pairs of -log sigmoid(margin).

    `reference[i]` is log p of sequence i's answer under the model before training.
    """

    beta: float
    reference: npt.NDArray[np.float32]

    def positions(self, batch: Batch) -> Positions:
        return np.flatnonzero(batch.weights)

    def loss(
        self, losses: mx.array, positions: Positions, batch: Batch, totals: Totals
    ) -> tuple[mx.array, mx.array]:
        known = mx.array(self.reference[list(batch.sequences)])
        rewards = self.beta * (-per_sequence(losses, positions, batch) - known)
        chosen, rejected = mx.split(rewards, 2)
        margin = chosen - rejected
        return -nn.log_sigmoid(margin).sum() / totals.pairs, _metrics(chosen, rejected)


@dataclass(frozen=True)
class Orpo:
    """Odds ratio preference optimization (Hong et al., 2024), as TRL computes it.

    The mean of -log p over the chosen answers with their prompts, minus beta times the mean over pairs of
    log sigmoid(log odds of the chosen - log odds of the rejected), odds from the mean log p of an answer.
    """

    beta: float

    def positions(self, batch: Batch) -> Positions:
        wanted = batch.weights > 0
        half = len(batch.ids) // 2
        wanted[:half] |= batch.segments[:half] >= 0
        return np.flatnonzero(wanted)

    def loss(
        self, losses: mx.array, positions: Positions, batch: Batch, totals: Totals
    ) -> tuple[mx.array, mx.array]:
        half = batch.ids[: len(batch.ids) // 2].size
        first = int(np.searchsorted(positions, half))
        likelihood = losses[:first].sum() / totals.whole
        answers = batch.weights.reshape(-1)[positions]
        lengths = mx.array(np.maximum(batch.weights.sum(axis=1), 1))
        mean = -per_sequence(losses * mx.array(answers), positions, batch) / lengths
        chosen, rejected = mx.split(mean, 2)
        odds = (chosen - rejected) - (_log_of_complement(chosen) - _log_of_complement(rejected))
        loss = likelihood - self.beta * nn.log_sigmoid(odds).sum() / totals.pairs
        return loss, _metrics(self.beta * chosen, self.beta * rejected)


@dataclass(frozen=True)
class Simpo:
    """Simple preference optimization (Meng et al., 2024): no reference, and length does not count.

    The mean over pairs of -log sigmoid(margin - gamma), rewards being beta * the mean log p of an answer.
    """

    beta: float
    gamma: float

    def positions(self, batch: Batch) -> Positions:
        return np.flatnonzero(batch.weights)

    def loss(
        self, losses: mx.array, positions: Positions, batch: Batch, totals: Totals
    ) -> tuple[mx.array, mx.array]:
        lengths = mx.array(np.maximum(batch.weights.sum(axis=1), 1))
        rewards = -self.beta * per_sequence(losses, positions, batch) / lengths
        chosen, rejected = mx.split(rewards, 2)
        lead = chosen - rejected - self.gamma
        return -nn.log_sigmoid(lead).sum() / totals.pairs, _metrics(chosen, rejected)


def objective_for(recipe: Recipe, reference: npt.NDArray[np.float32] | None) -> Objective:
    """The recipe's objective; `reference` is needed for DPO."""
    match recipe.objective:
        case "dpo":
            assert reference is not None
            return Dpo(recipe.preference.beta, reference)
        case "orpo":
            return Orpo(recipe.preference.beta)
        case "simpo":
            return Simpo(recipe.preference.simpo_beta, recipe.preference.simpo_gamma)
        case _:
            return Likelihood()


def per_sequence(losses: mx.array, positions: Positions, batch: Batch) -> mx.array:
    """The losses of each sequence of a batch, summed: [sequences]."""
    owners = mx.array(batch.segments.reshape(-1)[positions])
    return mx.zeros(len(batch.sequences)).at[owners].add(losses)


def _log_of_complement(log_p: mx.array) -> mx.array:
    """log(1 - p) from log p."""
    return mx.log1p(-mx.exp(log_p))


def _metrics(chosen: mx.array, rejected: mx.array) -> mx.array:
    right = (chosen > rejected).astype(mx.float32)
    return mx.stop_gradient(mx.stack([chosen.sum(), rejected.sum(), (chosen - rejected).sum(), right.sum()]))
