"""Who competes: the run and its base, and whoever else is added."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal

from studio.generate.contestant import APPROACHES, BASE, TUNED, Approach, Contestant
from studio.ui.plain import keyless, tip
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, PlainLabel, note
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo, Menu
from studio.ui.widgets.style import empty_layout, hairline

STRENGTHS = (0.25, 0.5, 0.75, 1.25, 1.5)
"""At which the adapter of a run is offered, beside its whole strength."""
_MOST = 6
"""So many compete at most: more cannot be told apart in the table."""
_WHAT = "Everybody answers the same questions, from one copy of the weights where they share a model."


class ContestantsCard(Card):
    """Names who competes; others are added from a menu, and taken out again."""

    changed = Signal()
    against_changed = Signal()
    model_requested = Signal()  # a folder is to be chosen
    server_requested = Signal()  # a server is to be named

    def __init__(self) -> None:
        super().__init__("Who competes")
        self.more: list[Contestant] = []
        self.against = Combo()
        self.against.setAccessibleName("What the run is compared with")
        self.against.addItems(("Against the original model", "Against its parent"))
        self.against.currentIndexChanged.connect(self._on_against)
        self._lines = column(gap=0)
        self.add_button = Button("Add…", icon="plus")
        self.menu = Menu(self)
        self.add_button.setMenu(self.menu)
        self.body.addWidget(note(_WHAT))
        self.body.addWidget(self.against)
        self.body.addLayout(self._lines)
        self.body.addLayout(row(self.add_button, ...))
        self._own = "Tuned"
        self.offer("", (), (), has_parent=False)

    def offer(self, own: str, steps: Sequence[int], runs: Sequence[str], *, has_parent: bool) -> None:
        """Who can be added: checkpoints, other runs, other strengths, other ways of asking, models."""
        self._own = own
        self.against.setVisible(has_parent)
        if not has_parent:
            self.against.setCurrentIndex(0)
        self.menu.clear()
        self._submenu("A checkpoint", [Contestant(kind=TUNED, step=step) for step in steps])
        self._submenu("Another strength", [Contestant(kind=TUNED, strength=each) for each in STRENGTHS])
        self._submenu("Another run", [Contestant(kind="run", run=name) for name in runs])
        ways = [(kind, Approach(name=name)) for kind in (BASE, TUNED) for name in APPROACHES]
        self._submenu("Another way of asking", [Contestant(kind=kind, approach=way) for kind, way in ways])
        self.menu.addAction("A model folder…", self.model_requested.emit)
        self.menu.addAction("A server's model…", self.server_requested.emit)
        self._show()

    def add(self, contestant: Contestant) -> None:
        """Let one more compete, once."""
        if contestant.key not in [each.key for each in self.more] and len(self.more) < _MOST - 2:
            self.more.append(contestant)
            self._show()
            self.changed.emit()

    def remove(self, key: str) -> None:
        """Let somebody compete no more."""
        self.more = [each for each in self.more if each.key != key]
        self._show()
        self.changed.emit()

    def clear(self) -> None:
        """Only the run and its base compete."""
        self.more = []
        self._show()

    @property
    def by_parent(self) -> bool:
        """Whether the run is compared with what it goes on from."""
        return self.against.currentIndex() == 1 and not self.against.isHidden()

    def _submenu(self, title: str, contestants: Sequence[Contestant]) -> None:
        if not contestants:
            return
        menu = Menu(self.menu, title)
        for contestant in contestants:
            action = menu.addAction(keyless(contestant.title))
            action.setToolTip(tip(contestant.title))
            action.triggered.connect(partial(self.add, contestant))
        self.menu.addMenu(menu)

    def _show(self) -> None:
        empty_layout(self._lines)
        base = "what the run goes on from" if self.by_parent else "the untouched model"
        self._add_line("Parent" if self.by_parent else "Base", base)
        self._add_line("Tuned", self._own)
        for each in self.more:
            self._add_line(each.title, "" if each.is_local else "on a server", each.key)
        self.add_button.setEnabled(len(self.more) < _MOST - 2)
        self.set_value(f"{2 + len(self.more)} contestants")

    def _add_line(self, title: str, fact: str, key: str = "") -> None:
        name, told = ElidedLabel(title), PlainLabel(fact)
        told.setProperty("tone", "faint")
        line = row((name, 1), told, inside=(0, 7, 0, 7), gap=8)
        if key:
            remove = IconButton("x", f"Take {title} out")
            remove.clicked.connect(partial(self.remove, key))
            line.addWidget(remove)
        self._lines.addLayout(line)
        self._lines.addWidget(hairline())

    def _on_against(self) -> None:
        self._show()
        self.against_changed.emit()
