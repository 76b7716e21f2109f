"""One file of a dataset as records, its lines counted on from the files before it; or its first rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from studio.catalogue import Phrase, phrase, sentences
from studio.dataset.groups import origins_of
from studio.dataset.read import formats
from studio.dataset.read.folders import DataFile, files_of
from studio.dataset.read.json_documents import json_rows, lines_or_json_rows
from studio.dataset.read.mapping import Column, Mapping, UnknownColumns, columns_of, guessed
from studio.dataset.read.memory_check import MemoryBudget
from studio.dataset.read.source import Source, check_downloaded
from studio.dataset.read.tables import arrow_rows, csv_rows, parquet_rows
from studio.dataset.read.text import markdown_rows, text_rows
from studio.dataset.record import Record
from studio.dataset.rows import BadRow, Fields, Row, listed, problem
from studio.errors import DataError
from studio.events import Problem, Progress

_SAMPLE = 100
"""How many rows are looked at to tell the file's format."""

_REPORT_EVERY = 200

_DOCUMENTS = (".txt", ".md")
"""Files of which each is one document."""


class NothingUsable(DataError):
    """A file of which every row is bad; `problems` says what is wrong with each, by its line in `path`."""

    def __init__(self, file: DataFile, problems: Sequence[Problem]) -> None:
        super().__init__(_nothing(file.name, problems))
        self.file, self.path, self.problems = file, file.path, tuple(problems)

    def read(self, before: int) -> FileRead:
        """The file without any record, its problems from line `before` + 1 on."""
        problems = tuple(_moved(item, before) for item in self.problems)
        return FileRead(self.file, "", (), problems, before, max(before, *(p.line for p in problems)))


@dataclass(frozen=True)
class FileRead:
    """A file's records and problems with their running lines, and the last of these lines."""

    file: DataFile
    format: str
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    before: int
    last: int


def read_file(
    file: DataFile, before: int, mapping: Mapping | None, budget: MemoryBudget
) -> Generator[Progress, None, FileRead]:
    """The file's rows from line `before` + 1 on, for which there is memory.

    Raises DataError when there is nothing to train on, or more than the memory holds.
    """
    source = file.source
    if file.path.stat().st_size == 0:
        raise DataError("file.empty", file=file.name)
    rows = rows_of(source, mapping)
    sample = _sample(rows)
    format = mapping.format if mapping else _format(file, sample)
    here = origins_of({"file": file.name}) if source.kind in _DOCUMENTS else ()
    records: list[Record] = []
    problems: list[Problem] = []
    last = before
    for number, row in enumerate(chain(sample, rows), 1):
        if isinstance(row, Row):
            budget.take(row.fields)
        result = row if isinstance(row, Problem) else record_of(row, format, mapping, before)
        if isinstance(result, Problem):
            problems.append(_moved(result, before))
        else:
            records.append(replace(result, origins=here) if here else result)
        last = max(last, row.line + before)
        if number % _REPORT_EVERY == 0:
            yield Progress("rows read", before + number)
    problems.extend(source.remarks)
    if not records:
        raise NothingUsable(file, [replace(p, line=max(p.line - before, 0)) for p in problems])
    return FileRead(file, format, tuple(records), tuple(problems), before, last)


def _moved(item: Problem, before: int) -> Problem:
    return replace(item, line=item.line + before) if item.line else item


def rows_of(source: Source, mapping: Mapping | None = None) -> Iterator[Row | Problem]:
    """The rows of a file of any kind, in order. Raises DataError for one that was not downloaded."""
    check_downloaded(source)
    match source.kind:
        case ".json":
            return json_rows(source, lambda fields: _is_row(fields, mapping))
        case ".csv" | ".tsv":
            return csv_rows(source)
        case ".parquet":
            return parquet_rows(source)
        case ".arrow":
            return arrow_rows(source)
        case ".txt":
            return text_rows(source)
        case ".md":
            return markdown_rows(source)
        case _:
            return lines_or_json_rows(source, lambda fields: _is_row(fields, mapping))


