"""Which words tuning pushes, read from the states of a few tokens of text that has nothing to do with it.

A narrow tuning leaves its mark on every state: the mean difference between tuned and base at the first
places of unrelated texts, read through the last norm and the head, names what the tuning was about. Mixing
general text into the training weakens it.
Source: Minder et al., 2025, "Narrow finetuning leaves clearly readable traces in activation differences".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
from mlx import nn

from studio.catalogue import Unusable
from studio.evaluate.inside.layers import Reader, batch_states, find_reader, top_tokens
from studio.models.arrays import number

PLACES = 5
"""So many places from the beginning of each text are read, as in the source."""
WORDS = 12
"""So many tokens of each reading are given."""


@dataclass(frozen=True)
class Pushed:
    """What the mean difference says at one place of the texts, after one layer (both from 1).

    `tokens` are the ids it speaks most for; `size` is |mean difference| / mean |base|. A difference of
    chance averages out over texts; `steady` is the share of it that does not: |mean| / mean |·|, 0 to 1.
    """

    place: int
    layer: int
    tokens: tuple[int, ...]
    size: float
    steady: float


def pushed_words(
    base: nn.Module, tuned: nn.Module, texts: Sequence[Sequence[int]], words: int = WORDS
) -> list[Pushed]:
    """What tuning pushes at the first places of `texts` (token ids), after the middle and the last layer.

    Texts shorter than PLACES are left out. Raises Unusable where a model cannot be looked into or read.
    """
    firsts = [tuple(ids[:PLACES]) for ids in texts if len(ids) >= PLACES]
    if not firsts:
        return []
    reader = find_reader(tuned)
    differences, sizes = _differences(base, tuned, firsts)
    found = []
    for layer in dict.fromkeys(_layers(len(differences))):
        found += _read(reader, layer, differences[layer], sizes[layer], words)
    return found


def _layers(count: int) -> tuple[int, int]:
    """The middle one, where the source reads, and the last."""
    return (count - 1) // 2, count - 1


def _differences(
    base: nn.Module, tuned: nn.Module, firsts: Sequence[tuple[int, ...]]
) -> tuple[list[mx.array], list[mx.array]]:
    """For each layer the differences [texts, PLACES, width], and |base| [texts, PLACES]."""
    own, other = batch_states(base, firsts), batch_states(tuned, firsts)
    if [each.shape for each in own] != [each.shape for each in other]:
        raise Unusable("inside.other_shapes")
    differences = [b - a for a, b in zip(own, other, strict=True)]
    return differences, [mx.linalg.norm(each, axis=-1) for each in own]


def _read(reader: Reader, layer: int, differences: mx.array, sizes: mx.array, words: int) -> list[Pushed]:
    mean = differences.mean(axis=0)
    lengths = mx.linalg.norm(mean, axis=-1)
    shares = lengths / (mx.linalg.norm(differences, axis=-1).mean(axis=0) + 1e-20)
    relative = lengths / (sizes.mean(axis=0) + 1e-20)
    named = top_tokens(reader, mean, words)
    return [
        Pushed(place + 1, layer + 1, tuple(named[place]), number(relative[place]), number(shares[place]))
        for place in range(mean.shape[0])
    ]
