"""Whether a text is known already, exactly or nearly: an index that grows row by row."""

from __future__ import annotations

import zlib
from array import array
from collections import defaultdict
from itertools import pairwise

from studio.data.making.text import plain, words

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
    said = words(text)
    if len(said) < SHORT:
        return array("I")
    pairs = {zlib.crc32(f"{a} {b}".encode()) for a, b in pairwise(said)}
    return array("I", sorted(pairs))


def _prefix(marks: array[int]) -> array[int]:
    return marks[: len(marks) - int(NEAR * len(marks) + 0.999) + 1] if marks else marks


def _alike(one: array[int], other: array[int]) -> bool:
    if min(len(one), len(other)) < NEAR * max(len(one), len(other)):
        return False
    common = len(set(one).intersection(other))
    return common >= NEAR * (len(one) + len(other) - common)
