"""Files and folders that are written whole or not at all, and never over what is not ours."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedWriter, TextIOWrapper
from pathlib import Path
from typing import IO

from studio.errors import DiskError, TargetError
from studio.files.leftovers import clear_beside, old_for, restore, temporary_for
from studio.files.room import free_bytes, megabytes


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence that says where and what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskError("disk.full", free=megabytes(free_bytes(path)), path=path) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise DiskError("disk.no_leave", path=path) from error
        if isinstance(error, NotADirectoryError | FileExistsError):
            raise DiskError("disk.file_there", path=path, file=_existing(path)) from error
        if isinstance(error, FileNotFoundError):
            raise DiskError("disk.folder_gone", path=path) from error
        raise


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())


def share(file: Path, copy: Path) -> None:
    """Let a file of ours, which is only ever replaced, stand in a second place: as a link, else as a copy."""
    try:
        os.link(file, copy)
    except OSError:
        shutil.copyfile(file, copy)


def write_text(path: Path, text: str) -> None:
    """Replace the file at `path` by `text` in one step."""
    with whole_file(path) as file:
        file.write(text)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """A text file to fill; it becomes `path`, flushed, only when the block ends without an error."""
    with whole_bytes(path) as file:
        text = TextIOWrapper(file, encoding="utf-8")
        try:
            yield text
        finally:
            text.detach()


@contextmanager
def whole_bytes(path: Path) -> Iterator[BufferedWriter]:
    """The same for bytes."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_beside(path)
        temporary = temporary_for(path)
        try:
            with temporary.open("wb") as file:
                yield file
                file.flush()
                flush(file.fileno(), through=True)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A temporary folder to fill; it becomes `path` only when the block ends without an error.

    Everything in it is flushed to the disk first. An existing `path` is replaced; it stays readable
    until the new one is complete.
    """
    temporary = temporary_for(path)
    with disk_errors(path):
        restore(path)
        clear_beside(path)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        try:
            yield temporary
            for file in temporary.rglob("*"):
                _flush(file)
            _flush(temporary, through=True)  # and with it all that lay in the drive's own memory
            _swap(temporary, path)
            _flush(path.parent, through=True)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def _swap(new: Path, path: Path) -> None:
    if not path.exists():
        new.rename(path)
        return
    old = old_for(path)
    path.rename(old)
    new.rename(path)
    shutil.rmtree(old, ignore_errors=True)


_THROUGH: int | None = getattr(fcntl, "F_FULLFSYNC", None)
"""What macOS calls a flush that also empties the drive's own memory: its fsync alone does not."""
_UNABLE = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOTTY}
"""How volumes answer that have no such flush: SMB and exFAT may have none for folders."""


def flush(descriptor: int, *, through: bool = False) -> None:
    """Have what was written to a file on the disk; `through` the drive's own memory, too, where it has one.

    Emptying that takes milliseconds and does so for all that was flushed before, so it is for what completes
    a checkpoint, not for every line. A volume that cannot do so gets a plain flush.
    """
    if through and _THROUGH is not None:
        try:
            fcntl.fcntl(descriptor, _THROUGH)
        except OSError as error:
            if error.errno not in _UNABLE:
                raise
        else:
            return
    os.fsync(descriptor)


def _flush(path: Path, *, through: bool = False) -> None:
    """The same for a file or folder by its path; a folder that its volume has no flush for is left."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flush(descriptor, through=through)
    except OSError as error:
        if error.errno not in _UNABLE or not path.is_dir():
            raise
    finally:
        os.close(descriptor)


CLUTTER = (".DS_Store", "Icon\r")
"""What the Finder leaves in folders; so are files whose names begin with `._`."""


def check_target(target: Path, sources: Iterable[Path]) -> None:
    """Raise TargetError where `target` is a source, holds one, or lies in one, by whatever name.

    Links are followed, and names compared as the disk compares them: another case, or a hard link, is
    the same file.
    """
    for source in sources:
        if relation := _relation(target.expanduser(), source.expanduser()):
            raise TargetError(relation, target=target, source=source)


def free_place(path: Path) -> Path:
    """The path, or with a number behind its name one where nothing is yet."""
    number, found = 2, path
    while os.path.lexists(found):
        number, found = number + 1, path.with_name(f"{path.name}-{number}")
    return found


def strangers(folder: Path, ours: Collection[str]) -> list[str]:
    """What a folder holds that is none of `ours`, by name; what the Finder leaves there does not count."""
    if not folder.is_dir():
        return []
    names = sorted(os.listdir(folder))
    return [name for name in names if name not in ours and name not in CLUTTER and name[:2] != "._"]


def _relation(target: Path, source: Path) -> str:
    """How the target meets the source, as the code to refuse it by; nothing where it does not."""
    if _same(target, source):
        return "target.same"
    if any(_same(target, parent) for parent in _above(source)):
        return "target.holds"
    if any(_same(parent, source) for parent in _above(target)):
        return "target.inside"
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
