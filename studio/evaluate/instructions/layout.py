"""How an answer is laid out: paragraphs, lists, headings, marks. They decide as the checkers of IFEval do."""

from __future__ import annotations

import json
import re

from studio.evaluate.instructions.wording import within

_DIVIDER = re.compile(r"\s?\*\*\*\s?")
_HIGHLIGHT = re.compile(r"\*([^\n*]*)\*")
_DOUBLE_HIGHLIGHT = re.compile(r"\*\*([^\n*]*)\*\*")
_FENCES = ("```json", "```Json", "```JSON", "```")
_POSTSCRIPTS = {"P.S.": r"p\.\s?s\.", "P.P.S": r"p\.\s?p\.\s?s"}


def paragraph_count(answer: str, *, exactly: int) -> bool:
    """So many paragraphs, with a line of three asterisks between each two."""
    paragraphs = _DIVIDER.split(answer)
    inner = paragraphs[1:-1]
    outer = [paragraphs[0], *paragraphs[1:][-1:]]
    if not all(paragraph.strip() for paragraph in inner):
        return False
    return len(inner) + sum(bool(paragraph.strip()) for paragraph in outer) == exactly


def paragraph_begins(answer: str, *, paragraphs: int, number: int, word: str) -> bool:
    """So many paragraphs with empty lines between them, and the one of this number begins with the word."""
    divided = answer.split("\n\n")
    there = sum(bool(paragraph.strip()) for paragraph in divided)
    if there != paragraphs or not 0 < number <= there or not divided[number - 1].strip():
        return False
    first = divided[number - 1].split()[0].lstrip("'").lstrip('"').lower()
    return re.split(r"[.,?!'\"]", first, maxsplit=1)[0] == word.lower()


def placeholder_count(answer: str, *, at_least: int) -> bool:
    """So many places to fill in, such as [name]."""
    return sum(map(_placeholders, answer.split("\n"))) >= at_least


def _placeholders(line: str) -> int:
    count = start = 0
    while (opened := line.find("[", start)) >= 0 and (closed := line.find("]", opened)) >= 0:
        count, start = count + 1, closed + 1
    return count


def has_postscript(answer: str, *, marker: str) -> bool:
    """There is a postscript that begins with the marker, such as P.S. or P.P.S."""
    pattern = _POSTSCRIPTS.get(marker) or re.escape(marker.lower())
    return re.search(pattern, answer.lower()) is not None


def bullet_count(answer: str, *, exactly: int) -> bool:
    """So many lines that begin with an asterisk or a hyphen."""
    return sum(map(_is_bullet, answer.split("\n"))) == exactly


def _is_bullet(line: str) -> bool:
    begins = line.lstrip()[:2]
    return begins.startswith("-") or (begins.startswith("*") and begins not in ("*", "**"))


def highlight_count(answer: str, *, at_least: int) -> bool:
    """So many parts *highlighted* between asterisks."""
    single, double = (pattern.findall(answer) for pattern in (_HIGHLIGHT, _DOUBLE_HIGHLIGHT))
    return sum(bool(part.strip()) for part in (*single, *double)) >= at_least


def section_count(answer: str, *, marker: str, at_least: int) -> bool:
    """So many sections that begin with the marker and a number."""
    return len(re.findall(rf"{re.escape(marker)}\s?\d", answer)) >= at_least


def is_json(answer: str) -> bool:
    """The whole answer is JSON; a fence around it is allowed."""
    inner = answer.strip()
    for fence in _FENCES:
        inner = inner.removeprefix(fence)
    try:
        json.loads(inner.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


def has_title(answer: str) -> bool:
    """A title stands between double angular brackets, such as <<A quiet morning>>."""
    return any(map(_holds_title, answer.split("\n")))


def _holds_title(line: str) -> bool:
    opened, closed = line.find("<<"), line.rfind(">>")
    return 0 <= opened < closed - 2 and bool(line[opened : closed + 2].lstrip("<").rstrip(">").strip())


def two_answers(answer: str) -> bool:
    """Two different answers, with six asterisks between them."""
    parts = answer.split("******")
    said = [part.strip() for part in parts if part.strip()]
    return all(part.strip() for part in parts[1:-1]) and len(said) == 2 and said[0] != said[1]


def numbered_items(answer: str, *, exactly: int | None = None, at_least: int = 1) -> bool:
    """Lines numbered from 1 on, without a gap, so many of them."""
    numbers = [int(found[1]) for found in re.finditer(r"^[ \t]*(\d{1,4})[.)][ \t]", answer, re.MULTILINE)]
    inside = within(len(numbers), at_least, exactly=exactly)
    return inside and numbers == list(range(1, len(numbers) + 1))
