"""Replies to one prompt, which is read once: streamed, with the probability of every token where it is asked.

One token of each reply is drawn in turn, so they come side by side, and whoever listens can stop them.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import mlx.core as mx
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.tokenizer_utils import BPEStreamingDetokenizer, SPMStreamingDetokenizer, TokenizerWrapper

from studio.events import ReplyEnded, ReplyPiece, ReplyToken, WeighedToken
from studio.generate.drawing import draw, processors
from studio.generate.parties import Voice
from studio.generate.remembered import OwnMemory
from studio.generate.sampling import Sampling
from studio.generate.stream import PREFILL, Until
from studio.models.arrays import number

_WORD = "a"


class Guide(Protocol):
    """Lets only those tokens through that a form allows, such as a JSON schema."""

    ended: bool

    def allowed(self, logits: mx.array) -> mx.array:
        """Logits [1, vocabulary], -inf for what may not come next."""

    def take(self, token: int) -> None:
        """Note the token that was drawn."""


@dataclass(frozen=True)
class ReplyOptions:
    """How a prompt is answered: at most `limit` tokens; `likely` is how many of the likeliest to tell at each
    place, None to tell no probabilities at all. Where the reply `goes_on` in a text, a space that it begins
    with is a part of it.
    """

    sampling: Sampling
    limit: int
    likely: int | None = None
    goes_on: bool = False


def replies(
    voice: Voice,
    prompt: Sequence[int],
    options: ReplyOptions,
    numbers: Sequence[int],
    guides: Sequence[Guide] = (),
    memory: OwnMemory | None = None,
) -> Generator[ReplyPiece | ReplyEnded | None]:
    """One reply for each of `numbers`, drawn with the sampling's seed + its number.

    What is remembered of the prompt's beginning is not read again, and the first reply is remembered. Yields
    None for a piece of the prompt that was read, and for a token that shows no text yet.
    """
    cache, known = memory.recall(prompt) if memory is not None else ([], 0)
    cache = cache or make_prompt_cache(voice.module)
    yield from _read(voice, prompt, known, cache)
    caches = [cache, *(copy.deepcopy(cache) for _ in numbers[1:])]
    guiding: Sequence[Guide | None] = guides or [None] * len(numbers)
    memories = [memory, *(None for _ in numbers[1:])]
    running = [
        _reply(voice, prompt, own, options, each, guide, kept)
        for each, own, guide, kept in zip(numbers, caches, guiding, memories, strict=True)
    ]
    while running:
        for stream in list(running):
            event = next(stream)
            if isinstance(event, ReplyEnded):
                running.remove(stream)
            yield event


def _read(voice: Voice, prompt: Sequence[int], known: int, cache: list[Any]) -> Iterator[None]:
    """Read all but the last token, and those that are known, a piece at a time."""
    tokens = mx.array(list(prompt))
    for start in range(known, len(prompt) - 1, PREFILL):
        voice.module(tokens[None, start : min(start + PREFILL, len(prompt) - 1)], cache=cache)
        mx.eval([layer.state for layer in cache])
        yield None


def _reply(
    voice: Voice,
    prompt: Sequence[int],
    cache: list[Any],
    options: ReplyOptions,
    choice: int,
    guide: Guide | None,
    memory: OwnMemory | None,
) -> Generator[ReplyPiece | ReplyEnded | None]:
    writing = _WeighedWriting(voice.tokenizer, options.sampling.stop, options.goes_on)
    count, reason = 0, "length"
    with closing(_drawn(voice, prompt, cache, options, choice, guide, memory)) as drawn:
        for token, weighed in drawn:
            count += 1
            if token in voice.stops:
                reason = "stop"
                break
            text, shown = writing.take(token, weighed)
            yield ReplyPiece(choice, text, shown) if text or shown else None
            if guide is not None and guide.ended:
                reason = "stop"
                break
            if writing.ended or count >= options.limit:
                break
    text, shown = writing.rest()
    if text or shown:
        yield ReplyPiece(choice, text, shown)
    yield ReplyEnded(choice, count, "stop" if writing.ended else reason)


def _drawn(
    voice: Voice,
    prompt: Sequence[int],
    cache: list[Any],
    options: ReplyOptions,
    choice: int,
    guide: Guide | None,
    memory: OwnMemory | None,
) -> Generator[tuple[int, ReplyToken | None]]:
    """Tokens without end, with their probabilities where those are told: as the model gives them, after
    penalties, before temperature and before a guide. What was read is remembered when it is closed.
    """
    sampling, penalties = options.sampling, processors(options.sampling)
    seed = (sampling.seed + choice) % 2**31
    so_far = mx.array(list(prompt), mx.int32)
    latest, seen = so_far[-1:], list(prompt)
    try:
        while True:
            logits = voice.module(latest[None], cache=cache)[:, -1, :].astype(mx.float32)
            for penalty in penalties:
                logits = penalty(so_far, logits)
            free = guide.allowed(logits) if guide is not None else logits
            latest = draw(free, sampling, [(seed, len(seen) - len(prompt))])
            if penalties:
                so_far = mx.concatenate([so_far, latest])
            token = int(number(latest))
            if guide is not None:
                guide.take(token)
            likely = options.likely
            yield token, None if likely is None else _weighed(voice, logits[0], token, likely)
            seen.append(token)
    except GeneratorExit:  # the only end that it has
        if memory is not None:
            memory.keep(seen, cache)


def _weighed(voice: Voice, logits: mx.array, token: int, likely: int) -> ReplyToken:
    log_p = logits - mx.logsumexp(logits)
    ids: Any = mx.argpartition(-log_p, kth=likely - 1)[:likely].tolist() if likely else []
    values: Any = log_p[mx.array([token, *ids])].tolist()
    own, *others = (
        _told(voice.tokenizer, each, value) for each, value in zip([token, *ids], values, strict=True)
    )
    return ReplyToken(own, tuple(sorted(others, key=lambda each: -each.log_prob)))


def _told(tokenizer: TokenizerWrapper, token: int, log_prob: float) -> WeighedToken:
    data = token_bytes(tokenizer, token)
    text = tokenizer.decode([token]) if data is None else data.decode("utf-8", "replace")
    return WeighedToken(text, tuple(data or b""), log_prob)


class _WeighedWriting:
    """A text as its tokens come, up to a text that ends it; each token is told with the text it begins in."""

    def __init__(self, tokenizer: TokenizerWrapper, stops: Sequence[str], goes_on: bool) -> None:
        self._detokenizer, self._until = tokenizer.detokenizer, Until(stops)
        if goes_on:  # mlx-lm leaves out a space before the first word: let that be another
            for token in tokenizer.encode(_WORD, add_special_tokens=False):
                self._detokenizer.add_token(token)
            _ = self._detokenizer.last_segment
        self._waiting: deque[tuple[int, ReplyToken]] = deque()  # with the place in the text where each begins
        self._length = 0  # of the text so far, also what is held back

    @property
    def ended(self) -> bool:
        return self._until.ended

    def take(self, token: int, weighed: ReplyToken | None) -> tuple[str, tuple[ReplyToken, ...]]:
        """What can be shown now that this token has come."""
        if weighed is not None:
            self._waiting.append((self._length, weighed))
        self._detokenizer.add_token(token)
        return self._shown(self._until.take(self._segment()))

    def rest(self) -> tuple[str, tuple[ReplyToken, ...]]:
        """What was held back, now that nothing comes any more."""
        self._detokenizer.finalize()
        text, tokens = self._shown(self._until.take(self._segment()) + self._until.rest())
        left = () if self.ended else tuple(each for _, each in self._waiting)
        return text, (*tokens, *left)

    def _segment(self) -> str:
        segment: str = self._detokenizer.last_segment
        self._length += len(segment)
        return segment

    def _shown(self, text: str) -> tuple[str, tuple[ReplyToken, ...]]:
        shown, found = len(self._until.text), list[ReplyToken]()
        while self._waiting and self._waiting[0][0] < shown:
            found.append(self._waiting.popleft()[1])
        return text, tuple(found)


def token_bytes(tokenizer: TokenizerWrapper, token: int) -> bytes | None:
    """The bytes that a token stands for, which may be a part of a character; None where that is not known."""
    written = tokenizer.convert_ids_to_tokens(token)
    if written is None:
        return None
    detokenizer = tokenizer.detokenizer
    if isinstance(detokenizer, BPEStreamingDetokenizer):
        known = _printed_bytes()
        if all(character in known for character in written):
            return bytes(known[character] for character in written)
    elif isinstance(detokenizer, SPMStreamingDetokenizer):
        if written.startswith("<0x") and len(written) == 6:
            return bytes([int(written[3:5], 16)])
        return bytes(written.replace("\u2581", " "), "utf-8")
    text: str = tokenizer.decode([token])
    return None if "\ufffd" in text else text.encode()


@lru_cache(maxsize=1)
def _printed_bytes() -> dict[str, int]:
    """Which byte each character stands for in vocabularies of bytes, as GPT-2 began to print them."""
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printed]
    return {chr(byte): byte for byte in printed} | {chr(256 + n): byte for n, byte in enumerate(others)}
