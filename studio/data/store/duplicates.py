"""Exact duplicates among millions of rows, by 64-bit hashes: 16 bytes of memory a row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from studio.catalogue import Phrase, phrase

Hashes = NDArray[np.uint64]
Lines = NDArray[np.int64]


DUPLICATE = "row.duplicate"


def duplicate_of(line: int) -> Phrase:
    """What is said of a row whose first equal is on this line."""
    return phrase(DUPLICATE, place=phrase("line", line=line))


class Seen:
    """The hashes that have come by, in order, each with the line on which it came first."""

    def __init__(self) -> None:
        self._hashes: Hashes = np.empty(0, np.uint64)
        self._lines: Lines = np.empty(0, np.int64)

    def first_lines(self, hashes: Hashes, lines: Lines) -> Lines:
        """For each row the line of an earlier one with its hash, else 0; these have come by then."""
        fresh, index, inverse = np.unique(hashes, return_index=True, return_inverse=True)
        places = np.searchsorted(self._hashes, fresh)
        earliest = lines[index]
        inside = places < len(self._hashes)
        known = inside.copy()
        known[inside] = self._hashes[places[inside]] == fresh[inside]
        earliest[known] = self._lines[places[known]]
        self._hashes = np.insert(self._hashes, places[~known], fresh[~known])
        self._lines = np.insert(self._lines, places[~known], earliest[~known])
        first = earliest[inverse]
        return np.where(first == lines, 0, first)
