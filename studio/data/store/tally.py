"""What a scan counts while it goes: rows by state, duplicates, empty ones, and how long they are."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from studio.catalogue import EMPTY
from studio.data.store.check import BAD

_EMPTY_CODES = pa.array(sorted(EMPTY))
_LENGTHS = 2**16
"""Lengths from this one on count as one: a median beyond it would be odd data."""


class Tally:
    """Counts that grow with each stretch of rows."""

    def __init__(self) -> None:
        self.good = self.warnings = self.bad = self.duplicates = self.empty = self.longest = 0
        self._lengths = np.zeros(_LENGTHS, np.int64)

    @property
    def rows(self) -> int:
        return self.good + self.warnings + self.bad

    @property
    def median(self) -> int:
        """Characters of prompt and answer of the middle one of the rows that can train; 0 without any."""
        return int(np.searchsorted(np.cumsum(self._lengths), self._lengths.sum() / 2)) if self.rows else 0

    def add(self, batch: pa.RecordBatch) -> None:
        """Count the rows of a stretch of the index."""
        states = batch["state"].to_numpy()
        good, warnings, bad = np.bincount(states, minlength=3).tolist()
        self.good, self.warnings, self.bad = self.good + good, self.warnings + warnings, self.bad + bad
        self.duplicates += _true(pc.greater(batch["first"], 0))
        self.empty += _true(pc.is_in(batch["code"].filter(pc.equal(batch["state"], BAD)), _EMPTY_CODES))
        lengths = batch["prompt_characters"].to_numpy() + batch["answer_characters"].to_numpy()
        lengths = lengths[states != BAD]
        self.longest = max(self.longest, int(lengths.max(initial=0)))
        self._lengths += np.bincount(np.minimum(lengths, _LENGTHS - 1), minlength=_LENGTHS)


def _true(column: pa.Array) -> int:
    return int(pc.sum(column).as_py() or 0)
