"""Rows of CSV and TSV tables, with the line each row starts on."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterator

from studio.catalogue import Phrase, phrase
from studio.data.rows import ROW_LIMIT, Row, problem
from studio.data.sources.source import Source, check_names
from studio.data.sources.text import lines
from studio.events import Problem

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
