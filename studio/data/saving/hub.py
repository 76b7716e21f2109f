"""A saved dataset on the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.data.saving.manifest import is_saved
from studio.errors import DataError

_TOKENS = "https://huggingface.co/settings/tokens"


def upload(
    folder: Path, repository: str, token: str, *, private: bool = True, endpoint: str | None = None
) -> str:
    """Put the saved dataset into a dataset repository, made where there is none; returns its address.

    Raises DataError in words for a missing or refused token, a name that cannot be, and no network.
    """
    from huggingface_hub import HfApi

    if not is_saved(folder):
        raise DataError(f"{folder} is not a saved dataset. Save it as a dataset first, then upload that.")
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise DataError(f"“{repository}” is not a name on the Hub. Name it as owner/dataset.")
    if not token.strip():
        raise DataError(f"There is no token for the Hub. Make one with the right to write at {_TOKENS}.")
    api = HfApi(endpoint=endpoint, token=token.strip())
    with _in_words(repository):
        api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repository,
            folder_path=folder,
            repo_type="dataset",
            commit_message=f"Upload {folder.name}",
            delete_patterns="part-*.parquet",  # those of an earlier upload that this one has no more
        )
    return f"{api.endpoint}/datasets/{repository}"


@contextmanager
def _in_words(repository: str) -> Iterator[None]:
    from httpx2 import TransportError
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except HFValidationError as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"“{repository}” is not a name on the Hub: {reason}") from error
    except OfflineModeIsEnabled as error:
        raise DataError("The Hub is switched off by HF_HUB_OFFLINE. Unset it, and upload again.") from error
    except HfHubHTTPError as error:
        raise DataError(_refused(repository, error.response.status_code, str(error))) from error
    except (TransportError, OSError) as error:
        raise DataError(
            f"The Hub cannot be reached ({error}). Check the network, and upload again; nothing is lost."
        ) from error


def _refused(repository: str, status: int, reason: str) -> str:
    match status:
        case 401:
            return f"The Hub does not accept the token. Make a new one with the right to write at {_TOKENS}."
        case 403:
            owner = repository.split("/")[0]
            return f"The token may not write to {repository}. Give it that right for {owner} at {_TOKENS}."
        case 404:
            return f"The Hub has no {repository}, and it could not be made. Check the name."
        case 429:
            return "The Hub asks to wait, because there were too many requests. Upload again in some minutes."
    return f"The Hub refused the upload ({status}): {reason.splitlines()[0]}"
