"""What the queue asks of a job, and the three ways a job can end. Jobs fit by shape."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

from studio.events import Event


class Job(Protocol):
    """A described piece of work: frozen plain data, plus one generator that performs it."""

    @property
    def title(self) -> str: ...

    def run_events(self, bench: Any, /) -> Generator[Event]:
        """Do the work. Every yield is a report, and a place where it may be stopped or wait its turn.

        `bench` is what stays on the job's thread between jobs: the Shelf of loaded models on the engine
        thread, the Library of read datasets on the reading thread.
        """


@dataclass(frozen=True)
class Done:
    """The job ran to its end."""


@dataclass(frozen=True)
class Stopped:
    """The person stopped the job; what it saved before stopping is kept."""


@dataclass(frozen=True)
class Failed:
    """The job could not go on. `summary` is a sentence for the person, `detail` the traceback for the log."""

    summary: str
    detail: str


Outcome = Done | Stopped | Failed
