"""How far a tuned model's states and probabilities are from the base's, layer by layer and token by token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
import numpy.typing as npt
from mlx import nn

from studio.catalogue import Unusable
from studio.evaluate.inside.layers import Reader, hidden_states
from studio.train.kernels.head import OwnHead, chunk_rows, find_head

type _Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StateChange:
    """For each layer, as means over tokens: the cosine of both states, and |tuned - base| / |base|."""

    cosine: _Numbers
    relative: _Numbers


def state_change(base: nn.Module, tuned: nn.Module, ids: Sequence[int]) -> StateChange:
    """What tuning does to the states that leave each layer, over one text.

    Raises Unusable where a model cannot be looked into, or the two are not of one shape.
    """
    pairs = _pairs(hidden_states(base, ids), hidden_states(tuned, ids))
    cosines, relatives = [], []
    for one, other in pairs:
        sizes, others = mx.linalg.norm(one, axis=-1), mx.linalg.norm(other, axis=-1)
        cosines.append(((one * other).sum(axis=-1) / (sizes * others + 1e-20)).mean())
        relatives.append((mx.linalg.norm(other - one, axis=-1) / (sizes + 1e-20)).mean())
    return StateChange(*(np.array(mx.stack(each), np.float64) for each in (cosines, relatives)))


def lens_change(
    readers: tuple[Reader, Reader], base: nn.Module, tuned: nn.Module, ids: Sequence[int]
) -> _Numbers:
    """KL(base || tuned) in nats of what each layer's states would say if they were the last: [layers].

    The mean over tokens. Source: nostalgebraist, 2020, "interpreting GPT: the logit lens".
    """
    found = []
    for one, other in _pairs(hidden_states(base, ids), hidden_states(tuned, ids)):
        found.append(divergence_of(readers[0].logits(one), readers[1].logits(other)).mean())
    return np.array(mx.stack(found), np.float64)


@dataclass(frozen=True, eq=False)
class TokenChange:
    """For each token asked about: log p of it by the base and by the tuned model, and KL(base || tuned).

    All in nats; the divergence is of the whole distribution from which the token is taken.
    """

    base: _Numbers
    tuned: _Numbers
    kl: _Numbers

    @property
    def shift(self) -> _Numbers:
        """How much more probable, as a logarithm, tuning made each token."""
        found: _Numbers = self.tuned - self.base
        return found


@dataclass(frozen=True, eq=False)
class Predictor:
    """A model and its head, where that can be told apart: then only the places asked for reach the head."""

    model: nn.Module
    head: OwnHead | None

    @classmethod
    def of(cls, model: nn.Module) -> Predictor:
        """The model's; looked for once, as that takes a few passes."""
        return cls(model, find_head(model))

    def states(self, ids: Sequence[int]) -> mx.array:
        """What is still to pass the head [tokens, width], or where there is none the logits themselves."""
        given = mx.array([list(ids)])
        found: mx.array = (self.model(given) if self.head is None else self.head.hidden(given))[0]
        return found

    def logits(self, states: mx.array) -> mx.array:
        """The logits of some of the states."""
        return states if self.head is None else self.head.output.given_out(states)

    def vocabulary(self, states: mx.array) -> int:
        """How many tokens it tells apart."""
        return states.shape[-1] if self.head is None else self.head.tap.vocabulary


def token_change(base: Predictor, tuned: Predictor, ids: Sequence[int], asked: Sequence[int]) -> TokenChange:
    """What tuning does to the probability of the tokens at the places `asked` (1 or later) of one text.

    Never more than a chunk of [tokens, vocabulary] is held. Raises Unusable for two vocabularies.
    """
    places = mx.array([place - 1 for place in asked])
    targets = mx.array([ids[place] for place in asked])
    both = [(each, each.states(ids)) for each in (base, tuned)]
    sizes = [each.vocabulary(states) for each, states in both]
    if sizes[0] != sizes[1]:
        raise Unusable("inside.other_vocabulary")
    rows, parts = chunk_rows(sizes[0]), []
    for start in range(0, len(asked), rows):
        at, wanted = places[start : start + rows], targets[start : start + rows]
        one, other = (_log_probabilities(each.logits(states[at])) for each, states in both)
        chosen = [mx.take_along_axis(each, wanted[:, None], axis=-1)[:, 0] for each in (one, other)]
        parts.append(mx.stack([*chosen, _divergence(one, other)]))
        mx.eval(parts[-1])
    found = np.array(mx.concatenate(parts, axis=1), np.float64) if parts else np.zeros((3, 0))
    return TokenChange(*found)


def divergence_of(base: mx.array, tuned: mx.array) -> mx.array:
    """KL(base || tuned) in nats of distributions given as logits [n, vocabulary]: [n] in fp32."""
    return _divergence(_log_probabilities(base), _log_probabilities(tuned))


def _log_probabilities(logits: mx.array) -> mx.array:
    logits = logits.astype(mx.float32)
    return logits - mx.logsumexp(logits, axis=-1, keepdims=True)


def _divergence(base: mx.array, tuned: mx.array) -> mx.array:
    struck = mx.isinf(base)  # tokens that a family strikes out have no part in it
    terms = mx.where(struck, 0, mx.exp(base) * (mx.where(struck, 0, base) - mx.where(struck, 0, tuned)))
    return mx.maximum(terms.sum(axis=-1), 0)


def _pairs(base: list[mx.array], tuned: list[mx.array]) -> list[tuple[mx.array, mx.array]]:
    if [each.shape for each in base] != [each.shape for each in tuned]:
        raise Unusable("inside.other_shapes")
    return list(zip(base, tuned, strict=True))
