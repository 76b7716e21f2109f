"""Rows of JSON and text files with the line each starts on; a row that cannot be read is a Problem."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from studio.errors import DataError
from studio.events import Problem

ROW_LIMIT = 4 * 2**20
"""Characters in one row. Longer than any context window, small enough to tokenize without trouble."""

JSON_LIMIT = 512 * 2**20
"""Bytes of a .json file, which is held in memory whole; JSONL has no limit."""


@dataclass(frozen=True)
class Row:
    """A row's named values as the file gives them."""

    line: int
    fields: dict[str, Any]


def problem(line: int, reason: str, severity: str = "error") -> Problem:
    """A Problem whose words can be shown and written anywhere, whatever bytes they quote."""
    return Problem(line, reason.encode("utf-8", "backslashreplace").decode(), severity)


def encoding(path: Path) -> tuple[str, str]:
    """The file's encoding, from its byte order mark, and how to treat bytes that do not fit it.

    In UTF-8 such bytes become lone surrogates, so that only their row is lost.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32", "strict"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "strict"
    return "utf-8-sig", "surrogateescape"


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Each line with its number, line end kept; of a line beyond ROW_LIMIT only the first ROW_LIMIT + 1."""
    name, errors = encoding(path)
    with path.open(encoding=name, errors=errors, newline="") as file:
        number = 0
        while text := file.readline(ROW_LIMIT + 1):
            number += 1
            rest = text
            while rest and not rest.endswith(("\n", "\r")):
                rest = file.readline(ROW_LIMIT + 1)
            yield number, text


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
            keys = [key for key, _ in pairs]
            self._repeated.extend(key for key in fields if keys.count(key) > 1)
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
        case _:
            return f"a {type(value).__name__}"


def wording(error: JSONDecodeError) -> str:
    """What the parser met, to be followed by where."""
    return error.msg.lower().removesuffix(" at").removesuffix(" starting")


def jsonl_rows(path: Path) -> Iterator[Row | Problem]:
    """One row per line that is not blank."""
    parser = Parser()
    for line, text in lines(path):
        if len(text) > ROW_LIMIT:
            yield too_long(line)
        elif text.strip():
            yield _line_row(parser, line, text.strip())


def _line_row(parser: Parser, line: int, text: str) -> Row | Problem:
    try:
        value, end = parser.value(text)
    except JSONDecodeError as error:
        if "\0" in text:
            return problem(line, "holds a NUL byte; remove it, or save the file as UTF-8 again")
        return problem(line, f"not JSON: {wording(error)} at character {error.pos + 1}")
    except ValueError as error:
        return problem(line, f"not JSON: {error}")
    if text[end:].strip():
        return problem(line, f"not JSON: something follows the object at character {end + 1}")
    return parser.row(line, value)


def text_rows(path: Path) -> Iterator[Row | Problem]:
    """Paragraphs (blank lines separate them); in a file without blank lines, each line."""
    paragraphs = _has_blank_line(path)
    held: list[str] = []
    start = length = 0
    for line, text in lines(path):
        if text.strip():
            start, length = (start, length + len(text)) if held else (line, len(text))
            held.append(text)
        if held and (not paragraphs or not text.strip() or length > ROW_LIMIT):
            yield _paragraph(start, held)
            held = []
    if held:
        yield _paragraph(start, held)


def _paragraph(line: int, held: list[str]) -> Row | Problem:
    text = "".join(held).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return too_long(line) if len(text) > ROW_LIMIT else Row(line, {"text": text})


def _has_blank_line(path: Path) -> bool:
    seen = blank = False
    for _, text in lines(path):
        if text.strip() and blank:
            return True
        seen = seen or bool(text.strip())
        blank = seen and not text.strip()
    return False


def whole_text(path: Path) -> str:
    """All of a file that must be read at once. Raises DataError beyond JSON_LIMIT."""
    if path.stat().st_size > JSON_LIMIT:
        raise DataError(
            f"{path.name} is too large for a .json file ({path.stat().st_size / 1e6:,.0f} MB). "
            "Save it as JSONL, one object per line; that is read piece by piece."
        )
    name, errors = encoding(path)
    return path.read_text(encoding=name, errors=errors)
