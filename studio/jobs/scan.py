"""Jobs for files too big to hold: scan one into an index, find rows in it, read one row whole."""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.events import DatasetExported, Event, Problem, Progress, RowsFound, RowShown
from studio.files import whole_file
from studio.train.recipe import Recipe
from studio.words import printable

if TYPE_CHECKING:
    from studio.data.render import Renderer
    from studio.data.rows import Row
    from studio.data.store.find import Numbers

_REPORT_EVERY = 1000


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
    """Read one row of a scanned file whole; as a recipe would train it, where one is given."""

    path: Path
    folder: Path
    number: int
    format: str = ""
    recipe: Recipe | None = None

    @property
    def title(self) -> str:
        return "Reading a row"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.store.reader import Store

        store = Store(self.path, self.folder)
        row = store.fields(self.number)
        if isinstance(row, Problem):
            yield RowShown(self.number, row.line, ("",), (store.text(self.number),), row.reason)
            return
        texts = tuple(_text(value) for value in row.fields.values())
        shown = RowShown(self.number, row.line, tuple(row.fields), texts)
        yield (
            shown if self.recipe is None else _rendered(shown, row, self.format, bench.renderer(self.recipe))
        )


@dataclass(frozen=True)
class BadRowsJob:
    """Write what is wrong with the rows of a scanned file that cannot train, as JSONL."""

    path: Path
    folder: Path
    out: Path

    @property
    def title(self) -> str:
        return "Writing the bad rows"

    def run_events(self, bench: Any) -> Generator[Event]:
        from studio.data.rows import Row
        from studio.data.saving.bad import check_report
        from studio.data.saving.target import check_sources
        from studio.data.store.part import problems
        from studio.data.store.reader import Store

        check_sources(self.out, [self.path])
        check_report(self.out)
        store, written = Store(self.path, self.folder), 0
        with whole_file(self.out) as file:
            for number, found in problems(store):
                if found.severity == "error":
                    row = store.fields(number)
                    shown = {
                        "file": self.path.name,
                        "line": found.line,
                        "column": found.column or None,
                        "code": found.code,
                        "reason": found.reason,
                        "row": row.fields if isinstance(row, Row) else store.text(number),
                    }
                    file.write(printable(json.dumps(shown, ensure_ascii=False, default=str)) + "\n")
                    written += 1
                    if written % _REPORT_EVERY == 1:
                        yield Progress("bad rows written", written)
        yield DatasetExported((str(self.out),), written)


def _rendered(shown: RowShown, row: Row, format: str, renderer: Renderer) -> RowShown:
    """The row token by token, or why it has no tokens that train."""
    from studio.data import formats
    from studio.data.examples import pieces_of, turns_of
    from studio.data.fields import BadRow
    from studio.data.render import ExampleError

    try:
        record = formats.record(row.line, format, row.fields)
        tokens = [example.tokens for example in renderer.render(record)]
        pieces, rows = pieces_of(renderer.piece_rows(record))
    except (BadRow, ExampleError) as error:
        return replace(shown, reason=str(error.phrase))
    count = sum(len(each.ids) for each in tokens)
    count -= 0 if record.messages else len(tokens) - 1  # windows of a text overlap by one
    trained = sum(each.targets for each in tokens)
    said = turns_of(record)
    return replace(shown, pieces=pieces, turns=said, tokens=count, trained=trained, rows=rows)


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
