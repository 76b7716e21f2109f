"""Rows of tables: CSV and TSV, Parquet and Arrow, as people would write them.

Both columnar formats say where in the file each value lies. A damaged one may point anywhere, so no value is
looked at before all of its batch is known to lie inside it (the long test reads 4,800 files with a changed
byte, 800 of each of six kinds, and none ends the process). A damaged part costs only its own rows.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

from studio.catalogue import Phrase, phrase
from studio.dataset.read.source import Source, check_names
from studio.dataset.read.text import lines
from studio.dataset.rows import ROW_LIMIT, Row, problem, too_long
from studio.errors import DataError
from studio.events import Problem
from studio.files import parsed

if TYPE_CHECKING:
    import pyarrow as pa


_ARGUMENTS = ("arguments", "args", "input")

type Spoken = Callable[[dict[str, Any]], dict[str, Any]]


def spoken(schema: pa.Schema) -> Spoken:
    """What turns a row of such a file into one of plain values; it does nothing where nothing is to do."""
    labels = _labels(schema)
    dated = [field.name for field in schema if _is_dated(field.type)]
    filled = [field.name for field in schema if _has_arguments(field.type)]
    if not (labels or dated or filled):
        return lambda row: row

    def changed(row: dict[str, Any]) -> dict[str, Any]:
        named = {name: _named(row[name], names) for name, names in labels.items() if name in row}
        row = {**row, **named, **{name: _plain(row[name]) for name in dated if name in row}}
        return {**row, **{name: _unfilled(row[name]) for name in filled if name in row}}

    return changed


def _has_arguments(kind: pa.DataType) -> bool:
    """Whether calls of tools are inside, whose arguments lie in one struct: each has null for all others'."""
    import pyarrow as pa

    inner = [kind.field(number) for number in range(kind.num_fields)]
    if any(field.name in _ARGUMENTS and pa.types.is_struct(field.type) for field in inner):
        return True
    return any(_has_arguments(field.type) for field in inner)


def _unfilled(value: Any) -> Any:
    """The value without the nulls in the arguments of calls."""
    if isinstance(value, list):
        return [_unfilled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _filled(item) if name in _ARGUMENTS else _unfilled(item) for name, item in value.items()}


