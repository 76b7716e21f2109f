"""How likely a model finds given continuations: what multiple choice and perplexity are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from mlx import nn

from studio.evaluate.reading import log_of_sum
from studio.train.kernels.head import OwnHead, find_head

BATCH_TOKENS = 2048
"""Tokens read at once: a stop waits for no more than this, and only what is asked for reaches the head."""
_STEP = 16  # widths are multiples of this: every shape costs the engine some preparation


@dataclass(frozen=True)
class Continuation:
    """Tokens of a context, at least one, and those that may follow: the likelihood is asked of these."""

    context: tuple[int, ...]
    wanted: tuple[int, ...]

    def within(self, longest: int) -> tuple[tuple[int, ...], int]:
        """What the model reads, cut at its left where `longest` tokens do not hold it, and how many tokens
        at the end of it predict the wanted ones."""
        read = (self.context + self.wanted)[-(longest + 1) :][:-1]
        return read, min(len(self.wanted), len(read))


@dataclass(frozen=True)
class LogLikelihood:
    """log p of a continuation in nats, and whether each of its tokens is the model's own first choice."""

    value: float
    greedy: bool


def split(whole: Sequence[int], context: Sequence[int]) -> Continuation:
    """A text's tokens, parted where those of its beginning end.

    Of a text that adds no token to its beginning nothing is asked.
    """
    return Continuation(tuple(whole[: len(context)]), tuple(whole[len(context) :]))


def windows(ids: Sequence[int], first: int, longest: int) -> list[Continuation]:
    """A long text as parts that the model can read, in which each token is asked for exactly once.

    The first token is predicted from `first`; the last part has as much context as fits. So
    lm-evaluation-harness cuts a text whose perplexity it asks for.
    """
    parts = [Continuation((first,), tuple(ids[:longest]))] if ids else []
    for start in range(longest, len(ids), longest):
        end = min(start + longest, len(ids))
        parts.append(Continuation(tuple(ids[end - longest - 1 : start]), tuple(ids[start:end])))
    return parts


def likelihoods(
    model: nn.Module, asked: Sequence[Continuation], longest: int
) -> Iterator[dict[int, LogLikelihood]]:
    """The likelihood of each continuation by its index, a batch at a time, the longest ones first.

    What reads the same (choices of one token behind one question) is read once. `longest` is how many
    tokens the model reads at most; of a longer context the beginning is left out.
    """
    readers: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, each in enumerate(asked):
        readers[each.within(longest)[0]].append(index)
    head = find_head(model)
    for batch in _batches(readers):
        found: dict[int, LogLikelihood] = {}
        for read, places in zip(batch, _scored(model, head, batch, asked, readers, longest), strict=True):
            found.update(zip(readers[read], places, strict=True))
        yield found


def _batches(readers: dict[tuple[int, ...], list[int]]) -> Iterator[list[tuple[int, ...]]]:
    """What is to be read, that of like length together, the longest first."""
    batch: list[tuple[int, ...]] = []
    for read in sorted(readers, key=lambda ids: (-len(ids), ids)):
        if batch and (len(batch) + 1) * len(batch[0]) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(read)
    if batch:
        yield batch


def _scored(
    model: nn.Module,
    head: OwnHead | None,
    batch: Sequence[tuple[int, ...]],
    asked: Sequence[Continuation],
    readers: dict[tuple[int, ...], list[int]],
    longest: int,
) -> Iterator[list[LogLikelihood]]:
    """For each text of a batch the likelihoods of what was asked behind it."""
    width = -(-max(map(len, batch)) // _STEP) * _STEP
    ids = np.zeros((len(batch), width), np.int32)
    places: list[int] = []  # of the flattened batch, for each token asked for
    targets: list[int] = []
    for row, read in enumerate(batch):
        ids[row, : len(read)] = read
        for index in readers[read]:
            count = asked[index].within(longest)[1]
            places += range(row * width + len(read) - count, row * width + len(read))
            targets += asked[index].wanted[len(asked[index].wanted) - count :]
    values, first = _at(model, head, mx.array(ids), np.array(places, np.intp), np.array(targets, np.int32))
    start = 0
    for read in batch:
        results: list[LogLikelihood] = []
        for index in readers[read]:
            end = start + asked[index].within(longest)[1]
            results.append(LogLikelihood(float(values[start:end].sum()), bool(first[start:end].all())))
            start = end
        yield results


_CHUNK_BYTES = 64 * 2**20
"""About how large the logits of a chunk may be, in fp32."""


def _at(
    model: nn.Module, head: OwnHead | None, ids: mx.array, places: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """log p of `targets` [n] at `places` [n] of the flattened `ids`, and whether each is the likeliest.

    Sums are made in fp64, so that a long text loses nothing.
    """
    rows = model(ids) if head is None else head.hidden(ids)
    rows = rows.reshape(-1, rows.shape[-1])
    vocabulary = rows.shape[-1] if head is None else head.output.vocabulary
    chunk = max(16, _CHUNK_BYTES // (4 * vocabulary))
    values, first = np.zeros(len(places)), np.zeros(len(places), bool)
    for start in range(0, len(places), chunk):
        part = slice(start, start + chunk)
        chosen = rows[mx.array(places[part])]
        logits = (chosen if head is None else head.output.given_out(chosen)).astype(mx.float32)
        wanted = mx.array(targets[part])
        picked = mx.take_along_axis(logits, wanted[:, None], axis=-1)[:, 0]
        values[part] = np.array(picked - log_of_sum(logits))
        first[part] = np.array(mx.argmax(logits, axis=-1) == wanted)
    return values, first
