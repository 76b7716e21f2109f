"""Keeping the Mac awake while it works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def awake() -> Iterator[None]:
    """Keep the Mac from falling asleep inside; its display may sleep. Does nothing on other systems.

    `caffeinate -w` ends by itself when this process dies, however it dies. On battery macOS honours only
    the wish not to sleep when idle: a closed lid still sends it to sleep.
    """
    keeper = _caffeinate() if sys.platform == "darwin" else None
    try:
        yield
    finally:
        if keeper is not None:
            keeper.terminate()
            keeper.wait()


def _caffeinate() -> subprocess.Popen[bytes] | None:
    command = ["caffeinate", "-is", "-w", str(os.getpid())]
    quiet = subprocess.DEVNULL
    try:
        return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
    except OSError:  # a Mac without it may fall asleep; that is no reason not to train
        return None
