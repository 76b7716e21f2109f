"""Versions of what is written now and read later: a newer one is refused, an older one becomes today's.

A file that names no version is of the first. Nothing is ever written over a file of a newer version, and what
a file was before it became today's stays beside it, as NAME.v1.bak. Each is written whole or not at all: a
crash in the middle leaves the old file, with or without its copy, and the next start goes on from there.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.catalogue import Unusable
from studio.errors import DiskError, StudioError
from studio.files.proof import as_json, parsed
from studio.files.whole import free_place, whole_bytes, write_text

log = logging.getLogger(__name__)

FORMAT = "format"
"""What a file calls its version."""

type _Step = Callable[[Any], dict[str, Any]]


class NewerFile(StudioError):
    """A file of a newer version of this app: it is left as it is."""


class FileKind:
    """One kind of JSON file. `steps` make of each version the next one, of the first the second.

    `name` is what its files call their version.
    """

    def __init__(self, *steps: _Step, name: str = FORMAT) -> None:
        self._steps, self._name = steps, name

    @property
    def version(self) -> int:
        """What this app writes."""
        return len(self._steps) + 1

    def read(self, path: Path) -> dict[str, Any]:
        """What a file holds, as of today's version; an older file is brought to it on the disk, too.

        Raises NewerFile, OSError, and ValueError for what is no JSON, or of another kind.
        """
        found = parsed(path.read_text(encoding="utf-8-sig"))
        written = self.checked(path, found)
        today = found
        for step in self._steps[written - 1 :]:
            try:
                today = step(today)
            except (TypeError, KeyError, AttributeError) as error:
                raise Unusable("file.not_ours") from error
        if not isinstance(today, dict):
            raise Unusable("file.not_ours")
        if written < self.version:
            with suppress(DiskError):  # where nothing can be written it is brought to it each time anew
                _keep_as_it_was(path, written)
                self._put(path, today)
        return today

    def write(self, path: Path, document: dict[str, Any], *, indent: int | None = 2) -> None:
        """Replace a file. Raises NewerFile where a newer version wrote what stands there, and DiskError."""
        with suppress(OSError, ValueError):
            self.checked(path, parsed(path.read_text(encoding="utf-8-sig")))
        self._put(path, document, indent=indent)

    def checked(self, path: Path, found: Any) -> int:
        """The version of what a file holds. Raises NewerFile for one that this app does not know."""
        return version_of(path, found, self.version, self._name)

    def _put(self, path: Path, document: dict[str, Any], *, indent: int | None = 2) -> None:
        write_text(path, as_json({self._name: self.version, **document}, indent=indent) + "\n")


def under(name: str, kind: type) -> _Step:
    """What makes a second version of a first that was a list, or an object, alone: it gets a name."""

    def put(found: Any) -> dict[str, Any]:
        if not isinstance(found, kind):
            raise Unusable("file.not_ours")
        return {name: found}

    return put


def version_of(path: Path, found: Any, known: int, name: str = FORMAT) -> int:
    """The version of what a file holds, under a name. Raises NewerFile for a higher one than is known."""
    written = found.get(name, 1) if isinstance(found, dict) else 1
    if type(written) is not int or written < 1:
        return 1
    if written > known:
        raise NewerFile("file.newer", file=path, written=written, known=known)
    return written


def newer_among(files: Sequence[tuple[Path, FileKind]]) -> list[NewerFile]:
    """What of these files a newer version wrote; damaged ones are told of elsewhere."""
    found: list[NewerFile] = []
    for path, kind in files:
        try:
            kind.checked(path, json.loads(path.read_bytes()))
        except NewerFile as error:
            found.append(error)
        except (OSError, ValueError, RecursionError):
            continue
    return found


def _keep_as_it_was(path: Path, written: int) -> None:
    """Copy a file beside itself before it becomes another; not twice, where a crash came between."""
    backup, before = path.with_name(f"{path.name}.v{written}.bak"), path.read_bytes()
    if backup.is_file() and backup.read_bytes() == before:
        return
    backup = free_place(backup)
    with whole_bytes(backup) as file:
        file.write(before)
    log.info("Kept a copy of version %d before it was brought to today's", written)
