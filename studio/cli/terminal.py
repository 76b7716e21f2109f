"""Doing a job in the terminal: a progress bar, or signs of life, and log on stderr, results for stdout."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.text import Text

from studio.events import Event, Log, Prepared, RunOpened, Step, Validated
from studio.events import Progress as ProgressEvent
from studio.language import tr
from studio.process import rank
from studio.recipe.recipe import Recipe
from studio.runs.training_log import line_of
from studio.words import duration, visible, visible_line

LONGEST_SILENCE = 30.0
"""Seconds without a line."""

_CHECK = 1.0
_EVERY = LONGEST_SILENCE - 5  # so that a check that comes late is still in time


class Pulse:
    """Says what is being done when nothing else was said for long; `clock` gives seconds."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock, self._lock = say, clock, threading.Lock()
        self._state, self._shown_state = tr("Starting"), ""
        self._since = self._spoke = clock()

    def show(self, state: str) -> None:
        """This is being done now; it is said when it is time."""
        with self._lock:
            if state != self._state:
                self._state, self._since = state, self._clock()
        self.beat()

    def spoken(self) -> None:
        """Somebody else has just written a line."""
        with self._lock:
            self._spoke = self._clock()

    def beat(self) -> None:
        """Say what is being done if it is time; and for how long, where it was said before."""
        with self._lock:
            now = self._clock()
            if now - self._spoke < _EVERY:
                return
            still = (
                tr(" (for {duration})", duration=duration(now - self._since))
                if self._state == self._shown_state
                else ""
            )
            self._spoke, self._shown_state = now, self._state
            self._say(f"{self._state}{still}")

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Look whether it is time also while nothing is shown: one step may take minutes."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(_CHECK):
                self.beat()

        thread = threading.Thread(target=watch, name="pulse", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


STOPPED = 130  # what shells report for a program ended by Ctrl-C
PAUSED = 3  # a run that waits for room on the disk


class Terminal(Console):
    """A console to which text is text: nothing in it is markup, and control codes are spelled out."""

    def __init__(self, *, stderr: bool = False, quiet: bool = False) -> None:
        super().__init__(stderr=stderr, quiet=quiet, highlight=False, markup=False, emoji=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """What every string that is printed goes through."""
        return super().render_str(visible(text), **options)


console = Terminal(stderr=True, quiet=rank() > 0)  # the first process speaks for all


@dataclass
class CommonOptions:
    """What every command can be asked for, and what it has come to, which tells what helps if it fails."""

    home: Path | None = None
    as_json: bool = False
    debug: bool = False
    recipe: Recipe | None = None  # that is carried out
    run: str = ""  # that is at work


asked = CommonOptions()
"""Of the command line at work."""


def report(document: Any, text: str) -> None:
    """Print a result on stdout: one JSON document for programs, or words for people."""
    write(_json(document) if asked.as_json else text)


def write(text: str, end: str = "\n") -> None:
    """Print lines, or with another end a piece of one, on stdout; control codes are spelled out."""
    sys.stdout.write(visible(text) + end)
    sys.stdout.flush()


def _json(document: Any) -> str:
    """The document in ASCII where a terminal would obey it: JSON spells the same text in both ways."""
    text = json.dumps(document, indent=2, ensure_ascii=False, default=str)
    return text if text == visible(text) else json.dumps(document, indent=2, default=str)


class StoppedByPerson(Exception):
    """The person pressed Ctrl-C; the job saved what it had."""


def perform(events: Generator[Event], clock: Callable[[], float] = time.monotonic) -> Iterator[Event]:
    """Hand on a job's events while a bar shows how far it is; Ctrl-C stops it at its next report.

    Where there is no terminal to draw in, a line says it at least every LONGEST_SILENCE seconds of `clock`.
    Raises StoppedByPerson after the job has saved.
    """
    with interruptible() as stop, _showing(clock) as show:
        for event in events:
            stop.saves = stop.saves or isinstance(event, RunOpened)
            show(event)
            yield event
            if stop.pressed:
                events.close()
                raise StoppedByPerson


@contextmanager
def _showing(clock: Callable[[], float]) -> Iterator[Callable[[Event], None]]:
    """A function that shows events: in a bar, or in lines where there is no terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    if not console.is_terminal:
        pulse = Pulse(lambda line: console.print(line, markup=False, soft_wrap=True), clock)
        with pulse.beating():
            yield lambda event: _tell(pulse, event)
        return
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(tr("Starting"), total=None, note="")
        yield lambda event: _draw(bar, task, event)


def _draw(bar: Progress, task: TaskID, event: Event) -> None:
    match event:
        case ProgressEvent(what, done, total):
            bar.update(
                task, description=visible_line(what), completed=done, total=total, note=_of(done, total)
            )
        case Step():
            words = tr("Step {step} of {steps}", step=event.step, steps=event.steps)
            bar.update(task, description=words, completed=event.step, total=event.steps, note=_speed(event))
        case _:
            _print(event)


def _tell(pulse: Pulse, event: Event) -> None:
    match event:
        case ProgressEvent(what, done, total):
            pulse.show(f"{what}: {_of(done, total)}" if total else what)
        case Step():
            pulse.show(
                tr("Step {step} of {steps}: {speed}", step=event.step, steps=event.steps, speed=_speed(event))
            )
        case _ if _print(event):
            pulse.spoken()
        case _:
            pulse.beat()


def _of(done: int, total: int | None) -> str:
    return tr("{done:,} of {total:,}", done=done, total=total) if total else ""


def _speed(step: Step) -> str:
    speed = tr("{speed:,.0f} tokens/s", speed=step.tokens_per_second)
    return tr(
        "loss {loss:.3f} · {speed} · {duration} left",
        loss=step.loss,
        speed=speed,
        duration=duration(step.seconds_left),
    )


def _print(event: Event) -> bool:
    """Print a line about an event that has one; whether it has."""
    match event:
        case RunOpened(run, _):
            asked.run = run
            console.print(Text.assemble(tr("Run "), (visible_line(run), "bold")))
        case Prepared() | Validated():
            console.print(line_of(event))
        case Log(text, level):
            console.print(text, style="yellow" if level == "warning" else "dim")
        case _:
            return False
    return True


@dataclass
class Interruption:
    """Whether the person wants the job to stop, and whether that saves something."""

    pressed: bool = False
    saves: bool = False


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Notes when the person presses Ctrl-C; a second time interrupts at once.

    Of several processes the first one stops and saves, which ends the others.
    """
    stop = Interruption()

    def press(number: int, frame: FrameType | None) -> None:
        if stop.pressed:
            sys.exit(STOPPED)
        stop.pressed = True
        how = (
            tr("after this step, and saving")
            if stop.saves
            else tr("as soon as may be; there is nothing to save")
        )
        console.print(tr("Stopping {how}. Press Ctrl-C again to leave at once.", how=how))

    handlers: dict[signal.Signals, Any] = {signal.SIGINT: press, signal.SIGTERM: press}
    if rank() > 0:
        handlers = {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
