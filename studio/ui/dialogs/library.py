"""The library: every dataset that is known, to be opened, shown where it lies, or taken off the list."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QStackedWidget, QTableView, QWidget

from studio.dataset.library import LibraryEntry
from studio.language import tr
from studio.ui.dialogs.dialog import Dialog
from studio.ui.tables.delegates import dress_rows
from studio.ui.tables.model import Mark, TableColumn, TableModel
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import PlainLabel, note
from studio.ui.widgets.states import ConfirmBar
from studio.words import counted, file_size, when

_ABOUT = tr("Datasets that you opened, saved or trained on. They stay where they are.")
_NONE = tr("No dataset is known yet. Those that you open are listed here.")
_NOT_FOUND = tr("No dataset passes this search.")
_TO_TRASH = tr("Runs on it keep their rows, and what is trained stays.")
_REVEAL = tr("Show in Finder") if sys.platform == "darwin" else tr("Show in Folder")
_OPENED = 7


def _number(of: int, words: str) -> str:
    return words if of else "–"  # noqa: RUF001


def _mark(entry: LibraryEntry) -> Mark | None:
    if not entry.is_there:
        return (tr("Missing"), "warn")
    return (tr("Saved copy"), "dim") if entry.is_ours else None


def _tone(entry: LibraryEntry) -> str:
    return "text" if entry.is_there else "faint"


def _tip(entry: LibraryEntry) -> str:
    return entry.path if entry.is_there else tr("{path}\nIt was moved, renamed or deleted.", path=entry.path)


def _place(entry: LibraryEntry) -> str:
    """The folder that a dataset lies in: two of one name are told apart by it."""
    return "" if entry.is_ours else Path(entry.path).parent.name


def _opened(entry: LibraryEntry) -> str:
    return when(datetime.fromtimestamp(entry.opened)) if entry.opened else "–"  # noqa: RUF001


COLUMNS: tuple[TableColumn[LibraryEntry], ...] = (
    TableColumn(tr("Name"), lambda entry: entry.name, tone=_tone, tip=_tip, aside=_place),
    TableColumn("", sort=lambda entry: (_mark(entry) or ("~", ""))[0], badge=_mark, tip=_tip, width=100),
    TableColumn(tr("Kind"), lambda entry: entry.format or "–", tone="dim", width=152),  # noqa: RUF001
    TableColumn(
        tr("Rows"), lambda e: _number(e.rows, f"{e.rows:,}"), lambda e: e.rows, True, "dim", width=80
    ),
    TableColumn(
        tr("Size"), lambda e: _number(e.bytes, file_size(e.bytes)), lambda e: e.bytes, True, "dim", width=78
    ),
    TableColumn(
        tr("Steps"),
        lambda entry: _number(entry.steps, f"{entry.steps:,}"),
        lambda entry: entry.steps,
        True,
        "dim",
        tip=lambda entry: tr("Edits, fixes and other steps that are done to it when it is opened."),
        width=60,
    ),
    TableColumn(
        tr("Used by"),
        lambda entry: _number(len(entry.runs), counted(len(entry.runs), "run")),
        lambda entry: len(entry.runs),
        True,
        "dim",
        tip=lambda entry: "\n".join(entry.runs[:20]),
        width=78,
    ),
    TableColumn(tr("Last opened"), _opened, lambda entry: entry.opened, True, "dim", width=116),
)


class LibraryModel(TableModel[LibraryEntry]):
    """The datasets that pass a search, in an order."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent=parent)
        self.entries: tuple[LibraryEntry, ...] = ()
        self._search, self._order = "", (_OPENED, True)

    def set_entries(self, entries: Sequence[LibraryEntry]) -> None:
        self.entries = tuple(entries)
        self._show()

    def search(self, text: str) -> None:
        """Let through those whose path, kind or runs hold the text."""
        self._search = text.strip().casefold()
        self._show()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        down = order == Qt.SortOrder.DescendingOrder
        self._order = (column, down) if column >= 0 else (_OPENED, True)
        self._show()

    def _show(self) -> None:
        column, down = self._order
        shown = [entry for entry in self.entries if self._search in _sought(entry)]
        shown.sort(key=COLUMNS[column].key, reverse=down)
        self.set_rows(shown)


def _sought(entry: LibraryEntry) -> str:
    return "\n".join((entry.path, entry.format, *entry.runs)).casefold()


