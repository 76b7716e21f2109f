"""Reading an index: pages of rows, counts, one row's fields, filter, search and sort over all rows.

All cost what they return, in Arrow and NumPy, which let other threads go on.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from studio.dataset.read.mapping import Mapping
from studio.dataset.record import Record
from studio.dataset.rows import Row
from studio.dataset.store.check import BAD, GOOD, WARNING, as_record
from studio.dataset.store.index import DUPLICATE
from studio.dataset.store.manifest import columns_of, read_manifest, stated
from studio.dataset.store.source import Place, PlacedSource
from studio.dataset.store.unpack import plain_file
from studio.errors import DataError
from studio.events import Problem, Progress
from studio.language import tr

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
    first_prompt: str = ""
    rejected: str = ""
    turns: int = 0


@dataclass(frozen=True)
class IndexFile:
    """One file of the index: the rows from `first` on."""

    path: Path
    first: int
    rows: int

    def columns(self, *names: str) -> pa.RecordBatch:
        """The rows of this file, mapped rather than read. Raises DataError when it is gone."""
        try:
            batch = pa.ipc.open_file(pa.memory_map(str(self.path))).get_batch(0)
        except (OSError, pa.ArrowException) as error:
            raise DataError("scan.index_gone") from error
        return batch.select(list(names)) if names else batch


class Store:
    """A big file by its index, which may still be growing; `plain` is what the places of its rows mean.

    `mapping` is what its columns were taken for, where their names do not say it.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.path, self.folder = path, folder
        self.plain = plain_file(path, folder)
        columns = columns_of(folder)
        self.mapping = Mapping.parse(columns) if columns else None
        self.is_saved = path.is_dir()
        self._parts: tuple[IndexFile, ...] = ()
        self._firsts: list[int] = []
        self._open: OrderedDict[int, pa.RecordBatch] = OrderedDict()
        self.refresh()

    def refresh(self) -> int:
        """Take in what has been written since, and say how many rows there are."""
        parts = list(self._parts)
        for path in sorted(self.folder.glob("rows-*.arrow")):
            _, first, rows = path.stem.split("-")
            if int(first) == (parts[-1].first + parts[-1].rows if parts else 0):
                parts.append(IndexFile(path, int(first), int(rows)))
        self._parts = tuple(parts)
        self._firsts = [part.first for part in parts]
        return self.rows

    @property
    def rows(self) -> int:
        """How many rows can be read."""
        return self._parts[-1].first + self._parts[-1].rows if self._parts else 0

    @property
    def parts(self) -> tuple[IndexFile, ...]:
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

    def number_of(self, line: int) -> int | None:
        """The number of the row that starts on this line; None where no row does so far."""
        for part in self._parts:
            lines = part.columns("line")["line"].to_numpy()
            if line <= lines[-1]:
                inside = int(np.searchsorted(lines, line))
                return part.first + inside if lines[inside] == line else None
        return None

    @property
    def last_line(self) -> int:
        """The line on which the last row starts; 0 without any."""
        return int(self._parts[-1].columns("line")["line"][-1].as_py()) if self._parts else 0

    def rows_at(self, numbers: Sequence[int]) -> list[StoredRow]:
        """The rows of these numbers, in this order."""
        return [self._row(number) for number in numbers]

    def fields(self, number: int) -> Row | Problem:
        """All of a row, read from the file itself. Raises DataError when the file has changed since."""
        self.check_unchanged()
        return self.source().rows([self.place(number)])[0]

    def record(self, row: Row, format: str) -> Record | Problem:
        """The record that a row of this source is."""
        return as_record(row, format, self.mapping, is_saved=self.is_saved)

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
            about = stated(self.path)
        except OSError as error:
            raise DataError("scan.file_gone", file=self.path.name) from error
        if manifest and (about.st_size, about.st_mtime_ns) != (manifest.bytes, manifest.modified):
            raise DataError("scan.file_changed", file=self.path.name)

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
    "first_prompt",
    "rejected",
    "turns",
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
    *shown: Any,
) -> StoredRow:
    codes = (*([DUPLICATE] if first else []), *([code] if code else []))
    return StoredRow(number, line, state, reason or "", codes, prompt, answer, asked + answered, *shown)


