"""Garbage is collected on the window's thread, whoever made it."""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, QTimer, Slot

MILLISECONDS = 500
GROWTH = 1.25
"""So much more memory in use than after the last time, and the oldest generation is due: about Python's rule.

Python counts the objects. To list them here would hold every one of them for a moment, and a tuple that
another thread is building at that moment then ends in a SystemError.
"""


class Collector(QObject):
    """Collects garbage on the thread that makes it, and keeps Python from doing so on any other.

    Python collects on whichever thread happens to allocate. A widget in a circle of references is then
    deleted beside the window's own thread, which ends the process sooner or later, often in its next
    collection ("Timers cannot be stopped from another thread", if anything). Everything else may be deleted
    on any thread, evaluated MLX arrays included.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._blocks = 0  # of memory, in use after the last look through all objects
        self._automatic = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect_what_is_due)
        self._timer.start(MILLISECONDS)

    @Slot()
    def collect_what_is_due(self) -> None:
        """Collect the oldest generation that Python itself would."""
        due = [count > limit for count, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if due[2] and sys.getallocatedblocks() > GROWTH * self._blocks:
            self.collect_all()
        elif due[1]:
            gc.collect(1)
        elif due[0]:
            gc.collect(0)

    def collect_all(self) -> None:
        """Collect all there is; it takes about 0.1 s."""
        gc.collect()
        self._blocks = sys.getallocatedblocks()

    def stop(self) -> None:
        """Leave it to Python again, once no other thread is left."""
        self._timer.stop()
        if self._automatic:
            gc.enable()
