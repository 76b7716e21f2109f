"""Rows of a .json file: an array, an object around one array, one object, or JSONL under a wrong name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from json import JSONDecodeError
from typing import Any

from studio.data.rows import ROW_LIMIT, Parser, Row, problem, too_long, wording
from studio.data.sources.source import Source
from studio.data.sources.text import jsonl_rows, whole_text
from studio.errors import DataError
from studio.events import Problem

_SPACE = re.compile(r"[ \t\r\n]*")


def json_rows(source: Source, is_row: Callable[[dict[str, Any]], bool]) -> Iterator[Row | Problem]:
    """The rows of a .json file; `is_row` tells an example from an object that only wraps an array.

    Raises DataError when the file is neither an array, an object with one array, a row, nor JSONL.
    """
    text = whole_text(source)
    start = _after_space(text, 0)
    if text.startswith("[", start):
        yield from _array(text, start)
    elif _is_lines(text, start):
        yield from jsonl_rows(source)
    elif text.startswith("{", start):
        yield from _object(source, text, start, is_row)
    elif start < len(text):
        raise DataError(f"{source.name} is not a JSON array or object. Check that it is the file you meant.")


def _after_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start


def _is_lines(text: str, start: int) -> bool:
    """Whether the first line with anything on it is a complete object and more follows below it."""
    end = text.find("\n", start)
    if end < 0 or not text[end:].strip():
        return False
    try:
        value, stop = Parser().value(text, start)
    except ValueError:
        return _is_object(text[start:end])
    return isinstance(value, dict) and bool(text[stop:].strip())


def _is_object(text: str) -> bool:
    try:
        value, end = Parser().value(text)
    except ValueError:
        return False
    return isinstance(value, dict) and not text[end:].strip()


def _array(text: str, start: int, *, inside: bool = False) -> Iterator[Row | Problem]:
    """Each item with the line it starts on; items that share a line are counted on, to tell them apart."""
    parser = Parser()
    shown = 0
    line = 1 + text.count("\n", 0, start)
    counted, position = start, _after_space(text, start + 1)
    while not text.startswith("]", position):
        line += text.count("\n", counted, position)
        counted = position
        try:
            value, end = parser.value(text, position)
        except ValueError as error:
            yield _broken(text, line, position, error)
            return
        shown = max(line, shown + 1)
        yield parser.row(shown, value) if end - position <= ROW_LIMIT else too_long(shown)
        position = _after_space(text, end)
        if text.startswith(",", position):
            position = _after_space(text, position + 1)
        elif not text.startswith("]", position):
            yield _unclosed(text, position)
            return
    if not inside and text[position + 1 :].strip():
        line += text.count("\n", counted, position)
        yield problem(line, "something follows the end of the array; it was not read")


def _broken(text: str, line: int, position: int, error: ValueError) -> Problem:
    if not isinstance(error, JSONDecodeError):
        return problem(line, f"not JSON: {error}; nothing after it could be read")
    if position >= len(text):
        return _unclosed(text, position)
    where = f"at character {error.colno} of line {error.lineno}"
    return problem(line, f"not JSON: {wording(error)} {where}; nothing after it could be read")


def _unclosed(text: str, position: int) -> Problem:
    line = 1 + text.count("\n", 0, position)
    if position >= len(text):
        return problem(line, "the file ends before its array is closed; was it cut off?")
    return problem(line, "not JSON: a comma is missing between two rows; nothing after it could be read")


def _object(
    source: Source, text: str, start: int, is_row: Callable[[dict[str, Any]], bool]
) -> Iterator[Row | Problem]:
    parser = Parser()
    try:
        value, _ = parser.value(text, start)
    except JSONDecodeError as error:
        raise DataError(
            f"{source.name} is not JSON: {wording(error)} at character {error.colno} of line {error.lineno}."
        ) from error
    except ValueError as error:
        raise DataError(f"{source.name} is not JSON: {error}.") from error
    if is_row(value):
        yield parser.row(1 + text.count("\n", 0, start), value)
        return
    arrays = [key for key, item in value.items() if isinstance(item, list)]
    if len(arrays) != 1:
        raise DataError(
            f"{source.name} is an object with {len(arrays) or 'no'} arrays, and one is needed: its rows. "
            'Write the rows as one array, or as {"data": [...]}.'
        )
    yield from _array(text, _member(text, start, arrays[0]), inside=True)


def _member(text: str, start: int, key: str) -> int:
    """Where the value of `key` begins in the object at `start`, which is known to be valid JSON."""
    parser = Parser()
    position = _after_space(text, start + 1)
    while True:
        name, end = parser.value(text, position)
        position = _after_space(text, _after_space(text, end) + 1)
        if name == key and text.startswith("[", position):
            return position
        _, end = parser.value(text, position)
        position = _after_space(text, _after_space(text, end) + 1)
