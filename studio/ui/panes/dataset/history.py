"""The page of a dataset's history: what was done to it, line by line, and what else can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.language import plural, tr
from studio.ui.plain import keyless, tip
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import PlainLabel, WrapLabel, note
from studio.ui.widgets.layout import add, clear, column, row, scrolled
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.style import empty_layout, hairline

_NOTHING = tr(
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
        self.card = Card(tr("History"))
        self.replay = Button(tr("Replay on a file…"), icon="rotate-ccw")
        self.replay.setToolTip(tr("Do these steps to another file, and open what comes of it"))
        self.replay.clicked.connect(self.replay_requested)
        self.add = Button(tr("Add step…"), icon="plus")
        self.menu = Menu(self.add)
        self.add.setMenu(self.menu)
        add(self.card.head, self.replay, self.add)
        inside = clear(inside=(0, 0, 8, 0), gap=0)
        self._list = cast(QVBoxLayout, inside.layout())
        self._list.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.card.body.addWidget(scrolled(inside), 1)
        column(self.card, on=self)
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
        self.card.set_value(plural(count, "{count} step", "{count} steps") if count else "")
        self.replay.setVisible(bool(steps))
        if source:
            start = steps[0][1] if steps else rows
            self._list.addWidget(
                self._line("", tr("Read {source}", source=source), tr("{start:,} rows", start=start), None)
            )
        for place, (words, before, after) in enumerate(steps):
            remove = IconButton("x", tr("Remove the step “{words}”", words=words), size=24)
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
        label = WrapLabel(words, tone="" if number else "dim")
        row(place, (label, 1), count, remove or 34, on=line, inside=(0, 9, 4, 9))
        return line

    def _add(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.add_requested.emit(action.data())

    def _remove(self) -> None:
        self.remove_requested.emit(self.removers.index(self.sender()))  # type: ignore[arg-type]


class EditsBar(QWidget):
    """What was done to the dataset, to be undone or saved; hidden while nothing was."""

    undo_requested = Signal()
    redo_requested = Signal()
    save_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.status = PlainLabel("")
        self.status.setProperty("tone", "accent")
        self.undo, self.redo = Button(tr("Undo"), "quiet"), Button(tr("Redo"), "quiet")
        self.save = Button(tr("Save as dataset…"), icon="save")
        self.undo.clicked.connect(self.undo_requested)
        self.redo.clicked.connect(self.redo_requested)
        self.save.clicked.connect(self.save_requested)
        row(self.status, self.undo, self.redo, self.save, on=self, gap=6)
        self.show_count(0, can_undo=False, can_redo=False)

    def show_count(self, steps: int, *, can_undo: bool, can_redo: bool) -> None:
        """How many steps were done to the dataset."""
        self.status.setText(plural(steps, "{count:,} step", "{count:,} steps"))
        self.undo.setEnabled(can_undo)
        self.redo.setEnabled(can_redo)
        for widget in (self.status, self.save):
            widget.setVisible(steps > 0)
        self.setVisible(steps > 0 or can_undo or can_redo)


def change(before: int, after: int) -> str:
    """How a step changed the number of rows."""
    if before == after:
        return tr("{after:,} rows", after=after)
    return tr("{after:,} rows ({value:+,})", after=after, value=after - before)
