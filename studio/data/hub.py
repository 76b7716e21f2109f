"""Datasets on the Hugging Face Hub: how people name them, and their download in a process of its own."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from studio.errors import DataError
from studio.events import Downloaded, Progress

_NAME = r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?"
_ADDRESS = re.compile(
    rf"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/(?P<name>{_NAME})/?"
    r"(?:(?:tree|blob|resolve)/(?P<revision>[^/?#]+)|viewer(?:/(?P<subset>[^/?#]+)(?:/(?P<split>[^/?#]+))?)?)?"
)
_SCHEME = re.compile(rf"hf://(?:datasets/)?(?P<name>{_NAME})(?:@(?P<revision>[^/]+))?")
_PLAIN = re.compile(rf"(?P<name>{_NAME})(?:@(?P<revision>[\w.-]+))?")
_TICK = 0.2  # seconds between two looks at how far the download is
_PATIENCE = 2.0  # seconds that the process has to leave


class HubError(DataError):
    """A dataset that cannot be had from the Hub."""


@dataclass(frozen=True)
class Wanted:
    """A part of a Hub dataset. `rows` is (first, end) counted from 0; an end of None is the split's own.

    An empty subset or split is the only one there is, or "default" and "train".
    """

    name: str
    subset: str = ""
    split: str = ""
    rows: tuple[int, int | None] | None = None
    revision: str = ""


def recognize(text: str) -> Wanted | None:
    """The dataset that a name, an hf:// address or a page of the Hub stands for; None for anything else."""
    text = text.strip()
    if found := _ADDRESS.match(text):
        name, revision, subset, split = found.group("name", "revision", "subset", "split")
        return Wanted(name, subset or "", split or "", revision=revision or "")
    found = _SCHEME.fullmatch(text.rstrip("/")) or _PLAIN.fullmatch(text)
    return Wanted(found["name"], revision=found["revision"] or "") if found else None


def row_range(text: str) -> tuple[int, int | None] | None:
    """Rows as people write them: 1000, 500:1500, 500: or nothing. Raises HubError for anything else."""
    text = text.strip().replace(",", "").replace("_", "")
    if not text:
        return None
    found = re.fullmatch(r"(?:(\d*)\s*[:-]\s*)?(\d*)", text)
    if found is None or text in (":", "-"):
        raise HubError(f"{text!r} is no range of rows. Write 1000 for the first thousand, or 500:1500.")
    first, end = int(found[1] or 0), int(found[2]) if found[2] else None
    if end is not None and end <= first:
        raise HubError(f"The rows {text} are none: the second number is the end, and must be larger.")
    return first, end


def download(wanted: Wanted, under: Path, token: str = "") -> Generator[Progress, None, Downloaded]:
    """Bring a part of a dataset into a folder of its own below `under`, as Parquet with its provenance.

    Closing the generator ends the download; what was fetched stays, and the next one goes on from there.
    Raises HubError with what is wrong and what to do.
    """
    from studio.data.hub_fetch import fetch

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
