"""Some rows of a big file, as the steps choose them."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from studio.dataset.identity import drawn
from studio.dataset.record import Record
from studio.dataset.steps.choose import conditions
from studio.dataset.steps.result import CHUNK, Count
from studio.dataset.steps.steps import Cap, DropDuplicates, Filter, Step
from studio.dataset.store.reader import Numbers, Store
from studio.dataset.store.records import StoredRecords, gathered, usable
from studio.errors import DataError
from studio.events import Problem, Progress


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
    numbers = usable(store)
    counts: list[Count] = []
    left = list(steps)
    while left and _chooses(left[0]):
        step, before = left.pop(0), len(numbers)
        numbers = yield from _after(store, format, numbers, step)
        counts.append(Count(step.words(), before, len(numbers)))
        if not len(numbers):
            raise DataError(f"“{step.words()}” leaves none of the {before:,} rows. Change or remove it.")
    return Part(StoredRecords(store, format, numbers), numbers, tuple(counts)), tuple(left)


def _chooses(step: Step) -> bool:
    return isinstance(step, Cap | DropDuplicates) or (isinstance(step, Filter) and not step.counts_tokens)


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
            for (codes,) in gathered(store, numbers, "code", plain=False)
        ]
    )


def _hashes(store: Store, numbers: Numbers, name: str = "hash") -> NDArray[np.uint64]:
    return np.concatenate([hashes for (hashes,) in gathered(store, numbers, name)])
