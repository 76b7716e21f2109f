"""A row: named values and the line it starts on; what is no row is a Problem."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from json import JSONDecodeError
from typing import Any

from studio.catalogue import Phrase, Unusable, phrase
from studio.events import Problem

ROW_LIMIT = 4 * 2**20
"""Characters in one row. Longer than any context window, small enough to tokenize without trouble."""

_TURN = {"role", "from"}
"""Of these, each turn of a conversation has one."""


@dataclass(frozen=True)
class Row:
    """A row's named values as the file gives them."""

    line: int
    fields: dict[str, Any]


def problem(line: int, what: Phrase, severity: str = "error", column: int = 0) -> Problem:
    """A Problem on a line of the file in hand."""
    return Problem(line, what, severity, column=column)


def too_long(line: int) -> Problem:
    """What to say of a row beyond ROW_LIMIT."""
    return problem(line, phrase("row.too_many_characters", limit=ROW_LIMIT))


class Parser:
    """Parses JSON values and says, in words, why one cannot be used."""

    def __init__(self) -> None:
        self._repeated: list[str] = []
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)

    def value(self, text: str, start: int = 0) -> tuple[Any, int]:
        """The value at `start` and where it ends. Raises JSONDecodeError with the position, or Unusable."""
        self._repeated.clear()
        try:
            return self._decoder.raw_decode(text, start)
        except RecursionError as error:
            raise Unusable("fault.nested") from error
        except JSONDecodeError:
            raise
        except ValueError as error:  # Python's own limit, which nothing but an integer meets
            raise Unusable("fault.number", digits=sys.get_int_max_str_digits()) from error

    def row(self, line: int, value: Any) -> Row | Problem:
        """The value just parsed as a row, if it is an object whose keys all differ, or a chat's turns."""
        if is_chat(value):
            return Row(line, {"messages": value})
        if isinstance(value, list):
            return problem(line, phrase("row.array"))
        if not isinstance(value, dict):
            return problem(line, phrase("row.not_object", kind=kind(value)))
        if self._repeated:
            return problem(line, phrase("row.repeated_name", name=self._repeated[0]))
        return Row(line, value)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        fields = dict(pairs)
        if len(fields) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            self._repeated.extend(key for key, count in counts.items() if count > 1)
        return fields


def is_chat(value: Any) -> bool:
    """Whether it is the turns of a conversation."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(t, dict) and t.keys() & _TURN for t in value)
    )


def kind(value: Any) -> Phrase:
    """A JSON value's type in plain words, with the value where it is short."""
    match value:
        case None:
            return phrase("kind.null")
        case bool():
            return phrase("kind.true" if value else "kind.false")
        case int() | float():
            is_short = isinstance(value, float) or abs(value) < 10**12
            return phrase("kind.number", value=repr(value)) if is_short else phrase("kind.long_number")
        case str():
            return phrase("kind.text")
        case list():
            return phrase("kind.array")
        case dict():
            return phrase("kind.object")
        case bytes():
            return phrase("kind.binary")
        case _:
            return phrase("kind.other", type=type(value).__name__)


def wording(error: JSONDecodeError) -> str:
    """What the parser met, to be followed by where."""
    return error.msg.lower().removesuffix(" at").removesuffix(" starting")
