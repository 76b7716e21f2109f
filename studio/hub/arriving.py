"""Files of the Hub on their way: what was broken off goes on at the byte where it was, and is proved whole.

huggingface_hub 2 throws half a file away when its process ends, and what comes through Xet cannot go on at
all, so files come over HTTPS into a file of ours first.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from studio.files import disk_errors
from studio.hub.failure import Repository

_PIECE = 2**20  # bytes written at a time, and so what a stop can lose
_BLOCK = 2**24  # bytes read at a time


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository: its size in bytes (-1 where it is not told), and what it must hash to.

    `digest` is the SHA-256 of a file in large file storage, else the SHA-1 that Git gives it; nothing where
    the Hub tells none.
    """

    name: str
    size: int = -1
    digest: str = ""

    def is_whole(self, path: Path) -> bool:
        """Whether the file at `path` is this one, byte by byte."""
        if not path.is_file() or path.stat().st_size != self.size >= 0:
            return False
        return not self.digest or _digest(path, self.digest) == self.digest


def fetch_file(of: Repository, file: RemoteFile, path: Path, token: str | None) -> None:
    """Bring a file to `path`, going on from the bytes that are there already.

    Raises what huggingface_hub does; DiskError for what the disk does not take.
    """
    from huggingface_hub import constants, hf_hub_url
    from huggingface_hub.file_download import http_get
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    constants.DOWNLOAD_CHUNK_SIZE = _PIECE
    url = hf_hub_url(of.name, file.name, repo_type=of.kind, revision=of.revision)
    size = file.size if file.size >= 0 else None
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as out:
            if size is None or out.tell() > size:  # not to be trusted
                out.truncate(0)
            headers = build_hf_headers(token=token)
            http_get(url, out, resume_size=out.tell(), headers=headers, expected_size=size)


def _digest(path: Path, like: str) -> str:
    """The hash of a file, of the kind that `like` is."""
    if len(like) == 64:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
