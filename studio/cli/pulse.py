"""Signs of life where no bar can be drawn: in a log file or a pipe, a line at least every half minute."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from studio.words import duration

LONGEST_SILENCE = 30.0
"""Seconds without a line."""

_CHECK = 1.0
_EVERY = LONGEST_SILENCE - 5  # so that a check that comes late is still in time


class Pulse:
    """Says what is being done when nothing else was said for long; `clock` gives seconds."""

    def __init__(self, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._say, self._clock, self._lock = say, clock, threading.Lock()
        self._state, self._said = "Starting", ""
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
            still = f" (for {duration(now - self._since)})" if self._state == self._said else ""
            self._spoke, self._said = now, self._state
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
