"""How people name a part of a Hub dataset, and what the Hub's errors mean to them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studio.hub.failure import DATASET, HubError, Repository, causes, hub_failure, hub_faults

_NAME = r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?"
_ADDRESS = re.compile(
    rf"(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/datasets/(?P<name>{_NAME})/?"
    r"(?:(?:tree|blob|resolve)/(?P<revision>[^/?#]+)|viewer(?:/(?P<subset>[^/?#]+)(?:/(?P<split>[^/?#]+))?)?)?"
)
_SCHEME = re.compile(rf"hf://(?:datasets/)?(?P<name>{_NAME})(?:@(?P<revision>[^/]+))?")
_PLAIN = re.compile(rf"(?P<name>{_NAME})(?:@(?P<revision>[\w.-]+))?")


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
        raise HubError("hub.no_range", text=text)
    first, end = int(found[1] or 0), int(found[2]) if found[2] else None
    if end is not None and end <= first:
        raise HubError("hub.empty_range", text=text)
    return first, end


def faults() -> tuple[type[Exception], ...]:
    """What huggingface_hub, datasets and what they stand on raise when something is wrong outside."""
    try:
        from datasets.exceptions import DatasetsError
    except ImportError:
        return hub_faults()
    return (*hub_faults(), DatasetsError)


def hub_error(error: Exception, wanted: Wanted) -> HubError:
    """What is wrong and what to do about it."""
    if any(_wants_own_code(each) for each in causes(error)):
        return HubError("hub.own_code", name=wanted.name)
    return hub_failure(error, Repository(wanted.name, DATASET, wanted.revision))


def _wants_own_code(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and "scripts are no longer supported" in str(error)
