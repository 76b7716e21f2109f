"""The tour at work: at the first start, and from the Help menu, with the starter and the sample."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot

from studio.app.state import Controller, Services
from studio.app.training import Training
from studio.language import tr
from studio.ui.dialogs.tour import TourCard

QUESTION = tr("What is the capital of Denmark?")


class Tour(Controller):
    """Leads through the panes; `actions` do what a step asks for, by the key of its pane."""

    ended = Signal()

    def __init__(
        self,
        services: Services,
        training: Training,
        actions: dict[str, Callable[[], object]],
        is_sample: Callable[[], bool],
    ) -> None:
        super().__init__(services, services.window)
        self._training, self._actions, self._is_sample = training, actions, is_sample
        self._began_empty = False
        self.card = TourCard(services.window.root)
        self.card.moved.connect(self._window.show_pane)
        self.card.moved.connect(self._offer)
        self.card.wanted.connect(self._do)
        self.card.ended.connect(self.ended)
        for signal in (
            self._state.dataset_changed,
            self._subjects.changed,
            training.busy_changed,
            self._queue.engine_rested,
        ):
            signal.connect(self._offer)
        self._state.dataset_changed.connect(self._make_way)
        self._window.action_triggered.connect(self._act)

    def begin(self) -> None:
        """Show the first step. Where nothing is open, it ends once somebody opens data of their own."""
        self._began_empty = self._state.dataset is None
        self.card.begin()

    def _act(self, action: str) -> None:
        if action == "tour":
            self.begin()

    def _do(self, pane: str) -> None:
        self._actions[pane]()

    @Slot()
    def _make_way(self) -> None:
        """Leave to its work whoever came with data."""
        if self.card.isVisible() and self._began_empty and self._state.dataset and not self._is_sample():
            self.card.end()

    @Slot()
    def _offer(self) -> None:
        """Only what can be done is offered: training needs the data, and the rest a run."""
        has_run = bool(self._subjects.name("evaluation")) and not self._training.busy
        can_act = {
            "dataset": True,
            "training": self._state.dataset is not None and not self._training.busy,
            "evaluation": has_run and not self._queue.engine_busy,
            "playground": bool(self._subjects.name("playground")),
        }
        self.card.offer(can_act.get(self.card.step.pane, False))
