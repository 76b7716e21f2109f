"""Rows of a JSON array that may be broken: what is wrong with one, and where the next one begins."""

from __future__ import annotations

import re
from json import JSONDecodeError
from typing import Any

from studio.catalogue import Phrase, Unusable, phrase
from studio.data.rows import Parser, wording

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
