"""An answer token by token, as contestants read it: how likely each was, and what else could stand there."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
import numpy as np
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.tokenizer_utils import TokenizerWrapper
from numpy.typing import NDArray

from studio.events import AnswerRead, LikelyToken, TokenRead
from studio.generate.contestant import OpenContestant
from studio.generate.remembered import memory_of
from studio.generate.stream import PREFILL

LIKELY = 10
"""Tokens that are told of each place, the likeliest first."""
_PIECE = 64
"""Places whose logits are looked at together: they are as wide as the vocabulary."""


@dataclass(frozen=True)
class AnswerReader:
    """Who reads an answer, by the name of its talk, behind a prompt of its own."""

    who: str
    opened: OpenContestant
    prompt: tuple[int, ...]


@dataclass
class _Reading:
    """Of each token of an answer: log p, entropy in nats, and the likeliest tokens there with their p."""

    log_p: list[float] = field(default_factory=list)
    entropy: list[float] = field(default_factory=list)
    likely: list[list[tuple[int, float]]] = field(default_factory=list)


def reading_answer(readers: Sequence[AnswerReader], ids: Sequence[int]) -> Generator[None, None, AnswerRead]:
    """The answer `ids` of the first reader as all of them read it, each behind its own conversation.

    Readers whose tokens are others than the first one's are left out. Yields after each piece that was read.
    """
    first = readers[0]
    able = [each for each in readers if first.opened.has_tokens_of(each.opened)]
    found: list[_Reading] = []
    for each in able:
        found.append((yield from _reading(each, ids)))
    texts, shown, own = pieces_of(first.opened.tokenizer, ids), _TokenTexts(first.opened), found[0]
    tokens = tuple(
        TokenRead(
            token,
            texts[place],
            float(np.exp(own.log_p[place])),
            own.entropy[place],
            tuple(own.log_p[place] - each.log_p[place] for each in found),
            tuple(tuple(shown.likely(*likely) for likely in each.likely[place]) for each in found),
        )
        for place, token in enumerate(ids)
    )
    return AnswerRead(first.who, tuple(each.who for each in able), tokens)


def _reading(reader: AnswerReader, ids: Sequence[int]) -> Generator[None, None, _Reading]:
    found = _Reading()
    module, prompt = reader.opened.module, reader.prompt
    cache, read = memory_of(reader.opened).recall(prompt)
    cache = cache or make_prompt_cache(module)
    for start in range(read, len(prompt) - 1, PREFILL):
        _logits(module, prompt[start : min(start + PREFILL, len(prompt) - 1)], cache)
        mx.eval([layer.state for layer in cache])
        yield
    before = [prompt[-1], *ids[:-1]]
    for start in range(0, len(ids), _PIECE):
        _note(found, _logits(module, before[start : start + _PIECE], cache), ids[start : start + _PIECE])
        yield
    return found


def _logits(module: Any, ids: Sequence[int], cache: list[Any]) -> mx.array:
    """[places, vocabulary] in fp32."""
    logits: mx.array = module(mx.array([list(ids)], mx.int32), cache=cache)
    return logits[0].astype(mx.float32)


def _note(found: _Reading, logits: mx.array, ids: Sequence[int]) -> None:
    """Take note of tokens for the logits [places, vocabulary] from which they could be drawn."""
    log_p = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
    chosen = mx.take_along_axis(log_p, mx.array(list(ids), mx.int32)[:, None], axis=-1)[:, 0]
    entropy = -(mx.exp(log_p) * mx.maximum(log_p, -1e4)).sum(axis=-1)  # 0 log 0 is 0
    count = min(LIKELY, logits.shape[-1])
    places = mx.argpartition(-log_p, count - 1, axis=-1)[:, :count]
    top = mx.take_along_axis(log_p, places, axis=-1)
    mx.eval(chosen, entropy, places, top)
    found.log_p += _listed(chosen)
    found.entropy += _listed(entropy)
    for at, values in zip(np.array(places), np.array(top), strict=True):
        order = np.argsort(-values, kind="stable")
        found.likely.append([(int(at[n]), float(np.exp(values[n]))) for n in order])


def _listed(array: mx.array) -> list[float]:
    values: NDArray[np.float32] = np.array(array)
    return [float(value) for value in values]


def pieces_of(tokenizer: TokenizerWrapper, ids: Sequence[int]) -> list[str]:
    """The text of each token; joined, they are the answer. One that ends no character has none of its own."""
    detokenizer = tokenizer.detokenizer
    pieces = list(_added(detokenizer, ids))
    detokenizer.finalize()
    if pieces:
        pieces[-1] += detokenizer.last_segment
    return pieces


def _added(detokenizer: Any, ids: Sequence[int]) -> Iterator[str]:
    for token in ids:
        detokenizer.add_token(token)
        yield detokenizer.last_segment


class _TokenTexts:
    """What single tokens look like behind others: with the space that many begin with."""

    def __init__(self, opened: OpenContestant) -> None:
        self._tokenizer, self._stops = opened.tokenizer, opened.renderer.stops
        self._before = self._tokenizer.encode("a", add_special_tokens=False)
        self._start = len(self._tokenizer.decode(self._before))
        self._known: dict[int, str] = {}

    def likely(self, token: int, probability: float) -> LikelyToken:
        """A token with its probability at a place."""
        return LikelyToken(token, self.of(token), probability, token in self._stops)

    def of(self, token: int) -> str:
        """The text of a token."""
        if token not in self._known:
            self._known[token] = self._tokenizer.decode([*self._before, token])[self._start :]
        return self._known[token]
