"""The values of a row, checked: what is not usable text is a BadRow with the reason."""

from __future__ import annotations

import re
from typing import Any

from studio.data.rows import kind

_SURROGATE = re.compile("[\ud800-\udfff]")

type Fields = dict[str, Any]


class BadRow(ValueError):
    """Why a row is not an example; the words are for the person."""


def listed(fields: Fields) -> str:
    """The names a row has, for messages."""
    shown = ", ".join(f'"{key[:40]}"' for key in list(fields)[:8])
    return shown + (", …" if len(fields) > 8 else "") if fields else "none"


def unwrapped(value: Any) -> Any:
    """The first of several equal answers, as question answering sets give them; anything else as it is."""
    if isinstance(value, dict) and len(value) <= 4:
        value = value.get("text", value.get("value", value))
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value[0] if value else ""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return value[0].get("text", value)
    return value


def checked(value: Any, what: str, *, empty: bool = False) -> str:
    """The value as text. Raises BadRow when it is no text, empty, or holds what no text may."""
    if value is None:
        raise BadRow(f"{what} is null")
    if not isinstance(value, str):
        raise BadRow(f"{what} is {kind(value)}, not text")
    if not empty and not value.strip():
        raise BadRow(f"{what} is empty")
    if "\0" in value:
        raise BadRow(f"{what} holds a NUL byte; remove it, or save the file as UTF-8 again")
    if not value.isascii() and (found := _SURROGATE.search(value)):
        raise BadRow(_not_text(what, found.group(), found.start()))
    return value


def _not_text(what: str, character: str, position: int) -> str:
    if "\udc80" <= character <= "\udcff":
        byte = ord(character) - 0xDC00
        return f"{what} is not valid UTF-8: byte {byte:02X} at character {position + 1}; save it as UTF-8"
    return f"{what} holds half a character (\\u{ord(character):04x}) at character {position + 1}"