class LibraryDialog(Dialog):
    """Announces what a person wants done with the dataset that they chose, by its path."""

    open_requested = Signal(str)
    reveal_requested = Signal(str)
    remove_requested = Signal(str)
    remove_for_good_requested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(tr("Library"), _ABOUT, tr("Open"), parent)
        self.resize(QSize(980, 560))
        self.setMinimumSize(QSize(760, 380))
        self.cancel.setText(tr("Close"))
        self.model, self.view, self.search = LibraryModel(self), QTableView(), QLineEdit()
        self.reveal = Button(_REVEAL, icon="folder-open")
        self.remove = Button(tr("Remove from library"), icon="trash-2")
        self.confirm, self.for_good = ConfirmBar(tr("Move to Trash")), ConfirmBar(tr("Delete for good"))
        self._empty, self._stack = note(tr("Looking for datasets…")), QStackedWidget()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._count = PlainLabel("")
        self._count.setProperty("tone", "dim")
        self._dress(theme)
        self._connect()
        self._offer()

    def _dress(self, theme: Theme) -> None:
        dress_rows(self.view, theme, self.model, tr("Datasets"))
        head = self.view.horizontalHeader()
        head.setSortIndicatorClearable(True)
        head.setSortIndicator(-1, Qt.SortOrder.DescendingOrder)
        self.view.setSortingEnabled(True)
        self.search.setObjectName("search")
        self.search.setPlaceholderText(tr("Search datasets"))
        self.search.setAccessibleName(tr("Search paths, kinds and runs of datasets"))
        self.search.setClearButtonEnabled(True)
        for page in (self._empty, self.view):
            self._stack.addWidget(page)
        self.fill(
            self.search, self.confirm, self.for_good, (self._stack, 1), foot=(self.reveal, self.remove, ...)
        )

    def _connect(self) -> None:
        self.search.textChanged.connect(self._seek)
        self.view.selectionModel().selectionChanged.connect(self._offer)
        self.view.doubleClicked.connect(self.on_agreed)
        self.reveal.clicked.connect(self._reveal)
        self.remove.clicked.connect(self._remove)
        self.confirm.confirmed.connect(lambda: self.remove_requested.emit(self.chosen_path()))
        self.for_good.confirmed.connect(lambda: self.remove_for_good_requested.emit(self.chosen_path()))

    def show_entries(self, entries: Sequence[LibraryEntry]) -> None:
        """Show all that is known; who stood on a dataset stands on it again, else on the first."""
        path = self.chosen_path()
        self.model.set_entries(entries)
        self._settle(path)

    def chosen(self) -> LibraryEntry | None:
        """The dataset that is stood on."""
        rows = self.view.selectionModel().selectedRows()
        return self.model.rows[rows[0].row()] if rows else None

    def chosen_path(self) -> str:
        return entry.path if (entry := self.chosen()) is not None else ""

    def ask_for_good(self, why: str) -> None:
        """Ask once more about a copy that the Trash does not take."""
        self.for_good.ask(tr("{why} Delete it for good?", why=why))

    def on_agreed(self) -> None:
        if (entry := self.chosen()) is not None and entry.is_there:
            self.accept()
            self.open_requested.emit(entry.path)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self.view.hasFocus():
            self._remove()
        else:
            super().keyPressEvent(event)

    def _seek(self, text: str) -> None:
        path = self.chosen_path()
        self.model.search(text)
        self._settle(path)

    def _settle(self, path: str) -> None:
        paths = [entry.path for entry in self.model.rows]
        self._empty.setText(_NOT_FOUND if self.model.entries else _NONE)
        self._stack.setCurrentWidget(self.view if paths else self._empty)
        if paths:
            self.view.selectRow(paths.index(path) if path in paths else 0)
        self._offer()

    def _offer(self) -> None:
        entry = self.chosen()
        self.agree.setEnabled(entry is not None and entry.is_there)
        self.reveal.setEnabled(entry is not None and entry.is_there)
        self.remove.setEnabled(entry is not None)
        for bar in (self.confirm, self.for_good):
            bar.hide()

    def _reveal(self) -> None:
        self.reveal_requested.emit(self.chosen_path())

    def _remove(self) -> None:
        """Ask before a copy of ours goes to the Trash; what is the person's own only leaves the list."""
        if (entry := self.chosen()) is None:
            return
        if entry.is_ours and entry.is_there:
            self.confirm.ask(
                tr("Move “{name}” to the Trash? {TO_TRASH}", name=entry.name, TO_TRASH=_TO_TRASH)
            )
        else:
            self.remove_requested.emit(entry.path)
