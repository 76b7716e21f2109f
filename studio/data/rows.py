"""A row: named values and the line it starts on; what is no row is a Problem."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any

from studio.events import Problem

ROW_LIMIT = 4 * 2**20
"""Characters in one row. Longer than any context window, small enough to tokenize without trouble."""


@dataclass(frozen=True)
class Row:
    """A row's named values as the file gives them."""

    line: int
    fields: dict[str, Any]


def problem(line: int, reason: str, severity: str = "error", column: int = 0) -> Problem:
    """A Problem whose words can be shown and written anywhere, whatever bytes they quote."""
    return Problem(line, printable(reason), severity, column=column)


def printable(words: str) -> str:
    """Words that can be written anywhere: half characters are spelled out."""
    return words.encode("utf-8", "backslashreplace").decode()


def too_long(line: int) -> Problem:
    """What to say of a row beyond ROW_LIMIT."""
    return problem(line, f"longer than {ROW_LIMIT:,} characters; split it into several examples")


class Parser:
    """Parses JSON values and says, in words, why one cannot be used."""

    def __init__(self) -> None:
        self._repeated: list[str] = []
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)

    def value(self, text: str, start: int = 0) -> tuple[Any, int]:
        """The value at `start` and where it ends. Raises ValueError (JSONDecodeError has the position)."""
        self._repeated.clear()
        try:
            return self._decoder.raw_decode(text, start)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
        except JSONDecodeError:
            raise
        except ValueError as error:  # Python's own limit, which nothing but an integer meets
            raise ValueError(f"a number of more than {sys.get_int_max_str_digits():,} digits") from error

    def row(self, line: int, value: Any) -> Row | Problem:
        """The value just parsed as a row, if it is an object whose keys are all different."""
        if isinstance(value, list):
            return problem(line, "an array, not an object; if the whole file is one array, name it .json")
        if not isinstance(value, dict):
            return problem(line, f"{kind(value)}, not an object with named fields")
        if self._repeated:
            return problem(line, f'"{self._repeated[0]}" appears twice; keep one of them')
        return Row(line, value)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            self._repeated.extend(key for key, count in counts.items() if count > 1)
        return fields


def kind(value: Any) -> str:
    """A JSON value's type in plain words, with the value where it is short."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            shown = repr(value) if isinstance(value, float) or abs(value) < 10**12 else "a long one"
            return f"a number ({shown})"
        case str():
            return "a text"
        case list():
            return "an array"
        case dict():
            return "an object"
        case bytes():
            return "binary data"
        case _:
            return f"a {type(value).__name__}"


def wording(error: JSONDecodeError) -> str:
    """What the parser met, to be followed by where."""
    return error.msg.lower().removesuffix(" at").removesuffix(" starting")
