"""The Run menu: what the panes offer for training and for a run, and nothing that cannot act."""

from __future__ import annotations

from PySide6.QtCore import Slot

from studio.app.state import Controller, Services
from studio.app.training import Training
from studio.ui.menus import RUN
from studio.ui.panes.runs.pane import RunsPane
from studio.ui.panes.training.pane import TrainingPane

_OF_RUN = "run:"
_ASKS = ("delete", "sweep", "rename", "notes")
"""What is answered in the pane of the runs."""


class RunMenu(Controller):
    """Enables what can act, and passes on what is chosen.

    What concerns a run is done with the one that the pane in front is about; in the pane of the runs, with
    those chosen there.
    """

    def __init__(
        self, services: Services, training: Training, training_pane: TrainingPane, runs: RunsPane
    ) -> None:
        super().__init__(services, runs)
        self._training, self._training_pane, self._runs = training, training_pane, runs
        for signal in (
            self._state.recipe_changed,
            self._state.dataset_changed,
            self._subjects.changed,
            self._window.pane_shown,
            self._window.menu_opening,
            self._queue.engine_rested,
            training.busy_changed,
            runs.chosen_changed,
        ):
            signal.connect(self.offer)
        self._window.action_triggered.connect(self.act)
        self.offer()

    @Slot()
    def offer(self) -> None:
        """Let the menu say what can be done now."""
        can_start = self._training_pane.can_start() and not self._training.busy
        offered = {f"{_OF_RUN}{key}" for key in self._offers()}
        offered |= {"start", "sweep"} if can_start else set()
        offered |= {"stop", "serve"} if self._training.busy else {"serve"}
        for command in RUN:
            if command.key:
                self._window.action(command.key).setEnabled(command.key in offered)

    def act(self, action: str) -> None:
        """Do what was chosen in the menu, or with its keys."""
        match action:
            case "start":
                self._window.show_pane("training")
                self._training_pane.start()
            case "sweep" if self._training_pane.can_start():
                self._window.show_pane("training")
                self._training_pane.ask_for_sweep()
            case "stop":
                self._training.stop()
            case _ if action.startswith(_OF_RUN):
                self._do(action.removeprefix(_OF_RUN))

    def _do(self, key: str) -> None:
        """Do something with the run that is meant."""
        self._runs.select(self._subject())
        if key in _ASKS:
            self._window.show_pane("runs")
        self._runs.perform(key)

    def _subject(self) -> str:
        """The run of the pane in front; nothing where that is about none, or has a choice of its own."""
        return self._subjects.name(self._window.current_pane())

    def _offers(self) -> set[str]:
        return self._runs.offers(None if self._window.current_pane() == "runs" else [self._subject()])
