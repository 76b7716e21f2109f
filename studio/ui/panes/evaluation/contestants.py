"""Who competes: the run and its base, and whoever else is added."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal

from studio.generate.contestant import Contestant
from studio.language import tr
from studio.ui.chat.contestant_menu import MOST, ContestantMenu
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import ElidedLabel, PlainLabel, note
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo
from studio.ui.widgets.style import empty_layout, hairline

_WHAT = tr("Everybody answers the same questions, from one copy of the weights where they share a model.")


class ContestantsCard(Card):
    """Names who competes; others are added from a menu, and taken out again."""

    changed = Signal()
    against_changed = Signal()

    def __init__(self) -> None:
        super().__init__(tr("Who competes"))
        self.more: list[Contestant] = []
        self.against = Combo()
        self.against.setAccessibleName(tr("What the run is compared with"))
        self.against.addItems((tr("Against the original model"), tr("Against its parent")))
        self.against.currentIndexChanged.connect(self._on_against)
        self._lines = column(gap=0)
        self.add_button = Button(tr("Add…"), icon="plus")
        self.menu = ContestantMenu(self)
        self.menu.chosen.connect(self.add)
        self.add_button.setMenu(self.menu)
        self.body.addWidget(note(_WHAT))
        self.body.addWidget(self.against)
        self.body.addLayout(self._lines)
        self.body.addLayout(row(self.add_button, ...))
        self._own = tr("Tuned")
        self.offer("", (), (), has_parent=False)

    def offer(self, own: str, steps: Sequence[int], runs: Sequence[str], *, has_parent: bool) -> None:
        """Who can be added: checkpoints, other runs, other strengths, other ways of asking, models."""
        self._own = own
        self.against.setVisible(has_parent)
        if not has_parent:
            self.against.setCurrentIndex(0)
        self.menu.offer(steps, runs)
        self._show()

    def add(self, contestant: Contestant) -> None:
        """Let one more compete, once."""
        if contestant.key not in [each.key for each in self.more] and len(self.more) < MOST - 2:
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

    def _show(self) -> None:
        empty_layout(self._lines)
        base = tr("what the run goes on from") if self.by_parent else tr("the untouched model")
        self._add_line(tr("Parent") if self.by_parent else tr("Base"), base)
        self._add_line(tr("Tuned"), self._own)
        for each in self.more:
            self._add_line(each.title, "" if each.is_local else tr("on a server"), each.key)
        self.add_button.setEnabled(len(self.more) < MOST - 2)
        self.set_value(tr("{value} contestants", value=2 + len(self.more)))

    def _add_line(self, title: str, fact: str, key: str = "") -> None:
        name, told = ElidedLabel(title), PlainLabel(fact)
        told.setProperty("tone", "faint")
        line = row((name, 1), told, inside=(0, 7, 0, 7), gap=8)
        if key:
            remove = IconButton("x", tr("Take {title} out", title=title))
            remove.clicked.connect(partial(self.remove, key))
            line.addWidget(remove)
        self._lines.addLayout(line)
        self._lines.addWidget(hairline())

    def _on_against(self) -> None:
        self._show()
        self.against_changed.emit()
