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
from numpy.typing import NDArray

from studio.catalogue import Phrase, joined, phrase
from studio.dataset.store.check import BAD, WARNING, IndexedRow, Tally
from studio.dataset.store.lines import Placed
from studio.dataset.store.manifest import COUNTS, MANIFEST, IndexManifest, write_columns
from studio.files import TEMPORARY, disk_errors, write_text

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
        self.tally = Tally()

    @property
    def rows(self) -> int:
        """How many rows are written."""
        return self.tally.rows

    @property
    def waiting(self) -> int:
        """How many rows are not written yet."""
        return len(self._rows)

    def add(self, place: Placed, row: IndexedRow) -> None:
        self._places.append((place.offset, place.length))
        self._rows.append(row)

    def flush(self) -> None:
        """Write the waiting rows as one file; it appears whole."""
        if not self._rows:
            return
        batch = _batch(self._places, self._rows, self._seen)
        name = f"rows-{self.rows:010d}-{len(self._rows):07d}.arrow"
        _write(self.folder / name, batch)
        self.tally.add(batch)
        self._places, self._rows = [], []

    def finish(self, path: Path, about: os.stat_result) -> None:
        """Write what waits, and the manifest."""
        self.flush()
        counts = {name: int(getattr(self.tally, name)) for name in COUNTS}
        manifest = IndexManifest(str(path), about.st_size, about.st_mtime_ns, self.format, **counts)
        write_text(self.folder / MANIFEST, json.dumps(asdict(manifest)))


def _batch(places: Sequence[tuple[int, int]], rows: Sequence[IndexedRow], seen: Seen) -> pa.RecordBatch:
    line, state, what, prompt, answer, prompt_characters, answer_characters, digest, equal, column = zip(
        *rows, strict=True
    )
    offset, length = zip(*places, strict=True)
    hashes, equals = (np.frombuffer(b"".join(each), "<u8") for each in (digest, equal))
    states, faults = np.array(state, np.int8), list(what)
    lines = np.array(line, np.int64)
    usable = np.flatnonzero(states != BAD)
    firsts = np.zeros(len(rows), np.int64)
    firsts[usable] = seen.first_lines(equals[usable], lines[usable])
    states[firsts > 0] = WARNING
    reasons = [_reason(first, each) for first, each in zip(firsts.tolist(), faults, strict=True)]
    codes = [each.code if each else None for each in faults]
    plain = [json.dumps(each.plain()["values"], ensure_ascii=False) if each else None for each in faults]
    texts = (reasons, codes, plain, firsts, prompt, answer, prompt_characters, answer_characters)
    values = (offset, length, lines, states, *texts, column, hashes, equals)
    arrays = [pa.array(value, field.type) for value, field in zip(values, SCHEMA, strict=True)]
    return pa.record_batch(arrays, SCHEMA)


def _reason(first: int, what: Phrase | None) -> str | None:
    """All that is phrases of a row, in words; None for nothing."""
    phrases = [*([duplicate_of(first)] if first else []), *([what] if what else [])]
    return str(joined(phrases)) if phrases else None


def _write(path: Path, batch: pa.RecordBatch) -> None:
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    with disk_errors(path):
        with temporary.open("wb") as file:
            with pa.ipc.new_file(file, batch.schema) as writer:
                writer.write_batch(batch)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
