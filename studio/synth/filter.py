"""What is refused of what a model generated, and why: unsupported by its passage, or known already."""

from __future__ import annotations

import re
import zlib
from array import array
from collections import defaultdict
from itertools import pairwise

from studio.dataset.documents.passages import plain, words
from studio.dataset.record import Record
from studio.synth.generators import Draft, GenerationSource, RowGenerator
from studio.synth.plan import Plan

_BETWEEN = re.compile(r"(?<=[.!?…])\s+|(?<=[。！？])|\s*\n\s*")  # noqa: RUF001
_NEW_WORDS = 2  # words that a further sentence has to add


def grounds(answer: str, passage: str) -> tuple[tuple[int, int], ...]:
    """Where in the passage the sentences stand that together hold the answer's words, in their order.

    None where it shares no word that matters, and where the answer is the passage itself.
    """
    sought = _weighty(answer)
    if plain(answer) == plain(passage):
        return ()
    places = {place: _weighty(passage[slice(*place)]) & sought for place in _sentences(passage)}
    chosen: list[tuple[int, int]] = []
    covered: set[str] = set()
    while places:
        place = max(places, key=lambda each: (len(places[each] - covered), -each[0]))
        found = places.pop(place)
        if len(found - covered) < (_NEW_WORDS if chosen else 1):
            break
        chosen.append(place)
        covered |= found
    return tuple(sorted(chosen))


def _sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence begins and ends."""
    borders = [0, *(place for found in _BETWEEN.finditer(text) for place in found.span()), len(text)]
    pairs = zip(borders[::2], borders[1::2], strict=True)
    return [(start, end) for start, end in pairs if text[start:end].strip()]


def _weighty(text: str) -> set[str]:
    """The beginnings of the words that say something, not of those of up to three letters between them."""
    terms = words(text)
    return {word[:5] for word in terms if len(word) > 3 or word.isdigit() or not word.isascii()} or set(terms)


NEAR = 0.8
"""Texts are near duplicates when their pairs of neighbouring words have this much in common (Jaccard)."""

SHORT = 5
"""Texts of fewer words are duplicates only when they are equal: one word there changes everything."""


class Known:
    """Texts that were seen.

    Two sets whose Jaccard similarity is at least t share one of the first (1 - t) of their members in any
    fixed order ("prefix filtering", Chaudhuri et al., 2006), so only those are indexed and nothing is missed.
    """

    def __init__(self) -> None:
        self._exact: set[str] = set()
        self._sets: list[array[int]] = []
        self._index: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, text: str) -> None:
        """Remember a text."""
        self._exact.add(plain(text))
        marks = _marks(text)
        if marks:
            for mark in _prefix(marks):
                self._index[mark].append(len(self._sets))
            self._sets.append(marks)

    def equal(self, text: str) -> bool:
        """Whether this text was seen, whatever its case, spacing and punctuation."""
        return plain(text) in self._exact

    def near(self, text: str) -> bool:
        """Whether a text nearly equal to this one was seen."""
        marks = _marks(text)
        seen = {number for mark in _prefix(marks) for number in self._index.get(mark, ())}
        return any(_alike(marks, self._sets[number]) for number in seen)


def _marks(text: str) -> array[int]:
    """The text's pairs of neighbouring words as sorted numbers; none for a short one."""
    terms = words(text)
    if len(terms) < SHORT:
        return array("I")
    pairs = {zlib.crc32(f"{a} {b}".encode()) for a, b in pairwise(terms)}
    return array("I", sorted(pairs))


def _prefix(marks: array[int]) -> array[int]:
    return marks[: len(marks) - int(NEAR * len(marks) + 0.999) + 1] if marks else marks


def _alike(one: array[int], other: array[int]) -> bool:
    if min(len(one), len(other)) < NEAR * max(len(one), len(other)):
        return False
    common = len(set(one).intersection(other))
    return common >= NEAR * (len(one) + len(other) - common)


GROUNDED = 0.6
"""How much of an answer's words must stand in the passage it was made from."""

_ABOUT_THE_PASSAGE = re.compile(
    r"\b(?:the|this) (?:passage|text|excerpt|document|author|article)\b|\babove\b", re.IGNORECASE
)
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_REQUEST_WORDS = (
    "about could does explain from give have kind know list mean name please should some tell that there "
    "these they this type used want were what when where which will with word words would write your"
)
_REQUESTS = frozenset(_REQUEST_WORDS.split())
"""What requests are made of, whatever they are about."""

_SHORT_ANSWER = 4  # words of an answer below which every one must stand in the passage


