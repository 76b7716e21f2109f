"""The index of a big file: a folder of Arrow files, one for each stretch of rows; the manifest comes last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa

from studio.data.store.check import BAD, WARNING, Checked
from studio.data.store.duplicates import Seen
from studio.data.store.lines import Placed
from studio.data.store.tally import COUNTS, DUPLICATE, Tally
from studio.files import TEMPORARY, disk_errors, write_text

MANIFEST = "index.json"
KEPT = 4
"""How many complete indexes stay in the cache: 200 bytes a row each."""

_VERSION = 2

SCHEMA = pa.schema(
    [
        ("offset", pa.int64()),  # bytes
        ("length", pa.int64()),
        ("line", pa.int64()),
        ("state", pa.int8()),
        ("reason", pa.string()),
        ("prompt", pa.string()),  # their beginnings
        ("answer", pa.string()),
        ("prompt_characters", pa.int32()),
        ("answer_characters", pa.int32()),
        ("column", pa.int32()),  # where in the line a bad one breaks, from 1; 0 where that is not known
        ("hash", pa.uint64()),
    ]
)


@dataclass(frozen=True)
class Manifest:
    """What a complete index says of its file, to tell whether the file is still the same."""

    path: str
    bytes: int
    modified: int  # nanoseconds
    format: str
    rows: int
    good: int
    warnings: int
    bad: int
    duplicates: int
    empty: int
    median: int  # characters
    longest: int
    version: int = _VERSION


def identity(path: Path) -> str:
    """A name for this file as it is now: another after any change."""
    about = path.stat()
    said = f"{_VERSION}\0{path.resolve()}\0{about.st_size}\0{about.st_mtime_ns}"
    return hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def folder_for(path: Path, cache: Path) -> Path:
    """Where this process keeps the index of the file while it grows."""
    return cache / f"{identity(path)}-{os.getpid()}"


def complete_folder(path: Path, cache: Path) -> Path | None:
    """The folder of a complete index of the file as it is now, if there is one."""
    found = cache.glob(f"{identity(path)}-*/{MANIFEST}")
    return next((manifest.parent for manifest in found), None)


def read_manifest(folder: Path) -> Manifest | None:
    """What a complete index says; None while it grows, or when it cannot be used any more."""
    try:
        said: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**said)
    except (OSError, ValueError, TypeError):
        return None
    return manifest if manifest.version == _VERSION else None


def tidy(cache: Path) -> None:
    """Remove what scans of ended processes left unfinished, and all but the newest complete indexes."""
    folders = [folder for folder in cache.glob("*-*") if folder.is_dir()]
    complete = [folder for folder in folders if (folder / MANIFEST).exists()]
    complete.sort(key=lambda folder: (folder / MANIFEST).stat().st_mtime, reverse=True)
    left = [folder for folder in folders if folder not in complete]
    for folder in (*complete[KEPT:], *left):
        if not psutil.pid_exists(int(folder.name.rpartition("-")[2])):
            shutil.rmtree(folder, ignore_errors=True)


class IndexWriter:
    """Collects rows and writes them, a stretch at a time, so that a reader can follow."""

    def __init__(self, folder: Path, format: str) -> None:
        with disk_errors(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        self.folder, self.format = folder, format
        self._seen = Seen()
        self._places: list[tuple[int, int]] = []
        self._rows: list[Checked] = []
        self.tally = Tally()

    @property
    def rows(self) -> int:
        """How many rows are written."""
        return self.tally.rows

    @property
    def waiting(self) -> int:
        """How many rows are not written yet."""
        return len(self._rows)

    def add(self, place: Placed, row: Checked) -> None:
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
        manifest = Manifest(str(path), about.st_size, about.st_mtime_ns, self.format, **counts)
        write_text(self.folder / MANIFEST, json.dumps(asdict(manifest)))


def _batch(places: Sequence[tuple[int, int]], rows: Sequence[Checked], seen: Seen) -> pa.RecordBatch:
    line, state, reason, prompt, answer, prompt_characters, answer_characters, digest, column = zip(
        *rows, strict=True
    )
    offset, length = zip(*places, strict=True)
    hashes = np.frombuffer(b"".join(digest), "<u8")
    states, reasons = np.array(state, np.int8), list(reason)
    lines = np.array(line, np.int64)
    usable = np.flatnonzero(states != BAD)
    firsts = seen.first_lines(hashes[usable], lines[usable])
    for row, first in zip(usable[firsts > 0].tolist(), firsts[firsts > 0].tolist(), strict=True):
        said = f"{DUPLICATE}{first}"
        reasons[row] = f"{said}; {reasons[row]}" if reasons[row] else said
        states[row] = WARNING
    texts = (reasons, prompt, answer, prompt_characters, answer_characters)
    values = (offset, length, lines, states, *texts, column, hashes)
    arrays = [pa.array(value, field.type) for value, field in zip(values, SCHEMA, strict=True)]
    return pa.record_batch(arrays, SCHEMA)


def _write(path: Path, batch: pa.RecordBatch) -> None:
    temporary = path.with_name(f".{path.name}{TEMPORARY}")
    with disk_errors(path):
        with temporary.open("wb") as file:
            with pa.ipc.new_file(file, batch.schema) as writer:
                writer.write_batch(batch)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
