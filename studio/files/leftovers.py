"""What a crash leaves: names that say whose it is, and how it is cleared or put back; and the Trash.

Every name holds the number of the process that made it and a mark of ours, so that nothing of a living
process and nothing of another program is ever taken for a leftover.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import DiskError


class NoTrash(DiskError):
    """A volume without a Trash: what is deleted there is gone, so the person has to be asked again."""


def discard(path: Path, *, for_good: bool = False) -> None:
    """Move a file or folder to the Trash, or delete it `for_good`; of a link only the link.

    Raises NoTrash where it cannot be moved there, and is left as it was.
    """
    if path.is_symlink():
        path.unlink()
    elif for_good:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    else:
        _to_trash(path)


def _to_trash(path: Path) -> None:
    from send2trash import send2trash

    try:
        send2trash(os.fspath(path))
    except OSError as error:
        if not os.path.lexists(path):
            raise
        raise NoTrash("disk.no_trash", path=path, fault=error.strerror or error) from error


TEMPORARY, OLD = ".tuning-studio.tmp", ".tuning-studio.old"
"""What ends the hidden names of what is being written, and being replaced."""

_EARLIER_TEMPORARY, _EARLIER_OLD = ".tmp", ".old"  # of the first release, without a mark
_SCRATCH = "tuning-studio"
_WRITER = r"(?P<process>\d+)-\d+"


def temporary_for(path: Path) -> Path:
    """Where what is to become `path` is written by this thread."""
    return path.with_name(f".{path.name}.{_writer()}{TEMPORARY}")


def old_for(path: Path) -> Path:
    """Where `path` stands for the moment in which it is replaced by this thread."""
    return path.with_name(f".{path.name}.{_writer()}{OLD}")


def clear_beside(path: Path) -> None:
    """Clear what processes of ours that have ended left in the folder of this file or folder."""
    left = [each for each in path.parent.glob(f".*{TEMPORARY}") if _abandoned(each, TEMPORARY)]
    for old in path.parent.glob(f".{glob.escape(path.name)}.*{OLD}"):
        unfinished = old.with_name(old.name.removesuffix(OLD) + TEMPORARY)
        # Where the new one never came, what stands at `path` is somebody else's, and the old one the only.
        if path.exists() and _abandoned(old, OLD) and unfinished not in left:
            _remove(old)
        elif unfinished in left:
            left.remove(unfinished)
    for each in left:
        _remove(each)


def restore(path: Path, is_ours: Callable[[Path], bool] = lambda path: False) -> bool:
    """Put back what a crash left hidden in the middle of a replacement; whether there was something.

    `is_ours` tells whether a folder `.NAME.old`, as the first release called it, was a `path` once.
    """
    if path.name in ("", "..") or os.path.lexists(path) or not path.parent.is_dir():
        return False
    found = [
        old
        for old in path.parent.glob(f".{glob.escape(path.name)}.*{OLD}")
        if _abandoned(old, OLD) and _replaced(old.name) == path.name
    ]
    earlier = path.with_name(f".{path.name}{_EARLIER_OLD}")
    if not found and earlier.is_dir() and is_ours(earlier):
        found = [earlier]
    for old in found[:1]:
        with contextlib.suppress(OSError):  # a volume that may only be read: it is told of as missing
            old.rename(path)
            return True
    return False


def heal(folder: Path, is_ours: Callable[[Path], bool]) -> None:
    """Put back and clear what crashes left in a folder; `is_ours` is as for `restore`."""
    if not folder.is_dir():
        return
    for old in [*folder.glob(f".*{OLD}"), *folder.glob(f".*{_EARLIER_OLD}")]:
        restore(old.with_name(_replaced(old.name)), is_ours)
    clear_beside(folder / "any")


def tidy(folder: Path) -> None:
    """Clear what a crash left half-written below `folder`, and put back what it left half-replaced.

    Everything in the folder is ours, and nobody else may be writing there.
    """
    for old in [*folder.rglob(f".*{OLD}"), *folder.rglob(f".*{_EARLIER_OLD}")]:
        path = old.with_name(_replaced(old.name))
        if path.exists():
            _remove(old)
        elif old.exists():
            old.rename(path)
    for temporary in [*folder.rglob(f".*{_EARLIER_TEMPORARY}")]:
        _remove(temporary)


@contextmanager
def scratch_folder(purpose: str) -> Iterator[Path]:
    """A folder among the system's temporary ones, gone afterwards; those of ended processes go before."""
    clear_scratch()
    prefix = f"{_SCRATCH}-{purpose}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def clear_scratch() -> None:
    """Remove the scratch folders of processes of ours that have ended."""
    for left in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}-*"):
        match = re.fullmatch(rf"{_SCRATCH}-[a-z]+-(?P<process>\d+)-\w+", left.name)
        if match and left.is_dir() and not left.is_symlink() and not _lives(match["process"]):
            shutil.rmtree(left, ignore_errors=True)


def _writer() -> str:
    return f"{os.getpid()}-{threading.get_ident()}"


def _abandoned(path: Path, ending: str) -> bool:
    """Whether a process of ours made this, and has ended."""
    match = re.fullmatch(rf"\..*\.{_WRITER}{re.escape(ending)}", path.name, re.DOTALL)
    return match is not None and not _lives(match["process"])


def _replaced(name: str) -> str:
    """The name of what an old one was."""
    if name.endswith(OLD):
        return re.sub(rf"\.{_WRITER}$", "", name.removeprefix(".").removesuffix(OLD))
    return name.removeprefix(".").removesuffix(_EARLIER_OLD)


def _lives(process: str) -> bool:
    import psutil  # as long to load as all of files/

    return bool(psutil.pid_exists(int(process)))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):  # a folder that may only be read: it stays, and does no harm
            path.unlink()
