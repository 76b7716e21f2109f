"""The head of a column: who answers there, how strongly, and what can be done with the column."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QSlider, QWidget

from studio.generate.contestant import RUN, TUNED, Contestant
from studio.language import tr
from studio.ui.chat.conversation import ChatColumn
from studio.ui.plain import tip
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.label import ElidedLabel, PlainLabel
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.timing import Debounce

_STEPS, _MOST = 20, 2.0
"""The slider's steps for the whole strength of an adapter, and the most that is offered."""
_SETTLE_MILLISECONDS = 150
LEFT, RIGHT, REMOVE = "left", "right", "remove"


def has_strength(contestant: Contestant) -> bool:
    """Whether how strongly a fine-tune acts can be chosen."""
    return contestant.kind in (RUN, TUNED)


class StrengthSlider(QWidget):
    """How strongly a fine-tune acts: 0 is the base, 1 what was trained, up to 2."""

    changed = Signal(float)

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.slider, self._value = QSlider(Qt.Orientation.Horizontal), PlainLabel()
        self.slider.setRange(0, round(_STEPS * _MOST))
        self.slider.setPageStep(_STEPS // 4)
        self.slider.setAccessibleName(tr("Strength of the fine-tune"))
        self.slider.setToolTip(
            tr("How strongly the fine-tune acts: 0 is the base model, 1 what was trained.")
        )
        self._value.setProperty("role", "caption")
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("2.00"))
        name = PlainLabel(tr("Strength"))
        name.setProperty("role", "caption")
        row(name, (self.slider, 1), self._value, on=self, gap=8)
        self._settled = Debounce(self, _SETTLE_MILLISECONDS, self._announce)
        self._told = strength
        self.slider.setValue(round(strength * _STEPS))
        self._say()
        self.slider.valueChanged.connect(self._say)
        self.slider.valueChanged.connect(self._settled.trigger)

    def strength(self) -> float:
        """As the slider stands."""
        return self.slider.value() / _STEPS

    def _say(self) -> None:
        self._value.setText(f"{self.strength():.2f}")
        self.slider.setAccessibleDescription(f"{self.strength():g}")

    def _announce(self) -> None:
        if self.strength() != self._told:
            self._told = self.strength()
            self.changed.emit(self._told)


class ColumnHead(QWidget):
    """Names a column; its menu moves it or takes it away, its slider says how strongly a fine-tune acts."""

    acted = Signal(str)  # LEFT, RIGHT or REMOVE
    strength_changed = Signal(float)

    def __init__(self, shown: ChatColumn, fact: str, place: int, many: int, letter: str = "") -> None:
        super().__init__()
        contestant = shown.contestant
        self.name, self._fact = ElidedLabel(letter or contestant.title), ElidedLabel("" if letter else fact)
        self.name.setProperty("role", "title")
        self._fact.setProperty("tone", "dim")
        self.setAccessibleName(tr("Column {value}: {text}", value=place + 1, text=self.name.text()))
        self.more = IconButton("ellipsis", tr("More for {text}", text=self.name.text()))
        self.more.clicked.connect(self._open_menu)
        self._place, self._many = place, many
        head = row(self.name, (self._fact, 1), self.more, gap=8)
        parts: list[QWidget] = []
        self.strength: StrengthSlider | None = None
        if has_strength(contestant) and not letter:
            self.strength = StrengthSlider(contestant.strength)
            self.strength.changed.connect(self.strength_changed)
            parts.append(self.strength)
        column(head, *parts, ..., on=self, gap=2)
        self.more.setVisible(not letter)  # only now: by itself it would be a window
        self.name.setToolTip(tip(contestant.title if not letter else ""))

    def menu(self) -> Menu:
        """What can be done with the column."""
        menu = Menu(self)
        entries = (
            (LEFT, tr("Move left"), self._place > 0),
            (RIGHT, tr("Move right"), self._place + 1 < self._many),
            (REMOVE, tr("Remove column"), self._many > 1),
        )
        for key, words, possible in entries:
            action = menu.addAction(words)
            action.setEnabled(possible)
            action.triggered.connect(partial(self.acted.emit, key))
        return menu

    def _open_menu(self) -> None:
        self.menu().popup(self.more.mapToGlobal(QPoint(0, self.more.height())))
