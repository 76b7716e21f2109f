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


def token_change(base: nn.Module, tuned: nn.Module, ids: Sequence[int], asked: Sequence[int]) -> TokenChange:
    """What tuning does to the probability of the tokens at the places `asked` (1 or later) of one text.

    Never more than a chunk of [tokens, vocabulary] is held. Raises Unusable for two vocabularies.
    """
    places = mx.array([place - 1 for place in asked])
    targets = mx.array([ids[place] for place in asked])
    sources = [_Source.of(model, ids) for model in (base, tuned)]
    if sources[0].vocabulary != sources[1].vocabulary:
        raise Unusable("inside.other_vocabulary")
    rows, parts = chunk_rows(sources[0].vocabulary), []
    for start in range(0, len(asked), rows):
        at, wanted = places[start : start + rows], targets[start : start + rows]
        one, other = (_log_probabilities(source.logits(at)) for source in sources)
        chosen = [mx.take_along_axis(each, wanted[:, None], axis=-1)[:, 0] for each in (one, other)]
        parts.append(mx.stack([*chosen, _divergence(one, other)]))
        mx.eval(parts[-1])
    found = np.array(mx.concatenate(parts, axis=1), np.float64) if parts else np.zeros((3, 0))
    return TokenChange(*found)


@dataclass(frozen=True, eq=False)
class _Source:
    """Where a text's logits come from: states that are still to pass the head, or the logits themselves."""

    states: mx.array
    head: OwnHead | None
    vocabulary: int

    @classmethod
    def of(cls, model: nn.Module, ids: Sequence[int]) -> _Source:
        given, head = mx.array([list(ids)]), find_head(model)
        states = (model(given) if head is None else head.hidden(given))[0]
        return cls(states, head, states.shape[-1] if head is None else head.tap.vocabulary)

    def logits(self, places: mx.array) -> mx.array:
        states = self.states[places]
        return states if self.head is None else self.head.output.given_out(states)


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
