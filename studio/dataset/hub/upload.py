"""A saved dataset on the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePath

from studio.dataset.hub.child import Report, failure, messages
from studio.dataset.hub.wanted import HubError
from studio.dataset.manifest import NAME, Manifest, is_saved
from studio.dataset.read.folders import GOLDEN_FILE
from studio.dataset.save.target import CARD
from studio.dataset.split import GOLDEN
from studio.errors import DataError, StudioError
from studio.events import Progress
from studio.words import file_size

_NAMED = 6  # files that are listed one by one
TOKENS = "https://huggingface.co/settings/tokens"


@dataclass(frozen=True)
class Leaving:
    """A file that an upload would send: its name there, and how large it is."""

    name: str
    bytes: int


def leaving(folder: Path) -> tuple[Leaving, ...]:
    """All that an upload of this saved dataset sends, before anything is: what its manifest lists, no more.

    Raises DataError for a folder that is no saved dataset, or lacks a file of it.
    """
    return tuple(
        Leaving(name, len(what) if isinstance(what, bytes) else what.stat().st_size)
        for name, what in _contents(folder).items()
    )


def listed_files(files: Sequence[Leaving]) -> str:
    """The files in words, each with its size; those after the first ones together."""
    first, rest = files[:_NAMED], files[_NAMED:]
    words = [f"{each.name} ({file_size(each.bytes)})" for each in first]
    if rest:
        words.append(
            f"{len(rest)} more, up to {rest[-1].name} ({file_size(sum(each.bytes for each in rest))})"
        )
    return ", ".join(words)


def _contents(folder: Path) -> dict[str, Path | bytes]:
    """Every file that goes up, by its name there. The manifest goes without the paths of this machine."""
    manifest = Manifest.read(folder)
    names = [CARD, *(file.file for file in manifest.files)]
    if manifest.rows.get(GOLDEN):
        names.append(GOLDEN_FILE)
    for name in names:
        path = folder / name
        if PurePath(name).name != name or path.is_symlink() or not path.is_file():
            raise DataError("upload.lacks", folder=folder, file=name)
    files: dict[str, Path | bytes] = {name: folder / name for name in sorted(names)}
    return {NAME: manifest.published().encode("utf-8", "replace"), **files}


def uploading(
    folder: Path, repository: str, token: str, *, private: bool = True
) -> Generator[Progress, None, str]:
    """`upload` in a process of its own, announcing how far it is; closing it ends the upload."""
    _check(folder, repository, token)
    shown, address = Progress("Asking the Hub", 0), ""
    yield shown
    with closing(messages(_upload, folder, repository, token, private)) as received:
        for message in received:
            match message:
                case {"done": str(address)}:
                    shown = Progress("Uploaded", 0)
                case {"bytes": int(done), "of": int(total)}:
                    shown = Progress("MB uploaded", done // 10**6, max(1, total // 10**6))
            yield shown
    return address


def upload(
    folder: Path,
    repository: str,
    token: str,
    *,
    private: bool = True,
    endpoint: str | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Put the saved dataset into a dataset repository, made where there is none; returns its address.

    What it held before stays in its history. `report` hears of the bytes that are there, and of all. Raises
    HubError for a missing or refused token, a name that cannot be, and no network.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    _check(folder, repository, token)
    api = HfApi(endpoint=endpoint, token=token.strip())
    files, sizes = _contents(folder), [each.bytes for each in leaving(folder)]
    total, done = sum(sizes), 0
    with _as_hub_errors(repository):
        api.create_repo(repository, repo_type="dataset", private=private, exist_ok=True)
        added = [CommitOperationAdd(name, what) for name, what in files.items()]
        for size, addition in zip(sizes, added, strict=True):
            report(done, total)
            api.preupload_lfs_files(repository, [addition], repo_type="dataset")
            done += size
        report(done, total)
        there = api.list_repo_files(repository, repo_type="dataset")
        earlier = {name for name in there if fnmatch(name, "part-*.parquet")} - files.keys()
        api.create_commit(
            repository,
            [*added, *(CommitOperationDelete(name) for name in sorted(earlier))],
            repo_type="dataset",
            commit_message=f"Upload {folder.name}",
        )
    return f"{api.endpoint}/datasets/{repository}"


def _upload(folder: Path, repository: str, token: str, private: bool, report: Report) -> None:
    def told_so_far(done: int, total: int) -> None:
        report({"bytes": done, "of": total})

    try:
        report({"done": upload(folder, repository, token, private=private, report=told_so_far)})
    except StudioError as error:
        report(failure(error))


def _check(folder: Path, repository: str, token: str) -> None:
    if not is_saved(folder):
        raise DataError("upload.not_saved", folder=folder)
    if repository.count("/") != 1 or not all(repository.split("/")):
        raise DataError("upload.no_name", name=repository)
    if not token.strip():
        raise HubError("upload.no_token", TOKENS, page=TOKENS)


@contextmanager
def _as_hub_errors(repository: str) -> Iterator[None]:
    from httpx2 import TransportError
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    try:
        yield
    except HFValidationError as error:
        fault = str(error).splitlines()[0]
        raise HubError("upload.refused_name", name=repository, fault=fault) from error
    except OfflineModeIsEnabled as error:
        raise HubError("upload.offline") from error
    except HfHubHTTPError as error:
        raise _refused(repository, error.response.status_code, str(error)) from error
    except (TransportError, OSError) as error:
        raise HubError("upload.out_of_reach", fault=error) from error


def _refused(repository: str, status: int, reason: str) -> HubError:
    match status:
        case 401:
            return HubError("upload.token_refused", TOKENS, page=TOKENS)
        case 403:
            owner = repository.split("/")[0]
            return HubError("upload.may_not_write", TOKENS, name=repository, owner=owner, page=TOKENS)
        case 404:
            return HubError("upload.not_made", name=repository)
        case 429:
            return HubError("upload.wait")
    return HubError("upload.refused", status=status, fault=reason.splitlines()[0])