Numbers = NDArray[np.uint32]

STATES = {"good": GOOD, "warnings": WARNING, "bad": BAD}


@dataclass(frozen=True)
class Query:
    """What is asked for: rows of one state or "all", holding a text, in the order of the file or another.

    `whole` searches all of each row as the file has it, names and escapes included, rather than the
    beginnings of prompt and answer. `sort` is "", "line", "characters" or "state".
    """

    state: str = "all"
    search: str = ""
    whole: bool = False
    sort: str = ""
    descending: bool = False


def finding(store: Store, query: Query) -> Generator[Progress, None, Numbers]:
    """The numbers of the rows asked for, in order; announces how many rows are looked through."""
    found: list[Numbers] = []
    keys: list[NDArray[Any]] = []
    for part in store.parts:
        yield Progress(tr("rows searched"), part.first, store.rows)
        inside = np.flatnonzero(_mask(store, part, query))
        found.append((inside + part.first).astype(np.uint32))
        if query.sort:
            keys.append(_keys(part, query.sort)[inside])
    numbers: Numbers = np.concatenate(found) if found else np.empty(0, np.uint32)
    if not keys:
        return numbers
    key = np.concatenate(keys)
    sorted_numbers: Numbers = numbers[np.argsort(-key if query.descending else key, kind="stable")]
    return sorted_numbers


def _mask(store: Store, part: IndexFile, query: Query) -> NDArray[np.bool_]:
    states = part.columns("state")["state"].to_numpy()
    mask: NDArray[np.bool_] = (
        np.ones(part.rows, bool) if query.state == "all" else states == STATES[query.state]
    )
    if query.search:
        hit = _whole_rows_with if query.whole else _beginnings_with
        mask = mask & hit(store, part, query.search)
    return mask


def _beginnings_with(store: Store, part: IndexFile, text: str) -> NDArray[np.bool_]:
    hit = np.zeros(part.rows, bool)
    for column in part.columns("prompt", "answer", "first_prompt", "rejected", "reason").columns:
        found = pc.fill_null(pc.match_substring(column, text, ignore_case=True), False)
        hit |= found.to_numpy(zero_copy_only=False)
    return hit


def _whole_rows_with(store: Store, part: IndexFile, text: str) -> NDArray[np.bool_]:
    """Searched where the file's bytes lie, without a copy."""
    batch = part.columns("offset", "length")
    offset, length = batch["offset"].to_numpy(), batch["length"].to_numpy()
    start, end = int(offset[0]), int(offset[-1] + length[-1])
    with pa.memory_map(str(store.plain)) as file:
        file.seek(start)
        data = file.read_buffer(end - start)
        edges = pa.array(np.append(offset, end) - start, pa.int64()).buffers()[1]
        rows = pa.LargeBinaryArray.from_buffers(pa.large_binary(), part.rows, [None, edges, data])
        found: NDArray[np.bool_] = pc.match_substring_regex(
            rows, _spellings(text), ignore_case=True
        ).to_numpy(zero_copy_only=False)
        del rows, data
    return found


def _spellings(text: str) -> str:
    """A pattern for the text as it stands, as JSON writes it, and as JSON writes it in ASCII."""
    quoted = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    return "|".join(re.escape(spelling) for spelling in sorted({text, *quoted}))


def _keys(part: IndexFile, sort: str) -> NDArray[Any]:
    if sort == "characters":
        batch = part.columns("prompt_characters", "answer_characters")
        total: NDArray[Any] = batch[0].to_numpy() + batch[1].to_numpy()
        return total
    key: NDArray[Any] = part.columns(sort)[sort].to_numpy()
    return key
