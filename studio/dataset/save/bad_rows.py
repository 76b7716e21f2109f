"""The rows that cannot train, with why and as they stand in their file."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Sequence
from pathlib import Path
from typing import Any

from studio.dataset.read.file_reader import rows_of
from studio.dataset.read.folders import files_of
from studio.dataset.read.source import Source
from studio.dataset.read.text import lines
from studio.dataset.rows import LineMap, Row
from studio.dataset.save.target import check_file
from studio.errors import DataError
from studio.events import Problem, Progress
from studio.files import whole_file
from studio.language import tr
from studio.words import printable

_TEXT = (".jsonl", ".ndjson", ".json", ".csv", ".tsv")
_LONGEST = 100_000
"""Characters of a line that is quoted; what is longer is looked at in its file."""

_REPORT_EVERY = 1000
_REPORT = {"file", "line", "column", "code", "reason", "row"}


def export_bad(
    path: Path, places: LineMap, problems: Sequence[Problem], out: Path
) -> Generator[Progress, None, int]:
    """Write a line of JSON for each error: file, line, column, reason and row; returns how many.

    The row is its named values, or its text where it has none; null for a file as a whole and for a line
    beyond all measure. Raises DataError when there are no errors, or the file is no `.jsonl`; TargetError
    where something stands that is no such report.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors:
        raise DataError("export.none_bad")
    if out.suffix.lower() != ".jsonl":
        raise DataError("export.no_jsonl", file=out.name)
    check_report(out.expanduser())
    rows = yield from _rows(path, places, {problem.line for problem in errors if problem.line})
    with whole_file(out.expanduser().absolute()) as file:
        for number, problem in enumerate(errors):
            name, line = places.place(problem.line) if problem.line else ("", 0)
            shown = {
                "file": problem.file or name or path.name,
                "line": line or None,
                "column": problem.column or None,
                "code": problem.code,
                "reason": problem.reason,
                "row": rows.get(problem.line),
            }
            file.write(printable(json.dumps(shown, ensure_ascii=False, default=str)) + "\n")
            if number % _REPORT_EVERY == 0:
                yield Progress(tr("rows written"), number, len(errors))
    return len(errors)


def check_report(out: Path) -> None:
    """Raise TargetError when something stands at `out` that is no report of bad rows."""
    check_file(out, lambda row: isinstance(row, dict) and row.keys() == _REPORT)


def _rows(path: Path, places: LineMap, wanted: Collection[int]) -> Generator[Progress, None, dict[int, Any]]:
    """What stands on these lines, read from the files anew."""
    starts = {file.name: file.before for file in places.files}
    ends = sorted(starts.values())[1:]
    found: dict[int, Any] = {}
    for file in files_of(path):
        if file.name not in starts and len(starts) > 1:
            continue
        before = starts.get(file.name, 0)
        end = next((each for each in ends if each > before), None)
        here = {line for line in wanted if line > before and (end is None or line <= end)}
        if here:
            yield from _rows_in(file.source, before, here, found)
    return found


def _rows_in(source: Source, before: int, wanted: set[int], found: dict[int, Any]) -> Generator[Progress]:
    for number, row in enumerate(rows_of(source)):
        if isinstance(row, Row) and row.line + before in wanted:
            found[row.line + before] = row.fields
        if number % _REPORT_EVERY == 0:
            yield Progress(tr("rows looked at"), number)
    if source.kind in _TEXT and (left := wanted - found.keys()):
        for line, text in lines(source):
            if line + before in left and len(text) <= _LONGEST:
                found[line + before] = text.rstrip("\r\n")