class RowFilter:
    """Refuses drafts that are broken or known; one that passes is known from then on."""

    def __init__(self, generator: RowGenerator, plan: Plan) -> None:
        self._generator = generator
        self._plan = plan
        self._known = Known()

    def know(self, record: Record) -> None:
        """Remember a row, so that it is not made again."""
        self._known.add(self._compared(record))

    def refusal(self, draft: Draft, source: GenerationSource) -> str:
        """Why the draft is refused, in a few words that can be counted; empty for one that passes."""
        record = draft.record
        reason = self._broken(record, source) or self._duplicate(record)
        if not reason:
            self.know(record)
        return reason

    def _compared(self, record: Record) -> str:
        question = record.question
        return question if self._generator.compares == "question" else f"{question}\n{record.answer}"

    def _broken(self, record: Record, source: GenerationSource) -> str:
        prompt, answer = record.prompt.strip(), record.answer.strip()
        if not words(prompt) or not answer:
            return "empty"
        if _NO_TEXT.search(prompt + answer):
            return "broken characters"
        if max(len(prompt), len(answer)) > self._plan.longest and not self._given(record, source):
            return "too long"
        if self._copied(prompt, answer, source):
            return "copied the prompt"
        if self._elsewhere(record, source):
            return "about something else"
        if self._generator.name == "passages" and _ABOUT_THE_PASSAGE.search(prompt):
            return "speaks of the passage"
        if self._generator.grounded and source.passage and not grounded(answer, source.passage.text):
            return "not grounded in the passage"
        return ""

    def _given(self, record: Record, source: GenerationSource) -> bool:
        """Whether what is long was so before: an answer that stays, or the passage itself."""
        kept = source.passage.text if source.passage else source.record.answer if source.record else ""
        return len(record.prompt) <= self._plan.longest and record.answer == kept

    def _copied(self, prompt: str, answer: str, source: GenerationSource) -> bool:
        if self._generator.compares == "question" and source.record is not None:
            before = source.record.prompt
            if prompt == before or (self._generator.asks_model and plain(prompt) == plain(before)):
                return True
        return plain(prompt) == plain(answer)

    def _elsewhere(self, record: Record, source: GenerationSource) -> bool:
        """Whether the new request is not the old one in other words, or not one for this answer."""
        if self._generator.name in ("paraphrase", "back-translation") and source.record is not None:
            return not same_subject(_request(record), _request(source.record))
        if self._generator.name == "question":
            return not leads_to(record.prompt, record.answer)
        return False

    def _duplicate(self, record: Record) -> str:
        text = self._compared(record)
        if self._generator.asks_model and self._known.equal(text):
            return "an exact duplicate"
        if self._generator.near and self._known.near(text):
            return "a near duplicate"
        return ""


def same_subject(one: str, other: str) -> bool:
    """Whether two requests have their numbers in common, or half of the words that matter."""
    first, second = heavy(one), heavy(other)
    if numbers(one) or numbers(other) or not (first and second):
        return numbers(one) == numbers(other)
    return 2 * len(first & second) >= max(len(first), len(second))


def leads_to(request: str, answer: str) -> bool:
    """Whether a request can be one for this answer: a longer answer takes up one of its words, or number."""
    terms = heavy(answer)
    if numbers(answer) and not numbers(request) <= numbers(answer):
        return False
    return len(terms) < 3 or bool(terms & heavy(request))


def heavy(text: str) -> set[str]:
    """The beginnings of a text's words that say what it is about."""
    return {word[:5] for word in words(text) if _is_heavy(word) and word not in _REQUESTS}


def _is_heavy(word: str) -> bool:
    return not word.isdigit() and (len(word) > 3 or not word.isascii())


def _request(record: Record) -> str:
    """The last request, without the material it works on."""
    return next((turn.content for turn in reversed(record.before_answer) if turn.role == "user"), "")


def numbers(text: str) -> set[str]:
    """The numbers in a text."""
    return {word for word in words(text) if word.isdigit()}


def grounded(answer: str, passage: str) -> bool:
    """Whether the answer says what the passage says, by its words.

    Words of up to three letters hold sentences together and do not count, unless they are all there is; a
    word counts as found in another form, as told by its first five letters. Numbers must be found as said.
    """
    terms = words(answer)
    there = {word[:5] for word in words(passage)}
    if not numbers(answer) <= numbers(passage):
        return False
    counted = [word for word in terms if len(word) > 3 or word.isdigit() or not word.isascii()] or terms
    found = sum(word[:5] in there for word in counted)
    return found == len(counted) if len(counted) < _SHORT_ANSWER else found >= GROUNDED * len(counted)
