"""A Python process of ours that is spoken with in lines of JSON: seen from outside, and from inside.

The pipes are its standard input and output, which it takes for itself before anything else: what a library
prints goes to the standard error. It ends with the process that started it, however that ends.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import subprocess
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Generator
from typing import IO, Any

SCAN, WRITE, HUB, ENGINE, WEIGH, WINDOW = (
    *("--scan-rows", "--write-templates", "--ask-hub", "--engine"),
    *("--weigh-models", "--look-over-window"),
)
"""What `python -m studio`, or the bundled app, which is its own interpreter, is told to be one by."""


class Child:
    """Such a process, from outside. It is ended at once when nobody holds this any more.

    `hear` gets every line of its standard error, on a thread of its own.
    """

    def __init__(self, *arguments: str, hear: Callable[[str], None] | None = None) -> None:
        pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
        process = subprocess.Popen(
            [*_command(), *arguments],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe if hear else quiet,
            process_group=0,  # the system wakes one that is suspended when its parent dies, see `Parent`
        )
        self._process = process
        self.end = weakref.finalize(self, _end, process)  # at once
        self.end.atexit = False  # the end of its input tells it to leave, and it may have to save
        self._listener = threading.Thread(target=_pass_on, args=(process.stderr, hear), daemon=True)
        self._listener.start()
        self._poll = select.poll()
        assert process.stdout is not None
        self._poll.register(process.stdout, select.POLLIN)
        self._whole: deque[bytes] = deque()
        self._rest = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal that ends it, from any thread; that it ended is met where it is listened to."""
        self._process.send_signal(number)

    def send(self, message: Any) -> None:
        """Send a line. Where the process has ended, that is met where it is listened to."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def lines(self, tick: float) -> Generator[bytes | None]:
        """What it says, line by line until it ends, and None whenever it says nothing for `tick` seconds."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        while True:
            while self._whole:
                yield self._whole.popleft()
            if not self._poll.poll(tick * 1000):
                yield None
            elif more := os.read(pipe, 2**20):
                *whole, self._rest = (self._rest + more).split(b"\n")
                self._whole.extend(whole)
            else:
                return

    def leave(self, seconds: float) -> int:
        """Let it leave, as the end of its input tells it to, or end it after so long; its exit code.

        That is the negative number of the signal that ended it, if one did.
        """
        _close(self._process)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.end()
        self._listener.join(1)  # a process that it started may still hold its standard error
        return self._process.returncode


def _pass_on(output: IO[bytes] | None, hear: Callable[[str], None] | None) -> None:
    if output is not None and hear is not None:
        with io.TextIOWrapper(output, "utf-8", "replace") as lines:
            for line in lines:
                hear(line.rstrip())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    _close(process)
    process.wait()


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):  # what it was not told any more
                pipe.close()


def _command() -> list[str]:
    """-P: the current folder may hold modules of the same names as ours and Python's."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-P", "-m", "studio"]


def end_at_once() -> None:
    """End this process here and now."""
    os._exit(1)


class Parent:
    """The process that started this one, from inside; to be made before anything is printed.

    On a thread of its own `hear` gets what it sends, and `gone` is called when it sends no more. Where this
    process was suspended then, the system wakes it, as its group has lost the one that looked after it
    (SIGHUP and SIGCONT). Linux could also end it with its parent (PDEATHSIG), but at once, and with the
    thread that started it: too soon for what has to be saved.
    """

    def __init__(
        self, hear: Callable[[Any], None] = lambda message: None, gone: Callable[[], None] = end_at_once
    ) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the end of the pipe says the same
        self._hear, self._gone = hear, gone
        self._in, self._out = os.dup(0), os.dup(1)
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        os.dup2(2, 1)
        self._lock = threading.Lock()
        threading.Thread(target=self._listen, daemon=True).start()

    def report(self, line: str) -> None:
        """Send a line of JSON; waits where the parent does not listen."""
        left = memoryview(line.encode() + b"\n")
        try:
            with self._lock:
                while left:
                    left = left[os.write(self._out, left) :]
        except OSError:
            self._gone()

    def _listen(self) -> None:
        try:
            with open(self._in, "rb") as pipe:
                for line in pipe:
                    self._hear(json.loads(line))
        finally:
            self._gone()
