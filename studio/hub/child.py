"""A process of its own for what the Hub takes its time with: it can be ended at once."""

from __future__ import annotations

import importlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Generator
from queue import SimpleQueue
from types import FrameType
from typing import Any

from pydantic import validate_call
from pydantic_core import to_jsonable_python

from studio.catalogue import from_plain
from studio.child_process import HUB, Child, Parent, end_at_once
from studio.errors import StudioError
from studio.hub.failure import HubError, Repository, hub_failure, hub_faults
from studio.logs import hearing

log = logging.getLogger(__name__)

_TICK = 0.2  # seconds between two looks at how far it is
_PATIENCE = 2.0  # seconds that the process has to leave

type HubMessage = dict[str, Any]
type Report = Callable[[HubMessage], None]


def messages(work: Callable[..., None], *arguments: Any) -> Generator[HubMessage | None]:
    """What `work(*arguments, report)` says in a process of its own, and None while it says nothing.

    Closing the generator ends the process. Raises HubError for the message `failed`, and when the process
    ends without the message `done`, which is the last.
    """
    child = Child(HUB, hear=hearing(__name__))
    where = {"module": work.__module__, "name": work.__name__}
    child.send({**where, "arguments": to_jsonable_python(arguments)})
    try:
        for line in child.lines(_TICK):
            message = None if line is None else json.loads(line)
            if message and "failed" in message:
                said = from_plain(message["failed"])
                raise HubError(said, message["page"])
            yield message
            if message and "done" in message:
                return
    finally:
        child.leave(_PATIENCE)
    raise HubError("hub.ended")


def failure(error: StudioError) -> HubMessage:
    """The message that makes `messages` raise the same: its code and values, and the page where to ask."""
    assert error.phrase is not None
    return {"failed": error.phrase.plain(), "page": getattr(error, "page", "")}


def answer(report: Report, asked: Repository, work: Callable[[], Any]) -> None:
    """Do the work in the Hub's process, and say what it comes to, or why it cannot be done."""
    try:
        report({"done": work()})
    except StudioError as error:
        report(failure(error))
    except hub_faults() as error:
        report(failure(hub_failure(error, asked)))


def main() -> int:
    """Do the one thing that the parent asks for; leave tidily when it wants no more, or is gone."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    signal.signal(signal.SIGTERM, _leave)
    asked: SimpleQueue[HubMessage] = SimpleQueue()
    parent = Parent(asked.put, _leave_soon)

    def report(message: HubMessage) -> None:
        parent.report(json.dumps(message))

    work = asked.get()
    function = getattr(importlib.import_module(work["module"]), work["name"])
    validate_call(function)(*work["arguments"], report)  # makes paths and dataclasses of them again
    return 0


def _leave_soon() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE)
    end_at_once()


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(1)  # unlike the signal's own end, this lets Python tidy up
