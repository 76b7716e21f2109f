"""What is kept of a row: whether it can train, why not, how long it is, how it begins, and a hash of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from studio.catalogue import Phrase
from studio.data import formats
from studio.data.equality import equal_hash
from studio.data.fields import BadRow
from studio.data.hashes import content_hash
from studio.data.records import remarks
from studio.data.rows import Row, problem
from studio.errors import DataError
from studio.events import Problem
from studio.words import printable

GOOD, WARNING, BAD = 0, 1, 2
"""A row's state: it trains, it trains but deserves a look, it cannot train."""

PREVIEW = 96
"""Characters of a prompt and of an answer that are kept."""

NO_HASH = bytes(8)


class Checked(NamedTuple):
    """A row as the index keeps it: `digest` is what rows are drawn by, `equal` the same for equal rows.

    `column` is as a Problem has it.
    """

    line: int
    state: int
    what: Phrase | None
    prompt: str
    answer: str
    prompt_characters: int
    answer_characters: int
    digest: bytes
    equal: bytes
    column: int = 0


def format_of(name: str, sample: Sequence[Row]) -> str:
    """The format most rows of the sample have. Raises DataError when none has one."""
    votes = Counter(format for row in sample if (format := formats.recognize(row.fields)))
    if votes:
        return votes.most_common(1)[0][0]
    if not sample:
        raise DataError(f"None of the first rows of {name} can be read. Is it the right kind of file?")
    keys = ", ".join(f'"{key[:40]}"' for key in list(sample[0].fields)[:8]) or "none"
    sentence = f"{name}: its fields ({keys}) are not those of a dataset."
    raise DataError(f"{printable(sentence)} Rows need one of these sets. {formats.examples()}.")


def check(format: str, row: Row | Problem) -> Checked:
    """What the index keeps of a row of this format."""
    if isinstance(row, Problem):
        return _bad(row)
    try:
        record = formats.record(row.line, format, row.fields)
    except BadRow as error:
        return _bad(problem(row.line, error.phrase))
    prompt, answer = record.prompt, record.answer
    remark = next(remarks(record), None)
    return Checked(
        row.line,
        WARNING if remark else GOOD,
        remark,
        preview(prompt),
        preview(answer),
        len(prompt),
        len(answer),
        content_hash(record),
        equal_hash(record),
    )


def preview(text: str) -> str:
    """The beginning of a text on one line."""
    return " ".join(text[:PREVIEW].split())


def _bad(found: Problem) -> Checked:
    return Checked(found.line, BAD, found.what, "", "", 0, 0, NO_HASH, NO_HASH, found.column)
