"""What is kept of a row (whether it can train, why not, its length and hash), and the counts of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from studio.catalogue import EMPTY, Phrase
from studio.dataset.identity import content_hash, equal_hash
from studio.dataset.read import file_reader
from studio.dataset.read.file_reader import record_of
from studio.dataset.read.mapping import Mapping
from studio.dataset.read.saved import saved_record
from studio.dataset.record import Record, remarks
from studio.dataset.rows import Row
from studio.errors import DataError
from studio.events import Problem

GOOD, WARNING, BAD = 0, 1, 2
"""A row's state: it trains, it trains but deserves a look, it cannot train."""

PREVIEW = 96
"""Characters of a prompt and of an answer that are kept."""

NO_HASH = bytes(8)


class IndexedRow(NamedTuple):
    """A row as the index keeps it: `digest` is what rows are drawn by, `equal` the same for equal rows.

    `column` is as a Problem has it; the last three fields are as an ExampleRow has them.
    """

    line: int
    state: int
    what: Phrase | None
    prompt: str
    answer: str
    prompt_characters: int
    answer_characters: int
    digest: bytes
    equal: bytes
    column: int = 0
    first_prompt: str = ""
    rejected: str = ""
    turns: int = 0


def format_of(name: str, sample: Sequence[Row]) -> str:
    """The format most rows of the sample have. Raises UnknownColumns, or DataError where there are none."""
    if not sample:
        raise DataError("scan.no_rows", file=name)
    return file_reader.format_of(name, [row.fields for row in sample])


def as_record(
    row: Row, format: str, mapping: Mapping | None = None, *, is_saved: bool = False
) -> Record | Problem:
    """The record that a row of a file is, whose columns may be mapped, or one of a saved dataset."""
    return saved_record(row) if is_saved else record_of(row, format, mapping)


def check(
    format: str, row: Row | Problem, mapping: Mapping | None = None, *, is_saved: bool = False
) -> IndexedRow:
    """What the index keeps of a row, as `as_record` reads it."""
    record = row if isinstance(row, Problem) else as_record(row, format, mapping, is_saved=is_saved)
    if isinstance(record, Problem):
        return _bad(record)
    prompt, answer = record.prompt, record.answer
    remark = next(remarks(record), None)
    return IndexedRow(
        record.line,
        WARNING if remark else GOOD,
        remark,
        preview(prompt),
        preview(answer),
        len(prompt),
        len(answer),
        content_hash(record),
        equal_hash(record),
        first_prompt=preview(record.first_prompt),
        rejected=preview(record.rejected),
        turns=record.turns,
    )


def preview(text: str) -> str:
    """The beginning of a text on one line."""
    return " ".join(text[:PREVIEW].split())


def _bad(found: Problem) -> IndexedRow:
    return IndexedRow(found.line, BAD, found.what, "", "", 0, 0, NO_HASH, NO_HASH, found.column)


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
