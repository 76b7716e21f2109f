"""Rows of files read line by line: JSONL, plain text and Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from json import JSONDecodeError

from studio.catalogue import Unusable, phrase
from studio.dataset.read.source import Source
from studio.dataset.rows import ROW_LIMIT, Parser, Row, problem, too_long, wording
from studio.errors import DataError
from studio.events import Problem

JSON_LIMIT = 512 * 2**20
"""Characters of a .json file, which is held in memory whole; JSONL has no limit."""

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_FENCE = re.compile(r" {0,3}(```|~~~)")


def lines(source: Source) -> Iterator[tuple[int, str]]:
    """Each line with its number, line end kept; of a line beyond ROW_LIMIT only the first ROW_LIMIT + 1."""
    with source.text() as file:
        number = 0
        while text := file.readline(ROW_LIMIT + 1):
            number += 1
            rest = text
            while rest and not rest.endswith(("\n", "\r")):
                rest = file.readline(ROW_LIMIT + 1)
            yield number, text


def jsonl_rows(source: Source) -> Iterator[Row | Problem]:
    """One row per line that is not blank."""
    parser = Parser()
    for line, text in lines(source):
        if len(text) > ROW_LIMIT:
            yield too_long(line)
        elif text.strip():
            yield line_row(parser, line, text)


def line_row(parser: Parser, line: int, text: str) -> Row | Problem:
    """The object that a line of JSON is, or what is wrong with it and at which character."""
    text = text.rstrip()
    start = len(text) - len(text.lstrip())
    try:
        value, end = parser.value(text, start)
    except JSONDecodeError as error:
        if "\0" in text:
            return problem(line, phrase("row.nul"), column=text.index("\0") + 1)
        what = phrase("row.not_json_at", fault=wording(error), column=error.pos + 1)
        return problem(line, what, column=error.pos + 1)
    except Unusable as error:
        return problem(line, phrase("row.not_json", fault=error.phrase))
    if text[end:].strip():
        return problem(line, phrase("row.trailing", column=end + 1), column=end + 1)
    return parser.row(line, value)


def text_rows(source: Source) -> Iterator[Row | Problem]:
    """Paragraphs (blank lines separate them); in a file without blank lines, each line."""
    paragraphs = _has_blank_line(source)
    held: list[str] = []
    start = length = 0
    for line, text in lines(source):
        if text.strip():
            start, length = (start, length + len(text)) if held else (line, len(text))
            held.append(text)
        if held and (not paragraphs or not text.strip() or length > ROW_LIMIT):
            yield _passage(start, held)
            held = []
    if held:
        yield _passage(start, held)


def markdown_rows(source: Source) -> Iterator[Row | Problem]:
    """Sections, each below its heading; a heading inside fenced code is none."""
    held: list[str] = []
    start, length, fence = 1, 0, ""
    for line, text in lines(source):
        mark = _FENCE.match(text)
        if mark and fence in ("", mark.group(1)):
            fence = "" if fence else mark.group(1)
        elif held and ((not fence and _HEADING.match(text)) or length > ROW_LIMIT):
            yield _passage(start, held)
            held = []
        if held or text.strip():
            start, length = (start, length + len(text)) if held else (line, len(text))
            held.append(text)
    if held:
        yield _passage(start, held)


def _passage(line: int, held: list[str]) -> Row | Problem:
    text = "".join(held).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return too_long(line) if len(text) > ROW_LIMIT else Row(line, {"text": text})


def _has_blank_line(source: Source) -> bool:
    seen = blank = False
    for _, text in lines(source):
        if text.strip() and blank:
            return True
        seen = seen or bool(text.strip())
        blank = seen and not text.strip()
    return False


def whole_text(source: Source) -> str:
    """All of a file that must be read at once. Raises DataError beyond JSON_LIMIT."""
    with source.text() as file:
        text = file.read(JSON_LIMIT + 1)
    if len(text) > JSON_LIMIT:
        raise DataError("json.too_large", file=source.name, megabytes=JSON_LIMIT // 10**6)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
