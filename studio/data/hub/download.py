"""The download of a part of a Hub dataset, watched from outside."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from studio.data.hub.wanted import HubError, Wanted
from studio.events import Downloaded, Progress

_TICK = 0.2  # seconds between two looks at how far the download is
_PATIENCE = 2.0  # seconds that the process has to leave


def download(wanted: Wanted, under: Path, token: str = "") -> Generator[Progress, None, Downloaded]:
    """Bring a part of a dataset into a folder of its own below `under`, as Parquet with its provenance.

    Closing the generator ends the download; what was fetched stays, and the next one goes on from there.
    Raises HubError with what is wrong and what to do.
    """
    from studio.data.hub.fetch import fetch

    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=fetch, args=(wanted, under, token, there), daemon=True)
    yield Progress(f"Looking up {wanted.name}", 0)
    process.start()
    there.close()
    try:
        return (yield from _listening(here, wanted))
    except GeneratorExit:
        process.terminate()
        raise
    finally:
        here.close()
        _end(process)


def _end(process: SpawnProcess) -> None:
    """Wait until the process has left, and end it where it does not."""
    process.join(_PATIENCE)
    process.kill()
    process.join()
    process.close()


def _listening(here: Connection, wanted: Wanted) -> Generator[Progress, None, Downloaded]:
    shown = Progress(f"Looking up {wanted.name}", 0)
    arriving, total = None, 0
    while True:
        while not here.poll(_TICK):
            if arriving is not None:
                done = min(_size(arriving), total)
                shown = Progress("MB downloaded", done // 10**6, max(1, total // 10**6))
            yield shown
        match _message(here, wanted):
            case {"done": dict(facts)}:
                return Downloaded(**facts)
            case {"failed": str(sentence)}:
                raise HubError(sentence)
            case {"arriving": str(folder), "bytes": int(total)}:
                arriving = Path(folder)
            case {"rows": int(done), "of": of}:
                arriving, shown = None, replace(shown, what="rows written", done=done, total=of)
                yield shown


def _message(here: Connection, wanted: Wanted) -> dict[str, Any]:
    try:
        message: dict[str, Any] = here.recv()
    except EOFError:
        raise HubError(
            f"The download of {wanted.name} ended without a word; perhaps the memory or the disk was full. "
            "Try again: what was fetched is kept."
        ) from None
    return message


def _size(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
