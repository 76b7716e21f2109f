"""The models of the Hub: what is looked for, a page of what was found, one of them in full, and the shelf."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from studio.events import ModelShown, ModelsListed, OnlineModel
from studio.language import tr
from studio.ui.panes.models.details import ModelDetails
from studio.ui.panes.models.local import DETAILS_WIDTH, LIST_WIDTH
from studio.ui.panes.models.shelf import Shelf, ShelfItem
from studio.ui.panes.models.table import ONLINE, ModelsTable
from studio.ui.plain import tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import PlainLabel, note, title
from studio.ui.widgets.layout import add, clear, column, row, scrolled
from studio.ui.widgets.popup import Combo
from studio.ui.widgets.states import BusyState, EmptyState, FailedState

KINDS = (("", tr("Base and instruct")), ("instruct", tr("Instruct")), ("base", tr("Base")))
SORTS = (
    ("downloads", tr("Most downloads")),
    ("likes", tr("Most likes")),
    ("newest", tr("Newest")),
)
_SHELF = tr("The models that the ready recipes are made for. Type above to look for others.")
_FITS_TIP = tr("Only models that can be trained on this Mac, with LoRA or QLoRA.")
_MLX_TIP = tr("Only models in MLX's own form, most of them quantized.")


@dataclass(frozen=True)
class HubQuery:
    """What is looked for on the Hub; an empty `text` with no page is the shelf."""

    text: str = ""
    mlx: bool = False
    fits: bool = False
    kind: str = ""  # instruct, base; nothing for both
    sort: str = "downloads"
    page: int = 0


class OnlineModels(QWidget):
    """Announces what is looked for, and which model of what was found is chosen."""

    wanted = Signal(object)  # HubQuery
    stop_requested = Signal()
    chosen_changed = Signal()
    get_requested = Signal(str)
    show_requested = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._query = HubQuery()
        self._name = ""
        self.table = ModelsTable(theme, ONLINE, tr("Models on the Hub"))
        self.details, self.shelf = ModelDetails(), Shelf()
        self.mlx, self.fits = Button(tr("MLX"), "chip"), Button(tr("Fits here"), "chip")
        self.kind, self.sort = Combo(), Combo()
        self.back, self.next = (
            Button(tr("Previous"), icon="chevron-left"),
            Button(tr("Next"), icon="chevron-right"),
        )
        self._count = PlainLabel()
        self._card, self._pages, self.state = Card(), QStackedWidget(), QWidget()
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self._shelf_area = clear(title(tr("Recommended")), note(_SHELF), (scrolled(self.shelf), 1), gap=8)
        self._dress()
        self._lay_out()
        self._connect()
        self.show_shelf_page()

    def query(self) -> HubQuery:
        """What is looked for now."""
        return self._query

    def search(self, text: str) -> None:
        """Look for this from its first page; for nothing, show the shelf."""
        self._ask(text=text.strip())

    def go_to(self, found: OnlineModel) -> None:
        """Show one model alone, as if it had been looked for."""
        self._query = HubQuery(found.facts.name)
        self.show_found(ModelsListed(found.facts.name, (found,)))

    def show_busy(self) -> None:
        """An answer is waited for; what was found before stays on show, if there is something."""
        if self._pages.currentWidget() is not self.split or not self.table.order.rowCount():
            busy = BusyState(tr("Searching the Hub"))
            busy.stop_requested.connect(self.stop_requested)
            self._cover(busy)

    def show_found(self, listed: ModelsListed) -> None:
        """A page of what was found; the first of it is chosen."""
        query = self._query
        self.back.setEnabled(query.page > 0)
        self.next.setEnabled(listed.more)
        paged = query.page > 0 or listed.more
        for part in (self.back, self.next, self._count):
            part.setVisible(paged)
        self._count.setText(tr("Page {value}", value=query.page + 1))
        if not listed.models:
            nothing = EmptyState("search", tr("No model found"), _nothing(query), _way_out(query))
            nothing.chosen.connect(self._widen)
            self._cover(nothing)
            return
        name = self._name if self._pages.currentWidget() is self.split else ""
        self.table.models.set_rows(list(listed.models))
        self._pages.setCurrentWidget(self.split)
        names = [found.facts.name for found in self.table.rows_shown()]
        self.table.choose(names.index(name) if name in names else 0)

    def show_failed(self, sentence: str, title: str = tr("The Hub could not be asked")) -> None:
        """Nothing could be found; asking again may help."""
        failed = FailedState(title, sentence, tr("Try again"))
        failed.chosen.connect(self._again)
        self._cover(failed)

    def show_stopped(self) -> None:
        """The person stopped the search."""
        if isinstance(self.state, BusyState) and self._pages.currentWidget() is self.state:
            self.show_shelf_page()

    def show_shelf_page(self) -> None:
        """Nothing is looked for."""
        self._pages.setCurrentWidget(self._shelf_area)
        self._on_selected()

    def show_model(self, shown: ModelShown) -> None:
        """What was read of a model, if that one is chosen."""
        found = self.chosen()
        if found is None or found.facts.name != shown.facts.name:
            return
        known = replace(found, facts=shown.facts, gated=found.gated or shown.gated)
        rows = self.table.models.rows
        name = shown.facts.name
        self.table.models.rows = [known if each.facts.name == name else each for each in rows]
        self.table.models.repaint()
        self.details.show_model(shown, known)

    def mark_here(self, places: dict[str, str]) -> None:
        """Say which of what was found is on this Mac by now, by name."""
        rows = self.table.models.rows
        marked = [replace(found, here=places.get(found.facts.name, "")) for found in rows]
        if marked == list(rows):
            return
        name = self._name
        self.table.models.set_rows(marked)
        names = [found.facts.name for found in self.table.rows_shown()]
        if name in names:
            self.table.choose(names.index(name))

    def chosen(self) -> OnlineModel | None:
        """The model that is stood on, where some were found."""
        if self._pages.currentWidget() is not self.split:
            return None
        found: OnlineModel | None = self.table.chosen()
        return found

    def show_shelf(self, items: Sequence[ShelfItem]) -> None:
        """What is offered before anything is looked for."""
        self.shelf.show_items(items)

    def _dress(self) -> None:
        for chip, told in ((self.mlx, _MLX_TIP), (self.fits, _FITS_TIP)):
            chip.setCheckable(True)
            chip.setToolTip(tip(told))
        for box, choices, name in ((self.kind, KINDS, tr("Kind")), (self.sort, SORTS, tr("Order"))):
            box.setAccessibleName(name)
            for key, told in choices:
                box.addItem(told, key)

    def _lay_out(self) -> None:
        filters = row(self.mlx, self.fits, self.kind, self.sort, ..., gap=8)
        add(self._card.body, (self.table, 1), row(..., self.back, self._count, self.next))
        self.split.setObjectName("hub_models")
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(14)
        for part, share in ((self._card, 1), (self.details, 0)):
            self.split.addWidget(part)
            self.split.setStretchFactor(self.split.count() - 1, share)
        self.split.setSizes([LIST_WIDTH, DETAILS_WIDTH])
        for page in (self.split, self._shelf_area, self.state):
            self._pages.addWidget(page)
        column(filters, (self._pages, 1), on=self, gap=12)

    def _connect(self) -> None:
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        for chip in (self.mlx, self.fits):
            chip.clicked.connect(self._ask_again)
        for box in (self.kind, self.sort):
            box.activated.connect(self._ask_again)
        self.back.clicked.connect(lambda: self._turn(-1))
        self.next.clicked.connect(lambda: self._turn(1))
        for signal, to in (
            (self.shelf.get_requested, self.get_requested),
            (self.shelf.show_requested, self.show_requested),
        ):
            signal.connect(to)

    def _cover(self, state: QWidget) -> None:
        """Show a state in place of what was found."""
        self._pages.removeWidget(self.state)
        self.state.deleteLater()
        self.state = state
        self._pages.addWidget(state)
        self._pages.setCurrentWidget(state)
        self.chosen_changed.emit()

    def _ask(self, text: str, page: int = 0) -> None:
        kind, sort = str(self.kind.currentData()), str(self.sort.currentData())
        self._query = HubQuery(text, self.mlx.isChecked(), self.fits.isChecked(), kind, sort, page)
        if not text and self._is_plain():
            self.stop_requested.emit()
            self.show_shelf_page()
        else:
            self.wanted.emit(self._query)

    def _is_plain(self) -> bool:
        """Whether nothing but an order is asked for."""
        query = self._query
        return not (query.mlx or query.fits or query.kind or query.page)

    def _ask_again(self) -> None:
        self._ask(self._query.text)

    def _again(self) -> None:
        self._ask(self._query.text, self._query.page)

    def _turn(self, pages: int) -> None:
        self._ask(self._query.text, max(self._query.page + pages, 0))

    def _widen(self) -> None:
        """Leave the filters out, which may be why nothing was found; or look at the shelf."""
        if self._is_plain():
            self.search("")
            return
        for chip in (self.mlx, self.fits):
            chip.setChecked(False)
        self.kind.setCurrentIndex(0)
        self._ask_again()

    def _on_selected(self) -> None:
        found = self.chosen()
        self._name = found.facts.name if found is not None else ""
        if found is None:
            self.details.clear()
        else:
            self.details.show_facts(found.facts, found)
        self.chosen_changed.emit()


def _nothing(query: HubQuery) -> str:
    """Why nothing may have been found."""
    filters = [
        told for on, told in ((query.mlx, tr("in MLX's form")), (query.fits, tr("that fit here"))) if on
    ] + ([dict(KINDS)[query.kind].lower()] if query.kind else [])
    among = tr(" among models {listed}", listed=", ".join(filters)) if filters else ""
    what = (
        tr("Nothing on the Hub is called “{text}”", text=query.text)
        if query.text
        else tr("Nothing was found")
    )
    return tr("{what}{among}. A whole name is owner/name.", what=what, among=among)


def _way_out(query: HubQuery) -> str:
    return (
        tr("Search without filters")
        if query.mlx or query.fits or query.kind
        else tr("Show recommended models")
    )
