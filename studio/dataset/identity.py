"""Which rows are equal, and short hashes of what rows hold: the same on every machine.

Rows are equal that say the same to the letter, wherever they stand, however they came to be, and whatever
space surrounds their texts. Other likenesses have names of their own: `digest` is written down and changes
with every letter, `Record.question` is what two rows ask, and a near duplicate differs in a word or two.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from studio.dataset.record import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


def plain(record: Record) -> dict[str, Any]:
    """The record as JSON holds it, without what it leaves empty, and what the row had besides."""
    fields: dict[str, Any] = _RECORD.dump_python(
        record, mode="json", exclude_defaults=True, exclude={"left_out"}
    )
    return fields


def from_plain(fields: Mapping[str, Any]) -> Record:
    """The record that `plain` gave. Raises pydantic's ValidationError for what is none."""
    return _RECORD.validate_python(fields)


def digest(record: Record) -> str:
    """16 hexadecimal digits that two records share when their content is equal, wherever they stand."""
    return hashlib.sha256(_canonical(record)).hexdigest()[:16]


def rank(record: Record, seed: int) -> bytes:
    """What to sort by for an order that only the seed and the record's content decide."""
    return hashlib.sha256(b"%d\0" % seed + _canonical(record)).digest()


class Fingerprint:
    """`content_fingerprint`, of rows that come one by one."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()

    def add(self, record: Record, part: str) -> None:
        """Take in the next row and the part it belongs to."""
        for piece in (_canonical(record), record.made.encode(), part.encode()):
            self._whole.update(b"%d\0" % len(piece) + piece)

    @property
    def text(self) -> str:
        return self._whole.hexdigest()[:16]


def content_fingerprint(parts: Mapping[str, Iterable[Record]]) -> str:
    """16 hexadecimal digits of all content in order, and of the part that each record belongs to."""
    whole = Fingerprint()
    for part, records in parts.items():
        for record in records:
            whole.add(record, part)
    return whole.text


def _canonical(record: Record) -> bytes:
    fields = plain(record.content)
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def content_hash(record: Record) -> bytes:
    """8 bytes of a record's content, wherever it stands: what rows are drawn by."""
    parts = [record.text, record.rejected, record.tools]
    for message in record.messages:
        parts += message.role, message.content, message.input
        if message.calls or message.name or message.call_id or not message.trained:
            parts.append(repr(message))
    return blake2b("\0".join(parts).encode(), digest_size=8).digest()


def drawn(hashes: NDArray[np.uint64], count: int, seed: int) -> NDArray[np.intp]:
    """The places of at most `count` rows, in order: only the seed and the rows' content decide which.

    Rows are ranked by the last steps of splitmix64 (Steele, Lea and Flood, 2014); of equal
    rows the first are taken.
    """
    import numpy as np

    mixed = hashes.astype(np.uint64) + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return np.sort(np.argsort(mixed, kind="stable")[:count])


type Equal = tuple[object, ...]


def equal_key(record: Record) -> Equal:
    """What equal rows share, and others do not."""
    turns = tuple(
        (m.role, m.content.strip(), m.input.strip(), m.calls, m.name, m.call_id, m.trained)
        for m in record.messages
    )
    return (turns, record.text.strip(), record.rejected.strip(), record.tools)


def equal_hash(record: Record) -> bytes:
    """8 bytes for `equal_key`, the same on every machine: for millions of rows.

    They are those of `content_hash` where no space surrounds a text, as is mostly so.
    """
    return content_hash(_stripped(record))


def _stripped(record: Record) -> Record:
    messages = tuple(
        replace(message, content=message.content.strip(), input=message.input.strip())
        for message in record.messages
    )
    return replace(record, messages=messages, text=record.text.strip(), rejected=record.rejected.strip())
