"""The page of a dataset's history: what was done to it, line by line, and what else can be."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from studio.ui.plain import keyless, tip
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import PlainLabel, WrapLabel, note
from studio.ui.widgets.layout import scrolled
from studio.ui.widgets.style import empty_layout, hairline

_NOTHING = (
    "Nothing was done to this dataset yet. A step filters, shuffles, caps, splits or mixes its rows; the "
    "file itself stays as it is, and the history can be done again to a new one."
)


class HistoryPage(QWidget):
    """Lines that can be removed, and a menu of steps to add."""

    add_requested = Signal(str)  # the kind of a step
    remove_requested = Signal(int)  # the place of a step
    replay_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.removers: list[IconButton] = []
        self.card = Card("History")
        self.replay = Button("Replay on a file…", icon="rotate-ccw")
        self.replay.setToolTip("Do these steps to another file, and open what comes of it")
        self.replay.clicked.connect(self.replay_requested)
        self.add = Button("Add step…", icon="plus")
        self.menu = QMenu(self.add)
        self.add.setMenu(self.menu)
        self.card.head.addWidget(self.replay)
        self.card.head.addWidget(self.add)
        inside = QWidget()
        inside.setProperty("role", "clear")
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 8, 0)
        self._list.setSpacing(0)
        self._list.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.card.body.addWidget(scrolled(inside), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)
        self.show_steps("", (), 0)

    def set_kinds(self, kinds: Sequence[tuple[str, str, str]]) -> None:
        """The steps to choose from, as (kind, title, help)."""
        for kind, title, text in kinds:
            action = self.menu.addAction(keyless(f"{title}…"))
            action.setToolTip(tip(text))
            action.setData(kind)
            action.triggered.connect(self._add)

    def show_steps(self, source: str, steps: Sequence[tuple[str, int, int]], rows: int) -> None:
        """What was done to which source, in order; `steps` as (words, rows before, rows after)."""
        empty_layout(self._list)
        self.removers = []
        count = len(steps)
        self.card.set_value(f"{count} step{'s' if count != 1 else ''}" if count else "")
        self.replay.setVisible(bool(steps))
        if source:
            start = steps[0][1] if steps else rows
            self._list.addWidget(self._line("", f"Read {source}", f"{start:,} rows", None))
        for place, (words, before, after) in enumerate(steps):
            remove = IconButton("x", f"Remove the step “{words}”", size=24)
            remove.clicked.connect(self._remove)
            self.removers.append(remove)
            self._list.addWidget(hairline())
            self._list.addWidget(self._line(f"{place + 1}", words, change(before, after), remove))
        if not steps:
            self._list.addWidget(hairline())
            self._list.addSpacing(10)
            self._list.addWidget(note(_NOTHING))

    def _line(self, number: str, words: str, rows: str, remove: IconButton | None) -> QWidget:
        line, place, count = QWidget(), PlainLabel(number), PlainLabel(rows)
        count.setProperty("tone", "dim")
        place.setProperty("tone", "faint")
        place.setFixedWidth(20)
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 9, 4, 9)
        row.setSpacing(10)
        row.addWidget(place)
        row.addWidget(WrapLabel(words, tone="" if number else "dim"), 1)
        row.addWidget(count)
        if remove is None:
            row.addSpacing(24 + row.spacing())
        else:
            row.addWidget(remove)
        return line

    def _add(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add_requested.emit(action.data())

    def _remove(self) -> None:
        self.remove_requested.emit(self.removers.index(self.sender()))  # type: ignore[arg-type]


def change(before: int, after: int) -> str:
    """How a step changed the number of rows."""
    if before == after:
        return f"{after:,} rows"
    return f"{after:,} rows ({after - before:+,})"
