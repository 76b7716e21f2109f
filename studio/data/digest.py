"""Records as plain values and as short hashes of what they hold: the same on every machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from studio.data.records import Record

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
