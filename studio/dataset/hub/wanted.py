"""How people name a part of a Hub dataset, and what the Hub's errors mean to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from studio.catalogue import Phrase, phrase
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

    def __init__(self, said: str | Phrase, page: str = "", /, **values: object) -> None:
        super().__init__(said, **values)
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
        raise HubError("hub.no_range", text=text)
    first, end = int(found[1] or 0), int(found[2]) if found[2] else None
    if end is not None and end <= first:
        raise HubError("hub.empty_range", text=text)
    return first, end


def faults() -> tuple[type[Exception], ...]:
    """What huggingface_hub, datasets and what they stand on raise when something is wrong outside."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    known: tuple[type[Exception], ...] = (OSError, ValueError, RuntimeError, LookupError, TypeError)
    known += (NotImplementedError, HfHubHTTPError, HFValidationError, httpx2.HTTPError)
    try:
        from datasets.exceptions import DatasetsError
    except ImportError:
        return known
    return (*known, DatasetsError)


def hub_error(error: Exception, wanted: Wanted) -> HubError:
    """What is wrong and what to do about it; the first cause that is known counts."""
    page = _page(error, wanted)
    for each in _chain(error):
        if said := _said(each, wanted):
            return HubError(said, page)
    fault = " ".join(str(error).split())[:300]
    return HubError("hub.unreadable", page, name=wanted.name, kind=type(error).__name__, fault=fault)


def _page(error: Exception, wanted: Wanted) -> str:
    """Where to ask for access, when access is what is missing; else empty."""
    from huggingface_hub import constants, errors

    def refuses(each: BaseException) -> bool:
        if isinstance(each, errors.GatedRepoError | errors.RepositoryNotFoundError):
            return True
        return isinstance(each, errors.HfHubHTTPError) and each.response.status_code in (401, 403)

    asked = any(refuses(each) for each in _chain(error))
    return f"{constants.ENDPOINT}/datasets/{wanted.name}" if asked else ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _said(error: BaseException, wanted: Wanted) -> Phrase | None:
    import httpx2
    from huggingface_hub import constants, errors

    name, page = wanted.name, f"{constants.ENDPOINT}/datasets/{wanted.name}"
    match error:
        case errors.GatedRepoError():
            return phrase("hub.gated", name=name, page=page)
        case errors.RepositoryNotFoundError():
            return phrase("hub.no_dataset", name=name)
        case errors.RevisionNotFoundError():
            return phrase("hub.no_revision", name=name, revision=wanted.revision)
        case errors.HFValidationError():
            return phrase("hub.no_name", name=name)
        case errors.HfHubHTTPError() if error.response.status_code in (401, 403):
            return phrase("hub.not_given", name=name)
        case errors.HfHubHTTPError() | httpx2.HTTPStatusError():
            return phrase("hub.answers", status=error.response.status_code, name=name)
        case errors.OfflineModeIsEnabled() | httpx2.TransportError():
            return phrase("hub.out_of_reach", address=constants.ENDPOINT)
        case RuntimeError() if "scripts are no longer supported" in str(error):
            return phrase("hub.own_code", name=name)
        case _:
            return None
