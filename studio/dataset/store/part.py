"""Some rows of a big file: chosen by number, and read from the file while they are gone through."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from studio.catalogue import from_plain
from studio.dataset.identity import drawn
from studio.dataset.read import formats
from studio.dataset.record import Record
from studio.dataset.rows import Row
from studio.dataset.steps.choose import conditions
from studio.dataset.steps.result import CHUNK, Count
from studio.dataset.steps.steps import Cap, DropDuplicates, Filter, Step
from studio.dataset.store.check import BAD
from studio.dataset.store.index import duplicate_of
from studio.dataset.store.reader import Numbers, Store
from studio.dataset.store.source import Place
from studio.errors import DataError
from studio.events import Problem, Progress

_BYTES = 2**24
"""Of rows that are read at once."""


class StoredRecords(Collection[Record]):
    """The records of these numbers, in order; each time they are gone through they are read anew."""

    def __init__(self, store: Store, format: str, numbers: Numbers) -> None:
        self._store, self._format, self._numbers = store, format, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, record: object) -> bool:
        return any(record == own for own in self)

    def __iter__(self) -> Iterator[Record]:
        """Raises DataError when the file is not the one that was scanned."""
        self._store.check_unchanged()
        source = self._store.source()
        for places in self._places():
            for row in source.rows(places):
                yield self._record(row)

    def _record(self, row: Row | Problem) -> Record:
        if isinstance(row, Problem):
            raise DataError(f"Line {row.line:,} of {self._store.path.name} is not as it was. Open it again.")
        return formats.record(row.line, self._format, row.fields)

    def _places(self) -> Iterator[list[Place]]:
        """Where the rows are, a few of them at a time: so many as are good to read at once."""
        held: list[Place] = []
        size = 0
        for columns in _gathered(self._store, self._numbers, "line", "offset", "length"):
            for place in map(Place._make, zip(*(column.tolist() for column in columns), strict=True)):
                if held and (size + place.length > _BYTES or len(held) == CHUNK):
                    yield held
                    held, size = [], 0
                held.append(place)
                size += place.length
        if held:
            yield held


@dataclass(frozen=True)
class Part:
    """A big file after steps that only choose rows: in the shape of `history.shaped.Shaped`, but not held."""

    records: StoredRecords
    numbers: Numbers
    counts: tuple[Count, ...] = ()
    parts: Mapping[int, str] = field(default_factory=dict)
    remarks: tuple[Problem, ...] = ()
    golden: tuple[Record, ...] = ()

    def part(self, name: str) -> Collection[Record]:
        """All rows, which are in no part yet."""
        return () if name else self.records


def choosing(
    store: Store, format: str, steps: Sequence[Step]
) -> Generator[Progress, None, tuple[Part, tuple[Step, ...]]]:
    """The rows that the first steps leave, and the steps from the first one on that does more than choose.

    The result is the same as that of `history.shaping.apply`. Raises DataError when a step leaves nothing.
    """
    numbers = _usable(store)
    counts: list[Count] = []
    left = list(steps)
    while left and _chooses(left[0]):
        step, before = left.pop(0), len(numbers)
        numbers = yield from _after(store, format, numbers, step)
        counts.append(Count(step.words(), before, len(numbers)))
        if not len(numbers):
            raise DataError(f"“{step.words()}” leaves none of the {before:,} rows. Change or remove it.")
    return Part(StoredRecords(store, format, numbers), numbers, tuple(counts)), tuple(left)


def problems(store: Store) -> Iterator[tuple[int, Problem]]:
    """What is wrong with rows of the file, in order, each with the number of its row."""
    for part in store.parts:
        batch = part.columns("line", "state", "code", "values", "first", "column")
        told = pc.or_(pc.is_valid(batch["code"]), pc.greater(batch["first"], 0))
        numbers = np.flatnonzero(told.to_numpy(zero_copy_only=False)) + part.first
        for number, row in zip(numbers.tolist(), batch.filter(told).to_pylist(), strict=True):
            severity = "error" if row["state"] == BAD else "warning"
            if row["code"]:
                what = from_plain({"code": row["code"], "values": json.loads(row["values"])})
                yield number, Problem(row["line"], what, severity, column=row["column"])
            if row["first"]:
                yield number, Problem(row["line"], duplicate_of(row["first"]), "warning")


def _chooses(step: Step) -> bool:
    return isinstance(step, Cap | DropDuplicates) or (isinstance(step, Filter) and not step.counts_tokens)


def _usable(store: Store) -> Numbers:
    found = [
        np.flatnonzero(part.columns("state")["state"].to_numpy() != BAD) + part.first for part in store.parts
    ]
    return np.concatenate([np.empty(0, np.uint32), *found]).astype(np.uint32)


def _after(store: Store, format: str, numbers: Numbers, step: Step) -> Generator[Progress, None, Numbers]:
    yield Progress("rows chosen", 0, len(numbers))
    match step:
        case Cap(how="first"):
            return numbers[: step.rows]
        case Cap():
            return numbers[drawn(_hashes(store, numbers), step.rows, step.seed)]
        case DropDuplicates():
            _, first = np.unique(_hashes(store, numbers, "equal"), return_index=True)
            return numbers[np.sort(first)]
        case Filter() if step == Filter(faultless=True, action=step.action):
            remarked = _remarked(store, numbers)
            return numbers[~remarked if step.action == "keep" else remarked]
        case Filter():
            return numbers[(yield from _passing(StoredRecords(store, format, numbers), step))]
    raise DataError(f"“{step.words()}” does not choose rows.")


def _passing(records: StoredRecords, step: Filter) -> Generator[Progress, None, NDArray[np.bool_]]:
    met = conditions(step)
    passing = np.zeros(len(records), bool)
    for number, record in enumerate(records):
        passing[number] = (step.action == "keep") == all(condition(record) for condition in met)
        if number % CHUNK == 0:
            yield Progress("rows filtered", number, len(records))
    return passing


def _remarked(store: Store, numbers: Numbers) -> NDArray[np.bool_]:
    """Which rows something is said of besides that they repeat another, a matter for another step."""
    return np.concatenate(
        [
            pc.is_valid(codes).to_numpy(zero_copy_only=False)
            for (codes,) in _gathered(store, numbers, "code", plain=False)
        ]
    )


def _hashes(store: Store, numbers: Numbers, name: str = "hash") -> NDArray[np.uint64]:
    return np.concatenate([hashes for (hashes,) in _gathered(store, numbers, name)])


def _gathered(store: Store, numbers: Numbers, *names: str, plain: bool = True) -> Iterator[list[Any]]:
    """These columns of these rows, by part; as NumPy arrays where they are `plain`."""
    for part in store.parts:
        start, end = np.searchsorted(numbers, (part.first, part.first + part.rows))
        if start < end:
            batch = part.columns(*names).take(pa.array(numbers[start:end] - part.first))
            yield [column.to_numpy() if plain else column for column in batch.columns]
