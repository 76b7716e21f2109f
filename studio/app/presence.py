"""What is seen of the work while nobody looks at the window: in the Dock, and as a notification.

Also that the computer stays awake over it, which the window says.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QApplication

from studio.app.evaluation import Evaluation
from studio.app.state import Controller, Services
from studio.app.training import Training
from studio.language import tr
from studio.macos.activity import Activity
from studio.macos.notifications import Notifications
from studio.macos.objc import here
from studio.ui.dock_icon import DockIcon
from studio.ui.panes.training.pane import TrainingPane

BOUNCE_MILLISECONDS = 2500
"""How long the Dock's icon jumps for what went well; for what failed, until somebody looks."""
FAILED = ("failed", "refused")


class Presence(Controller):
    """Follows the engine's work, and says how it ended to whoever looks elsewhere.

    `wanted` says whether the person wants to be told so.
    """

    def __init__(
        self,
        services: Services,
        training: Training,
        pane: TrainingPane,
        evaluation: Evaluation,
        wanted: Callable[[], bool],
    ) -> None:
        super().__init__(services, services.window)
        self._training, self._pane, self._wanted = training, pane, wanted
        self._ended = 0  # so many since somebody looked
        self._works = False  # whether a run was at work when it was last heard of
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._app, self._icon = app, DockIcon(app)
        self._activity, self._notifications = Activity(here()), Notifications(here())
        app.applicationStateChanged.connect(self._greet)
        training.busy_changed.connect(self._follow_run)
        evaluation.finished.connect(self._tell_evaluated)
        evaluation.failed.connect(self._tell_not_evaluated)
        self._window.engine_changed.connect(self._show_progress)
        self._queue.engine_rested.connect(self._rest)

    @Slot(object)
    def _show_progress(self, share: float | None) -> None:
        self._icon.show(share)
        if share is not None:
            self._hold()

    @Slot()
    def _rest(self) -> None:
        """The engine has nothing more to do."""
        self._icon.show(None)
        self._activity.end()
        self._window.set_awake(False)

    def _hold(self) -> None:
        self._activity.begin()
        self._window.set_awake(self._activity.held)

    @Slot()
    def _follow_run(self) -> None:
        worked, self._works = self._works, self._training.busy
        if self._works and not worked:
            self._hold()
            if self._wanted():
                self._notifications.ask()
        elif worked and not self._works:
            self._tell_ended()
            if not self._queue.engine_busy:
                self._rest()

    def _tell_ended(self) -> None:
        """How a run ended: done, failed, or stopped, by a person or by itself for want of room."""
        run, state = self._subjects.name("training"), self._pane.state()
        sentence = self._pane.sentence()
        if state == "done":
            self._tell(tr("Run {run} is done", run=run), sentence)
        elif state == "stopped":
            self._tell(tr("Run {run} has stopped", run=run), sentence, urgent=bool(self._pane.failure.text()))
        elif state in FAILED:
            self._tell(
                tr("Run {run} failed", run=run) if run else tr("Training did not begin"),
                sentence,
                urgent=True,
            )

    @Slot(str)
    def _tell_evaluated(self, run: str) -> None:
        self._tell(tr("Run {run} is evaluated", run=run), tr("What came out is in the window."))

    @Slot(str, str)
    def _tell_not_evaluated(self, run: str, sentence: str) -> None:
        self._tell(tr("Run {run} could not be evaluated", run=run), sentence, urgent=True)

    def _tell(self, title: str, sentence: str, *, urgent: bool = False) -> None:
        """Say something, unless a window of the app is in front."""
        if QApplication.activeWindow() is not None or not self._wanted():
            return
        self._ended += 1
        self._app.setBadgeNumber(self._ended)
        QApplication.alert(self._window, 0 if urgent else BOUNCE_MILLISECONDS)
        self._notifications.tell(title, sentence)

    @Slot(Qt.ApplicationState)
    def _greet(self, state: Qt.ApplicationState) -> None:
        """Somebody looks: what the badge counted is seen."""
        if state == Qt.ApplicationState.ApplicationActive and self._ended:
            self._ended = 0
            self._app.setBadgeNumber(0)
