"""A file too big to hold, through the steps that choose rows: as the jobs that save and export take it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from studio.data.places import Places
from studio.events import Event, Problem, Progress, Scanned

if TYPE_CHECKING:
    from studio.data.history.shaped import Around, Shaped
    from studio.data.history.steps import Step
    from studio.data.store.part import Part
    from studio.data.store.reader import Store


@dataclass(frozen=True)
class Streamed:
    """A big file that was scanned, in the shape of `data.read.Reading`, without its records."""

    path: Path
    format: str
    store: Store
    places: Places = field(default_factory=Places)
    given: dict[int, str] = field(default_factory=dict)

    @property
    def problems(self) -> Iterator[Problem]:
        """What is wrong with its rows."""
        from studio.data.store.part import problems

        return (problem for _, problem in problems(self.store))


def scanned(path: Path, cache: Path) -> Generator[Event, None, Streamed]:
    """The file by its index, which is made where there is none. Raises DataError."""
    from studio.data.store.manifest import read_manifest
    from studio.data.store.reader import Store
    from studio.data.store.scan import scanning
    from studio.errors import DataError

    steps = scanning(path, cache)
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            folder: Path = end.value
            break
        if isinstance(event, Scanned):
            event = Progress("rows checked", event.rows, event.expected_rows)
        yield event
    manifest = read_manifest(folder)
    if manifest is None:
        raise DataError(f"The index of {path.name} is gone. Try again.")
    return Streamed(path, manifest.format, Store(path, folder))


def chosen(
    source: Streamed, steps: tuple[Step, ...], around: Around
) -> Generator[Event, None, Part | Shaped]:
    """What the steps leave: unread where all of them only choose, else what comes of the rest in memory."""
    from studio.data.history.shaping import apply
    from studio.data.room import check_rows
    from studio.data.store.part import choosing

    part, rest = yield from choosing(source.store, source.format, steps)
    if not rest:
        return part
    check_rows(source.path, len(part.records), source.store.rows)
    shaped = yield from apply(tuple(part.records), rest, {}, around)
    return replace(shaped, counts=(*part.counts, *shaped.counts))
