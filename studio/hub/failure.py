"""What the Hub's errors mean to people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from studio.catalogue import Phrase, phrase
from studio.errors import DataError

DATASET, MODEL = "dataset", "model"
"""What a repository of the Hub may hold."""

TOKENS = "https://huggingface.co/settings/tokens"
"""Where a person makes a token."""


class HubError(DataError):
    """What cannot be had from the Hub; `page` is where to ask for access, where that is missing."""

    def __init__(self, said: str | Phrase, page: str = "", /, **values: object) -> None:
        super().__init__(said, **values)
        self.page = page


@dataclass(frozen=True)
class Repository:
    """A repository of the Hub, and the revision of it that is asked for."""

    name: str
    kind: str = MODEL
    revision: str = ""

    @property
    def page(self) -> str:
        """Its address, where access is asked for."""
        from huggingface_hub import constants

        below = "datasets/" if self.kind == DATASET else ""
        return f"{constants.ENDPOINT}/{below}{self.name}"


def hub_faults() -> tuple[type[Exception], ...]:
    """What huggingface_hub and what it stands on raise when something is wrong outside."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    known: tuple[type[Exception], ...] = (OSError, ValueError, RuntimeError, LookupError, TypeError)
    return (*known, NotImplementedError, HfHubHTTPError, HFValidationError, httpx2.HTTPError)


def hub_failure(error: Exception, asked: Repository) -> HubError:
    """What is wrong and what to do about it; the first cause that is known counts."""
    page = asked.page if any(_refuses(each) for each in causes(error)) else ""
    for each in causes(error):
        if said := _said(each, asked):
            return HubError(said, page)
    fault = " ".join(str(error).split())[:300]
    return HubError("hub.unreadable", page, name=asked.name, kind=type(error).__name__, fault=fault)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came of, and so on."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _refuses(error: BaseException) -> bool:
    """Whether access is what is missing."""
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError | errors.RepositoryNotFoundError):
        return True
    return isinstance(error, errors.HfHubHTTPError) and error.response.status_code in (401, 403)


def _said(error: BaseException, asked: Repository) -> Phrase | None:
    import httpx2
    from huggingface_hub import constants, errors

    name = asked.name
    match error:
        case errors.GatedRepoError():
            return phrase("hub.gated", name=name, page=asked.page)
        case errors.RepositoryNotFoundError():
            return phrase("hub.no_dataset" if asked.kind == DATASET else "hub.no_model", name=name)
        case errors.RevisionNotFoundError():
            return phrase("hub.no_revision", name=name, revision=asked.revision)
        case errors.HFValidationError():
            return phrase("hub.no_name" if asked.kind == DATASET else "hub.no_model_name", name=name)
        case errors.HfHubHTTPError() | httpx2.HTTPStatusError():
            return _answer(error.response, name)
        case errors.OfflineModeIsEnabled():
            return phrase("hub.offline", name=name)
        case httpx2.ReadTimeout() | httpx2.WriteTimeout():
            return phrase("hub.slow", address=constants.ENDPOINT)
        case httpx2.TransportError():
            return phrase("hub.out_of_reach", address=constants.ENDPOINT)
        case _:
            return None


def _answer(response: Any, name: str) -> Phrase:
    match response.status_code:
        case 401 if "authorization" in response.request.headers:
            return phrase("hub.token_refused", page=TOKENS)
        case 401 | 403:
            return phrase("hub.not_given", name=name)
        case 429:
            return phrase("hub.wait")
        case status:
            return phrase("hub.answers", status=status, name=name)
