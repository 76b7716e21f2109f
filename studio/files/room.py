"""Room on a disk: how much is left, whether something fits, and when it is time to stop writing."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from studio.catalogue import Said
from studio.errors import DiskError

LEAST_FREE = 1_000_000_000
"""Bytes that a disk keeps free: below, a run that trains pauses, and none begins. macOS, which swaps to the
disk, comes to a standstill soon after."""
SPARE = 64_000_000
"""So many bytes are left for what others write meanwhile."""
SECONDS = 10.0
"""How long a look at the disk is good for while nothing large was written."""


def free_bytes(path: Path) -> int:
    """What is free for this person on the disk that a path lies on, or would."""
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    return shutil.disk_usage(there).free


def megabytes(bytes_: float) -> int:
    """Bytes as they are told of in a sentence."""
    return round(bytes_ / 1e6)


def check_room(path: Path, needed: float, what: Said, *, spare: int = SPARE) -> None:
    """Raise DiskError with the figures where `what` takes more than is free at a path."""
    free = free_bytes(path)
    if free < needed + spare:
        need, left = megabytes(needed + spare), megabytes(free)
        raise DiskError("disk.no_room", what=what, path=path, needed=need, free=left)


def check_least(path: Path) -> None:
    """Raise DiskError where so little is free that a run would pause at once."""
    if (free := free_bytes(path)) < LEAST_FREE:
        raise DiskError("disk.low", path=path, free=megabytes(free), least=megabytes(LEAST_FREE))


class RoomWatch:
    """Looks now and then, which costs microseconds, whether a disk is nearly full."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock
        self._next = 0.0

    def is_low(self, *, now: bool = False) -> bool:
        """Whether less than LEAST_FREE is left. Looks every SECONDS, or `now`."""
        moment = self._clock()
        if moment < self._next and not now:
            return False
        self._next = moment + SECONDS
        return free_bytes(self._path) < LEAST_FREE

    def fits(self, bytes_: int) -> bool:
        """Whether something can still be written."""
        return free_bytes(self._path) >= bytes_ + SPARE
