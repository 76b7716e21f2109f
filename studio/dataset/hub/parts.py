"""The files of a split, fetched so that a download that was broken off goes on at the byte where it was."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.hub.arriving import RemoteFile, fetch_file
from studio.hub.child import Report
from studio.hub.failure import DATASET, Repository

_ADDRESS = re.compile(r"hf://datasets/[^@]+@(?P<revision>[^/]+)/(?P<file>.+)")


def file_at(address: str) -> str:
    """The file in its repository that an hf:// address stands for; empty for an address of another kind."""
    found = _ADDRESS.fullmatch(address)
    return found["file"] if found else ""


def sizes_of(info: Any) -> dict[str, int]:
    """The bytes of each file of a dataset, as the Hub says them."""
    return {str(each.rfilename): int(each.size or 0) for each in info.siblings or ()}


@dataclass(frozen=True)
class Parts:
    """Where the files of one revision come from and arrive. `sizes` are the files' bytes, where known."""

    name: str
    revision: str
    sizes: dict[str, int]
    folder: Path
    token: str | None
    report: Report

    def fetched(self, addresses: Iterable[str]) -> list[str]:
        """The files behind hf:// addresses on this disk; an address of another kind stays as it is."""
        wanted = [(str(address), file_at(str(address))) for address in addresses]
        missing = [file for _, file in wanted if file and not self._cached(file)]
        total = sum(self.sizes.get(file, 0) for file in missing)
        self.report({"arriving": str(self.folder), "bytes": total})
        return [self._file(file) if file else address for address, file in wanted]

    def _cached(self, file: str) -> str:
        """Where the Hub's own cache has the file, or an empty string."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.name, file, revision=self.revision, repo_type="dataset")
        return found if isinstance(found, str) else ""

    def _file(self, file: str) -> str:
        if cached := self._cached(file):
            return cached
        path = self.folder / file
        asked = RemoteFile(file, self.sizes.get(file, -1))
        fetch_file(Repository(self.name, DATASET, self.revision), asked, path, self.token)
        return str(path)
