"""NEFTune: noise on the embeddings while learning, against overfitting (Jain et al. 2023, 2310.05914)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import mlx.core as mx
import numpy as np

from studio.train.overlay import Call


def noisy(embedding: Call, lengths: Sequence[Sequence[int]], alpha: float, seed: int) -> Call:
    """The embeddings with uniform noise of at most alpha / sqrt(tokens * hidden) on every real token.

    `lengths` has for each row the tokens of each sequence in it: a long sequence gets less noise per token,
    and padding none.
    """

    def call(ids: mx.array) -> mx.array:
        states: mx.array = embedding(ids)
        strength = mx.array(strengths(lengths, states.shape[1], alpha, states.shape[2]))
        noise = mx.random.uniform(-1, 1, states.shape, key=mx.random.key(seed))
        return states + (noise * strength[..., None]).astype(states.dtype)

    return call


def strengths(
    lengths: Sequence[Sequence[int]], width: int, alpha: float, hidden: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The largest noise on each token of a batch: [rows, width], zero in padding."""
    result = np.zeros((len(lengths), width), np.float32)
    for row, parts in enumerate(lengths):
        start = 0
        for length in parts:
            result[row, start : start + length] = alpha / math.sqrt(max(1, length) * hidden)
            start += length
    return result
