"""The reader's side of an index: pages of rows, counts, one row's fields. All cost what they return."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from studio.data.rows import Row
from studio.data.store.duplicates import DUPLICATE
from studio.data.store.manifest import read_manifest
from studio.data.store.source import Place, PlacedSource
from studio.data.store.unpack import plain_file
from studio.errors import DataError
from studio.events import Problem

_SHOWN_BYTES = 100_000
"""Of a row that is no row, all that is of use to a person."""

_OPEN_PARTS = 8
"""Files of the index that are mapped at once: of each up to 20 MB count as this process's memory."""


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as the index keeps it; `number` counts from 0, `state` is GOOD, WARNING or BAD.

    `codes` are those of all that `reason` says.
    """

    number: int
    line: int
    state: int
    reason: str
    codes: tuple[str, ...]
    prompt: str
    answer: str
    characters: int


@dataclass(frozen=True)
class Part:
    """One file of the index: the rows from `first` on."""

    path: Path
    first: int
    rows: int

    def columns(self, *names: str) -> pa.RecordBatch:
        """The rows of this file, mapped rather than read. Raises DataError when it is gone."""
        try:
            batch = pa.ipc.open_file(pa.memory_map(str(self.path))).get_batch(0)
        except (OSError, pa.ArrowException) as error:
            raise DataError("The index of this file is gone. Open the file again.") from error
        return batch.select(list(names)) if names else batch


class Store:
    """A big file by its index, which may still be growing; `plain` is what the places of its rows mean."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.plain = plain_file(path, folder)
        self._parts: tuple[Part, ...] = ()
        self._firsts: list[int] = []
        self._open: OrderedDict[int, pa.RecordBatch] = OrderedDict()
        self.refresh()

    def refresh(self) -> int:
        """Take in what has been written since, and say how many rows there are."""
        parts = list(self._parts)
        for path in sorted(self.folder.glob("rows-*.arrow")):
            _, first, rows = path.stem.split("-")
            if int(first) == (parts[-1].first + parts[-1].rows if parts else 0):
                parts.append(Part(path, int(first), int(rows)))
        self._parts = tuple(parts)
        self._firsts = [part.first for part in parts]
        return self.rows

    @property
    def rows(self) -> int:
        """How many rows can be read."""
        return self._parts[-1].first + self._parts[-1].rows if self._parts else 0

    @property
    def parts(self) -> tuple[Part, ...]:
        """The files of the index so far."""
        return self._parts

    def page(self, start: int, count: int) -> list[StoredRow]:
        """The rows from `start` on, `count` at most."""
        found: list[StoredRow] = []
        while start < self.rows and count > 0:
            place = self._place(start)
            part = self._parts[place]
            inside = start - part.first
            taken = min(count, part.rows - inside)
            found += _rows(self._batch(place).slice(inside, taken), range(start, start + taken))
            start, count = start + taken, count - taken
        return found

    def rows_at(self, numbers: Sequence[int]) -> list[StoredRow]:
        """The rows of these numbers, in this order."""
        return [self._row(number) for number in numbers]

    def fields(self, number: int) -> Row | Problem:
        """All of a row, read from the file itself. Raises DataError when the file has changed since."""
        self.check_unchanged()
        return self.source().rows([self.place(number)])[0]

    def text(self, number: int) -> str:
        """The beginning of a row as the file has it."""
        return self.source().text(self.place(number), _SHOWN_BYTES)

    def source(self) -> PlacedSource:
        """The file itself, to be read by places. Raises DataError when it cannot be read."""
        return PlacedSource(self.plain, self._batch(0)["offset"][0].as_py())

    def place(self, number: int) -> Place:
        """Where in the file a row is."""
        part = self._place(number)
        batch, inside = self._batch(part), number - self._parts[part].first
        return Place(*(batch[name][inside].as_py() for name in ("line", "offset", "length")))

    def check_unchanged(self) -> None:
        """Raise DataError when the file is not the one that was scanned."""
        manifest = read_manifest(self.folder)
        try:
            about = self.path.stat()
        except OSError as error:
            raise DataError(f"{self.path.name} is not there any more. Was it moved?") from error
        if manifest and (about.st_size, about.st_mtime_ns) != (manifest.bytes, manifest.modified):
            raise DataError(f"{self.path.name} has changed since it was read. Open it again.")

    def _row(self, number: int) -> StoredRow:
        """One row by its cells: quicker than a slice of every column."""
        place = self._place(number)
        batch, inside = self._batch(place), number - self._parts[place].first
        return _stored(number, *(batch[name][inside].as_py() for name in _SHOWN))

    def _place(self, number: int) -> int:
        return bisect_right(self._firsts, number) - 1

    def _batch(self, place: int) -> pa.RecordBatch:
        if place in self._open:
            self._open.move_to_end(place)
        else:
            self._open[place] = self._parts[place].columns()
        if len(self._open) > _OPEN_PARTS:
            self._open.popitem(last=False)
        return self._open[place]


_SHOWN = (
    "line",
    "state",
    "reason",
    "code",
    "first",
    "prompt",
    "answer",
    "prompt_characters",
    "answer_characters",
)


def _rows(batch: pa.RecordBatch, numbers: Iterable[int]) -> Iterator[StoredRow]:
    columns: list[list[Any]] = [batch[name].to_pylist() for name in _SHOWN]
    return (_stored(*values) for values in zip(numbers, *columns, strict=True))


def _stored(
    number: int,
    line: int,
    state: int,
    reason: str | None,
    code: str | None,
    first: int,
    prompt: str,
    answer: str,
    asked: int,
    answered: int,
) -> StoredRow:
    codes = (*([DUPLICATE] if first else []), *([code] if code else []))
    return StoredRow(number, line, state, reason or "", codes, prompt, answer, asked + answered)
