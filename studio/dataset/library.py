"""The library: every dataset that was opened, saved or trained on, and what is known of it.

A small file for each that was opened says what was in it then. The datasets themselves are never written.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from studio.dataset.manifest import NAME, is_saved
from studio.dataset.steps.journal import StepJournal
from studio.errors import StudioError
from studio.events import Event
from studio.files import FileKind, NewerFile, discard, disk_errors, parsed
from studio.paths import Paths

ENTRIES = FileKind(name="version")  # its format is the dataset's
_MOST_FILES = 2000
"""Of a folder, whose sizes are added up."""


@dataclass(frozen=True)
class LibraryEntry:
    """A dataset as the list shows it; what is not known of it is empty or 0.

    `rows` are those after its steps when it was opened last, `source` is what its steps are kept by, `runs`
    are the names of the runs on it. `is_ours` is whether it is a copy in the app's own folders.
    """

    path: str
    format: str = ""
    rows: int = 0
    bytes: int = 0
    opened: float = 0.0  # seconds since 1970
    source: str = ""
    steps: int = 0
    runs: tuple[str, ...] = ()
    is_there: bool = True
    is_ours: bool = False

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


@dataclass(frozen=True)
class LibraryListed(Event, kind="LibraryListed"):
    """Every dataset that is known, the one opened last first. For the window and the command line only."""

    entries: tuple[LibraryEntry, ...]


_KEPT = ("path", "format", "rows", "opened", "source")


class Library:
    """The datasets that are known here; `paths` says where the app keeps what."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def note(self, path: Path, format: str = "", rows: int = 0, source: str = "") -> None:
        """Write down that a dataset was opened or saved now; a saved one says itself what it holds.

        Raises DiskError.
        """
        entry = LibraryEntry(_whole(path), format, rows, opened=time.time(), source=source)
        self._write(entry.path, {name: value for name, value in asdict(entry).items() if name in _KEPT})

    def forget(self, path: str, *, for_good: bool = False) -> None:
        """Take a dataset off the list; a copy of ours goes to the Trash, or is deleted `for_good`.

        Nothing else is touched. Raises NoTrash where its volume has none, and DiskError.
        """
        if self._is_ours(path) and os.path.lexists(path):
            with disk_errors(Path(path)):
                discard(Path(path), for_good=for_good)
        self._write(path, {"path": path, "is_left_out": True})

    def entries(
        self, runs: Mapping[str, Sequence[str]] | None = None, recent: Iterable[str] = ()
    ) -> tuple[LibraryEntry, ...]:
        """All of them, the one opened last first: `runs` are the names of runs by the path of their dataset.

        Those trained on, and the `recent` ones of earlier releases, are known, too.
        """
        used: dict[str, list[str]] = {}
        for path, names in (runs or {}).items():
            used.setdefault(_whole(Path(path)), []).extend(names)
        kept = dict(self._kept())
        known = dict.fromkeys(chain(kept, map(_whole, map(Path, recent)), self._own(), used))
        edited = self._edited()
        found = (
            self._looked_at(kept.get(path) or LibraryEntry(path), tuple(used.get(path, ())), edited)
            for path in known
            if kept.get(path, path) is not None
        )
        return tuple(sorted(found, key=lambda entry: (-entry.opened, entry.name.casefold(), entry.path)))

    def _looked_at(self, entry: LibraryEntry, runs: tuple[str, ...], edited: Set[str]) -> LibraryEntry:
        """The entry with what the disk says of it now; `edited` are the sources that steps are kept of."""
        is_ours, is_there = self._is_ours(entry.path), os.path.exists(entry.path)
        if is_there and not entry.source and is_saved(Path(entry.path)):
            entry = _as_saved(entry)
        steps = self._steps(entry.source) if entry.source in edited else 0
        size = _size(entry.path) if is_there else 0
        return replace(entry, bytes=size, steps=steps, runs=runs, is_there=is_there, is_ours=is_ours)

    def _edited(self) -> Set[str]:
        """The sources of which steps are kept."""
        with suppress(OSError):
            return {name.removesuffix(".jsonl") for name in os.listdir(self._paths.step_journals)}
        return set()

    def _steps(self, source: str) -> int:
        """How many steps are done to a dataset when it is opened."""
        with suppress(StudioError):
            return len(StepJournal.of(self._paths.step_journals, source).read().steps)
        return 0

    def _is_ours(self, path: str) -> bool:
        """Whether this is a dataset that the app itself put into one of its folders."""
        return os.path.dirname(path) == str(self._paths.datasets) or path.startswith(
            f"{self._paths.hub}{os.sep}"
        )

    def _own(self) -> Iterator[str]:
        """What lies among the app's own datasets."""
        with suppress(OSError):
            for found in os.scandir(self._paths.datasets):
                if not found.name.startswith("."):
                    yield found.path

    def _kept(self) -> Iterator[tuple[str, LibraryEntry | None]]:
        """What was written down, by path: None for what was taken off the list. What is damaged is not."""
        with suppress(OSError):
            for found in os.scandir(self._paths.library):
                with suppress(NewerFile, OSError, ValueError, TypeError, KeyError):
                    values = ENTRIES.read(Path(found.path))
                    yield str(values["path"]), None if values.get("is_left_out") else _entry(values)

    def _write(self, path: str, values: Mapping[str, Any]) -> None:
        name = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        with disk_errors(self._paths.library):
            self._paths.library.mkdir(parents=True, exist_ok=True)
        with suppress(NewerFile):  # it knows this dataset, and more of it
            ENTRIES.write(self._paths.library / f"{name}.json", dict(values), indent=None)


def _entry(values: Mapping[str, Any]) -> LibraryEntry:
    """The entry of what was kept. Raises TypeError for values of other types."""
    kept = {name: values[name] for name in _KEPT if name in values}
    for field in fields(LibraryEntry):
        if field.name in kept and type(kept[field.name]) is not type(getattr(_NOTHING, field.name)):
            raise TypeError(f"{field.name} cannot be {kept[field.name]!r:.40}")
    return LibraryEntry(**kept)


_NOTHING = LibraryEntry("")


def _as_saved(entry: LibraryEntry) -> LibraryEntry:
    """The entry with what the manifest of a saved dataset says of it."""
    try:
        said = parsed((Path(entry.path) / NAME).read_bytes())
        rows = sum(int(count) for count in said["rows"].values())
        return replace(entry, format=str(said["format"]), rows=rows, source=str(said["fingerprint"]))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return entry


def _size(path: str) -> int:
    """The bytes of a file, or of the files in a folder."""
    with suppress(OSError):
        if not os.path.isdir(path):
            return os.stat(path).st_size
        files = (Path(folder, name) for folder, _, names in os.walk(path) for name in names)
        return sum(file.stat().st_size for file in islice(files, _MOST_FILES))
    return 0


def _whole(path: Path) -> str:
    return os.path.abspath(path.expanduser())