def _filled(value: Any) -> Any:
    if isinstance(value, list):
        return [_filled(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _filled(item) for name, item in value.items() if item is not None}


def _is_dated(kind: pa.DataType) -> bool:
    import pyarrow as pa

    if kind.num_fields:
        return any(_is_dated(kind.field(number).type) for number in range(kind.num_fields))
    is_uuid = isinstance(kind, pa.BaseExtensionType)
    return pa.types.is_temporal(kind) or pa.types.is_decimal(kind) or is_uuid


def _plain(value: Any) -> Any:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() | timedelta() | UUID():
            return str(value)
        case list():
            return [_plain(item) for item in value]
        case dict():
            return {name: _plain(item) for name, item in value.items()}
    return value


def _labels(schema: pa.Schema) -> dict[str, list[str]]:
    """The names of the classes, by column, that the datasets library keeps beside the numbers."""
    try:
        about = parsed((schema.metadata or {})[b"huggingface"])
        features = about["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    if not isinstance(features, dict):
        return {}
    found = {name: _names(feature) for name, feature in features.items()}
    return {name: names for name, names in found.items() if names}


def _names(feature: Any) -> list[str]:
    """The class names of a column of labels, or of lists of labels."""
    if isinstance(feature, list) and len(feature) == 1:
        return _names(feature[0])
    if not isinstance(feature, Mapping):
        return []
    if "feature" in feature:
        return _names(feature["feature"])
    names = feature.get("names")
    is_label = feature.get("_type") == "ClassLabel" and isinstance(names, list)
    return [str(name) for name in names or []] if is_label else []


def _named(value: Any, names: list[str]) -> Any:
    """The class of a number; none for -1, which stands for a label that is not known."""
    if isinstance(value, list):
        return [_named(item, names) for item in value]
    if value == -1:
        return None
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value


_TOO_LONG = phrase("row.quote_too_long", limit=ROW_LIMIT)

_SEPARATOR = re.compile(r"sep=([,;\t|])\s*\Z", re.IGNORECASE)
_AGAIN = 16 * ROW_LIMIT
"""How many characters of a file are read again, below quotes that are never closed."""


def csv_rows(source: Source) -> Iterator[Row | Problem]:
    """The rows below the header. Raises DataError when the header cannot be one."""
    csv.field_size_limit(ROW_LIMIT)
    table = _Lines(source)
    names: list[str] = []
    for line, cells in _cells(table, _delimiter(source)):
        if isinstance(cells, Phrase):
            yield problem(line, cells)
        elif not any(cell.strip() for cell in cells) or (not names and _is_excels(cells)):
            continue
        elif not names:
            names = _header(source, cells)
        else:
            yield _row(line, names, cells)


def _header(source: Source, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    check_names(source, names)
    return names


def _row(line: int, names: list[str], cells: list[str]) -> Row | Problem:
    extra = [cell for cell in cells[len(names) :] if cell.strip()]
    if extra:
        return problem(line, phrase("row.too_many_cells", cells=len(cells), columns=len(names)))
    padded = cells + [""] * (len(names) - len(cells))
    return Row(line, dict(zip(names, padded, strict=False)))


def _is_excels(cells: list[str]) -> bool:
    """Whether this is the line before the header in which Excel says what separates the cells."""
    return cells[0].lower() == "sep=" and not any(cells[1:])


def _delimiter(source: Source) -> str:
    if source.kind == ".tsv":
        return "\t"
    first = next((text for _, text in lines(source) if text.strip()), "")
    if found := _SEPARATOR.match(first):
        return found.group(1)
    return max(",;\t", key=lambda mark: (first.count(mark), mark == ","))


class _Lines:
    """The file's lines for csv.reader, remembering those of the row in progress so they can be read again."""

    def __init__(self, source: Source) -> None:
        self._source = lines(source)
        self._again: deque[tuple[int, str]] = deque()
        self.row: list[tuple[int, str]] = []
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        item = self._again.popleft() if self._again else next(self._source, None)
        if item is None:
            self.ended = True
            raise StopIteration
        self.row.append(item)
        return item[1]

    def back_to_second(self) -> None:
        """Give the lines of the row in progress again, all but its first."""
        self._again.extendleft(reversed(self.row[1:]))
        self.ended = False


def _cells(source: _Lines, delimiter: str) -> Iterator[tuple[int, list[str] | Phrase]]:
    """Each row's first line with its cells, or with the reason why it has none."""
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    again = 0
    while True:
        source.row = []
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if not source.row:
                return
            (line, _), *below = source.row
            again += sum(len(text) for _, text in below)
            if again <= _AGAIN:
                yield line, _reason(error, source)
                source.back_to_second()
                reader = csv.reader(source, delimiter=delimiter, strict=True)
            else:
                yield line, phrase("row.last_cells", fault=_reason(error, source), line=below[-1][0])
        else:
            too_long = any(len(text) > ROW_LIMIT for _, text in source.row)
            yield source.row[0][0], _TOO_LONG if too_long else cells


def _reason(error: csv.Error, source: _Lines) -> Phrase:
    """What made the reader give up: it does not say so by kind, but where it stands does."""
    if source.ended:
        return phrase("row.quote_open")
    if sum(len(text) for _, text in source.row) > ROW_LIMIT:
        return _TOO_LONG
    if any('"' in text for _, text in source.row):
        return phrase("row.quote_inside")
    return phrase("row.not_cells", fault=str(error))


_ROWS = 256
"""How many rows become Python values at a time."""

_BYTES = 2**26
"""From this size of a batch on, they do so one by one."""


def parquet_rows(source: Source) -> Iterator[Row | Problem]:
    """The rows of a Parquet file. Raises DataError when its directory is damaged."""
    import pyarrow.parquet as parquet

    with source.seekable() as raw:
        file = _opened(source, "table.no_parquet", lambda: parquet.ParquetFile(raw))
        check_names(source, _opened(source, "table.no_parquet", lambda: file.schema_arrow.names))
        line, plain = 0, _opened(source, "table.no_parquet", lambda: spoken(file.schema_arrow))
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            batches = file.iter_batches(_ROWS, row_groups=[group])
            yield from _group(line, count, batches, plain)
            line += count


def arrow_rows(source: Source) -> Iterator[Row | Problem]:
    """The rows of an Arrow file, of its file or its stream format. Raises DataError for neither."""
    import pyarrow as pa

    with source.seekable() as raw:
        if raw.read(6) == b"ARROW1":
            raw.seek(0)
            file = _opened(source, "table.no_arrow", lambda: pa.ipc.open_file(raw))
            schema = _opened(source, "table.no_arrow", lambda: file.schema)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
        else:
            raw.seek(0)
            batches = _opened(source, "table.no_arrow", lambda: pa.ipc.open_stream(raw))
            schema = _opened(source, "table.no_arrow", lambda: batches.schema)
        check_names(source, _opened(source, "table.no_arrow", lambda: schema.names))
        yield from _group(0, 0, batches, _opened(source, "table.no_arrow", lambda: spoken(schema)))


def check_batch(batch: Any) -> None:
    """Raise ArrowException where a value of the batch lies outside it; text may be of any bytes."""
    import pyarrow as pa

    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        for column in batch.columns:
            column.view(_as_bytes(column.type)).validate(full=True)


def _as_bytes(kind: Any) -> Any:
    """The type of the same layout that takes text which is not UTF-8."""
    import pyarrow as pa

    def field(number: int) -> Any:
        inner = kind.field(number)
        return inner.with_type(_as_bytes(inner.type))

    plain = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}
    if kind in plain:
        return plain[kind]
    if pa.types.is_struct(kind):
        return pa.struct([field(number) for number in range(kind.num_fields)])
    if pa.types.is_list(kind):
        return pa.list_(field(0))
    return pa.large_list(field(0)) if pa.types.is_large_list(kind) else kind


def _pieces(batch: Any) -> Iterator[Any]:
    rows = _ROWS if batch.nbytes < _BYTES else 1
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _rows(batch: Any) -> list[dict[str, Any]]:
    """The batch as Python values; where one has none, it alone is missing, or holds half a character."""
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
    except (ValueError, ArithmeticError):
        rows = [{} for _ in range(batch.num_rows)]
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            for row, value in zip(rows, column, strict=True):
                with suppress(ValueError, ArithmeticError):
                    row[name] = _value(value)
    return rows


def _value(scalar: Any) -> Any:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:
        if not hasattr(scalar, "as_buffer"):  # inside a list or an object
            raise
        return scalar.as_buffer().to_pybytes().decode("utf-8", "surrogateescape")


def _group(before: int, count: int, batches: Iterator[Any], plain: Spoken) -> Iterator[Row | Problem]:
    """Rows of batches that are read one after another; `count` is 0 where it is not known."""
    line = before
    try:
        for batch in batches:
            check_batch(batch)
            for fields in chain.from_iterable(map(_rows, _pieces(batch))):
                line += 1
                long = any(isinstance(value, str) and len(value) > ROW_LIMIT for value in fields.values())
                yield too_long(line) if long else Row(line, plain(fields))
    except _damage() as error:
        if count:
            what = phrase("file.rows_damaged", first=line + 1, last=before + count, fault=_words(error))
        else:
            what = phrase("file.rest_damaged", first=line + 1, fault=_words(error))
        yield problem(line + 1, what)


def _opened(source: Source, code: str, open: Callable[[], Any]) -> Any:
    try:
        return open()
    except _damage() as error:
        said = phrase(code, file=source.name, fault=_words(error))
        raise DataError(said) from error


def _damage() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return (pa.ArrowException, OSError, ValueError, TypeError, ArithmeticError, MemoryError)


def _words(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
