"""Answers token by token, from one model or from several at once."""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator, Sequence

import mlx.core as mx
from mlx import nn
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.tokenizer_utils import TokenizerWrapper

from studio.events import AnswerEnded, AnswerPiece
from studio.generate.drawing import draw, processors
from studio.generate.remembered import OwnMemory
from studio.generate.sampling import Sampling
from studio.models.arrays import number


class Until:
    """Hands on what comes, but for a text that ends it and for what may be the beginning of one."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops, self._held = stops, ""
        self.text = ""
        self.ended = False

    def take(self, piece: str) -> str:
        """What can be shown now that this piece has come; nothing any more after the end."""
        if self.ended:
            return ""
        held = self._held + piece
        found = [place for stop in self._stops if (place := held.find(stop)) >= 0]
        self.ended = bool(found)
        self._held = "" if found else held[len(held) - self._doubtful(held) :]
        return self._shown(held[: min(found)] if found else held[: len(held) - len(self._held)])

    def rest(self) -> str:
        """What was held back, now that nothing comes any more."""
        held, self._held = self._held, ""
        return self._shown(held)

    def _shown(self, text: str) -> str:
        self.text += text
        return text

    def _doubtful(self, text: str) -> int:
        """How many characters at its end may be the beginning of a text that ends it."""
        longest = min(len(text), max(map(len, self._stops), default=1) - 1)
        ends = (count for count in range(longest, 0, -1) if self._begins(text[len(text) - count :]))
        return next(ends, 0)

    def _begins(self, text: str) -> bool:
        return any(stop.startswith(text) for stop in self._stops)


PREFILL = 512  # prompt tokens read at a time: the GPU is never held longer than one such piece


def next_tokens(
    model: nn.Module,
    prompt: Sequence[int],
    sampling: Sampling,
    place: int = 0,
    memory: OwnMemory | None = None,
) -> Iterator[int]:
    """Token ids that continue `prompt`, without end; `place` of its last tokens are the answer's already.

    With a memory, what it has read of the prompt is not read again, and what was read is kept in it.

    Every draw is seeded by (seed, position), so an answer depends on nothing but model, prompt and
    sampling: not on what else was drawn in between. mlx-lm's own `generate_step` would leave its stream
    set for whoever runs between two tokens, which forbids taking turns.
    """
    cache, read = memory.recall(prompt) if memory else ([], 0)
    cache = cache or make_prompt_cache(model)
    penalties = processors(sampling)
    tokens = so_far = mx.array(list(prompt))
    for start in range(read, len(prompt) - 1, PREFILL):
        end = min(start + PREFILL, len(prompt) - 1)
        model(tokens[None, start:end], cache=cache)
        mx.eval([layer.state for layer in cache])

    def following(latest: mx.array, position: int) -> mx.array:
        nonlocal so_far
        logits = model(latest[None], cache=cache)[:, -1, :].astype(mx.float32)
        for penalty in penalties:
            logits = penalty(so_far, logits)
        drawn = draw(logits, sampling, [(sampling.seed, position)])
        if penalties:
            so_far = mx.concatenate([so_far, drawn])
        mx.async_eval(drawn)
        return drawn

    latest, seen = following(tokens[-1:], place), list(prompt)
    try:
        while True:
            place += 1
            ahead = following(latest, place)
            seen.append(int(number(latest)))
            yield seen[-1]
            latest = ahead
    except GeneratorExit:  # the only end that it has
        if memory is not None:
            memory.keep(seen, cache)
        raise


def answer(
    who: str,
    model: nn.Module,
    tokenizer: TokenizerWrapper,
    prompt: Sequence[int],
    sampling: Sampling,
    stops: Collection[int],
) -> Generator[AnswerPiece | AnswerEnded | None]:
    """Stream one answer: its pieces, then how it ended: at one of the tokens `stops`, before one of the texts
    that the sampling names, or at the limit.

    Yields None for a token that shows no text yet.
    """
    detokenizer, shown = tokenizer.detokenizer, Until(sampling.stop)
    began, first, count, reason = time.perf_counter(), 0.0, 0, "length"
    for token in next_tokens(model, prompt, sampling):
        count += 1
        first = first or time.perf_counter() - began
        if token in stops:
            reason = "stop"
            break
        detokenizer.add_token(token)
        text = shown.take(detokenizer.last_segment)
        yield AnswerPiece(who, text) if text else None
        if shown.ended or count >= sampling.max_tokens:
            break
    detokenizer.finalize()
    if rest := shown.take(detokenizer.last_segment) + shown.rest():
        yield AnswerPiece(who, rest)
    seconds = time.perf_counter() - began
    speed = count / seconds if seconds > 0 else 0.0
    reason = "stop" if shown.ended else reason
    yield AnswerEnded(who, shown.text, len(prompt), count, speed, first, reason)
