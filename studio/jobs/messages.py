"""What crosses between the engine's thread and the engine's process: jobs go there, events and outcomes come.

Each is one object of JSON. A job is named by its class, and an event by its kind. There are no versions: both
processes are the same installation, and nothing of this is kept.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Generator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from studio.events import Event, built, to_json
from studio.jobs.job import Done, Failed, Job, Outcome, Stopped

type JsonMessage = dict[str, Any]

_OUTCOMES: dict[str, type[Outcome]] = {"done": Done, "stopped": Stopped, "failed": Failed}


def packed(job: Job) -> JsonMessage:
    """A job as JSON: where its class is found, and its fields."""
    kind = type(job)
    fields = _fields(kind).dump_python(job, mode="json")
    return {"module": kind.__module__, "name": kind.__qualname__, "title": job.title, "fields": fields}


@dataclass(frozen=True)
class Packed:
    """A job that has arrived: it is unpacked where it is performed, as that may import what is heavy."""

    message: JsonMessage

    @property
    def title(self) -> str:
        return str(self.message["title"])

    def run_events(self, context: Any) -> Generator[Event]:
        yield from self.unpacked().run_events(context)

    def unpacked(self) -> Job:
        """The job itself."""
        kind = getattr(importlib.import_module(self.message["module"]), self.message["name"])
        job: Job = _fields(kind).validate_python(self.message["fields"])
        return job


def line_about(ticket: int, note: Event | Outcome, leaves: bool = False) -> str:
    """A line about the ticket of that number; `leaves` says that the process ends after it."""
    if isinstance(note, Event):
        return f'{{"ticket": {ticket}, "event": {to_json(note)}}}'
    name = next(name for name, kind in _OUTCOMES.items() if isinstance(note, kind))
    return json.dumps({"ticket": ticket, "outcome": name, "leaves": leaves, "values": asdict(note)})


def note_in(message: JsonMessage) -> Event | Outcome:
    """The event or the outcome that such a line tells."""
    if event := message.get("event"):
        return built(Event.kinds[event["kind"]], event)
    return built(_OUTCOMES[message["outcome"]], message["values"])


@cache
def _fields(kind: type[Any]) -> TypeAdapter[Any]:
    """How the fields of a job are written and read: paths, recipes and dataclasses of those."""
    return TypeAdapter(kind)
