"""Many answers of several contestants in one batch over one copy of the weights, each as it is alone."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field

from mlx import nn
from mlx_lm.tokenizer_utils import TokenizerWrapper

from studio.generate.in_flight import InFlight, Running
from studio.generate.parties import Contest, Party, Voice, alone
from studio.generate.sampling import GREEDY, Sampling
from studio.generate.stream import Until, next_tokens

IN_FLIGHT = 32
"""Rows that are answered at once."""
_PLACES = 32_768
"""Tokens that prompts and answers in flight may have together: an 8B model remembers so many in 5 GB."""
_WORTH = 24
"""Tokens that prompts must have in common for them to be read once; fewer are read faster with the rest."""


@dataclass(frozen=True)
class AskedPrompt:
    """A prompt to one contestant. Sample n is drawn with the sampling's seed + n."""

    contestant: str
    prompt: tuple[int, ...]
    sample: int = 0
    max_tokens: int = 0  # 0: the sampling's
    begun: tuple[int, ...] = ()  # what the answer begins with, and goes on after as if it had been drawn


@dataclass(frozen=True)
class BatchAnswer:
    """What came: `tokens` counts the drawn ones, also one that ended it; `finish_reason` is stop or length.

    `ids` are the whole answer's, with what it began with. `seconds` is the answer's share of the time that
    the batch took: those of all add up to that. `log_probs` are of the drawn tokens, where they were asked
    for.
    """

    text: str
    tokens: int
    seconds: float
    finish_reason: str
    ids: tuple[int, ...] = ()
    log_probs: tuple[float, ...] = ()


def batch_answers(
    contest: Contest,
    asked: Sequence[AskedPrompt],
    sampling: Sampling,
    *,
    in_flight: int = IN_FLIGHT,
    with_log_probs: bool = False,
) -> Generator[tuple[int, BatchAnswer] | None]:
    """Answer all that is asked, as (its index, the answer), in the order in which they are finished.

    Yields None after each piece of prompts and each drawn token of all rows, so that it can be stopped.
    Answers end at the tokens with which a contestant's renderer ends a turn, before a text of
    `sampling.stop`, or at the limit; they are what `studio.generate.stream.answer` gives for the same prompt
    and seed. Raises KeyError for a contestant that is not there.
    """
    for row in asked:
        contest.of(row.contestant)
    for party in contest.parties:
        yield from _whole(answers_of(party, asked, sampling, in_flight, with_log_probs=with_log_probs))


def likeliest(
    model: nn.Module,
    tokenizer: TokenizerWrapper,
    prompts: Sequence[Sequence[int]],
    max_tokens: int,
    stops: frozenset[int],
    in_flight: int = IN_FLIGHT,
) -> Generator[tuple[int, str] | None]:
    """One model's likeliest answer to each prompt as (index, text), as `batch_answers` gives them."""
    asked = [AskedPrompt("", tuple(prompt)) for prompt in prompts]
    sampling = GREEDY.model_copy(update={"max_tokens": max_tokens})
    party = alone(Voice("", model, tokenizer, stops))
    for answered in _whole(answers_of(party, asked, sampling, in_flight)):
        yield (answered[0], answered[1].text.strip()) if answered else None


type Came = tuple[int, str | BatchAnswer] | None
"""What has come of an answer, by its index: the text of a token, or all of it; None between two steps."""


def answers_of(
    party: Party,
    asked: Sequence[AskedPrompt],
    sampling: Sampling,
    in_flight: int = IN_FLIGHT,
    *,
    with_log_probs: bool = False,
) -> Iterator[Came]:
    """Answer what is asked of one party, of all that is asked: every piece of text as it comes, and the whole
    answer at its end.
    """
    numbers = {voice.key: number for number, voice in enumerate(party.voices)}
    rows = [
        Running(
            index,
            numbers[row.contestant],
            (*row.prompt, *row.begun),
            (sampling.seed + row.sample) % 2**31,
            row.max_tokens or sampling.max_tokens,
            begun=row.begun,
        )
        for index, row in enumerate(asked)
        if row.contestant in numbers
    ]
    answering = _Answering(party, sampling, with_log_probs)
    if len(rows) == 1 and not with_log_probs:  # what serves one row alone is faster for it
        return answering.one_by_one(rows)
    return answering.together(rows, in_flight) if party.together else answering.one_by_one(rows)


def _whole(came: Iterator[Came]) -> Iterator[tuple[int, BatchAnswer] | None]:
    for each in came:
        if each is None:
            yield None
        elif isinstance(each[1], BatchAnswer):
            yield each[0], each[1]


