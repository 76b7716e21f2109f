"""What the queue asks of a job, the three ways it can end, and what its failure means. Jobs fit by shape."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

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
    """The job could not go on. `summary` is a sentence for the person, `detail` the traceback for the log."""

    summary: str
    detail: str


Outcome = Done | Stopped | Failed


METAL = ("[metal]", "[metal::", "kiogpucommandbuffer", "command buffer execution failed")
"""What MLX 0.32 writes when Metal or the memory it hands out fails (mlx/backend/metal: device.cpp,
allocator.cpp), in lower case."""

MEMORY = ("[metal::malloc]", "insufficient memory", "outofmemory", "unable to allocate")
WATCHDOG = ("impactinginteractivity", "impacting interactivity", "errortimeout", "gpu timeout")

OUT_OF_MEMORY = (
    "The GPU ran out of memory. Close other programs that use much of it; if it happens again, start a new "
    "run with a smaller Batch, Max length or Tokens at once, or with Gradient checkpointing."
)
STOPPED_BY_MACOS = (
    "macOS stopped the work on the GPU because the screen was waiting for it (ml-explore/mlx#3267). Let the "
    "display sleep while a job runs; if it happens again, choose a smaller Batch or Tokens at once."
)
OTHER = "Metal reported an error, and the work on the GPU was lost: {words}."


KILLED = (
    "The engine was ended from outside, as the system does when memory runs out. Close other programs that "
    "use much of it; if it happens again, choose a smaller Batch, Max length or Tokens at once."
)
CRASHED = "The engine crashed ({what}); its last words are in the log. The next job starts a fresh one."


def is_metal(error: BaseException) -> bool:
    """Whether Metal failed, here or below: its streams in this thread then repeat the error forever."""
    return any(_is_metal_message(str(each)) for each in _chain(error))


def sentence(error: BaseException) -> str:
    """What went wrong and what to do, for the person; with the notes that `way_on` gave a Metal failure."""
    if isinstance(error, StudioError):
        return str(error)
    if not is_metal(error):
        return f"{type(error).__name__}: {error}"
    words = next(str(each) for each in _chain(error) if _is_metal_message(str(each)))
    return " ".join([_cause(words), *getattr(error, "__notes__", ())])


def note_way_on(error: BaseException, run: RunFolder) -> None:
    """Add to a Metal failure how the run goes on; every other error is left as it is."""
    if is_metal(error) and not isinstance(error, StudioError):
        error.add_note(_way_on(run))


def sentence_of_death(code: int, last_words: str, run: RunFolder | None) -> str:
    """Why the engine's process ended before its job, and how the run that it was at goes on.

    `code` is its exit code, or the negative number of the signal that ended it; `last_words` what it wrote to
    its standard error, where Metal's message stands when that ended it.
    """
    metal = [line for line in last_words.splitlines() if _is_metal_message(line)]
    if metal:
        reason = _cause(metal[-1])
    elif code == -signal.SIGKILL:
        reason = KILLED
    else:
        reason = CRASHED.format(what=_signal_name(-code) if code < 0 else f"exit {code}")
    return f"{reason} {_way_on(run)}" if run is not None else reason


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of those that have no name
        return f"signal {number}"


def _cause(words: str) -> str:
    lower = words.lower()
    if any(sign in lower for sign in WATCHDOG):
        return STOPPED_BY_MACOS
    if any(sign in lower for sign in MEMORY):
        return OUT_OF_MEMORY
    return OTHER.format(words=words.strip().splitlines()[0].rstrip("."))


def _way_on(run: RunFolder) -> str:
    checkpoints = run.checkpoints()
    if not checkpoints:
        return "Resume the run: it had no checkpoint yet, so it begins again."
    step = int(checkpoints[-1].name.removeprefix("step-"))
    return f"Resume the run: it goes on from its last checkpoint at step {step}."


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
