"""The index of a big file: a folder of Arrow files, one for each stretch of rows; the manifest comes last.

Exact duplicates are found by 64-bit hashes: 16 bytes of memory a row.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from studio.catalogue import Phrase, from_plain, joined, phrase
from studio.dataset.store.check import BAD, WARNING, IndexedRow, Tally
from studio.dataset.store.lines import Placed
from studio.dataset.store.manifest import COUNTS, MANIFEST, IndexManifest, write_columns
from studio.files import TEMPORARY, disk_errors, flush, write_text

Hashes = NDArray[np.uint64]
Lines = NDArray[np.int64]


DUPLICATE = "row.duplicate"

_FEW_RUNS = 100
"""Rows in a run of rows that follow each other, from which on it is copied as a whole."""


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


SCHEMA = pa.schema(
    [
        ("offset", pa.int64()),  # bytes
        ("length", pa.int64()),
        ("line", pa.int64()),
        ("state", pa.int8()),
        ("reason", pa.string()),  # all that is said of the row, to be read and searched
        ("code", pa.string()),  # of what is said of it, besides that it repeats another
        ("values", pa.string()),  # and the values, as JSON
        ("first", pa.int64()),  # the line of the first row that is equal; 0 where it is the first
        ("prompt", pa.string()),  # their beginnings
        ("answer", pa.string()),
        ("prompt_characters", pa.int32()),
        ("answer_characters", pa.int32()),
        ("column", pa.int32()),  # where in the line a bad one breaks, from 1; 0 where that is not known
        ("hash", pa.uint64()),
        ("equal", pa.uint64()),
        ("first_prompt", pa.string()),  # the beginning of that of a conversation of several questions
        ("rejected", pa.string()),  # the beginning of a pair's worse answer
        ("turns", pa.int32()),
    ]
)


class IndexWriter:
    """Collects rows and writes them, a stretch at a time, so that a reader can follow."""

    def __init__(self, folder: Path, columns: str = "") -> None:
        with disk_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        write_columns(folder, columns)
        self.folder, self.format = folder, ""
        self._seen = Seen()
        self._places: list[tuple[int, int]] = []
        self._rows: list[IndexedRow] = []
        self._batches: list[pa.RecordBatch] = []
        self.tally = Tally()

    @property
    def rows(self) -> int:
        """How many rows are written."""
        return self.tally.rows

    @property
    def waiting(self) -> int:
        """How many rows are not written yet."""
        return len(self._rows) + sum(map(len, self._batches))

    def add(self, place: Placed, row: IndexedRow) -> None:
        self._places.append((place.offset, place.length))
        self._rows.append(row)

    def extend(self, rows: pa.RecordBatch) -> None:
        """Add rows that stand anywhere among those that wait, of which `first` is not known yet."""
        self._batches.append(rows)

    def flush(self) -> None:
        """Write the waiting rows as one file; it appears whole."""
        if not self.waiting:
            return
        if self._rows:
            self._batches.append(_batch(self._places, self._rows))
        batch = _compared(_in_order(self._batches), self._seen)
        name = f"rows-{self.rows:010d}-{len(batch):07d}.arrow"
        _write(self.folder / name, batch)
        self.tally.add(batch)
        self._places, self._rows, self._batches = [], [], []

    def finish(self, path: Path, about: os.stat_result) -> None:
        """Write what waits, and the manifest."""
        self.flush()
        counts = {name: int(getattr(self.tally, name)) for name in COUNTS}
        manifest = IndexManifest(str(path), about.st_size, about.st_mtime_ns, self.format, **counts)
        write_text(self.folder / MANIFEST, json.dumps(asdict(manifest)))


def _batch(places: Sequence[tuple[int, int]], rows: Sequence[IndexedRow]) -> pa.RecordBatch:
    line, state, what, prompt, answer, asked, answered, digest, equal, column, *shown = zip(
        *rows, strict=True
    )
    offset, length = zip(*places, strict=True)
    hashes, equals = (np.frombuffer(b"".join(each), "<u8") for each in (digest, equal))
    reasons = [str(each) if each else None for each in what]
    codes = [each.code if each else None for each in what]
    plain = [json.dumps(each.plain()["values"], ensure_ascii=False) if each else None for each in what]
    texts = (reasons, codes, plain, np.zeros(len(rows)), prompt, answer, asked, answered)
    values = (offset, length, line, state, *texts, column, hashes, equals, *shown)
    arrays = [pa.array(value, field.type) for value, field in zip(values, SCHEMA, strict=True)]
    return pa.record_batch(arrays, SCHEMA)


def _in_order(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """All their rows by their lines."""
    table = pa.Table.from_batches(batches)
    lines = table["line"].to_numpy()
    if (np.diff(lines) < 0).any():
        order = np.argsort(lines, kind="stable")
        runs = np.split(order, np.flatnonzero(np.diff(order) != 1) + 1)
        few = _FEW_RUNS * len(runs) < len(order)  # a copy of whole runs takes a third of the time
        table = pa.concat_tables(table.slice(run[0], len(run)) for run in runs) if few else table.take(order)
    return table.combine_chunks().to_batches()[0]


def _compared(batch: pa.RecordBatch, seen: Seen) -> pa.RecordBatch:
    """The same rows, those marked that repeat an earlier one."""
    states, lines = (batch[name].to_numpy() for name in ("state", "line"))
    usable = np.flatnonzero(states != BAD)
    firsts = np.zeros(len(batch), np.int64)
    firsts[usable] = seen.first_lines(batch["equal"].to_numpy()[usable], lines[usable])
    repeat = firsts > 0
    if not repeat.any():
        return batch
    causes = zip(*(batch[name].filter(repeat).to_pylist() for name in ("code", "values")), strict=True)
    what = [
        from_plain({"code": code, "values": json.loads(values)}) if code else None for code, values in causes
    ]
    reasons = [_reason(*each) for each in zip(firsts[repeat].tolist(), what, strict=True)]
    changed = {
        "state": pa.array(np.where(repeat, WARNING, states)),
        "reason": pc.replace_with_mask(batch["reason"], repeat, pa.array(reasons, pa.string())),
        "first": pa.array(firsts),
    }
    return pa.record_batch([changed.get(name, batch[name]) for name in SCHEMA.names], SCHEMA)


def _reason(first: int, what: Phrase | None) -> str:
    """All that is said of a row that repeats another, in words."""
    return str(joined([duplicate_of(first), *([what] if what else [])]))


def _write(path: Path, batch: pa.RecordBatch) -> None:
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    with disk_errors(path):
        with temporary.open("wb") as file:
            with pa.ipc.new_file(file, batch.schema) as writer:
                writer.write_batch(batch)
            file.flush()
            flush(file.fileno())
        temporary.replace(path)
