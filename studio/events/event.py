"""The base of every event, and the few that any job may announce."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Event:
    """The base of all events: `class Step(Event, kind="Step")`.

    The kind is what an event is called in files. It stays when the class gets another name, or the files
    of earlier releases cannot be read.
    """

    kind: ClassVar[str] = ""
    kinds: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, *, kind: str, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if kind in Event.kinds:
            raise TypeError(f"there are two kinds of events called {kind}")
        cls.kind = kind
        Event.kinds[kind] = cls


@dataclass(frozen=True)
class Log(Event, kind="Log"):
    """A line for the log that a person reads."""

    text: str
    level: str = "info"  # info | warning


@dataclass(frozen=True)
class Progress(Event, kind="Progress"):
    """How far a job has come: `done` of `total` (None when the total is unknown) of `what`."""

    what: str
    done: int
    total: int | None = None


@dataclass(frozen=True)
class Ended(Event, kind="Ended"):
    """The last event of a run: `outcome` is done, stopped or failed; `summary` a sentence."""

    outcome: str
    summary: str = ""
