"""Who else could answer: checkpoints, strengths, other runs, ways of asking, models and servers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.generate.contestant import APPROACHES, BASE, MIX, RUN, TUNED, Approach, Contestant
from studio.language import tr
from studio.ui.plain import keyless, tip
from studio.ui.widgets.popup import Menu

STRENGTHS = (0.25, 0.5, 0.75, 1.25, 1.5)
"""At which the adapter of a run is offered, beside its whole strength."""
MOST = 6
"""So many stand side by side at most: more cannot be told apart."""


class ContestantMenu(Menu):
    """A menu of those who can be added to what is compared."""

    chosen = Signal(object)  # Contestant
    model_requested = Signal()  # a folder is to be chosen
    server_requested = Signal()  # a server is to be named

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._submenus: list[Menu] = []
        self._offered: tuple[object, ...] = ()
        self.offer((), ())

    def offer(
        self,
        steps: Sequence[int],
        runs: Sequence[str],
        *,
        first: Sequence[Contestant] = (),
        run: bool = True,
        mixes: bool = False,
    ) -> None:
        """Offer these checkpoints and other runs, first those of `first`; `run` is whether there is one.

        With `mixes` also half of the run's adapter and half of another run's together.
        """
        offered = tuple(steps), tuple(runs), tuple(first), run, mixes
        if offered == self._offered:
            return
        self._offered = offered
        self.clear()
        for submenu in self._submenus:  # which Qt takes out, and leaves to whom they belong
            submenu.deleteLater()
        self._submenus = []
        for contestant in first:
            self._offer(self, contestant)
        if run:
            self._submenu("A checkpoint", [Contestant(kind=TUNED, step=step) for step in steps])
            strong = [Contestant(kind=TUNED, strength=each) for each in STRENGTHS]
            self._submenu(tr("Another strength"), strong)
        self._submenu(tr("Another run"), [Contestant(kind=RUN, run=name) for name in runs])
        if run and mixes:
            self._submenu(tr("Half and half with another run"), [_half_and_half(name) for name in runs])
        if run:
            ways = [(kind, Approach(name=name)) for kind in (BASE, TUNED) for name in APPROACHES]
            asked = [Contestant(kind=kind, approach=way) for kind, way in ways]
            self._submenu(tr("Another way of asking"), asked)
        self.addAction(tr("A model folder…"), self.model_requested.emit)
        self.addAction(tr("A server's model…"), self.server_requested.emit)

    def _submenu(self, title: str, contestants: Sequence[Contestant]) -> None:
        if contestants:
            menu = Menu(self, title)
            for contestant in contestants:
                self._offer(menu, contestant)
            self.addMenu(menu)
            self._submenus.append(menu)

    def _offer(self, menu: Menu, contestant: Contestant) -> None:
        action = menu.addAction(keyless(contestant.title))
        action.setToolTip(tip(contestant.title))
        action.triggered.connect(partial(self.chosen.emit, contestant))


def _half_and_half(run: str) -> Contestant:
    """What the adapters of the run at hand and of another one do together, each at half of its strength."""
    parts = (Contestant(kind=TUNED, strength=0.5), Contestant(kind=RUN, run=run, strength=0.5))
    return Contestant(kind=MIX, parts=parts)
