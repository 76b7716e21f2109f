"""What goes wrong with the Hub, in words for the person."""

from __future__ import annotations

from collections.abc import Iterator

from studio.data.hub.wanted import Wanted

_TRY_AGAIN = "Try again: what was fetched is kept."


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


def sentence(error: Exception, wanted: Wanted) -> str:
    """What is wrong and what to do about it; the first cause that is known counts."""
    for each in _chain(error):
        if found := _sentence(each, wanted):
            return found
    words = " ".join(str(error).split())[:300].rstrip(".")
    return f"{wanted.name} cannot be read ({type(error).__name__}: {words}). {_TRY_AGAIN}"


def page(error: Exception, wanted: Wanted) -> str:
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


def _sentence(error: BaseException, wanted: Wanted) -> str:
    import httpx2
    from huggingface_hub import constants, errors

    name, page = wanted.name, f"{constants.ENDPOINT}/datasets/{wanted.name}"
    match error:
        case errors.GatedRepoError():
            return f"{name} is gated. Ask for access at {page}, then enter your Hub token."
        case errors.RepositoryNotFoundError():
            return (
                f"There is no dataset {name} on the Hub, or it is private. Check the spelling; for a private "
                "one, enter your Hub token."
            )
        case errors.RevisionNotFoundError():
            return f"{name} has no revision “{wanted.revision}”."
        case errors.HFValidationError():
            return f"“{name}” is no name of a dataset. It looks like user/name."
        case errors.HfHubHTTPError() if error.response.status_code in (401, 403):
            return f"The Hub does not give {name} to you. Enter a Hub token that may read it."
        case errors.HfHubHTTPError() | httpx2.HTTPStatusError():
            return f"The Hub answers {error.response.status_code} for {name}. {_TRY_AGAIN}"
        case errors.OfflineModeIsEnabled() | httpx2.TransportError():
            return f"The Hub cannot be reached at {constants.ENDPOINT}. Is this Mac online? {_TRY_AGAIN}"
        case RuntimeError() if "scripts are no longer supported" in str(error):
            return (
                f"{name} is made by a program of its own, which is not run here. Look for a Parquet version."
            )
        case _:
            return ""
