"""The rows of a batch that are being answered: read together, drawn together, taken out as they end."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx_lm.models.cache import BatchKVCache, make_prompt_cache

from studio.generate.drawing import draw, processors
from studio.generate.remembered import OwnMemory
from studio.generate.sampling import Sampling

PIECE = 2048  # prompt tokens, of all rows together, that are read at a time
_FEW = 8
"""Rows; on the CPU, with more of them one step takes so long that nothing is gained by beginning the next one
early. A GPU would wait while the tokens of all rows become text, however many there are."""
_STEP = 64  # places by which a cache grows; mlx-lm's 256 are mostly empty where answers are short


class NotBatched(Exception):
    """A model that cannot remember several rows at once."""


@dataclass(frozen=True)
class RowModel:
    """A model whose rows may be different contestants', by their number; `select` tells it whose they are."""

    module: nn.Module
    select: Callable[[Sequence[int]], None]


@dataclass(eq=False)
class Running:
    """A row that is being answered."""

    index: int
    contestant: int
    prompt: Sequence[int]
    seed: int
    limit: int  # of drawn tokens
    begun: Sequence[int] = ()  # the end of the prompt, where that is the beginning of the answer
    tokens: list[int] = field(default_factory=list)
    log_probs: list[float] = field(default_factory=list)
    seconds: float = 0.0  # its share of the time in which rows were read and drawn
    so_far: mx.array = field(default_factory=lambda: mx.zeros((0,), mx.int32))  # where penalties look

    @property
    def place(self) -> int:
        """Of the token that is drawn next in the whole answer."""
        return len(self.begun) + len(self.tokens)


class InFlight:
    """Rows that one model answers, with what it remembers of each."""

    def __init__(
        self,
        model: RowModel,
        sampling: Sampling,
        memories: Sequence[OwnMemory | None] = (),
        *,
        with_log_probs: bool = False,
    ) -> None:
        self.rows: list[Running] = []
        self._memories = memories
        self._model, self._sampling, self._with_log_probs = model, sampling, with_log_probs
        self._penalties = processors(sampling)
        self._caches: list[Any] = []
        self._latest = mx.zeros((0,), mx.int32)
        self._ahead: tuple[mx.array, mx.array | None] | None = None
        self._prefixes: list[tuple[int, ...]] = []
        self._after_prefix: list[Any] = []

    def read_first(self, prefixes: Sequence[Sequence[int]]) -> Iterator[None]:
        """Read what all prompts of each contestant begin with, once."""
        self._prefixes = [tuple(prefix) for prefix in prefixes]
        self._after_prefix = empty_caches(self._model.module, len(prefixes))
        self._model.select(range(len(prefixes)))
        yield from read(self._model.module, self._prefixes, self._after_prefix)

    def admit(self, rows: Sequence[Running]) -> Iterator[None]:
        """Read the prompts of more rows, all but their last tokens, a piece at a time.

        A prompt that a contestant is asked several times is read once.
        """
        first = {(row.contestant, tuple(row.prompt)): row for row in rows}
        distinct = list(first.values())
        numbers = [row.contestant for row in distinct]
        caches, counts = self._fresh_caches(distinct)
        rest = [row.prompt[count:-1] for row, count in zip(distinct, counts, strict=True)]
        pieces = read(self._model.module, rest, caches)
        while True:
            began = time.perf_counter()
            self._model.select(numbers)
            more = next(pieces, StopIteration)
            _share(time.perf_counter() - began, rows)
            if more is StopIteration:
                break
            yield None
        if len(distinct) < len(rows):
            place = {key: number for number, key in enumerate(first)}
            for cache in caches:
                cache.filter([place[row.contestant, tuple(row.prompt)] for row in rows])
        for cache, other in zip(self._caches, caches, strict=False):
            cache.extend(other)
        self._caches = self._caches or caches
        last = mx.array([row.prompt[-1] for row in rows], mx.int32)
        self._latest = mx.concatenate([self._latest, last])
        if self._penalties:
            for row in rows:
                row.so_far = mx.array(list(row.prompt), mx.int32)
        self.rows += rows

    def _fresh_caches(self, rows: Sequence[Running]) -> tuple[list[Any], list[int]]:
        """What the model remembers of rows before they are read, and how many of each one's tokens."""
        if self._prefixes:
            caches = copy.deepcopy(self._after_prefix)
            for cache in caches:
                cache.filter([row.contestant for row in rows])
            return caches, [len(self._prefixes[row.contestant]) for row in rows]
        recalled = [self._recalled(row) for row in rows]
        if not any(count for _, count in recalled):
            return empty_caches(self._model.module, len(rows)), [0] * len(rows)
        each = [layers or make_prompt_cache(self._model.module) for layers, _ in recalled]
        return [_merged(layer) for layer in zip(*each, strict=True)], [count for _, count in recalled]

    def _recalled(self, row: Running) -> tuple[list[Any], int]:
        memory = self._memories[row.contestant] if self._memories else None
        return memory.recall(row.prompt) if memory is not None else ([], 0)

    def remember(self, rows: Sequence[Running]) -> None:
        """Keep what was read for these rows, which run, where their contestants remember conversations."""
        for place, row in enumerate(self.rows):
            memory = self._memories[row.contestant] if self._memories and row in rows else None
            if memory is not None and row.tokens:
                read = [*row.prompt, *row.tokens]
                layers = [cache.extract(place) for cache in self._caches]
                memory.keep(read if self._ahead is not None else read[:-1], layers)

    def step(self, ended: Callable[[Running], bool], *, ahead: bool = False) -> list[Running]:
        """Draw one more token for each row; returns the rows that have ended, and lets them go.

        `ahead` says that no rows come any more. Then the token after is begun before this one is looked at,
        where that is of use.
        """
        began = time.perf_counter()
        drawn, log_p = self._ahead or self._next(0)
        self._latest, self._ahead = drawn, None
        soon = len(self.rows) <= _FEW or mx.default_device() != mx.cpu
        if ahead and soon and any(len(row.tokens) + 1 < row.limit for row in self.rows):
            self._ahead = self._next(1)
            mx.async_eval(self._ahead)
        mx.eval(drawn, log_p)
        tokens: Any = drawn.tolist()
        for row, token in zip(self.rows, tokens, strict=True):
            row.tokens.append(token)
        if log_p is not None:
            told: Any = log_p.tolist()
            for row, value in zip(self.rows, told, strict=True):
                row.log_probs.append(value)
        over = [ended(row) for row in self.rows]
        _share(time.perf_counter() - began, self.rows)
        gone = [row for row, is_over in zip(self.rows, over, strict=True) if is_over]
        if gone:
            self.remember(gone)
            self._keep([place for place, is_over in enumerate(over) if not is_over])
        return gone

    def _next(self, unseen: int) -> tuple[mx.array, mx.array | None]:
        """The next token of each row, and its log-probability where that is to be kept; `unseen` so many
        were drawn that the rows do not have yet.
        """
        self._model.select([row.contestant for row in self.rows])
        logits = self._model.module(self._latest[:, None], cache=self._caches)[:, -1].astype(mx.float32)
        if self._penalties:
            logits = mx.concatenate(
                [self._penalized(row, logits[n : n + 1]) for n, row in enumerate(self.rows)]
            )
        drawn = draw(logits, self._sampling, [(row.seed, row.place + unseen) for row in self.rows])
        if self._penalties:
            for number, row in enumerate(self.rows):
                row.so_far = mx.concatenate([row.so_far, drawn[number : number + 1]])
        if not self._with_log_probs:
            return drawn, None
        chosen = mx.take_along_axis(logits, drawn[:, None], axis=-1)[:, 0]
        return drawn, chosen - mx.logsumexp(logits, axis=-1)

    def _penalized(self, row: Running, logits: mx.array) -> mx.array:
        for processor in self._penalties:
            logits = processor(row.so_far, logits)
        return logits

    def _keep(self, places: list[int]) -> None:
        self.rows = [self.rows[place] for place in places]
        if not places:
            self._caches, self._latest, self._ahead = [], mx.zeros((0,), mx.int32), None
            return
        for cache in self._caches:
            cache.filter(places)
        kept = mx.array(places)
        self._latest = self._latest[kept]
        if self._ahead is not None:
            drawn, log_p = self._ahead
            self._ahead = drawn[kept], None if log_p is None else log_p[kept]


