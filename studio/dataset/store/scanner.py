"""The child process: reads and checks every row of a file, and says on its standard output how far it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from studio.child_process import Parent
from studio.dataset.manifest import Manifest
from studio.dataset.read.mapping import Mapping, UnknownColumns
from studio.dataset.rows import Row
from studio.dataset.store.check import check, format_of
from studio.dataset.store.index import IndexWriter
from studio.dataset.store.manifest import COUNTS, stated
from studio.dataset.store.plain_rows import PlainRows
from studio.dataset.store.source import placed_rows
from studio.dataset.store.stretches import stretches
from studio.dataset.store.unpack import is_packed, plain_file, unpacking
from studio.errors import DataError, StudioError
from studio.events import Ended, Progress, Scanned, to_json

_SAMPLE = 100
_FIRST, _MOST = 256, 65_536
"""Rows in the first file of the index, which should be there at once, and in the later ones."""

_SECONDS = 0.2
"""How often it says how far it is: the parent can stop it then."""


def scan(path: Path, folder: Path, columns: str = "") -> Iterator[Scanned | Progress]:
    """Write the index of a source into a folder, saying so after each stretch. Raises DataError.

    That is a file, or the folder of a saved dataset, which says its format itself. `columns` is as the
    recipe's data.columns.
    """
    about = stated(path)
    index = IndexWriter(folder, columns)
    if is_packed(path):
        yield from unpacking(path, folder)
    plain = plain_file(path, folder)
    index.format = Manifest.read(path).format if path.is_dir() else ""
    yield from _indexed(plain, path.name, index, Mapping.parse(columns) if columns else None)
    now = stated(path)
    if (now.st_size, now.st_mtime_ns) != (about.st_size, about.st_mtime_ns):
        raise DataError("scan.changing", file=path.name)
    index.finish(path, about)
    yield _scanned(index, about.st_size, about, finished=True)


def _indexed(path: Path, name: str, index: IndexWriter, mapping: Mapping | None) -> Iterator[Scanned]:
    about = path.stat()
    sample = [place.row for place in islice(placed_rows(path), _SAMPLE) if isinstance(place.row, Row)]
    is_saved = bool(index.format)
    if not is_saved:
        index.format = mapping.format if mapping else format_of(name, sample)
    plain = None if mapping or is_saved else PlainRows.of(index.format, sample)
    size, reported, end = _FIRST, time.monotonic(), 0
    for stretch in stretches(path, plain):
        if stretch.plain:
            index.extend(stretch.plain)
        for place in stretch.rows:
            index.add(place, check(index.format, place.row, mapping, is_saved=is_saved))
        if index.waiting >= size:
            index.flush()
            size, reported, end = min(4 * size, _MOST), 0.0, stretch.end
        if time.monotonic() - reported > _SECONDS:
            reported = time.monotonic()
            yield _scanned(index, end, about)


def _scanned(index: IndexWriter, done: int, about: os.stat_result, finished: bool = False) -> Scanned:
    counts = {name: int(getattr(index.tally, name)) for name in COUNTS}
    return Scanned(
        bytes=done,
        total_bytes=about.st_size,
        folder=str(index.folder),
        finished=finished,
        format=index.format,
        **counts,
    )


def main(arguments: list[str]) -> int:
    """`PATH FOLDER [COLUMNS]`: scan until the end of the file, or until the parent leaves."""
    path, folder = map(Path, arguments[:2])
    parent = Parent()
    if hasattr(os, "nice"):
        os.nice(5)
    try:
        for event in scan(path, folder, *arguments[2:]):
            parent.report(to_json(event))
    except StudioError as error:
        if isinstance(error, UnknownColumns):
            parent.report(to_json(error.question(str(path))))
        return _failed(parent, error)
    except OSError as error:
        return _failed(parent, DataError("disk.unreadable", file=path.name, fault=error.strerror or error))
    return 0


def _failed(parent: Parent, error: StudioError) -> int:
    """Say why there is no index: by code and values, for the parent to raise it as it is."""
    parent.report(to_json(Ended("failed", error.said)))
    return 1
