"""Rows of Parquet and Arrow files, numbered from 1; a part that is damaged costs only its own rows.

Both formats say where in the file each value lies. A damaged one may point anywhere, so no value is looked at
before all of its batch is known to lie inside it (the long test reads 4,800 files with a changed byte,
800 of each of six kinds, and none ends the process).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain
from typing import Any

from studio.catalogue import phrase
from studio.data.rows import ROW_LIMIT, Row, problem, too_long
from studio.data.sources.source import Source, check_names
from studio.data.sources.values import Spoken, spoken
from studio.errors import DataError
from studio.events import Problem

_ROWS = 256
"""How many rows become Python values at a time."""

_BYTES = 2**26
"""From this size of a batch on, they do so one by one."""


def parquet_rows(source: Source) -> Iterator[Row | Problem]:
    """The rows of a Parquet file. Raises DataError when its directory is damaged."""
    import pyarrow.parquet as parquet

    with source.seekable() as raw:
        file = _opened(source, "a Parquet", lambda: parquet.ParquetFile(raw))
        check_names(source, _opened(source, "a Parquet", lambda: file.schema_arrow.names))
        line, plain = 0, _opened(source, "a Parquet", lambda: spoken(file.schema_arrow))
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
            file = _opened(source, "an Arrow", lambda: pa.ipc.open_file(raw))
            schema = _opened(source, "an Arrow", lambda: file.schema)
            batches = (file.get_batch(number) for number in range(file.num_record_batches))
        else:
            raw.seek(0)
            batches = _opened(source, "an Arrow", lambda: pa.ipc.open_stream(raw))
            schema = _opened(source, "an Arrow", lambda: batches.schema)
        check_names(source, _opened(source, "an Arrow", lambda: schema.names))
        yield from _group(0, 0, batches, _opened(source, "an Arrow", lambda: spoken(schema)))


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


def _opened(source: Source, kind: str, open: Callable[[], Any]) -> Any:
    try:
        return open()
    except _damage() as error:
        raise DataError(f"{source.name} is not {kind} file that can be read: {_words(error)}") from error


def _damage() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return (pa.ArrowException, OSError, ValueError, TypeError, ArithmeticError, MemoryError)


def _words(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
