"""One process, or one job, at a time: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from studio.errors import StudioError
from studio.files.whole import disk_errors

_PATIENCE, _EVERY = 0.25, 0.05
"""Seconds for which a lock is tried for, as somebody may just be looking whether it is held; and between."""


@contextmanager
def held(path: Path, taken: StudioError) -> Iterator[None]:
    """Hold the lock file at `path`, which stays. Raises `taken` while another process or job holds it.

    Raises DiskError where the file cannot be made.
    """
    from filelock import FileLock, Timeout  # it loads asyncio

    lock = FileLock(path, thread_local=False, fallback_to_soft=False)
    with disk_errors(path):
        try:
            lock.acquire(_PATIENCE, poll_interval=_EVERY)
        except Timeout:
            raise taken from None
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a process, or a job here, holds this lock; nothing is made where there is none."""
    if not path.exists():
        return False
    from filelock import FileLock, Timeout

    try:
        with FileLock(path, blocking=False, thread_local=False, fallback_to_soft=False):
            return False
    except Timeout:
        return True
    except OSError:
        return False
