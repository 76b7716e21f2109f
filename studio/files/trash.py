"""What a person deletes goes to the system's Trash, where they can take it back from."""

from __future__ import annotations

import os
import shutil
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
        raise NoTrash(f"{path} cannot be moved to the Trash ({error.strerror or error}).") from error
