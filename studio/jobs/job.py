"""What the queue asks of a job, the three ways it can end, and what its failure means. Jobs fit by shape."""

from __future__ import annotations

import signal
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

from studio import failures
from studio.catalogue import Phrase, Said, phrase
from studio.errors import StudioError
from studio.events import Event
from studio.runs.folder import RunFolder


class Job(Protocol):
    """A described piece of work: frozen plain data, plus one generator that performs it."""

    @property
    def title(self) -> str: ...

    def run_events(self, context: Any, /) -> Generator[Event]:
        """Do the work. Every yield is a report, and a place where it may be stopped or wait its turn.

        `context` is what stays on the job's thread between jobs: the ModelCache of loaded models on the
        engine thread, the DatasetCache of read datasets on the reading thread.
        """


@dataclass(frozen=True)
class Done:
    """The job ran to its end."""


@dataclass(frozen=True)
class Stopped:
    """The person stopped the job; what it saved before stopping is kept."""


@dataclass(frozen=True)
class Failed:
    """The job could not go on. `said` is for the person, `detail` the traceback for the log."""

    __match_args__ = ("summary", "detail")

    said: Phrase | str
    detail: str

    @property
    def summary(self) -> str:
        """What happened and what to do, in a sentence."""
        return str(self.said)

    @property
    def code(self) -> str:
        """What happened, for programs: a code of the catalogue."""
        return self.said.code if isinstance(self.said, Phrase) else ""

    @property
    def paused(self) -> bool:
        """Whether a run waits for room on the disk, and goes on when it is told to."""
        return is_paused(self.said)

    @property
    def is_overload(self) -> bool:
        """Whether there was too much to do at once, so that smaller portions may help."""
        return is_overload(self.said)


def is_paused(said: Phrase | str) -> bool:
    """Whether this ended a run that waits for room on the disk."""
    return isinstance(said, Phrase) and said.code == "disk.paused"


Outcome = Done | Stopped | Failed


_WAY_ON = "way_on"
_KILLED = "engine.killed"  # by the system, which is short of memory then


def is_metal(error: BaseException) -> bool:
    """Whether Metal failed, here or below: its streams in this thread then repeat the error forever."""
    return failures.of_metal(error)


def said_of(error: BaseException) -> Phrase:
    """What went wrong and what to do, for the person; with the way on that a Metal failure was given."""
    return _with_way_on(failures.said_of(error), getattr(error, _WAY_ON, None))


def is_overload(said: Said) -> bool:
    """Whether a run that failed so may fare better in smaller portions."""
    reason = reason_of(said)
    return isinstance(reason, Phrase) and reason.code in (*failures.OVERLOADS, _KILLED)


def reason_of(said: Said) -> Said:
    """What a failure says, without how the run goes on."""
    if isinstance(said, Phrase) and said.code == "engine.with_way_on":
        reason = dict(said.values)["reason"]
        return reason if isinstance(reason, Phrase) else str(reason)
    return said


def note_way_on(error: BaseException, run: RunFolder) -> None:
    """Add to a failure of Metal or of memory how the run goes on; every other error is left as it is."""
    overload = is_overload(failures.said_of(error))  # our own errors are none
    if overload or (is_metal(error) and not isinstance(error, StudioError)):
        setattr(error, _WAY_ON, _way_on(run))


def said_of_death(code: int, last_words: str, run: RunFolder | None, reason: Phrase | None = None) -> Phrase:
    """Why the engine's process ended before its job, and how the run that it was at goes on.

    `code` is its exit code, or the negative number of the signal that ended it; `last_words` what it wrote to
    its standard error, where Metal's message stands when that ended it. `reason` is why, where that is
    known already.
    """
    told = reason or failures.told_as(last_words) or _said_of_exit(code)
    return _with_way_on(told, _way_on(run) if run is not None else None)


def _said_of_exit(code: int) -> Phrase:
    if code == -signal.SIGKILL:
        return phrase(_KILLED)
    return phrase("engine.crashed", signal=_signal(-code) if code < 0 else phrase("engine.exit", code=code))


def _with_way_on(reason: Phrase, way_on: Phrase | None) -> Phrase:
    return phrase("engine.with_way_on", reason=reason, way_on=way_on) if way_on is not None else reason


def _signal(number: int) -> Phrase | str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of those that have no name
        return phrase("engine.signal", number=number)


def _way_on(run: RunFolder) -> Phrase:
    checkpoints = run.checkpoints()
    if not checkpoints:
        return phrase("engine.begin_again")
    return phrase("engine.resume", step=int(checkpoints[-1].name.removeprefix("step-")))
