"""Files put into a repository of the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.events import Progress
from studio.hub.child import Report, failure, messages
from studio.hub.failure import TOKENS, HubError, Repository
from studio.words import file_size

_NAMED = 6  # files that are listed one by one

type Contents = Mapping[str, Path | bytes]
"""What goes up, by its name there."""


@dataclass(frozen=True)
class Leaving:
    """A file that an upload would send: its name there, and how large it is."""

    name: str
    bytes: int


def leaving_files(files: Contents) -> tuple[Leaving, ...]:
    """The files with their sizes."""
    return tuple(
        Leaving(name, len(what) if isinstance(what, bytes) else what.stat().st_size)
        for name, what in files.items()
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


def check_upload(name: str, token: str) -> None:
    """Raises HubError for what is no owner/name, and where there is no token."""
    if name.count("/") != 1 or not all(name.split("/")):
        raise HubError("upload.no_name", name=name)
    if not token.strip():
        raise HubError("upload.no_token", TOKENS, page=TOKENS)


@dataclass(frozen=True)
class Sending:
    """An upload to be: where to, as whom, and what becomes of what is there.

    `replaces` is a pattern; what is there under such a name, and is not sent, is taken away. What a
    repository held before stays in its history.
    """

    to: Repository
    token: str
    private: bool = True
    message: str = "Upload"
    replaces: str = ""


def send(
    sending: Sending,
    files: Contents,
    *,
    endpoint: str | None = None,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> str:
    """Put files into a repository, made where there is none; returns its address.

    `report` hears of the bytes that are there, and of all. Raises HubError for a missing or refused token,
    a name that cannot be, and no network.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    name, kind = sending.to.name, sending.to.kind
    check_upload(name, sending.token)
    api = HfApi(endpoint=endpoint, token=sending.token.strip())
    sizes = [each.bytes for each in leaving_files(files)]
    total, done = sum(sizes), 0
    with _as_hub_errors(name):
        api.create_repo(name, repo_type=kind, private=sending.private, exist_ok=True)
        added = [CommitOperationAdd(path, what) for path, what in files.items()]
        for size, addition in zip(sizes, added, strict=True):
            report(done, total)
            api.preupload_lfs_files(name, [addition], repo_type=kind)
            done += size
        report(done, total)
        there = api.list_repo_files(name, repo_type=kind) if sending.replaces else ()
        earlier = sorted({each for each in there if fnmatch(each, sending.replaces)} - files.keys())
        removed = [CommitOperationDelete(each) for each in earlier]
        api.create_commit(name, [*added, *removed], repo_type=kind, commit_message=sending.message)
    below = "" if kind == "model" else f"{kind}s/"
    return f"{api.endpoint}/{below}{name}"


def told(report: Report, upload: Callable[[Callable[[int, int], None]], str]) -> None:
    """Do an upload in the Hub's process, and say through `report` how far it is, and how it ended."""

    def told_so_far(done: int, total: int) -> None:
        report({"bytes": done, "of": total})

    try:
        report({"done": upload(told_so_far)})
    except StudioError as error:
        report(failure(error))


def followed(work: Callable[..., None], *arguments: Any) -> Generator[Progress, None, str]:
    """An upload by `told` in a process of its own, announcing how far it is; closing it ends the upload."""
    shown, address = Progress("Asking the Hub", 0), ""
    yield shown
    with closing(messages(work, *arguments)) as received:
        for message in received:
            match message:
                case {"done": str(address)}:
                    shown = Progress("Uploaded", 0)
                case {"bytes": int(done), "of": int(total)}:
                    shown = Progress("MB uploaded", done // 10**6, max(1, total // 10**6))
            yield shown
    return address


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