@dataclass(frozen=True)
class _Answering:
    """The rows of one party."""

    party: Party
    sampling: Sampling
    with_log_probs: bool
    writings: dict[int, _Writing] = field(default_factory=dict)
    pieces: list[tuple[int, str]] = field(default_factory=list)  # that came, and were not handed on yet

    def together(self, rows: Sequence[Running], in_flight: int) -> Iterator[Came]:
        """Rows of like length side by side, the longest first; with a quarter of the places free, they are
        refilled.
        """
        waiting = sorted(rows, key=lambda row: (len(row.prompt), row.index))
        memories = [voice.memory for voice in self.party.voices]
        flight = InFlight(self.party.model, self.sampling, memories, with_log_probs=self.with_log_probs)
        if prefixes := self._prefixes(rows):
            yield from flight.read_first(prefixes)
        try:
            yield from self._flying(flight, waiting, in_flight)
        except GeneratorExit:  # stopped: what was read so far is of use when a conversation goes on
            flight.remember(flight.rows)
            raise

    def _flying(self, flight: InFlight, waiting: list[Running], in_flight: int) -> Iterator[Came]:
        while waiting or flight.rows:
            free = in_flight - len(flight.rows)
            roomy = not flight.rows or free >= max(1, in_flight // 4)
            if roomy and (taken := _taken(waiting, free, flight.rows)):
                yield from flight.admit(taken)
            gone = flight.step(self._ended, ahead=not waiting) if flight.rows else []
            yield from self._handed_on()
            for row in gone:
                yield from self._finished(row)
            yield None

    def _handed_on(self) -> Iterator[Came]:
        yield from self.pieces
        self.pieces.clear()

    def _prefixes(self, rows: Sequence[Running]) -> list[tuple[int, ...]]:
        """What the prompts to each contestant begin with: instructions, and examples that go before.

        Of one that is asked nothing, another's; nothing at all where reading that first is not worth it, or
        conversations are remembered.
        """
        if any(voice.memory for voice in self.party.voices):
            return []
        voices = range(len(self.party.voices))
        prompts = {voice: [row.prompt for row in rows if row.contestant == voice] for voice in voices}
        found = {voice: common_prefix(own) for voice, own in prompts.items() if own}
        longest = max(found.values(), key=len, default=())
        if len(longest) < _WORTH or not all(found.values()) or len(rows) <= 2 * len(found):
            return []
        return [found.get(voice, longest) for voice in voices]

    def one_by_one(self, rows: Sequence[Running]) -> Iterator[Came]:
        """The same for a model that cannot read several rows at once."""
        for row in rows:
            sampling = self.sampling.model_copy(update={"seed": row.seed})
            voice = self.party.voices[row.contestant]
            began = time.perf_counter()
            drawn = next_tokens(voice.module, row.prompt, sampling, len(row.begun), voice.memory)
            for token in drawn:
                row.tokens.append(token)
                is_over = self._ended(row)
                yield from self._handed_on()
                if is_over:
                    break
                yield None
            row.seconds = time.perf_counter() - began
            yield from self._finished(row)

    def _ended(self, row: Running) -> bool:
        """Take note of the token that was drawn for a row; whether it was its last."""
        writing = self._writing(row)
        if text := writing.take(row.tokens[-1]):
            self.pieces.append((row.index, text))
        return writing.ended or len(row.tokens) >= row.limit

    def _finished(self, row: Running) -> Iterator[Came]:
        writing = self.writings.pop(row.index)
        if rest := writing.finish():
            yield row.index, rest
        reason = "stop" if writing.ended else "length"
        ids, log_probs = (*row.begun, *row.tokens), tuple(row.log_probs)
        yield row.index, BatchAnswer(writing.text, len(row.tokens), row.seconds, reason, ids, log_probs)

    def _writing(self, row: Running) -> _Writing:
        if row.index not in self.writings:
            voice = self.party.voices[row.contestant]
            writing = _Writing(voice.tokenizer, voice.stops, self.sampling.stop)
            if begun := "".join(map(writing.take, row.begun)):
                self.pieces.append((row.index, begun))
            self.writings[row.index] = writing
        return self.writings[row.index]


class _Writing:
    """A text as its tokens come, up to a token or before a text that ends it."""

    def __init__(self, tokenizer: TokenizerWrapper, stops: frozenset[int], texts: Sequence[str]) -> None:
        self._detokenizer, self._stops, self._shown = tokenizer.detokenizer, stops, Until(texts)
        self.ended = False

    def take(self, token: int) -> str:
        """One more token; returns the text that can be shown now."""
        if token in self._stops:
            self.ended = True
            return ""
        self._detokenizer.add_token(token)
        text = self._shown.take(self._detokenizer.last_segment)
        self.ended = self._shown.ended
        return text

    def finish(self) -> str:
        """What was held back, now that nothing comes any more."""
        self._detokenizer.finalize()
        rest = self._shown.take(self._detokenizer.last_segment) + self._shown.rest()
        self.ended = self.ended or self._shown.ended
        return rest

    @property
    def text(self) -> str:
        """All that was shown."""
        return self._shown.text


def common_prefix(prompts: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """What all prompts begin with, short of the last token of each."""
    if not prompts:
        return ()
    first, last = min(map(tuple, prompts)), max(map(tuple, prompts))
    longest = min(len(prompt) for prompt in prompts) - 1
    count = next((place for place in range(longest) if first[place] != last[place]), longest)
    return first[:count]


def _taken(waiting: list[Running], free: int, running: Sequence[Running]) -> list[Running]:
    """The longest of those that wait, taken out: so many as there is room for, but one where nothing runs."""
    taken: list[Running] = []
    widest = max((len(row.prompt) + row.limit for row in running), default=0)
    while waiting and len(taken) < free:
        widest = max(widest, len(waiting[-1].prompt) + waiting[-1].limit)
        if (taken or running) and widest * (len(taken) + len(running) + 1) > _PLACES:
            break
        taken.append(waiting.pop())
    return taken
