"""A process of its own for what the Hub takes its time with: it can be ended at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Any

from studio.dataset.hub.wanted import HubError
from studio.process import guard_children

_TICK = 0.2  # seconds between two looks at how far it is
_PATIENCE = 2.0  # seconds that the process has to leave

type Message = dict[str, Any]


def messages(work: Callable[..., None], *arguments: Any) -> Generator[Message | None]:
    """What `work(*arguments, connection)` sends from a process of its own, and None while it sends nothing.

    Closing the generator ends the process. Raises HubError for the message `failed`, and when the process
    ends without the message `done`, which is the last.
    """
    guard_children()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(*arguments, there), daemon=True)
    process.start()
    there.close()
    ends = False
    try:
        for message in _received(here):
            ends = message is not None and "done" in message
            yield message
    except GeneratorExit:
        if not ends:
            process.terminate()
        raise
    finally:
        here.close()
        _end(process)


def settle_in() -> None:
    """To be called first in such a process: it leaves tidily when asked to, and with its parent."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _received(here: Connection) -> Generator[Message | None]:
    while True:
        while not here.poll(_TICK):
            yield None
        try:
            message: Message = here.recv()
        except EOFError:
            raise HubError(
                "The Hub's process ended without a word; perhaps the memory or the disk was full. "
                "Try again: what was fetched is kept."
            ) from None
        if "failed" in message:
            raise HubError(message["failed"], message.get("page", ""))
        yield message
        if "done" in message:
            return


def _end(process: SpawnProcess) -> None:
    """Wait until the process has left, and end it where it does not."""
    process.join(_PATIENCE)
    process.kill()
    process.join()
    process.close()


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(1)  # unlike the signal's own end, this lets Python tidy up


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
