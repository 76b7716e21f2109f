"""Dataset files as records, with every row that is not one named by its file and line."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from studio.catalogue import phrase
from studio.dataset.identity import Equal, equal_key
from studio.dataset.manifest import Manifest, is_saved
from studio.dataset.read.file_reader import FileRead, NothingUsable, read_file
from studio.dataset.read.folders import DataFile, files_of
from studio.dataset.read.formats import FAMILIES
from studio.dataset.read.mapping import Mapping
from studio.dataset.read.memory_check import UNRENDERED, MemoryBudget, NotEnoughMemory, check_memory
from studio.dataset.read.source import EXTENSIONS
from studio.dataset.record import Record, remarks
from studio.dataset.rows import LineMap, problem
from studio.errors import DataError
from studio.events import FilePlace, Problem, Progress
from studio.files import clear_beside, restore

__all__ = ["EXTENSIONS", "Reading", "fingerprint", "read", "reading"]

_REPORT_EVERY = 200


@dataclass(frozen=True)
class Reading:
    """What was chosen holds: usable records in order, and everything wrong with the rest, by line.

    Of several files the lines are running numbers, which `places` turns into a file and its line.
    """

    path: Path
    name: str
    format: str
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    fingerprint: str
    places: LineMap = field(default_factory=LineMap)
    parts: AbstractMapping[int, str] | None = None
    """The part of each line that has one, where steps were done to the rows."""

    @property
    def given(self) -> AbstractMapping[int, str]:
        """The part that a record's file was given as, by line; that of a saved dataset may be golden."""
        if self.parts is not None:
            return self.parts
        if not any(file.part for file in self.places.files):
            return {}
        return {record.line: self.places.part(record.line) for record in self.records}


def read(path: Path | Sequence[Path], mapping: Mapping | None = None) -> Reading:
    """The file, the folder or the files as records.

    `mapping` says which columns are what, where their names do not. Raises UnknownColumns when neither does,
    and DataError when there is nothing to train on.
    """
    steps = reading(path, mapping)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Reading = end.value
            return result


def reading(
    path: Path | Sequence[Path], mapping: Mapping | None = None, times: int = UNRENDERED
) -> Generator[Progress, None, Reading]:
    """`read`, announcing how far it is so that it can be stopped between rows.

    A byte of text is to take `times` as many bytes of memory; rows that would fill it are refused.
    """
    yield Progress("rows read", 0)
    chosen = [Path(path)] if isinstance(path, str | Path) else [Path(one) for one in path]
    if mapping and not mapping.format:
        raise DataError("columns.incomplete")
    for one in chosen:
        restore(one, is_saved)
        clear_beside(one)
    try:
        for one in chosen:
            check_memory(one, times)
        if len(chosen) == 1 and is_saved(chosen[0]):
            return (yield from _saved(chosen[0]))
        files = files_of(chosen)
        parts, lost = yield from _each(files, mapping, MemoryBudget(chosen[0], times))
        return (yield from _joined(chosen, files, parts, lost))
    except OSError as error:
        name = Path(error.filename).name if error.filename else chosen[0].name
        raise DataError("disk.unreadable", file=name, fault=error.strerror or error) from error


def _saved(folder: Path) -> Generator[Progress, None, Reading]:
    """A saved dataset: its parts as they are, with the fingerprint of its manifest."""
    from studio.dataset.read.saved import places_of, read_saved

    manifest, parts = yield from read_saved(folder)
    records = tuple(chain.from_iterable(parts.values()))
    places = places_of(folder)
    return Reading(
        path=folder,
        name=folder.name,
        format=manifest.format,
        records=records,
        problems=tuple((yield from warnings_of(records, places))),
        fingerprint=manifest.fingerprint,
        places=places,
    )


def fingerprint(path: Path) -> str:
    """The start of the SHA-256 of the file's bytes: equal for equal files."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def source_fingerprint(path: Path) -> str:
    """The fingerprint that reading a file, a folder or a saved dataset would give. Raises DataError."""
    return Manifest.read(path).fingerprint if is_saved(path) else _fingerprint(files_of([path]))


def _each(
    files: Sequence[DataFile], mapping: Mapping | None, room: MemoryBudget
) -> Generator[Progress, None, tuple[list[FileRead], list[Problem]]]:
    """What is in each file; of several, one without any row is a problem of its own."""
    parts: list[FileRead] = []
    lost: list[Problem] = []
    refusals: list[DataError] = []
    for file in files:
        before = parts[-1].last if parts else 0
        try:
            parts.append((yield from read_file(file, before, mapping, room)))
        except NotEnoughMemory:
            raise
        except DataError as error:
            refusals.append(error)
            if isinstance(error, NothingUsable) and error.problems:
                parts.append(error.read(before))
            else:
                lost.append(replace(problem(0, phrase("file.refused", sentence=error.said)), file=file.name))
    if not any(part.records for part in parts):
        raise refusals[0]
    return parts, lost


def _joined(
    chosen: Sequence[Path], files: Sequence[DataFile], parts: Sequence[FileRead], lost: list[Problem]
) -> Generator[Progress, None, Reading]:
    format = _common(parts)
    used = [part for part in parts if not part.records or FAMILIES.get(part.format) == FAMILIES.get(format)]
    for part in parts:
        if part not in used:
            other = phrase("file.other_format", format=part.format, common=format)
            lost.append(replace(problem(0, other), file=part.file.name))
    places = LineMap(tuple(FilePlace(p.file.name, p.before, p.file.part) for p in used))
    records = tuple(chain.from_iterable(part.records for part in used))
    problems = [*lost, *_named(used, several=len(files) > 1)]
    problems += yield from warnings_of(records, places)
    name = chosen[0].name if len(chosen) == 1 else f"{files[0].name} and {len(chosen) - 1} more"
    return Reading(
        path=chosen[0],
        name=name,
        format=format,
        records=records,
        problems=tuple(sorted(problems, key=lambda item: item.line)),
        fingerprint=_fingerprint(files),
        places=places,
    )


def _common(parts: Sequence[FileRead]) -> str:
    """The format of most records."""
    counts: Counter[str] = Counter()
    for part in parts:
        counts[part.format] += len(part.records)
    return counts.most_common(1)[0][0]


def _named(parts: Sequence[FileRead], *, several: bool) -> Iterator[Problem]:
    for part in parts:
        for item in part.problems:
            yield replace(item, file=part.file.name) if several else item


def _fingerprint(files: Sequence[DataFile]) -> str:
    """That of the one file's bytes; of several files, that of their names, parts and fingerprints."""
    if len({file.path for file in files}) == 1:
        return fingerprint(files[0].path)
    listed = "".join(f"{file.name}\0{file.part}\0{fingerprint(file.path)}\n" for file in files)
    return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def warnings_of(records: Sequence[Record], places: LineMap) -> Generator[Progress, None, list[Problem]]:
    """What deserves a look in rows that can train, and which repeat an earlier one."""
    known: dict[Equal, int] = {}
    found: list[Problem] = []
    for number, record in enumerate(records, 1):
        file = places.place(record.line)[0] if places.several else ""
        found += [replace(problem(record.line, what, "warning"), file=file) for what in remarks(record)]
        first = known.setdefault(equal_key(record), record.line)
        if first != record.line:
            what = phrase("row.duplicate", place=places.spoken(first))
            found.append(replace(problem(record.line, what, "warning"), file=file))
        if number % _REPORT_EVERY == 0:
            yield Progress("rows compared", number, len(records))
    return found