def empty_caches(model: nn.Module, rows: int) -> list[Any]:
    """What a model remembers of so many rows before they are read. Raises NotBatched."""
    caches = []
    for layer in make_prompt_cache(model):
        if not hasattr(layer, "merge"):
            raise NotBatched(type(layer).__name__)
        caches.append(_merged([layer] * rows))
    return caches


def _merged(layers: Sequence[Any]) -> Any:
    """What one layer remembers of several rows, of what it remembers of each."""
    cache = layers[0].merge(list(layers))
    if isinstance(cache, BatchKVCache):
        cache.step = _STEP
    return cache


def read(model: nn.Module, rows: Sequence[Sequence[int]], caches: list[Any]) -> Iterator[None]:
    """Read rows of unequal length into caches, a piece at a time; yields after each.

    Shorter rows are filled up on the left, which costs nothing later, where every layer allows that: it must
    remember nothing yet, and keep each place by itself. Else on the right, and the places are moved up.
    """
    lengths = [len(row) for row in rows]
    width = max(lengths, default=0)
    padding = [width - length for length in lengths]
    left = all(isinstance(cache, BatchKVCache) and cache.empty() for cache in caches)
    if any(padding):
        for cache in caches:
            if left:
                cache.prepare(left_padding=padding)
            else:
                cache.prepare(lengths=lengths, right_padding=padding)
    filled = [
        [0] * more + list(row) if left else list(row) + [0] * more
        for row, more in zip(rows, padding, strict=True)
    ]
    ids = mx.array(filled, mx.int32)
    piece = max(1, PIECE // max(1, len(rows)))
    for start in range(0, width, piece):
        model(ids[:, start : start + piece], cache=caches)
        mx.eval([cache.state for cache in caches])
        yield None
    if any(padding) and not left:
        for cache in caches:
            cache.finalize()
        mx.eval([cache.state for cache in caches])


def _share(seconds: float, rows: Sequence[Running]) -> None:
    for row in rows:
        row.seconds += seconds / len(rows)
