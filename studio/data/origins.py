"""Where a row says that it comes from: columns that name a conversation, a document or another source.

They are no part of what a row teaches, and are kept so that rows of one origin stay on one side of a split.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_LONGEST = 200

_THINGS = (
    *("conversation", "conv", "dialog", "dialogue", "thread", "session", "chat", "tree", "messagetree"),
    *(
        "document",
        "doc",
        "article",
        "passage",
        "context",
        "paper",
        "book",
        "page",
        "video",
        "group",
        "parent",
    ),
    *("file", "story", "case", "transcript", "episode"),
)
SURE = frozenset(f"{thing}{id}" for thing in _THINGS for id in ("id", "uuid", "idx", "index", "number"))
"""Columns that name nothing else; here and below without capitals, spaces, dashes and underlines."""

LIKELY = frozenset(
    [
        *("title", "doctitle", "documenttitle", "articletitle", "booktitle", "pagetitle", "papertitle"),
        *("url", "sourceurl", "link", "file", "filename", "filepath", "path", "sourcefile", "sourcedocument"),
        *("doc", "conversationhash", "group", "docname", "documentname", "sourceid"),
    ]
)
"""Columns that name a document where not too many rows share a value."""

ID, SOURCE = "id", "source"
"""Columns that mostly name a row, or a whole collection, but sometimes a document."""

_NAMES = SURE | LIKELY | {ID, SOURCE}
_PLAIN = re.compile(r"[\s_\-.]+")
_NUMBERED = re.compile(r"(.*[^\W\d])[\W_]*\d+\Z|(.+)[_\-#:/.]\d+\Z", re.DOTALL)


def origins_of(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """What the row's columns say of its origin, each as `name=value`; columns inside `meta` count as well."""
    found = _found(fields)
    for name in ("meta", "metadata"):
        if isinstance(inner := fields.get(name), dict):
            found |= {key: value for key, value in _found(inner).items() if key not in found}
    return tuple(f"{name}={value}" for name, value in found.items())


def origin(said: str) -> tuple[str, str]:
    """The plain name and the value of what `origins_of` says."""
    name, _, value = said.partition("=")
    return name, value


def stem(value: str) -> str:
    """The id without the number of a part: that of a conversation cut into `abc_0`, `abc_1`; else nothing."""
    match = _NUMBERED.match(value)
    return (match[1] or match[2]) if match else ""


def _found(fields: Mapping[str, Any]) -> dict[str, str]:
    plain = ((_PLAIN.sub("", str(name)).lower(), value) for name, value in fields.items())
    return {name: text for name, value in plain if name in _NAMES and (text := _text(value))}


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return " ".join(str(value).split())[:_LONGEST].encode("utf-8", "replace").decode()
