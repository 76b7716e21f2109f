"""A saved dataset on the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path, PurePath

from studio.dataset.manifest import NAME, Manifest, is_saved
from studio.dataset.read.folders import GOLDEN_FILE
from studio.dataset.save.target import CARD
from studio.dataset.split import GOLDEN
from studio.errors import DataError
from studio.events import Progress
from studio.hub.child import Report
from studio.hub.failure import DATASET, Repository
from studio.hub.upload import Contents, Leaving, Sending, check_upload, followed, leaving_files, send, told


def leaving(folder: Path) -> tuple[Leaving, ...]:
    """All that an upload of this saved dataset sends, before anything is: what its manifest lists, no more.

    Raises DataError for a folder that is no saved dataset, or lacks a file of it.
    """
    return leaving_files(_contents(folder))


def _contents(folder: Path) -> Contents:
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
    return (yield from followed(_upload, folder, repository, token, private))


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
    _check(folder, repository, token)
    to, message = Repository(repository, DATASET), f"Upload {folder.name}"
    sending = Sending(to, token, private, message, replaces="part-*.parquet")
    return send(sending, _contents(folder), endpoint=endpoint, report=report)


def _upload(folder: Path, repository: str, token: str, private: bool, report: Report) -> None:
    told(report, lambda heard: upload(folder, repository, token, private=private, report=heard))


def _check(folder: Path, repository: str, token: str) -> None:
    if not is_saved(folder):
        raise DataError("upload.not_saved", folder=folder)
    check_upload(repository, token)
