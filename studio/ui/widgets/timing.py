"""What happens a little later, and once for many calls."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Debounce(QTimer):
    """Calls once, when so many milliseconds have passed since the last `trigger`; `stop` takes that back."""

    def __init__(self, parent: QObject, milliseconds: int, call: Callable[[], object]) -> None:
        super().__init__(parent, singleShot=True, interval=milliseconds)
        self.timeout.connect(call)

    def trigger(self) -> None:
        self.start()


class Throttle(Debounce):
    """Calls once, so many milliseconds after the first `trigger`: at most so often, however many come."""

    def trigger(self) -> None:
        if not self.isActive():
            self.start()
