"""A scan as its parent sees it: a child process whose words are events."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from studio.child_process import SCAN, Child
from studio.dataset.store.manifest import COUNTS, complete_folder, folder_for, read_manifest, tidy
from studio.errors import DataError
from studio.events import ColumnsAsked, Ended, Progress, Scanned, from_json
from studio.logs import hearing

_TICK = 1.0  # seconds: it says by itself how far it is
_PATIENCE = 2.0  # seconds that the process has to leave


type ScanReport = Scanned | Progress | ColumnsAsked


def scanning(path: Path, cache: Path, columns: str = "") -> Generator[ScanReport, None, Path]:
    """Index a file, announcing each stretch of rows that can be read; returns the index's folder.

    What is packed is unpacked first, with its progress; `columns` is as the recipe's data.columns, for which
    is asked where they are none of ours and nothing is said of them.

    A complete index of the unchanged file is used again. Closing the generator ends the child; what it wrote
    stays readable. Raises DataError when the file cannot be scanned.
    """
    folder = index_folder(path, cache, columns)
    manifest = read_manifest(folder)
    if manifest is not None:
        counts = {name: getattr(manifest, name) for name in COUNTS}
        size, format = manifest.bytes, manifest.format
        yield Scanned(
            bytes=size, total_bytes=size, folder=str(folder), finished=True, format=format, **counts
        )
        return folder
    tidy(cache)
    yield from _follow(path, folder, columns)
    return folder


def index_folder(path: Path, cache: Path, columns: str = "") -> Path:
    """Where the index of the file is, or will be. Raises DataError for a file that is not there."""
    try:
        return complete_folder(path, cache, columns) or folder_for(path, cache, columns)
    except OSError as error:
        raise DataError("disk.unreadable", file=path, fault=error.strerror or error) from error


def _follow(path: Path, folder: Path, columns: str) -> Generator[ScanReport]:
    arguments = (SCAN, str(path), str(folder), *filter(None, [columns]))
    child, finished = Child(*arguments, hear=hearing(__name__)), False
    _import_reader()
    try:
        for line in filter(None, child.lines(_TICK)):
            event = from_json(line.decode())
            if isinstance(event, Ended):
                raise DataError(event.summary)
            finished = isinstance(event, Scanned) and event.finished
            if isinstance(event, Scanned | Progress | ColumnsAsked):
                yield event
        code = child.leave(_PATIENCE)
    finally:
        child.end()
    if not finished:
        raise DataError("scan.ended", file=path.name, exit=code)


def _import_reader() -> None:
    """Have at hand, while the child starts, what the first page is read with: it takes a while."""
    import studio.dataset.store.reader  # noqa: F401
