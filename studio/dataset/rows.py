"""A row: checked values by name, and the line it starts on; what is no row is a Problem."""

from __future__ import annotations

import json
import re
import sys
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from functools import reduce
from json import JSONDecodeError
from typing import Any

from studio.catalogue import Phrase, Unusable, phrase
from studio.events import FilePlace, Problem

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


_SURROGATE = re.compile("[\ud800-\udfff]")

type Fields = dict[str, Any]


class BadRow(Unusable):
    """Why a row is not an example: `raise BadRow("row.empty", what=field("prompt"))`."""


def field(name: str) -> Phrase:
    """A field of a row, to be named in a sentence."""
    return phrase("field", name=name)


def listed(fields: Fields) -> Phrase:
    """The names a row has, for messages."""
    if not fields:
        return phrase("fields.none")
    shown = reduce(_and, (field(str(key)[:40]) for key in list(fields)[:8]))
    return phrase("fields.more", one=shown) if len(fields) > 8 else shown


def _and(one: Phrase, other: Phrase) -> Phrase:
    return phrase("fields.two", one=one, other=other)


def unwrapped(value: Any) -> Any:
    """The first of several equal answers, as question answering sets give them; anything else as it is."""
    if isinstance(value, dict) and len(value) <= 4:
        value = value.get("text", value.get("value", value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value[0] if value else ""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return value[0].get("text", value)
    return value


def checked(value: Any, what: Phrase, *, empty: bool = False) -> str:
    """The value as text. Raises BadRow when it is no text, empty, or holds what no text may."""
    if value is None:
        raise BadRow("row.null", what=what)
    if not isinstance(value, str):
        raise BadRow("row.not_text", what=what, kind=kind(value))
    if not empty and not value.strip():
        raise BadRow("row.empty", what=what)
    if "\0" in value:
        raise BadRow("row.nul_in_text", what=what)
    if not value.isascii() and (found := _SURROGATE.search(value)):
        raise _not_text(what, found.group(), found.start() + 1)
    return value


def is_usual(value: Any) -> bool:
    """Whether it is text of which `checked` has nothing to say, without the words for what it would."""
    return (
        isinstance(value, str)
        and "\0" not in value
        and (value.isascii() or not _SURROGATE.search(value))
        and bool(value)
        and not value.isspace()
    )


def _not_text(what: Phrase, character: str, column: int) -> BadRow:
    if "\udc80" <= character <= "\udcff":
        return BadRow("row.not_utf8", what=what, byte=f"{ord(character) - 0xDC00:02X}", column=column)
    return BadRow("row.half_character", what=what, character=f"{ord(character):04x}", column=column)


@dataclass(frozen=True)
class LineMap:
    """Which line of which file a line of the dataset is; lines are counted on from file to file."""

    files: tuple[FilePlace, ...] = ()

    @property
    def several(self) -> bool:
        """Whether a line alone does not say where it is."""
        return len(self.files) > 1

    def place(self, line: int) -> tuple[str, int]:
        """The file's name and the line in it; an empty name where no file is known."""
        file = self._file(line)
        return (file.name, line - file.before) if file else ("", line)

    def part(self, line: int) -> str:
        """train, validation or test where the line's file was given as one, else empty."""
        file = self._file(line)
        return file.part if file else ""

    def spoken(self, line: int) -> Phrase:
        """The line as it is spoken of: `line 3`, or `line 3 of train.jsonl` among several files."""
        name, number = self.place(line)
        return phrase("line.of", line=number, file=name) if self.several else phrase("line", line=number)

    def words(self, line: int) -> str:
        """`spoken`, as text."""
        return str(self.spoken(line))

    def _file(self, line: int) -> FilePlace | None:
        at = bisect_right(self.files, line - 1, key=lambda file: file.before) - 1
        return self.files[at] if at >= 0 else None
