"""Which index is whose: the names of their folders, and the manifest that makes one complete."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from studio.dataset.manifest import NAME, Manifest
from studio.files import parsed, write_text

MANIFEST = "index.json"
_COLUMNS = "columns.txt"
KEPT = 4
"""How many complete indexes stay in the cache: 200 bytes a row each."""

COUNTS = ("rows", "good", "warnings", "bad", "duplicates", "empty", "median", "longest")
"""What is counted, by the names that a Tally, an IndexManifest and a Scanned event have in common."""

_VERSION = 5


@dataclass(frozen=True)
class IndexManifest:
    """What a complete index says of its file, to tell whether the file is still the same."""

    path: str
    bytes: int
    modified: int  # nanoseconds
    format: str
    rows: int
    good: int
    warnings: int
    bad: int
    duplicates: int
    empty: int
    median: int  # characters
    longest: int
    version: int = _VERSION


def stated(path: Path) -> os.stat_result:
    """What tells a source from a changed one: of a saved dataset what its manifest's file says."""
    return (path / NAME if path.is_dir() else path).stat()


def size_of(path: Path) -> int:
    """The bytes of a file, or of the files in the folder of a saved dataset. Raises OSError."""
    return sum(each.stat().st_size for each in path.iterdir()) if path.is_dir() else path.stat().st_size


def steps_key(path: Path, columns: str = "") -> str:
    """What the steps of a source that is not held are kept by. Raises OSError, or DataError."""
    return Manifest.read(path).fingerprint if path.is_dir() else identity(path, columns)


def identity(path: Path, columns: str = "") -> str:
    """A name for this source as it is now, read with these columns: another after any change."""
    about = stated(path)
    file = f"{path.resolve()}\0{about.st_size}\0{about.st_mtime_ns}"
    facts = f"{_VERSION}\0{file}{columns and f'\0{columns}'}"
    return hashlib.sha256(facts.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def folder_for(path: Path, cache: Path, columns: str = "") -> Path:
    """Where this process keeps the index of the file while it grows."""
    return cache / f"{identity(path, columns)}-{os.getpid()}"


def complete_folder(path: Path, cache: Path, columns: str = "") -> Path | None:
    """The folder of a complete index of the file as it is now, if there is one."""
    found = cache.glob(f"{identity(path, columns)}-*/{MANIFEST}")
    return next((manifest.parent for manifest in found), None)


def read_manifest(folder: Path) -> IndexManifest | None:
    """What a complete index says; None while it grows, or when it cannot be used any more."""
    try:
        values: dict[str, Any] = parsed((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = IndexManifest(**values)
    except (OSError, ValueError, TypeError):
        return None
    return manifest if manifest.version == _VERSION else None


def write_columns(folder: Path, columns: str) -> None:
    """Note beside an index, before there is any, which columns were taken for what."""
    if columns:
        write_text(folder / _COLUMNS, columns)


def columns_of(folder: Path) -> str:
    """As the recipe's data.columns: what the index was made with; mostly nothing."""
    try:
        return (folder / _COLUMNS).read_text(encoding="utf-8")
    except OSError:
        return ""


def tidy(cache: Path) -> None:
    """Remove what scans of ended processes left unfinished, and all but the newest complete indexes."""
    folders = [folder for folder in cache.glob("*-*") if folder.is_dir()]
    complete = [folder for folder in folders if (folder / MANIFEST).exists()]
    complete.sort(key=lambda folder: (folder / MANIFEST).stat().st_mtime, reverse=True)
    left = [folder for folder in folders if folder not in complete]
    for folder in (*complete[KEPT:], *left):
        if not psutil.pid_exists(int(folder.name.rpartition("-")[2])):
            shutil.rmtree(folder, ignore_errors=True)
