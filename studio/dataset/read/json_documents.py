"""Rows of a .json file: an array, an object around one array, one object, or JSONL under a wrong name.

In an array that is broken, each broken row is named, and reading goes on with the next.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from json import JSONDecodeError
from typing import Any

from studio.catalogue import Phrase, Unusable, phrase
from studio.dataset.read.source import Source
from studio.dataset.read.text import jsonl_rows, lines, whole_text
from studio.dataset.rows import ROW_LIMIT, Parser, Row, is_chat, problem, too_long, wording
from studio.dataset.split import part_named
from studio.errors import DataError
from studio.events import Problem

_WINDOW = 2**16
"""How many characters are tried first once a row was broken: a parser that fails counts all lines before."""

_TAIL = 16
"""So near the end of the window, a fault may be the window's and not the row's."""

_SEARCHED = 2**20
"""How many characters are searched for the closing brackets of one broken row."""

_SEARCHED_ALL = 16 * _SEARCHED
"""The same for all broken rows; after that a row ends where the next one begins a line as it does."""

_OPENS = re.compile(r"[{\]]")
_MARKS = re.compile(r'"(?:[^"\\\n]|\\.)*"|[\[\]{}]')
_SPACE = re.compile(r"[ \t\r\n]*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def _is_open(window: str, start: int) -> bool:
    """Whether a text begins here that does not end in this window."""
    return window.startswith('"', start) and not _STRING.match(window, start)


class BrokenItem(ValueError):
    """Why an item is not JSON, and where: the column is 0 where it is not known."""

    def __init__(self, fault: Phrase, line: int, column: int = 0) -> None:
        super().__init__(str(fault))
        self.phrase, self.line, self.column = fault, line, column

    @classmethod
    def at(cls, fault: str, line: int, column: int) -> BrokenItem:
        """What the parser met, and where in the file."""
        return cls(phrase("fault.in_line", fault=fault, line=line, column=column), line, column)


class Items:
    """The items of an array in `text`, one by one. Broken ones cost time in proportion to their length."""

    def __init__(self, text: str) -> None:
        self.parser = Parser()
        self._text = text
        self._left = _SEARCHED_ALL
        self._broken = False

    def value(self, start: int, line: int, begin: int) -> tuple[Any, int]:
        """The item at `start`, on a line that begins at `begin`, and where it ends. Raises BrokenItem."""
        try:
            found = self._in_window(start, line, begin) if self._broken else None
            return found or self.parser.value(self._text, start)
        except JSONDecodeError as error:
            self._broken = True
            raise BrokenItem.at(wording(error), error.lineno, error.colno) from error
        except Unusable as error:
            self._broken = True
            raise BrokenItem(error.phrase, line) from error

    def _in_window(self, start: int, line: int, begin: int) -> tuple[Any, int] | None:
        """The item if it is short; None where the window is too small to tell."""
        window = self._text[start : start + _WINDOW]
        try:
            value, end = self.parser.value(window)
        except JSONDecodeError as error:
            if error.pos > len(window) - _TAIL or _is_open(window, error.pos):
                return None
            before = start - begin if error.lineno == 1 else 0
            raise BrokenItem.at(wording(error), line + error.lineno - 1, before + error.colno) from error
        return (value, start + end) if end < len(window) else None

    def end_of_broken(self, start: int) -> int:
        """Where a broken item probably ends: its brackets close, or the next one begins. 0: nowhere."""
        if self._text[start] not in "[{":
            following = _OPENS.search(self._text, start)
            return following.start() if following else 0
        end = self._closed(start)
        return end or self._next_in_column(start)

    def _closed(self, start: int) -> int:
        """Where the brackets of the item close, if an item may end there; else 0."""
        depth, stop = 0, start + min(_SEARCHED, self._left)
        for found in _MARKS.finditer(self._text, start, stop):
            mark = found.group()
            depth += (mark in "[{") - (mark in "]}")
            if depth == 0 and mark in "]}":
                self._left -= found.end() - start
                after = _SPACE.match(self._text, found.end())
                is_whole = after is not None and self._text.startswith((",", "]"), after.end())
                return found.end() if is_whole else 0
        self._left = max(0, self._left - _SEARCHED)
        return 0

    def _next_in_column(self, start: int) -> int:
        """Where the next line starts that begins an item as this one's does; 0 when none does."""
        indent = self._text[self._text.rfind("\n", 0, start) + 1 : start]
        following = "" if indent.strip() else f"\n{indent}{{"
        found = self._text.find(following, start) if following else -1
        return max(found, 0)


_ARRAY = re.compile(r'"[^"\n]*"\s*:\s*(\[)\s*\{')
_SPLIT = re.compile(r'"([A-Za-z]{1,12})"\s*:\s*\[')
_HEAD = 2**16


def json_rows(source: Source, is_row: Callable[[dict[str, Any]], bool]) -> Iterator[Row | Problem]:
    """The rows of a .json file, or of the source's section; `is_row` tells an example from an object that
    only wraps an array.

    Raises DataError when the file is neither an array, an object with one array, a row, nor JSONL.
    """
    text = whole_text(source)
    start = _after_space(text, 0)
    if source.section:
        yield from _array(text, _member(text, start, source.section), inside=True)
    elif text.startswith("[", start):
        yield from _array(text, start)
    elif _is_lines(text, start):
        yield from jsonl_rows(source)
    elif _is_several(text, start):
        yield from _array(text, start, bare=True)
    elif text.startswith("{", start):
        yield from _object(source, text, start, is_row)
    elif start < len(text):
        raise DataError("json.neither", file=source.name)


