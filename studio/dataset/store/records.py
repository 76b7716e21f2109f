"""The rows of a big file as records, read while they are gone through, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import batched
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from studio.catalogue import from_plain
from studio.dataset.checks.check import Subject
from studio.dataset.record import Record
from studio.dataset.rows import Row
from studio.dataset.sequence import Lines, RecordChange, hashes_of
from studio.dataset.steps.result import CHUNK
from studio.dataset.store.check import BAD
from studio.dataset.store.index import duplicate_of
from studio.dataset.store.reader import Numbers, Store
from studio.dataset.store.source import Place, PlacedSource
from studio.errors import DataError
from studio.events import Problem

_BYTES = 2**24
"""Of rows that are read at once."""

_TOGETHER = 500
"""Rows in any order that are read at once."""


class StoredRecords(Sequence[Record]):
    """The records of these numbers, in order; each time they are gone through they are read anew."""

    def __init__(
        self, store: Store, format: str, numbers: Numbers, source: PlacedSource | None = None
    ) -> None:
        self._store, self._format, self._numbers = store, format, numbers
        self._source = source
        self._changes: tuple[tuple[Lines, RecordChange], ...] = ()

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> StoredRecords: ...
    def __getitem__(self, place: int | slice) -> Record | StoredRecords:
        if isinstance(place, slice):
            return self._of(self._numbers[place])
        return next(self.at([place]))

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """The line of each."""
        found = (lines for (lines,) in gathered(self._store, self._numbers, "line"))
        return np.concatenate([np.empty(0, np.int64), *found])

    def at(self, places: Iterable[int]) -> Iterator[Record]:
        """The records at these places, in this order: several are read at once."""
        for chunk in batched(places, _TOGETHER):
            wanted, order = np.unique(self._numbers[list(chunk)], return_inverse=True)
            yield from _in_order(self._of(wanted), order.tolist())

    def kept(self, places: NDArray[Any]) -> StoredRecords:
        """Those at these places, which ascend."""
        return self._of(self._numbers[places])

    def changed(self, lines: Lines, change: RecordChange) -> StoredRecords:
        """The same, those on these lines changed each time they are read."""
        others = self._of(self._numbers)
        if len(lines):
            others._changes = (*self._changes, (np.unique(lines), change))
        return others

    def hashes(self, name: str) -> NDArray[np.uint64]:
        """Of each: `hash` what it is drawn by, `equal` the same for equal ones; those changed anew."""
        found = (hashes for (hashes,) in gathered(self._store, self._numbers, name))
        hashes = np.concatenate([np.empty(0, np.uint64), *found])
        for lines, _ in self._changes:
            places = np.flatnonzero(np.isin(self.lines, lines))
            hashes[places] = hashes_of(tuple(self.at(places.tolist())), name)
        return hashes

    def remarked(self) -> NDArray[np.bool_] | None:
        """Which of them something is said of, besides that they repeat another; None once any is changed."""
        if self._changes:
            return None
        found = gathered(self._store, self._numbers, "code", plain=False)
        has_remark = (pc.is_valid(codes).to_numpy(zero_copy_only=False) for (codes,) in found)
        return np.concatenate([np.empty(0, bool), *has_remark])

    def __iter__(self) -> Iterator[Record]:
        """Raises DataError when the file is not the one that was scanned."""
        self._store.check_unchanged()
        if self._source is None:
            self._source = self._store.source()
        for places in self._places():
            for row in self._source.rows(places):
                yield self._record(row)

    def _of(self, numbers: Numbers) -> StoredRecords:
        """Others of the same file."""
        others = StoredRecords(self._store, self._format, numbers, self._source)
        others._changes = self._changes
        return others

    def _record(self, row: Row | Problem) -> Record:
        record = row if isinstance(row, Problem) else self._store.record(row, self._format)
        if isinstance(record, Problem):
            raise DataError("scan.line_changed", line=row.line, file=self._store.path.name)
        for lines, change in self._changes:
            place = lines.searchsorted(row.line)
            if place < len(lines) and lines[place] == row.line:
                record = change(record)
        return record

    def _places(self) -> Iterator[list[Place]]:
        """Where the rows are, a few of them at a time: so many as are good to read at once."""
        held: list[Place] = []
        size = 0
        for columns in gathered(self._store, self._numbers, "line", "offset", "length"):
            for place in map(Place._make, zip(*(column.tolist() for column in columns), strict=True)):
                if held and (size + place.length > _BYTES or len(held) == CHUNK):
                    yield held
                    held, size = [], 0
                held.append(place)
                size += place.length
        if held:
            yield held


def _in_order(records: Iterable[Record], order: Sequence[int]) -> Iterator[Record]:
    held = list(records)
    return (held[place] for place in order)


class StoredProblems(Collection[Problem]):
    """What is wrong with rows of the file, in order; read from the index each time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, problem: object) -> bool:
        return any(problem == own for own in self)

    def __iter__(self) -> Iterator[Problem]:
        return (problem for _, problem in problems(self._store))


def subject_of(
    store: Store, format: str, golden: Sequence[Record] = (), special: Sequence[str] = ()
) -> Subject:
    """The rows that can train as the checks look at them, in no parts yet and without their tokens."""
    records = StoredRecords(store, format, usable(store))
    return Subject(records, problems=StoredProblems(store), format=format, golden=golden, special=special)


def problems(store: Store) -> Iterator[tuple[int, Problem]]:
    """What is wrong with rows of the file, in order, each with the number of its row."""
    for part in store.parts:
        batch = part.columns("line", "state", "code", "values", "first", "column")
        has_remark = pc.or_(pc.is_valid(batch["code"]), pc.greater(batch["first"], 0))
        numbers = np.flatnonzero(has_remark.to_numpy(zero_copy_only=False)) + part.first
        for number, row in zip(numbers.tolist(), batch.filter(has_remark).to_pylist(), strict=True):
            severity = "error" if row["state"] == BAD else "warning"
            if row["code"]:
                what = from_plain({"code": row["code"], "values": json.loads(row["values"])})
                yield number, Problem(row["line"], what, severity, column=row["column"])
            if row["first"]:
                yield number, Problem(row["line"], duplicate_of(row["first"]), "warning")


def usable(store: Store) -> Numbers:
    """The numbers of the rows that can train."""
    found = [
        np.flatnonzero(part.columns("state")["state"].to_numpy() != BAD) + part.first for part in store.parts
    ]
    return np.concatenate([np.empty(0, np.uint32), *found]).astype(np.uint32)


def gathered(store: Store, numbers: Numbers, *names: str, plain: bool = True) -> Iterator[list[Any]]:
    """These columns of these rows, by part; as NumPy arrays where they are `plain`."""
    for part in store.parts:
        start, end = np.searchsorted(numbers, (part.first, part.first + part.rows))
        if start < end:
            batch = part.columns(*names).take(pa.array(numbers[start:end] - part.first))
            yield [column.to_numpy() if plain else column for column in batch.columns]
