"""The models pane: what is on this Mac and what the Hub has, with what can be done with the chosen one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QStackedWidget

from studio.events import ModelFacts, OnlineModel
from studio.language import tr
from studio.ui.panes.models.downloads import DownloadsCard
from studio.ui.panes.models.local import LocalModels
from studio.ui.panes.models.online import OnlineModels
from studio.ui.panes.models.shelf import ShelfItem
from studio.ui.plain import keyless, tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.layout import row
from studio.ui.widgets.pane import PaneFrame
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.tabs import Tabs
from studio.ui.widgets.timing import Debounce
from studio.words import counted, file_size

LOCAL, ONLINE = "local", "online"
_PLACES = ((LOCAL, tr("On this Mac")), (ONLINE, tr("Find on the Hub")))
_SEARCH = {LOCAL: tr("Search models on this Mac"), ONLINE: tr("Search the Hub")}
_SEARCH_WIDTH = 260
_TYPING_MILLISECONDS = 450
_REVEAL = tr("Show in Finder") if sys.platform == "darwin" else tr("Show in Folder")


class ModelsPane(PaneFrame):
    """Takes models in; announces what is wished for the chosen one."""

    train_requested = Signal(object)  # ModelFacts
    chat_requested = Signal(object)
    convert_requested = Signal(object)
    reveal_requested = Signal(object)
    delete_requested = Signal(object)
    download_requested = Signal(str)  # a name on the Hub
    file_requested = Signal(str, str)  # a name on the Hub, and which of its GGUF files
    here_requested = Signal(str)  # a name on the Hub whose model is on this Mac
    page_requested = Signal(str)  # the address of a web page
    hub_page_requested = Signal(str)  # a name on the Hub
    add_folder_requested = Signal()
    add_file_requested = Signal()
    refresh_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Models"))
        self.places, self.search = Tabs(_PLACES, "segment"), QLineEdit()
        self.local, self.online, self.downloads = LocalModels(theme), OnlineModels(theme), DownloadsCard()
        self._pages = QStackedWidget()
        self._texts = {LOCAL: "", ONLINE: ""}
        self._typing = Debounce(self, _TYPING_MILLISECONDS, self._seek)
        self._is_read = False
        self.choice: Menu | None = None  # of a GGUF file to download
        self._add_buttons()
        self._lay_out()
        self._connect()
        self.show_place(LOCAL)

    def place(self) -> str:
        """Which of both is in front: LOCAL or ONLINE."""
        return self.places.current

    def show_place(self, place: str) -> None:
        """Bring this Mac's models or those of the Hub to the front."""
        self.places.button(place).setChecked(True)
        self._pages.setCurrentIndex(0 if place == LOCAL else 1)
        self._typing.stop()
        self.search.blockSignals(True)
        self.search.setText(self._texts[place])
        self.search.blockSignals(False)
        self.search.setPlaceholderText(_SEARCH[place])
        self.search.setAccessibleName(_SEARCH[place])
        self.setFocusProxy(self.local.table if place == LOCAL else self.search)
        self._offer()

    def show_models(self, models: Sequence[ModelFacts], remarks: Sequence[str] = ()) -> None:
        """All models on this Mac, and what could not be looked into."""
        self._is_read = True
        self.local.show_models(models, remarks)
        self._offer()

    def show_shelf(self, items: Sequence[ShelfItem]) -> None:
        """The models that the ready recipes are made for."""
        self.local.show_shelf(items)
        self.online.show_shelf(items)

    def show_online(self, found: OnlineModel) -> None:
        """One model of the Hub, as if it had been looked for."""
        self._texts[ONLINE] = found.facts.name
        self.show_place(ONLINE)
        self.online.go_to(found)

    def offers(self) -> set[str]:
        """What can be done with the chosen model, by the keys of `perform`."""
        if self.place() == ONLINE:
            found = self.online.chosen()
            if found is None:
                return set()
            return {"here" if found.here else "download", "hub_page"}
        facts = self.local.chosen()
        if facts is None:
            return set()
        offered = {"reveal"} | (set() if facts.source == "starter" else {"delete"})
        if facts.problem is None:
            offered |= {"trainable"} if facts.form == "gguf" else {"train", "chat", "convert"}
        return offered

    def perform(self, key: str) -> None:
        """Do one of what is offered, as its button does."""
        if key in self.offers():
            self._actions[key].click()

    def _add_buttons(self) -> None:
        header = self.header
        reveal, delete = (
            IconButton("folder-open", _REVEAL, size=30),
            IconButton("trash-2", tr("Delete…"), size=30),
        )
        hub_page = IconButton("external-link", tr("Open its page on the Hub"), size=30)
        for icon in (reveal, hub_page, delete):
            header.add_widget(icon)
        self._actions: dict[str, QAbstractButton] = {
            "reveal": reveal,
            "hub_page": hub_page,
            "delete": delete,
            "convert": header.add_button(tr("Convert…"), icon="shuffle"),
            "chat": header.add_button(tr("Chat"), icon="message-square"),
            "train": header.add_button(tr("Train with this model"), "primary", "chart-line"),
            "trainable": header.add_button(tr("Make trainable…"), "primary", "shuffle"),
            "here": header.add_button(tr("Show on this Mac"), "primary", "hard-drive"),
            "download": header.add_button(tr("Download"), "primary", "download"),
        }
        for key, button in self._actions.items():
            button.setProperty("action", key)
            button.clicked.connect(self._on_action)

    def _lay_out(self) -> None:
        self.search.setObjectName("search")
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(_SEARCH_WIDTH)
        self.add, self.refresh = (
            IconButton("plus", tr("Add a model folder or a GGUF file…"), size=30),
            IconButton("refresh-cw", tr("Look for models again"), size=30),
        )
        self._menu = Menu(self)
        self._menu.addAction(tr("Model folder…")).triggered.connect(self.add_folder_requested)
        self._menu.addAction(tr("GGUF file…")).triggered.connect(self.add_file_requested)
        self.content.addLayout(row(self.places, ..., self.refresh, self.add, self.search, gap=8))
        self.content.addWidget(self.downloads)
        for page in (self.local, self.online):
            self._pages.addWidget(page)
        self.content.addWidget(self._pages, 1)

    def _connect(self) -> None:
        self.places.chosen.connect(self.show_place)
        self.search.textChanged.connect(self._on_typed)
        self.search.returnPressed.connect(self._seek)
        to_models = QShortcut(QKeySequence(Qt.Key.Key_Down), self.search, self._go_to_models)
        to_models.setContext(Qt.ShortcutContext.WidgetShortcut)
        self.add.clicked.connect(self._show_add_menu)
        self.refresh.clicked.connect(self.refresh_requested)
        for page in (self.local, self.online):
            page.chosen_changed.connect(self._offer)
            page.details.page_requested.connect(self.page_requested)
            page.table.customContextMenuRequested.connect(self._show_menu)
            page.table.opened.connect(self._open)
        self.local.table.delete_wanted.connect(lambda: self.perform("delete"))
        self.local.shelf.get_requested.connect(self.download_requested)
        self.local.shelf.show_requested.connect(self.here_requested)
        self.online.get_requested.connect(self.download_requested)
        self.online.show_requested.connect(self.here_requested)
        self.downloads.page_requested.connect(self.page_requested)

    def _on_typed(self, text: str) -> None:
        self._texts[self.place()] = text
        if self.place() == LOCAL or not text.strip():
            self._seek()
        else:
            self._typing.trigger()

    def _go_to_models(self) -> None:
        """From the search field into the table below it."""
        (self.local if self.place() == LOCAL else self.online).table.setFocus()

    def _seek(self) -> None:
        self._typing.stop()
        text = self._texts[self.place()]
        if self.place() == LOCAL:
            self.local.search(text)
            self._offer()
        else:
            self.online.search(text)

    def _show_add_menu(self) -> None:
        self._menu.popup(self.add.mapToGlobal(QPoint(0, self.add.height() + 2)))

    def _show_menu(self, place: QPoint) -> None:
        menu = Menu(self)
        offered = self.offers()
        for key, button in self._actions.items():
            if key in offered:
                menu.addAction(keyless(button.text() or button.toolTip()), button.click)
        if not menu.isEmpty():
            table = self.local.table if self.place() == LOCAL else self.online.table
            menu.popup(table.viewport().mapToGlobal(place))

    def _open(self) -> None:
        """Do what is offered first for the chosen model."""
        for key in ("train", "trainable", "here", "download"):
            if key in self.offers():
                self.perform(key)
                return

    def _on_action(self) -> None:
        key = str(self.sender().property("action"))
        if self.place() == ONLINE:
            self._act_online(key)
        elif (facts := self.local.chosen()) is not None:
            wishes = {
                "train": self.train_requested,
                "chat": self.chat_requested,
                "convert": self.convert_requested,
                "trainable": self.convert_requested,
                "reveal": self.reveal_requested,
                "delete": self.delete_requested,
            }
            wishes[key].emit(facts)

    def _act_online(self, key: str) -> None:
        if (found := self.online.chosen()) is None:
            return
        if key == "download" and len(self.online.details.packed) > 1:
            self._ask_for_file(found.facts.name, self.online.details.packed)
            return
        wishes = {
            "download": self.download_requested,
            "here": self.here_requested,
            "hub_page": self.hub_page_requested,
        }
        wishes[key].emit(found.facts.name)

    def _ask_for_file(self, name: str, files: Sequence[str]) -> None:
        """Let the person choose one of several GGUF files: each is a whole model in its own precision."""
        self.choice = menu = Menu(self)
        for file in files:
            menu.addAction(keyless(file), partial(self.file_requested.emit, name, file))
        button = self._actions["download"]
        menu.popup(button.mapToGlobal(QPoint(0, button.height() + 2)))

    def _offer(self) -> None:
        offered = self.offers()
        for key, button in self._actions.items():
            button.setVisible(key in offered)
        facts = self.local.chosen()
        takes_off = facts is not None and facts.source == "folder"
        self._actions["delete"].setToolTip(tip(tr("Take off the list") if takes_off else tr("Delete…")))
        for part in (self.refresh, self.add):
            part.setVisible(self.place() == LOCAL)
        self._count()

    def _count(self) -> None:
        models = self.local.models()
        if self.place() == ONLINE:
            found = self.online.chosen()
            self.header.set_subtitle(
                found.facts.name if found is not None else tr("From the Hugging Face Hub")
            )
            return
        if not self._is_read:
            self.header.set_subtitle("")
            return
        sizes = sum(facts.size for facts in models)
        count = tr(
            "{counted} on this Mac, {file_size}",
            counted=counted(len(models), "model"),
            file_size=file_size(sizes),
        )
        if self.search.text().strip():
            count = tr("{count_shown:,} of {count}", count_shown=self.local.count_shown(), count=count)
        self.header.set_subtitle(count)
