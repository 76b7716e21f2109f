"""Work that a Mac must not fall asleep over, nor slow down because its window is behind others.

The system keeps a process awake that holds an activity of NSProcessInfo: no sleep for idleness (the display
may), no App Nap, and no sudden end at log-out. What holds one is this process itself; a helper such as
`caffeinate` keeps the Mac awake, but its asker may still be put to nap. A closed lid sends a Mac on battery
to sleep all the same. The activity ends with the process, however that ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from studio.macos.objc import ObjectiveC, here

USER_INITIATED = 0x00FFFFFF
"""NSActivityUserInitiated: with idle sleep, sudden and automatic termination off."""

REASON = "A language model is being trained"


class Activity:
    """One activity of this process, held or not; on other systems it never is."""

    def __init__(self, runtime: ObjectiveC | None) -> None:
        self._runtime = runtime
        self._token = 0

    @property
    def held(self) -> bool:
        """Whether the Mac is being kept awake for this."""
        return self._token != 0

    def begin(self, reason: str = REASON) -> None:
        """Hold it from now on; the system may show the reason."""
        runtime = self._runtime
        if runtime is None or self.held:
            return
        with runtime.pool():
            asked = (USER_INITIATED, runtime.text(reason))
            token = runtime.send(_process(runtime), "beginActivityWithOptions:reason:", *asked)
            self._token = runtime.send(token, "retain")  # it would leave with the pool

    def end(self) -> None:
        """Let the Mac rest again, as far as this is concerned."""
        runtime, token = self._runtime, self._token
        if runtime is None or not token:
            return
        self._token = 0
        with runtime.pool():
            runtime.send(_process(runtime), "endActivity:", token)
            runtime.send(token, "release")


@contextmanager
def awake() -> Iterator[None]:
    """Keep the Mac from sleep and this process from App Nap inside. Does nothing on other systems."""
    activity = Activity(here())
    activity.begin()
    try:
        yield
    finally:
        activity.end()


def _process(runtime: ObjectiveC) -> int:
    return runtime.send(runtime.named("NSProcessInfo"), "processInfo")
