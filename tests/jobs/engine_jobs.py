"""Jobs for tests of the queue: they travel to a process as ours do, and note in files what happens there."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from studio.errors import StudioError
from studio.events import Event, Progress, Step
from studio.jobs.train import TrainJob


def _own_file() -> Path:
    return Path(os.environ["HOME"]) / f"{uuid.uuid4().hex}.jsonl"  # the test's own folder


@dataclass(frozen=True)
class Diary:
    """A list that a job adds to in whichever process it is performed."""

    path: Path = field(default_factory=_own_file)

    def append(self, entry: Any) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def read(self) -> list[Any]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True)
class Count:
    """Counts, and notes what it did and on which thread."""

    up_to: int
    diary: Diary = field(default_factory=Diary)
    pause: float = 0.0
    title: str = "Count"

    def run_events(self, context: Any) -> Generator[Event]:
        try:
            for n in range(1, self.up_to + 1):
                self.diary.append((n, [os.getpid(), threading.get_ident()]))
                time.sleep(self.pause)
                yield Progress("Counting", n, self.up_to)
        except GeneratorExit:
            self.diary.append("saved")
            raise


@dataclass(frozen=True)
class Explode:
    """Fails as is expected of jobs where it has a sentence, else by a mistake."""

    sentence: str = ""
    title: str = "Explode"

    def run_events(self, context: Any) -> Generator[Event]:
        yield Progress("Lighting", 1)
        if self.sentence:
            raise StudioError(self.sentence)
        raise ZeroDivisionError("division by zero")


@dataclass(frozen=True)
class Work:
    """Notes its thread and its context at every event, and may fail after one of them."""

    events: int = 1
    message: str = ""
    seen: Diary = field(default_factory=Diary)
    gate: Path = field(default_factory=_own_file)  # it goes on when this is there
    title: str = "Work"

    def run_events(self, context: Any) -> Generator[Event]:
        own = vars(context).setdefault("of_test", uuid.uuid4().hex)
        for n in range(self.events):
            self.seen.append(([os.getpid(), threading.get_native_id()], [type(context).__name__, own]))
            yield Progress("Working", n)
            if self.events > 1:
                _wait_for(self.gate)
        if self.message:
            raise RuntimeError(self.message)


def _wait_for(file: Path) -> None:
    end = time.monotonic() + 10
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.01)


@dataclass(frozen=True)
class Chatter:
    """Prints where libraries print, on every level, between events."""

    title: str = "Chatter"

    def run_events(self, context: Any) -> Generator[Event]:
        for n in range(100):
            print('{"ticket": 1, "outcome": "done"}', flush=True)  # noqa: T201  # as a library might
            os.write(1, b'{"ticket": 1}\n')
            sys.stderr.write("a warning\n")
            yield Progress("Chattering", n)
        yield Progress(f"read {sys.stdin.read()!r}", 100)


@dataclass(frozen=True)
class Die:
    """Ends its process by a signal after an event, after it has said something on the standard error."""

    signal: int = signal.SIGSEGV
    words: str = ""
    pause: float = 0.0
    title: str = "Die"

    def run_events(self, context: Any) -> Generator[Event]:
        time.sleep(self.pause)  # in which nothing can go aside
        if not self.pause:
            yield Progress("Dying", os.getpid())
        os.write(2, self.words.encode() + b"\n")
        os.kill(os.getpid(), self.signal)
        time.sleep(10)


class BrokenGpu:
    """Training that meets a Metal error at one of its steps, as if `mx.eval` had raised it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at_step: int, message: str) -> None:
        from studio.train import loop

        real = loop.train

        def train(*arguments: Any, **more: Any) -> Generator[Event]:
            events = real(*arguments, **more)
            for event in events:
                if isinstance(event, Step) and event.step == at_step:
                    events.throw(RuntimeError(message))
                yield event

        monkeypatch.setattr(loop, "train", train)


@dataclass(frozen=True)
class TrainOnBrokenGpu:
    """A run that meets a Metal error at one of its steps."""

    job: TrainJob
    at_step: int
    message: str
    title: str = "Training"

    def run_events(self, context: Any) -> Generator[Event]:
        with pytest.MonkeyPatch.context() as broken:
            BrokenGpu(broken, self.at_step, self.message)
            yield from self.job.run_events(context)


@dataclass(frozen=True)
class Hang:
    """Says who it is, and computes on and on below Python."""

    title: str = "Hang"

    def run_events(self, context: Any) -> Generator[Event]:
        yield Progress("Hanging", os.getpid())
        hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)
