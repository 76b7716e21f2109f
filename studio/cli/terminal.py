"""Doing a job in the terminal: a progress bar and log on stderr, and results for stdout."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from studio.events import Event, Log, Prepared, RunOpened, Saved, Step, Validated
from studio.events import Progress as ProgressEvent
from studio.train.launcher import rank
from studio.words import duration

STOPPED = 130  # what shells report for a program ended by Ctrl-C

console = Console(stderr=True, highlight=False, quiet=rank() > 0)  # the first process speaks for all


def report(document: Any, text: str, as_json: bool) -> None:
    """Print a result on stdout: one JSON document for programs, or words for people."""
    write(json.dumps(document, indent=2, ensure_ascii=False, default=str) if as_json else text)


def write(text: str) -> None:
    """Print lines on stdout."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class StoppedByPerson(Exception):
    """The person pressed Ctrl-C; the job saved what it had."""


def perform(events: Generator[Event]) -> Iterator[Event]:
    """Hand on a job's events while a bar shows how far it is; Ctrl-C stops it at its next report.

    Raises StoppedByPerson after the job has saved.
    """
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with _interruptible() as interrupted, Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("Starting", total=None, note="")
        for event in events:
            _show(bar, task, event)
            yield event
            if interrupted:
                events.close()
                raise StoppedByPerson


def _show(bar: Progress, task: TaskID, event: Event) -> None:
    match event:
        case ProgressEvent(what, done, total):
            bar.update(task, description=what, completed=done, total=total, note="")
        case RunOpened(run, _):
            bar.console.print(f"Run [bold]{run}[/bold]")
        case Prepared():
            sizes = f"{event.trainable_parameters:,} of {event.total_parameters:,} parameters train"
            length = f"{event.read}, {event.steps:,} steps"
            bar.console.print(f"{sizes}; {length}, learning rate {event.learning_rate:g}")
        case Step():
            speed = f"{event.tokens_per_second:,.0f} tokens/s"
            note = f"loss {event.loss:.3f} · {speed} · {duration(event.seconds_left)} left"
            bar.update(
                task,
                description=f"Step {event.step} of {event.steps}",
                completed=event.step,
                total=event.steps,
                note=note,
            )
        case Validated():
            best = " (best)" if event.best else ""
            bar.console.print(f"Step {event.step}: validation loss {event.loss:.3f}{best}")
        case Log(text, level):
            bar.console.print(text, style="yellow" if level == "warning" else "dim")
        case Saved():
            pass


@contextmanager
def _interruptible() -> Iterator[list[bool]]:
    """A list that stops being empty when the person presses Ctrl-C; a second time interrupts at once.

    Of several processes the first one stops and saves, which ends the others.
    """
    pressed: list[bool] = []

    def press(number: int, frame: FrameType | None) -> None:
        if pressed:
            sys.exit(STOPPED)
        pressed.append(True)
        console.print("Stopping after this step, and saving. Press Ctrl-C again to leave at once.")

    handlers: dict[signal.Signals, Any] = {signal.SIGINT: press, signal.SIGTERM: press}
    if rank() > 0:
        handlers = {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
