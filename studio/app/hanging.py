"""An engine that was asked to stop and does not: the window says so, and the person may end it."""

from __future__ import annotations

from PySide6.QtCore import SignalInstance

from studio.app.state import Controller, Services
from studio.language import tr
from studio.ui.widgets.timing import Debounce

END_ENGINE = "end the engine"
"""The key of the button that ends it, and why it is said."""
PATIENCE_MILLISECONDS = 20_000
SILENT = tr(
    "The engine has not stopped yet: a step takes long, or it hangs. You can wait, or end it. Resume then "
    "goes on from the last checkpoint."
)


class HangingEngine(Controller):
    """Says that the engine does not stop, a while after it was asked to, and ends it where that is chosen.

    Any of `asked` says that the person wants a job to stop.
    """

    def __init__(self, services: Services, *asked: SignalInstance) -> None:
        super().__init__(services, services.window)
        self._late = Debounce(self, PATIENCE_MILLISECONDS, self.look)
        for signal in asked:
            signal.connect(self._late.trigger)
        self._queue.engine_rested.connect(self._forget)
        self._window.action_triggered.connect(self._act)

    def look(self) -> None:
        """Say so where the engine still has not stopped."""
        if self._queue.hangs:
            self._window.show_notice(SILENT, "warn", action=tr("End It"), key=END_ENGINE, cause=END_ENGINE)

    def _forget(self) -> None:
        self._late.stop()
        self._window.end_notice(END_ENGINE)

    def _act(self, key: str) -> None:
        if key == END_ENGINE:
            self._queue.end_engine()
            self._window.end_notice(END_ENGINE)
