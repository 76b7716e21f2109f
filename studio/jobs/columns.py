"""Jobs behind the question which columns of a file are what."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.events import ColumnsAsked, ColumnShown, ColumnsTried, Event

if TYPE_CHECKING:
    from studio.data.mapping import Column, Mapping


def asked(path: str, columns: Sequence[Column], guess: Mapping) -> ColumnsAsked:
    """The question what these columns of the dataset are."""
    shown = (ColumnShown(column.name, column.kind, column.examples) for column in columns)
    return ColumnsAsked(path, tuple(shown), guess.written)


@dataclass(frozen=True)
class ColumnsJob:
    """Look which columns a dataset has, and what they probably are; `columns` is what they were taken for."""

    path: Path
    columns: str = ""

    @property
    def title(self) -> str:
        return "Looking at the columns"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.mapping import Mapping
        from studio.data.trial import columns_in

        columns, guess = columns_in(self.path)
        yield asked(str(self.path), columns, Mapping.parse(self.columns) if self.columns else guess)


@dataclass(frozen=True)
class TryColumnsJob:
    """Read the first rows of a dataset with its columns named so."""

    path: Path
    columns: str

    @property
    def title(self) -> str:
        return "Trying the columns"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.examples import turns_of
        from studio.data.mapping import Mapping
        from studio.data.trial import tried

        found = tried(self.path, Mapping.parse(self.columns))
        turns = turns_of(found.record) if found.record else ()
        line = found.record.line if found.record else 0
        yield ColumnsTried(self.columns, turns, line, found.read, found.rows, found.reason)
