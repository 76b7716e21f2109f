"""The values that examples are built of, taken from a row by any of the names they may have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from studio.data.chats import turns
from studio.data.fields import BadRow, Fields, checked, field, listed, unwrapped
from studio.data.names import SYSTEMS
from studio.data.records import Message


def text(fields: Fields, names: Sequence[str]) -> str:
    """The text of the first of `names` the row has something under. Raises BadRow."""
    there = [name for name in names if name in fields]
    if not there:
        raise BadRow("row.missing", what=field(names[0]), fields=listed(fields))
    name = next((name for name in there if fields.get(name) is not None), there[0])
    value = unwrapped(fields[name]) if name in ("answer", "answers") else fields[name]
    return checked(value, field(name))


def optional(fields: Fields, names: Sequence[str]) -> str:
    """The same, or an empty string where the row has none."""
    present = [name for name in names if fields.get(name) not in (None, "")]
    found = checked(fields[present[0]], field(present[0]), empty=True) if present else ""
    return found if found.strip() else ""


def system(fields: Fields) -> tuple[Message, ...]:
    """The row's system turn, if it has one."""
    said = optional(fields, SYSTEMS)
    return (Message("system", said),) if said else ()


def history(fields: Fields) -> tuple[Message, ...]:
    """The turns before the question that Alpaca's `history` holds, as pairs of question and answer."""
    if not fields.get("history"):
        return ()
    value: Any = fields["history"]
    if isinstance(value, str) and not value.strip():
        return ()
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return turns(value, "history")
    return tuple(_pairs(value))


def _pairs(value: Any) -> Iterator[Message]:
    if not isinstance(value, list):
        raise BadRow("row.history")
    for pair in value:
        if not (isinstance(pair, list | tuple) and len(pair) == 2):
            raise BadRow("row.history")
        yield from (
            Message(role, checked(said, field("history")))
            for role, said in zip(("user", "assistant"), pair, strict=True)
        )
