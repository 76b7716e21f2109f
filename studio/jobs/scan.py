"""Jobs for files too big to hold: scan one into an index, find rows in it, read one row whole."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.events import Event, Problem, Progress, RowsFound, RowShown

if TYPE_CHECKING:
    from studio.data.store.find import Numbers


@dataclass(frozen=True)
class ScanJob:
    """Check every row of a big file in a child process; what is checked can be looked at meanwhile."""

    path: Path
    cache: Path

    @property
    def title(self) -> str:
        return "Checking a large file"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.store.scan import scanning

        yield from scanning(self.path, self.cache)


@dataclass(frozen=True)
class FindJob:
    """Find the rows of a scanned file that pass a filter and hold a text, in an order.

    Its fields are those of `data.store.find.Query`.
    """

    path: Path
    folder: Path
    query: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return "Searching a large file"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.store.find import Query, finding
        from studio.data.store.reader import Store

        yield Progress("rows searched", 0)
        numbers = yield from finding(Store(self.path, self.folder), Query(**self.query))
        yield RowsFound(str(_keep(self.folder, numbers)), len(numbers))


@dataclass(frozen=True)
class RowJob:
    """Read one row of a scanned file whole."""

    path: Path
    folder: Path
    number: int

    @property
    def title(self) -> str:
        return "Reading a row"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.store.reader import Store

        row = Store(self.path, self.folder).fields(self.number)
        if isinstance(row, Problem):
            yield RowShown(self.number, row.line, (), (), row.reason)
        else:
            texts = tuple(_text(value) for value in row.fields.values())
            yield RowShown(self.number, row.line, tuple(row.fields), texts)


def _keep(folder: Path, numbers: Numbers) -> Path:
    """Write row numbers to a new file beside the index; older ones go, where they are mapped they stay."""
    import numpy as np

    older = list(folder.glob("found-*.npy"))
    path = folder / f"found-{os.getpid()}-{_next(older):06d}.npy"
    with path.open("wb") as file:
        np.save(file, numbers)
    for file_before in older:
        file_before.unlink(missing_ok=True)
    return path


def _next(older: list[Path]) -> int:
    return 1 + max((int(path.stem.rpartition("-")[2]) for path in older), default=0)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
