"""Drawing the next token of every row of a batch, each as if it were drawn alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import mlx.core as mx
from mlx_lm.sample_utils import apply_min_p, apply_top_k, apply_top_p, make_logits_processors

from studio.generate.sampling import Sampling

Processor = Callable[[mx.array, mx.array], mx.array]
"""Takes the tokens so far [places] and logits [1, vocabulary], gives the logits."""
_EVERYTHING = 2**30  # tokens: further back than any text goes


def processors(sampling: Sampling) -> list[Processor]:
    """The penalties, over prompt and answer, as mlx-lm and transformers count them."""
    window = sampling.penalty_window or _EVERYTHING
    found: list[Processor] = make_logits_processors(
        repetition_penalty=sampling.repetition_penalty if sampling.repetition_penalty != 1.0 else None,
        repetition_context_size=window,
        presence_penalty=sampling.presence_penalty,
        presence_context_size=window,
        frequency_penalty=sampling.frequency_penalty,
        frequency_context_size=window,
    )
    return found


def draw(logits: mx.array, sampling: Sampling, seeds: Sequence[tuple[int, int]]) -> mx.array:
    """The next tokens [rows] for logits [rows, vocabulary].

    `seeds` are the seed of each row's answer and the place in it. The two make up the whole state of the
    draw, so it depends neither on the other rows nor on what was drawn before.
    """
    if sampling.is_greedy:
        return mx.argmax(logits, axis=-1)
    allowed = _allowed(logits - mx.logsumexp(logits, axis=-1, keepdims=True), sampling)
    scaled = allowed * (1.0 / sampling.temperature)
    drawn = [
        mx.random.categorical(scaled[row : row + 1], key=_key(seed, place))
        for row, (seed, place) in enumerate(seeds)
    ]
    return mx.concatenate(drawn)


def _key(seed: int, place: int) -> mx.array:
    """The key of the first draw after MLX's own state was seeded with (seed, place)."""
    return mx.random.split(mx.array([seed, place], mx.uint32))[1]


def _allowed(log_p: mx.array, sampling: Sampling) -> mx.array:
    """Log-probabilities, -inf for the tokens that are not to be drawn; in mlx-lm's order."""
    vocabulary = log_p.shape[-1]
    if sampling.top_p < 1:
        log_p = apply_top_p(log_p, sampling.top_p)
    if sampling.min_p:
        log_p = apply_min_p(log_p, sampling.min_p)
    if 0 < sampling.top_k < vocabulary:
        log_p = apply_top_k(log_p, sampling.top_k)
    return log_p
