"""What the queue asks of a job, the three ways it can end, and what its failure means. Jobs fit by shape."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from studio.catalogue import Phrase, phrase
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
        """What happened, for programs: a code of the catalogue; nothing for what a library raised."""
        return self.said.code if isinstance(self.said, Phrase) else ""


Outcome = Done | Stopped | Failed


METAL = ("[metal]", "[metal::", "kiogpucommandbuffer", "command buffer execution failed")
"""What MLX 0.32 writes when Metal or the memory it hands out fails (mlx/backend/metal: device.cpp,
allocator.cpp), in lower case."""

MEMORY = ("[metal::malloc]", "insufficient memory", "outofmemory", "unable to allocate")
WATCHDOG = ("impactinginteractivity", "impacting interactivity", "errortimeout", "gpu timeout")

_WAY_ON = "way_on"


def is_metal(error: BaseException) -> bool:
    """Whether Metal failed, here or below: its streams in this thread then repeat the error forever."""
    return any(_is_metal_message(str(each)) for each in _chain(error))


def said_of(error: BaseException) -> Phrase | str:
    """What went wrong and what to do, for the person; with the way on that a Metal failure was given."""
    if isinstance(error, StudioError):
        return error.said
    if not is_metal(error):
        return f"{type(error).__name__}: {error}"
    words = next(str(each) for each in _chain(error) if _is_metal_message(str(each)))
    return _with_way_on(_cause(words), getattr(error, _WAY_ON, None))


def note_way_on(error: BaseException, run: RunFolder) -> None:
    """Add to a Metal failure how the run goes on; every other error is left as it is."""
    if is_metal(error) and not isinstance(error, StudioError):
        setattr(error, _WAY_ON, _way_on(run))


def said_of_death(code: int, last_words: str, run: RunFolder | None) -> Phrase:
    """Why the engine's process ended before its job, and how the run that it was at goes on.

    `code` is its exit code, or the negative number of the signal that ended it; `last_words` what it wrote to
    its standard error, where Metal's message stands when that ended it.
    """
    metal = [line for line in last_words.splitlines() if _is_metal_message(line)]
    if metal:
        reason = _cause(metal[-1])
    elif code == -signal.SIGKILL:
        reason = phrase("engine.killed")
    else:
        reason = phrase(
            "engine.crashed", signal=_signal(-code) if code < 0 else phrase("engine.exit", code=code)
        )
    return _with_way_on(reason, _way_on(run) if run is not None else None)


def _with_way_on(reason: Phrase, way_on: Phrase | None) -> Phrase:
    return phrase("engine.with_way_on", reason=reason, way_on=way_on) if way_on is not None else reason


def _signal(number: int) -> Phrase | str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of those that have no name
        return phrase("engine.signal", number=number)


def _cause(words: str) -> Phrase:
    lower = words.lower()
    if any(sign in lower for sign in WATCHDOG):
        return phrase("engine.stopped_by_macos")
    if any(sign in lower for sign in MEMORY):
        return phrase("engine.out_of_memory")
    return phrase("engine.metal", words=words.strip().splitlines()[0].rstrip("."))


def _way_on(run: RunFolder) -> Phrase:
    checkpoints = run.checkpoints()
    if not checkpoints:
        return phrase("engine.begin_again")
    return phrase("engine.resume", step=int(checkpoints[-1].name.removeprefix("step-")))


def _is_metal_message(words: str) -> bool:
    lower = words.lower()
    return any(sign in lower for sign in METAL)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that it was raised from."""
    seen: list[BaseException] = []
    found: BaseException | None = error
    while found is not None and found not in seen:
        seen.append(found)
        yield found
        found = found.__cause__ or found.__context__
