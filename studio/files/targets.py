"""Where may be written: never over a source, and never over what is not ours."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from studio.errors import TargetError

CLUTTER = (".DS_Store", "Icon\r")
"""What the Finder leaves in folders; so are files whose names begin with `._`."""


def check_target(target: Path, sources: Iterable[Path]) -> None:
    """Raise TargetError where `target` is a source, holds one, or lies in one, by whatever name.

    Links are followed, and names compared as the disk compares them: another case, or a hard link, is
    the same file.
    """
    for source in sources:
        if relation := _relation(target.expanduser(), source.expanduser()):
            raise TargetError(
                f"{target} {relation} {source}, which is read for this, and a source is never touched. "
                "Choose another place."
            )


def strangers(folder: Path, ours: Collection[str]) -> list[str]:
    """What a folder holds that is none of `ours`, by name; what the Finder leaves there does not count."""
    if not folder.is_dir():
        return []
    names = sorted(os.listdir(folder))
    return [name for name in names if name not in ours and name not in CLUTTER and name[:2] != "._"]


def _relation(target: Path, source: Path) -> str:
    """How the target meets the source, in words; nothing where it does not."""
    if _same(target, source):
        return "is the same as"
    if any(_same(target, parent) for parent in _above(source)):
        return "holds"
    if any(_same(parent, source) for parent in _above(target)):
        return "lies in"
    return ""


def _above(path: Path) -> Iterator[Path]:
    """The folders that a path lies in, by its name and behind its links."""
    yield from path.absolute().parents
    yield from path.resolve().parents


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them does not exist
        return one.resolve() == other.resolve()
