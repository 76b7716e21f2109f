"""Records in order, held in memory or read from a file each time: what both are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from studio.dataset.identity import content_hash, equal_hash
from studio.dataset.record import Record

type Lines = NDArray[np.int64]
type RecordChange = Callable[[Record], Record]

_HASHES: dict[str, Callable[[Record], bytes]] = {"hash": content_hash, "equal": equal_hash}


@runtime_checkable
class StoredSequence(Protocol):
    """Records that are read from a file each time, so that it matters how they are asked for."""

    @property
    def lines(self) -> Lines:
        """The line of each."""
        ...

    def at(self, places: Iterable[int]) -> Iterator[Record]:
        """The records at these places, in this order."""
        ...

    def kept(self, places: NDArray[Any]) -> Self:
        """Those at these places, which ascend."""
        ...

    def changed(self, lines: Lines, change: RecordChange) -> Self:
        """The same, those on these lines changed each time they are read."""
        ...

    def hashes(self, name: str) -> NDArray[np.uint64]:
        """Of each: `hash` what it is drawn by, `equal` the same for equal ones."""
        ...

    def remarked(self) -> NDArray[np.bool_] | None:
        """Which of them something is said of besides that they repeat another; None where it is not known."""
        ...


def lines_of(records: Sequence[Record]) -> Lines:
    """The line of each record."""
    if isinstance(records, StoredSequence):
        return records.lines
    return np.array([record.line for record in records], np.int64)


def records_at(records: Sequence[Record], places: Iterable[int]) -> Iterator[Record]:
    """The records at these places, in this order."""
    return records.at(places) if isinstance(records, StoredSequence) else (records[p] for p in places)


def kept(records: Sequence[Record], places: NDArray[Any]) -> Sequence[Record]:
    """The records at these places, which ascend."""
    if isinstance(records, StoredSequence):
        return records.kept(places)
    return tuple(records[place] for place in places.tolist())


def changed(records: Sequence[Record], lines: Lines, change: RecordChange) -> Sequence[Record]:
    """The records, those on these lines changed."""
    if isinstance(records, StoredSequence):
        return records.changed(lines, change)
    wanted = set(lines.tolist())
    return tuple(change(record) if record.line in wanted else record for record in records)


def hashes_of(records: Sequence[Record], name: str) -> NDArray[np.uint64]:
    """Of each record: `hash` what it is drawn by, `equal` the same for equal ones."""
    if isinstance(records, StoredSequence):
        return records.hashes(name)
    return np.frombuffer(b"".join(map(_HASHES[name], records)), "<u8")


def remarked(records: Sequence[Record]) -> NDArray[np.bool_] | None:
    """Which of them something is said of, besides that they repeat another; None where that is not known."""
    return records.remarked() if isinstance(records, StoredSequence) else None
