"""The values of a row, checked: what is not usable text is a BadRow with the reason."""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

from studio.catalogue import Phrase, Unusable, phrase
from studio.data.rows import kind

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
