"""The models on this Mac: the list, one of them in full, and the shelf while there is only the starter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from studio.events import ModelFacts, ModelShown
from studio.language import tr
from studio.ui.panes.models.details import ModelDetails
from studio.ui.panes.models.shelf import Shelf, ShelfItem
from studio.ui.panes.models.table import FACTS, ModelsTable
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel, note, title
from studio.ui.widgets.layout import add, clear, column, scrolled
from studio.ui.widgets.states import BusyState

LIST_WIDTH, DETAILS_WIDTH = 560, 340
_SHELF = tr(
    "These are the models that the ready recipes are made for. Drop a model's folder or a GGUF file here, "
    "or look for others under Find on the Hub."
)
_NOT_FOUND = tr("No model on this Mac passes this search.")


class LocalModels(QWidget):
    """Announces which model is chosen, by its place."""

    chosen_changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._all: Sequence[ModelFacts] = ()
        self._place = ""
        self.table = ModelsTable(theme, FACTS, tr("Models on this Mac"))
        self.details, self.shelf = ModelDetails(), Shelf()
        self.remarks, self._empty = WrapLabel(tone="warn"), note(_NOT_FOUND)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._shelf_area = clear(title(tr("Get a model")), note(_SHELF), (scrolled(self.shelf), 1), gap=8)
        self._card, self._list, self._pages = Card(), QStackedWidget(), QStackedWidget()
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self._lay_out()
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self.setFocusProxy(self.table)
        self.show_looking()

    def show_looking(self) -> None:
        """The list is being made for the first time."""
        self._pages.setCurrentIndex(1)

    def show_models(self, models: Sequence[ModelFacts], remarks: Sequence[str] = ()) -> None:
        """All models here; who stood on one stands on it again, else on the first."""
        place, self._all = self._place, models
        self.table.models.set_rows(list(models))
        self.remarks.setText("\n".join(remarks))
        self.remarks.setVisible(bool(remarks))
        self._shelf_area.setVisible(all(facts.source == "starter" for facts in models))
        self._pages.setCurrentIndex(0)
        self._settle(place)

    def show_model(self, shown: ModelShown) -> None:
        """What was read of a model, if that one is chosen; what fits, only the list knows."""
        facts = self.chosen()
        if facts is not None and shown.facts.place == facts.place:
            self.details.show_model(replace(shown, facts=facts))

    def search(self, text: str) -> None:
        """Show only models in whose name, architecture, licence or place the text stands."""
        place = self._place
        self.table.order.setFilterFixedString(text.strip())
        self._settle(place)

    def chosen(self) -> ModelFacts | None:
        """The model that is stood on."""
        found: ModelFacts | None = self.table.chosen()
        return found

    def choose(self, place: str) -> bool:
        """Stand on the model at a place; False where there is none."""
        places = [facts.place for facts in self.table.rows_shown()]
        if place not in places:
            return False
        self.table.choose(places.index(place))
        return True

    def models(self) -> Sequence[ModelFacts]:
        """All models here, whichever pass the search."""
        return self._all

    def count_shown(self) -> int:
        """How many pass the search."""
        return self.table.order.rowCount()

    def _lay_out(self) -> None:
        for page in (self.table, self._empty):
            self._list.addWidget(page)
        add(self._card.body, self.remarks, (self._list, 1))
        left = QWidget()
        column((self._card, 1), (self._shelf_area, 3), on=left, gap=14)
        self.split.setObjectName("models")
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(14)
        for part, share in ((left, 1), (self.details, 0)):
            self.split.addWidget(part)
            self.split.setStretchFactor(self.split.count() - 1, share)
        self.split.setSizes([LIST_WIDTH, DETAILS_WIDTH])
        self._pages.addWidget(self.split)
        self._pages.addWidget(BusyState(tr("Looking for models on this Mac"), can_stop=False))
        column(self._pages, on=self, gap=0)

    def _settle(self, place: str) -> None:
        count = self.table.order.rowCount()
        self._list.setCurrentIndex(0 if count or not self._all else 1)
        if count and not self.choose(place):
            self.table.choose(0)
        if not count:
            self._on_selected()

    def _on_selected(self) -> None:
        facts = self.chosen()
        self._place = facts.place if facts is not None else ""
        if facts is None:
            self.details.clear()
        else:
            self.details.show_facts(facts)
        self.chosen_changed.emit()

    def show_shelf(self, items: Sequence[ShelfItem]) -> None:
        """What is offered while there is only the starter."""
        self.shelf.show_items(items)
