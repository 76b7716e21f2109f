"""How people name a part of a Hub dataset."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.errors import DataError

_NAME = r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?"
_ADDRESS = re.compile(
    rf"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/(?P<name>{_NAME})/?"
    r"(?:(?:tree|blob|resolve)/(?P<revision>[^/?#]+)|viewer(?:/(?P<subset>[^/?#]+)(?:/(?P<split>[^/?#]+))?)?)?"
)
_SCHEME = re.compile(rf"hf://(?:datasets/)?(?P<name>{_NAME})(?:@(?P<revision>[^/]+))?")
_PLAIN = re.compile(rf"(?P<name>{_NAME})(?:@(?P<revision>[\w.-]+))?")


class HubError(DataError):
    """A dataset that cannot be had from the Hub; `page` is where to ask for access, where that is missing."""

    def __init__(self, message: str, page: str = "") -> None:
        super().__init__(message)
        self.page = page


@dataclass(frozen=True)
class Wanted:
    """A part of a Hub dataset. `rows` is (first, end) counted from 0; an end of None is the split's own.

    An empty subset or split is the only one there is, or "default" and "train".
    """

    name: str
    subset: str = ""
    split: str = ""
    rows: tuple[int, int | None] | None = None
    revision: str = ""


def recognize(text: str) -> Wanted | None:
    """The dataset that a name, an hf:// address or a page of the Hub stands for; None for anything else."""
    text = text.strip()
    if found := _ADDRESS.match(text):
        name, revision, subset, split = found.group("name", "revision", "subset", "split")
        return Wanted(name, subset or "", split or "", revision=revision or "")
    found = _SCHEME.fullmatch(text.rstrip("/")) or _PLAIN.fullmatch(text)
    return Wanted(found["name"], revision=found["revision"] or "") if found else None


def row_range(text: str) -> tuple[int, int | None] | None:
    """Rows as people write them: 1000, 500:1500, 500: or nothing. Raises HubError for anything else."""
    text = text.strip().replace(",", "").replace("_", "")
    if not text:
        return None
    found = re.fullmatch(r"(?:(\d*)\s*[:-]\s*)?(\d*)", text)
    if found is None or text in (":", "-"):
        raise HubError(f"{text!r} is no range of rows. Write 1000 for the first thousand, or 500:1500.")
    first, end = int(found[1] or 0), int(found[2]) if found[2] else None
    if end is not None and end <= first:
        raise HubError(f"The rows {text} are none: the second number is the end, and must be larger.")
    return first, end
