"""Contestants that answer together: those of one copy of the weights, in one model where that is possible.

Whether it is possible is not guessed from the family but tried: a few tokens are read by the joined model, in
rows of unequal length, and by each contestant alone. Where their logits differ by more than rounding, or the
family refuses, contestants come one after another, and at last their rows do, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import mlx.core as mx
import numpy as np
from mlx import nn
from mlx_lm.tokenizer_utils import TokenizerWrapper

from studio.generate.changes import NotJoined
from studio.generate.contestant import OpenContestant
from studio.generate.in_flight import NotBatched, RowModel, empty_caches, read
from studio.generate.joined import join
from studio.generate.remembered import OwnMemory, memory_of
from studio.models import arrays

_REFUSED = (
    *(NotJoined, NotBatched, ValueError, TypeError, AttributeError, IndexError, KeyError),
    *(NotImplementedError, RuntimeError, AssertionError),
)
"""What a family ends in that cannot read several rows at once, or layers that see no rows."""
_EXACT, _ROUNDED = 1e-4, 5e-2
"""How far logits may differ by rounding, as a share of the largest: in fp32, and in 16 bits or quantized."""
_PROBE = ((5, 9, 11), (7, 6, 5, 8, 10))
"""Tokens that every vocabulary has, in rows of unequal length."""


@dataclass(frozen=True, eq=False)
class Voice:
    """Whoever answers: a model alone, how its tokens are written, and the tokens that end an answer."""

    key: str
    module: nn.Module
    tokenizer: TokenizerWrapper
    stops: frozenset[int]
    memory: OwnMemory | None = None  # of conversations, where they are to be remembered


@dataclass(frozen=True, eq=False)
class Party:
    """Voices of one model, by number; without `together` their rows are to be answered one by one."""

    voices: tuple[Voice, ...]
    model: RowModel
    together: bool

    @property
    def is_joined(self) -> bool:
        """Whether several contestants' rows share each pass over the weights."""
        return len(self.voices) > 1


@dataclass(frozen=True, eq=False)
class Contest:
    """Open contestants, made ready to answer together. Made once and used for all that they are asked.

    With `remembers` they keep what they read, for the next turns of their conversations.
    """

    contestants: tuple[OpenContestant, ...]
    remembers: bool = False

    @cached_property
    def parties(self) -> tuple[Party, ...]:
        """Every contestant in one party."""
        found: list[Party] = []
        for group in self._sharing():
            voices = tuple(_voice(each, remembers=self.remembers) for each in group)
            joined = _joined(group, voices) if len(group) > 1 else None
            found += [joined] if joined else [alone(voice) for voice in voices]
        return tuple(found)

    def of(self, key: str) -> OpenContestant:
        """The contestant with this key. Raises KeyError."""
        return next((each for each in self.contestants if each.key == key), None) or _missing(key)

    def _sharing(self) -> list[list[OpenContestant]]:
        groups: dict[int, list[OpenContestant]] = {}
        for contestant in self.contestants:
            own = contestant.method == "full"
            groups.setdefault(id(contestant.module if own else contestant.weights), []).append(contestant)
        return list(groups.values())


def _missing(key: str) -> OpenContestant:
    raise KeyError(key)


def _joined(group: Sequence[OpenContestant], voices: tuple[Voice, ...]) -> Party | None:
    """One model for all of a group, some of whom may be one model asked in different ways; None where none
    can be made.
    """
    distinct = list({id(each.module): each.module for each in group}.values())
    try:
        model = _model_of(group, distinct)
        agrees = _agrees(model, [each.module for each in group])
    except _REFUSED:
        return None
    return Party(voices, model, together=True) if agrees else None


def _model_of(group: Sequence[OpenContestant], distinct: Sequence[nn.Module]) -> RowModel:
    if len(distinct) == 1:
        return RowModel(distinct[0], lambda numbers: None)
    places = {id(module): place for place, module in enumerate(distinct)}
    mine = [places[id(each.module)] for each in group]
    bare = group[0].bare()
    owners = join(bare, distinct)
    return RowModel(bare, lambda numbers: owners.select([mine[number] for number in numbers]))


def _voice(contestant: OpenContestant, *, remembers: bool) -> Voice:
    stops, memory = contestant.renderer.stops, memory_of(contestant) if remembers else None
    return Voice(contestant.key, contestant.module, contestant.tokenizer, stops, memory)


def alone(voice: Voice) -> Party:
    """One that answers by itself."""
    model = RowModel(voice.module, lambda numbers: None)
    try:
        together = _agrees(model, [voice.module])
    except _REFUSED:
        together = False
    return Party((voice,), model, together)


def _agrees(model: RowModel, modules: Sequence[nn.Module]) -> bool:
    """Whether rows of unequal length have the logits together that each has alone, but for rounding."""
    numbers = [number % len(modules) for number in range(max(2, len(modules)))]
    rows = [_PROBE[place % 2] for place in range(len(numbers))]
    caches = empty_caches(model.module, len(rows))
    model.select(numbers)
    for _ in read(model.module, [row[:-1] for row in rows], caches):
        pass
    last = mx.array([row[-1:] for row in rows], mx.int32)
    found = np.array(model.module(last, cache=caches)[:, -1].astype(mx.float32))
    for row, number, logits in zip(rows, numbers, found, strict=True):
        alone = np.array(modules[number](mx.array([row], mx.int32))[0, -1].astype(mx.float32))
        if not np.abs(alone - logits).max() <= _rounding(modules[number]) * np.abs(alone).max():
            return False
    return True


def _rounding(module: nn.Module) -> float:
    kinds = {array.dtype for array in arrays.named(module.parameters()).values()}
    return _EXACT if kinds <= {mx.float32} else _ROUNDED
