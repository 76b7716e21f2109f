"""A scan as its parent sees it: a child process whose words are events."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

from studio.dataset.store.manifest import COUNTS, complete_folder, folder_for, read_manifest, tidy
from studio.errors import DataError
from studio.events import Ended, Progress, Scanned, from_json

SWITCH = "--scan-rows"
"""What the bundled app, which is its own interpreter, is told to be a scanner by."""


def scanning(path: Path, cache: Path) -> Generator[Scanned | Progress, None, Path]:
    """Index a file, announcing each stretch of rows that can be read; returns the index's folder.

    What is packed is unpacked first, with its progress.

    A complete index of the unchanged file is used again. Closing the generator ends the child; what it wrote
    stays readable. Raises DataError when the file cannot be scanned.
    """
    folder = index_folder(path, cache)
    manifest = read_manifest(folder)
    if manifest is not None:
        counts = {name: getattr(manifest, name) for name in COUNTS}
        size, format = manifest.bytes, manifest.format
        yield Scanned(
            bytes=size, total_bytes=size, folder=str(folder), finished=True, format=format, **counts
        )
        return folder
    tidy(cache)
    yield from _follow(path, folder)
    return folder


def index_folder(path: Path, cache: Path) -> Path:
    """Where the index of the file is, or will be. Raises DataError for a file that is not there."""
    try:
        return complete_folder(path, cache) or folder_for(path, cache)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from error


def _follow(path: Path, folder: Path) -> Generator[Scanned | Progress]:
    with subprocess.Popen(
        [*_command(), str(path), str(folder)],
        stdin=subprocess.PIPE,  # its closing ends the child, however this process ends
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    ) as child:
        _import_reader()
        assert child.stdout is not None
        try:
            finished = False
            for line in child.stdout:
                event = from_json(line)
                if isinstance(event, Ended):
                    raise DataError(event.summary)
                finished = isinstance(event, Scanned) and event.finished
                if isinstance(event, Scanned | Progress):
                    yield event
        finally:
            child.kill()
    if not finished:
        code = child.returncode
        raise DataError(f"The scan of {path.name} ended early (exit {code}). Open the file again.")


def _import_reader() -> None:
    """Have at hand, while the child starts, what the first page is read with: it takes a while."""
    import studio.dataset.store.reader  # noqa: F401


def _command() -> list[str]:
    """-P: the current folder may hold modules of the same names as ours and Python's."""
    if getattr(sys, "frozen", False):
        return [sys.executable, SWITCH]
    return [sys.executable, "-P", "-m", "studio.dataset.store.scanner"]