def lines_or_json_rows(source: Source, is_row: Callable[[dict[str, Any]], bool]) -> Iterator[Row | Problem]:
    """The rows of a .jsonl file: those of its lines, or of the JSON that stands under a wrong name there."""
    return json_rows(source, is_row) if is_document(source) else jsonl_rows(source)


def is_document(source: Source) -> bool:
    """Whether a .jsonl file holds an array, or objects over several lines, rather than a row on each line."""
    filled = (text.strip() for _, text in lines(source) if text.strip())
    first, second = next(filled, "").removeprefix("\ufeff"), next(filled, "")
    if not first.startswith(("[", "{")):
        return False
    try:
        value, end = Parser().value(first)
    except JSONDecodeError as error:
        is_open = error.pos >= len(first) or len(first) > ROW_LIMIT
        return is_open and (first[0] == "[" or second[:1] in ('"', "}") or first[-1] in "[{")
    except Unusable:
        return False
    return isinstance(value, list) and not second and not first[end:].strip() and not is_chat(value)


def sections(source: Source) -> tuple[str, ...]:
    """The names of the arrays of a .json file that is an object of splits: train, validation, test."""
    if source.kind != ".json":
        return ()
    with source.text() as file:
        head = file.read(_HEAD)
    if not any(part_named(name) for name in _SPLIT.findall(head)):
        return ()
    text = whole_text(source)
    try:
        value, _ = Parser().value(text, _after_space(text, 0))
    except ValueError:
        return ()
    arrays = (
        [key for key, item in value.items() if isinstance(item, list) and item]
        if isinstance(value, dict)
        else []
    )
    return tuple(arrays) if len(arrays) > 1 and all(map(part_named, arrays)) else ()


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
    return isinstance(value, dict) and stop <= end


def _is_several(text: str, start: int) -> bool:
    """Whether objects of several lines each follow one another."""
    try:
        value, stop = Parser().value(text, start)
    except ValueError:
        return False
    return isinstance(value, dict) and bool(text[stop:].strip())


def _is_object(text: str) -> bool:
    try:
        value, end = Parser().value(text)
    except ValueError:
        return False
    return isinstance(value, dict) and not text[end:].strip()


def _array(text: str, start: int, *, inside: bool = False, bare: bool = False) -> Iterator[Row | Problem]:
    """Each item with the line it starts on; items that share a line are counted on, to tell them apart.

    The array is `inside` an object, or is none at all, but `bare` objects one after another.
    """
    items = Items(text)
    shown, line = 0, 1 + text.count("\n", 0, start)
    begin = text.rfind("\n", 0, start) + 1
    counted, position = start, start if bare else _after_space(text, start + 1)
    while not text.startswith("]", position):
        line += text.count("\n", counted, position)
        begin = text.rfind("\n", counted, position) + 1 or begin
        counted = position
        if position >= len(text):
            if bare:
                return
            yield problem(max(line, shown + 1), phrase("file.array_open"))
            return
        shown = max(line, shown + 1)
        try:
            value, end = items.value(position, line, begin)
        except BrokenItem as error:
            end = items.end_of_broken(position)
            yield _broken(shown, error, is_last=not end)
            if not end:
                return
        else:
            yield items.parser.row(shown, value) if end - position <= ROW_LIMIT else too_long(shown)
        position = _after_comma(text, end)
    if not inside and text[position + 1 :].strip():
        line += text.count("\n", counted, position)
        yield problem(max(line, shown + 1), phrase("file.after_array"))


def _after_comma(text: str, end: int) -> int:
    """Where the next row begins, be there a comma before it or not."""
    position = _after_space(text, end)
    return _after_space(text, position + 1) if text.startswith(",", position) else position


def _broken(line: int, error: BrokenItem, *, is_last: bool) -> Problem:
    what = phrase("row.last_not_json" if is_last else "row.not_json", fault=error.phrase)
    return problem(line, what, column=error.column if error.line == line else 0)


def _where(error: JSONDecodeError | Unusable) -> Phrase:
    if isinstance(error, Unusable):
        return error.phrase
    return phrase("fault.in_line", fault=wording(error), line=error.lineno, column=error.colno)


def _object(
    source: Source, text: str, start: int, is_row: Callable[[dict[str, Any]], bool]
) -> Iterator[Row | Problem]:
    parser = Parser()
    try:
        value, _ = parser.value(text, start)
    except (JSONDecodeError, Unusable) as error:
        array = _array_of_rows(text, start, is_row)
        if not array:
            raise DataError("json.damaged", file=source.name, fault=_where(error)) from error
        yield from _array(text, array, inside=True)
        return
    if is_row(value):
        yield parser.row(1 + text.count("\n", 0, start), value)
        return
    arrays = [key for key, item in value.items() if isinstance(item, list)]
    if len(arrays) != 1:
        if not arrays:
            raise DataError("json.no_array", file=source.name)
        raise DataError("json.arrays", file=source.name, arrays=len(arrays))
    yield from _array(text, _member(text, start, arrays[0]), inside=True)


def _array_of_rows(text: str, start: int, is_row: Callable[[dict[str, Any]], bool]) -> int:
    """Where an array begins whose first item is an example, in a damaged object; 0 where none does."""
    for found in _ARRAY.finditer(text, start, start + 2**16):
        try:
            value, _ = Parser().value(text, found.end() - 1)
        except ValueError:
            continue
        if is_row(value):
            return found.start(1)
    return 0


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
