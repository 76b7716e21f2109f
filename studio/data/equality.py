"""Which rows are equal: asked by the checks, the steps, the reading of small files and the scan of big ones.

Rows are equal that say the same to the letter, wherever they stand, however they came to be, and whatever
space surrounds their texts. Other likenesses have names of their own: `digest` is written down and changes
with every letter, `Record.question` is what two rows ask, and a near duplicate differs in a word or two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b

from studio.data.records import Record

type Equal = tuple[object, ...]


def equal_key(record: Record) -> Equal:
    """What equal rows share, and others do not."""
    turns = tuple(
        (m.role, m.content.strip(), m.input.strip(), m.calls, m.name, m.call_id, m.trained)
        for m in record.messages
    )
    return (turns, record.text.strip(), record.rejected.strip(), record.tools)


def equal_hash(record: Record) -> bytes:
    """8 bytes for `equal_key`, the same on every machine: for millions of rows."""
    return blake2b(repr(equal_key(record)).encode("utf-8", "surrogatepass"), digest_size=8).digest()


def repeated(records: Iterable[Record], golden: Collection[int] = ()) -> dict[int, int]:
    """The lines of rows that are equal to another, each with the line of the one that stays.

    That is the first of them; a golden one (by its line) before one that trains.
    """
    groups: dict[Equal, list[int]] = {}
    for record in records:
        groups.setdefault(equal_key(record), []).append(record.line)
    found: dict[int, int] = {}
    for lines in groups.values():
        stays = next((line for line in lines if line in golden), lines[0]) if len(lines) > 1 else lines[0]
        found.update((line, stays) for line in lines if line != stays)
    return found