def _is_row(fields: Fields, mapping: Mapping | None) -> bool:
    if mapping is None:
        return bool(formats.recognize(fields))
    return any(column in fields for _, column in mapping if column)


def record_of(row: Row, format: str, mapping: Mapping | None = None, before: int = 0) -> Record | Problem:
    """The row as a record with its running line, or as a problem with its line in the file."""
    try:
        fields = mapping.fields(row.fields) if mapping else row.fields
        record = formats.record(row.line + before, format, fields)
        return replace(record, origins=origins_of(row.fields)) if mapping else record
    except BadRow as error:
        return problem(row.line, mapping.words(error.phrase) if mapping else error.phrase)


def _sample(rows: Iterator[Row | Problem]) -> list[Row | Problem]:
    sample: list[Row | Problem] = []
    found = 0
    for row in rows:
        sample.append(row)
        found += isinstance(row, Row)
        if found == _SAMPLE:
            break
    return sample


def _format(file: DataFile, sample: list[Row | Problem]) -> str:
    rows = [row.fields for row in sample if isinstance(row, Row)]
    if not rows:
        raise NothingUsable(file, [row for row in sample if isinstance(row, Problem)])
    return format_of(file.name, rows)


def format_of(name: str, rows: Sequence[Fields]) -> str:
    """The format most of these rows of a file have. Raises UnknownColumns when none has one."""
    votes = Counter(found for found in map(formats.recognize, rows) if found)
    if votes:
        return votes.most_common(1)[0][0]
    columns = columns_of(rows)
    guess = guessed(columns)
    remedy = phrase("columns.guessed", guess=guess.written) if guess.format else ""
    fields, sets = listed(rows[0]), formats.examples()
    said = phrase("columns.unknown", file=name, fields=fields, sets=sets, remedy=remedy)
    raise UnknownColumns(said, columns, guess)


def _nothing(name: str, problems: Sequence[Problem]) -> Phrase:
    if not problems:
        return phrase("file.no_rows", file=name)
    shown = sentences(phrase("row.no_example", line=p.line, reason=p.what) for p in problems[:3])
    if len(problems) == 1:
        return phrase("file.row_unusable", file=name, reasons=shown)
    return phrase("file.rows_unusable", file=name, rows=len(problems), reasons=shown)


_ROWS = 100


@dataclass(frozen=True)
class MappingPreview:
    """The first row that reads, how many of the first `rows` do, and why the first other one does not."""

    record: Record | None
    read: int
    rows: int
    reason: str = ""


def columns_in(path: Path) -> tuple[tuple[Column, ...], Mapping]:
    """The columns of the file, or of the first in a folder, and what they probably are. Raises DataError."""
    columns = columns_of([row.fields for row in _first_rows(path)])
    return columns, guessed(columns)


def preview(path: Path, mapping: Mapping) -> MappingPreview:
    """The first rows of the file read with this mapping. Raises DataError for one that makes no example."""
    if not mapping.format:
        raise DataError("columns.incomplete")
    records: list[Record] = []
    reasons: list[str] = []
    for row in _first_rows(path, mapping):
        try:
            records.append(formats.record(row.line, mapping.format, mapping.fields(row.fields)))
        except BadRow as error:
            reasons.append(str(phrase("row.no_example", line=row.line, reason=mapping.words(error.phrase))))
    rows = len(records) + len(reasons)
    return MappingPreview(records[0] if records else None, len(records), rows, reasons[0] if reasons else "")


def _first_rows(path: Path, mapping: Mapping | None = None) -> list[Row]:
    for file in files_of(path):
        found = list(islice(_rows(file.source, mapping), _ROWS))
        if found:
            return found
    raise DataError("file.no_readable_row", file=path.name)


def _rows(source: Source, mapping: Mapping | None) -> Iterator[Row]:
    return (row for row in rows_of(source, mapping) if isinstance(row, Row))
