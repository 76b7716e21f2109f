"""Checkpoints that no run needs to go on: what they take of the disk, and how they are deleted.

Each run keeps its last one, where it goes on, and that of the best validation; so much of a run that trains,
or is evaluated, is left alone altogether.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import RunError
from studio.files import parsed
from studio.runs.folder import RunFolder

_POSITION = "position.json"  # of a checkpoint: see `studio.train.checkpoint`


@dataclass(frozen=True)
class OldCheckpoints:
    """What may go: folders of some runs, and the bytes that they take."""

    folders: tuple[tuple[RunFolder, tuple[Path, ...]], ...]
    bytes: int

    @property
    def count(self) -> int:
        return sum(len(found) for _, found in self.folders)


def find_old_checkpoints(runs: Iterable[RunFolder]) -> OldCheckpoints:
    """What the runs do not need to go on."""
    found = [(run, old) for run in runs if not run.is_held() and (old := tuple(_old(run)))]
    return OldCheckpoints(tuple(found), sum(_size(folder) for _, old in found for folder in old))


def delete_old_checkpoints(found: OldCheckpoints) -> int:
    """Delete them for good, as the Trash frees nothing; the bytes that came free. Skips runs at work."""
    freed = 0
    for run, folders in found.folders:
        try:
            with run.held():
                for folder in folders:
                    size = _size(folder)
                    shutil.rmtree(folder, ignore_errors=True)
                    freed += 0 if folder.exists() else size
        except RunError:  # somebody has begun to work on it
            continue
    return freed


def _old(run: RunFolder) -> Iterator[Path]:
    *earlier, last = run.checkpoints() or [Path()]
    if not earlier:
        return
    best = _best(last)
    if best is None:  # damaged: nobody knows what the run needs
        return
    yield from (folder for folder in earlier if folder.name != f"step-{best:06d}")


def _best(checkpoint: Path) -> int | None:
    try:
        position: Any = parsed((checkpoint / _POSITION).read_text(encoding="utf-8"))
        return int(position["best_step"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _size(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if os.path.isfile(file))
