"""The shelf: models that the ready recipes are made for, each with a button that gets it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from studio.language import tr
from studio.ui.plain import tip
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import Badge, ElidedLabel, WrapLabel, title
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.style import empty_layout

_NARROWEST = 316
_GAP = 10
GATED = tr("Its owner asks you to accept a licence on the Hub first; then a token of yours downloads it.")


@dataclass(frozen=True)
class ShelfForm:
    """A model of the shelf in one form: its name on the Hub, what the button says, and whether it is here."""

    name: str
    words: str
    tip: str = ""
    is_here: bool = False


@dataclass(frozen=True)
class ShelfItem:
    """What a card of the shelf says: the model, a line of facts, what it is good for, its forms."""

    title: str
    facts: str
    about: str
    forms: tuple[ShelfForm, ...]
    is_gated: bool = False


class ShelfCard(QFrame):
    """One model of the shelf. Emits the name of the form that is wanted, or that is to be shown."""

    get_requested = Signal(str)
    show_requested = Signal(str)

    def __init__(self, item: ShelfItem) -> None:
        super().__init__()
        self.setObjectName("card")
        self.item = item
        self.buttons: dict[str, Button] = {}
        name, facts = title(item.title), ElidedLabel(item.facts)
        facts.setProperty("tone", "dim")
        gated = Badge(tr("Gated"), "warn")
        gated.setToolTip(tip(GATED))
        about = WrapLabel(item.about, role="note")
        column(
            row(name, ..., gated),
            facts,
            about,
            ...,
            row(*(self._button(form) for form in item.forms), ..., gap=8),
            on=self,
            inside=(14, 12, 14, 12),
            gap=5,
        )
        gated.setVisible(item.is_gated)  # only now: by itself it would be a window

    def _button(self, form: ShelfForm) -> Button:
        button = Button(
            form.words, "quiet" if form.is_here else "plain", "check" if form.is_here else "download"
        )
        button.setAccessibleName(f"{form.words}: {form.name}")
        button.setToolTip(tip(form.tip or form.name))
        button.setProperty("model", form.name)
        button.clicked.connect(self._on_clicked)
        self.buttons[form.name] = button
        return button

    def _on_clicked(self) -> None:
        name = str(self.sender().property("model"))
        here = next(form.is_here for form in self.item.forms if form.name == name)
        (self.show_requested if here else self.get_requested).emit(name)


class Shelf(QWidget):
    """Cards beside each other, as many in a row as there is room for."""

    get_requested = Signal(str)
    show_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "clear")
        self.cards: list[ShelfCard] = []
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setSpacing(_GAP)

    def show_items(self, items: Sequence[ShelfItem]) -> None:
        """Show these in place of those before; what has not changed stays, with its focus."""
        if [card.item for card in self.cards] == list(items):
            return
        empty_layout(self._grid)
        self.cards = [ShelfCard(item) for item in items]
        for card in self.cards:
            card.get_requested.connect(self.get_requested)
            card.show_requested.connect(self.show_requested)
        self._columns = 0
        self._place()

    def minimumSizeHint(self) -> QSize:
        """One card wide, as the others then go below."""
        return QSize(_NARROWEST, self._grid.totalMinimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        columns = max((self.width() + _GAP) // (_NARROWEST + _GAP), 1)
        if columns == self._columns:
            return
        for place in range(max(columns, self._columns)):
            self._grid.setColumnStretch(place, 1 if place < columns else 0)
        self._columns = columns
        for place, card in enumerate(self.cards):
            self._grid.addWidget(card, place // columns, place % columns, Qt.AlignmentFlag(0))
        self._grid.setRowStretch(len(self.cards) // columns + 1, 1)
