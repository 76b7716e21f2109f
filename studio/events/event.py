"""The base of every event, and the few that any job may announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Event:
    """The base of all events; `kind` is the name under which a subclass is written to JSON."""

    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls.kind = cls.__name__
        Event.kinds[cls.kind] = cls


@dataclass(frozen=True)
class Log(Event):
    """A line for the log that a person reads."""

    text: str
    level: str = "info"  # info | warning


@dataclass(frozen=True)
class Progress(Event):
    """How far a job has come: `done` of `total` (None when the total is unknown) of `what`."""

    what: str
    done: int
    total: int | None = None


@dataclass(frozen=True)
class Ended(Event):
    """The last event of a run: `outcome` is done, stopped or failed; `summary` a sentence."""

    outcome: str
    summary: str = ""
