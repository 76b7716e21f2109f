"""A dataset file as records, with every row that is not one named by its line."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.data import formats
from studio.data.documents import json_rows
from studio.data.fields import BadRow
from studio.data.records import Record
from studio.data.rows import Row, jsonl_rows, problem, text_rows
from studio.data.tables import csv_rows, parquet_rows
from studio.errors import DataError
from studio.events import Problem, Progress

EXTENSIONS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet", ".txt")

_SAMPLE = 100
"""How many rows are looked at to tell the file's format."""

_REPORT_EVERY = 200


@dataclass(frozen=True)
class Reading:
    """What a file holds: usable records in file order, and everything wrong with the rest, by line."""

    path: Path
    name: str
    format: str
    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    fingerprint: str


def read(path: Path) -> Reading:
    """The file as records. Raises DataError when there is nothing in it to train on."""
    steps = reading(path)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Reading = end.value
            return result


def reading(path: Path) -> Generator[Progress, None, Reading]:
    """`read`, announcing how far it is so that it can be stopped between rows."""
    path = Path(path)
    _check(path)
    try:
        yield Progress("rows read", 0)
        return (yield from _reading(path))
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is damaged: it is not valid {error.encoding.upper()}.") from error
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _reading(path: Path) -> Generator[Progress, None, Reading]:
    rows = _rows(path)
    sample = _sample(rows)
    format = _format(path, sample)
    records: list[Record] = []
    problems: list[Problem] = []
    known: dict[Record, int] = {}
    for number, row in enumerate(_chain(sample, rows), 1):
        if isinstance(row, Problem):
            problems.append(row)
        else:
            try:
                record = formats.record(row.line, format, row.fields)
            except BadRow as error:
                problems.append(problem(row.line, str(error)))
            else:
                records.append(record)
                problems.extend(_warnings(record, known))
        if number % _REPORT_EVERY == 0:
            yield Progress("rows read", number)
    if not records:
        raise DataError(_nothing(path, problems))
    yield Progress("rows read", len(records) + len(problems))
    ordered = tuple(sorted(problems, key=lambda item: item.line))
    return Reading(path, path.name, format, tuple(records), ordered, fingerprint(path))


def fingerprint(path: Path) -> str:
    """The start of the SHA-256 of the file's bytes: equal for equal files."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def _check(path: Path) -> None:
    if path.is_dir():
        raise DataError(f"{path} is a folder. Choose the file inside it that holds the examples.")
    if not path.exists():
        raise DataError(f"There is no file at {path}. Was it moved or renamed?")
    if not path.is_file():
        raise DataError(f"{path} is not a regular file. Choose a file with examples.")
    if path.suffix.lower() not in EXTENSIONS:
        kind = f"{path.suffix} files" if path.suffix else "files without an extension"
        raise DataError(f"{path.name}: {kind} are not read here. Use one of {', '.join(EXTENSIONS)}.")
    if path.stat().st_size == 0:
        raise DataError(f"{path.name} is empty. Choose a file with examples.")


def _rows(path: Path) -> Iterator[Row | Problem]:
    match path.suffix.lower():
        case ".json":
            return json_rows(path, lambda fields: bool(formats.recognize(fields)))
        case ".csv" | ".tsv":
            return csv_rows(path)
        case ".parquet":
            return parquet_rows(path)
        case ".txt":
            return text_rows(path)
        case _:
            return jsonl_rows(path)


def _sample(rows: Iterator[Row | Problem]) -> list[Row | Problem]:
    sample: list[Row | Problem] = []
    found = 0
    for row in rows:
        sample.append(row)
        found += isinstance(row, Row)
        if found == _SAMPLE:
            break
    return sample


def _chain(sample: list[Row | Problem], rows: Iterator[Row | Problem]) -> Iterator[Row | Problem]:
    yield from sample
    yield from rows


def _format(path: Path, sample: list[Row | Problem]) -> str:
    """The format most rows of the sample have."""
    fields = [row.fields for row in sample if isinstance(row, Row)]
    votes = Counter(name for name in map(formats.recognize, fields) if name)
    if votes:
        return votes.most_common(1)[0][0]
    if not fields:
        raise DataError(_nothing(path, [row for row in sample if isinstance(row, Problem)]))
    names = ", ".join(f'"{key}"' for key in list(fields[0])[:8]) or "none"
    reason = problem(0, f"{path.name}: its fields ({names}) are not those of a dataset.").reason
    raise DataError(f"{reason} Rows need one of these sets. {formats.examples()}.")


def _warnings(record: Record, known: dict[Record, int]) -> Iterator[Problem]:
    first = known.setdefault(record.content, record.line)
    if first != record.line:
        yield problem(record.line, f"exact duplicate of line {first}", "warning")
    if record.messages and record.prompt.strip() == record.answer.strip():
        yield problem(record.line, "the prompt and the answer are identical", "warning")
    if record.messages and record.messages[-1].role != "assistant":
        yield problem(record.line, "ends with a turn that is never answered", "warning")


def _nothing(path: Path, problems: list[Problem]) -> str:
    if not problems:
        return f"{path.name} is empty: it has no rows. Choose a file with examples."
    shown = ". ".join(f"Line {item.line}: {item.reason}" for item in problems[:3])
    rows = "The only row" if len(problems) == 1 else f"None of the {len(problems)} rows"
    return f"{rows} in {path.name} can{'not' if len(problems) == 1 else ''} be used. {shown}."
