"""Where a row says that it comes from: columns that name a conversation, a document or another source.

They are no part of what a row teaches, and are kept so that rows of one origin stay on one side of a split.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

_TALKS = ("conversation", "conv", "dialog", "dialogue", "thread", "session", "chat", "document", "doc")
_OTHERS = ("tree", "messagetree", "article", "passage", "context", "paper", "book", "page", "video", "group")
_MORE = ("parent", "file", "story", "case", "transcript", "episode")
SURE = frozenset(
    [
        *(f"{thing}{ending}" for thing in (*_TALKS, *_OTHERS, *_MORE) for ending in ("id", "uuid")),
        *(f"{thing}{ending}" for thing in _TALKS for ending in ("idx", "index", "number")),
    ]
)
"""Columns that name nothing else; here and below without capitals, spaces, dashes and underlines."""

TITLES = frozenset(
    [
        *("title", "doctitle", "documenttitle", "articletitle", "booktitle", "pagetitle", "papertitle"),
        *("docname", "documentname", "doc", "url", "sourceurl", "sourcefile", "conversationhash"),
    ]
)
"""Columns that name a document, if they do not say the same of nearly all rows."""

FILES = frozenset([*("file", "filename", "filepath", "path", "link", "sourcedocument", "group", "sourceid")])
"""Columns that name a document where not too many rows share a value."""

CONTEXTS = frozenset(["context", "passage", "document", "article", "paragraph", "excerpt"])
"""Columns that hold what a row is about, which is told by its hash."""

ID, SOURCE = "id", "source"
"""Columns that mostly name a row, or a whole collection, but sometimes a document."""

STEM, DOCUMENT = "stem", "sourcefile"

_NAMES = SURE | TITLES | FILES | {ID, SOURCE}
_SHORTEST = 15
"""Characters of a text that a row can be about."""
_DOCUMENT = re.compile(r"://|\.(?:pdf|txt|md|html?|docx?|odt|epub|rst|tex|pptx?|eml)\Z", re.IGNORECASE)
_PLAIN = re.compile(r"[\s_\-.]+")
_NUMBERED = re.compile(r"(.*[^\W\d])[\W_]*\d+\Z|(.+)[_\-#:/.]\d+\Z", re.DOTALL)


def origins_of(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """What the row's columns say of its origin, each as a plain name and a hash: nothing of it can be read.

    Columns inside `meta` count as well. A source that is a document is a `sourcefile`; the `stem` is an id
    without the number of a part, as that of a conversation cut into `abc_0`, `abc_1`.
    """
    found = _found(fields)
    for name in ("meta", "metadata"):
        if isinstance(inner := fields.get(name), dict):
            found |= {key: value for key, value in _found(inner).items() if key not in found}
    if begun := _stem(found.get(ID, "")):
        found[STEM] = begun
    if _DOCUMENT.search(found.get(SOURCE, "")):
        found[DOCUMENT] = found.pop(SOURCE)
    return tuple(f"{name}={_hash(value)}" for name, value in found.items())


def name_of(origin: str) -> str:
    """The plain name of the column behind one of `origins_of`."""
    return origin.partition("=")[0]


def tells_origin(name: str) -> bool:
    """Whether a column of this name may say where a row comes from."""
    plain = _plain(name)
    return plain in _NAMES or plain in CONTEXTS or name.strip().lower() in ("meta", "metadata")


@lru_cache(1024)
def _plain_short(name: str) -> str:
    return _PLAIN.sub("", name).lower()


def _plain(name: str) -> str:
    return _plain_short(name) if len(name) <= 100 else _PLAIN.sub("", name).lower()


def _stem(value: str) -> str:
    match = _NUMBERED.match(value)
    return (match[1] or match[2]) if match else ""


def _found(fields: Mapping[str, Any]) -> dict[str, str]:
    plain = [(_plain(str(name)), value) for name, value in fields.items()]
    named = {name: text for name, value in plain if name in _NAMES and (text := _text(value))}
    about = {name: text for name, value in plain if name in CONTEXTS and (text := _about(value))}
    return named | about


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return " ".join(str(value).split())


def _about(value: Any) -> str:
    text = " ".join(value.split()).casefold() if isinstance(value, str) else ""
    return text if len(text) >= _SHORTEST else ""


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
