"""The runs pane: every run so far, and one of them in full."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QItemSelection, QPoint, QSortFilterProxyModel, Qt, Signal, SignalInstance
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QHeaderView, QMenu, QTableView

from studio.events import Event
from studio.runs.summary import RunSummary
from studio.ui.panes.runs_details import RunDetails
from studio.ui.panes.runs_table import COLUMNS, DATE, NAME_ROLE, SORT_ROLE, RunsModel
from studio.ui.theme import Theme
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.confirm import ConfirmBar
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.states import EmptyState

ROW_HEIGHT = 32


class RunsTable(QTableView):
    """Leaves out the columns that a narrow window has no room for; the details show them."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        for number, column in enumerate(COLUMNS):
            self.setColumnHidden(number, self.viewport().width() < column.from_width)


class RunsPane(Pane):
    """Takes summaries in; announces which run is chosen and what is wished for it, by name."""

    run_chosen = Signal(str)
    resume_requested = Signal(str)
    evaluate_requested = Signal(str)
    playground_requested = Signal(str)
    reveal_requested = Signal(str)
    delete_requested = Signal(str)
    sample_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Runs")
        self._chosen = ""
        self._model, self._order = RunsModel(theme), QSortFilterProxyModel()
        self.table, self.details = RunsTable(), RunDetails(theme)
        self._confirm = ConfirmBar("Delete run")
        self._add_buttons()
        self._set_up_table()
        card = Card()
        card.body.addWidget(self.table)
        self.content.addWidget(self._confirm)
        self.content.addWidget(card, 1)
        self.content.addWidget(self.details, 1)
        self._confirm.confirmed.connect(self._on_confirmed)
        self.show_runs([])

    def show_runs(self, runs: Sequence[RunSummary]) -> None:
        """All runs; the chosen one stays chosen if it is still there."""
        kept = self._chosen
        self._model.set_runs(runs)
        self._chosen = ""
        self.select(kept)
        self.header.set_subtitle("" if not runs else "1 run" if len(runs) == 1 else f"{len(runs):,} runs")
        if runs:
            self.show_state(None)
        else:
            self._show_empty()
        self._show_buttons()

    def show_run(
        self, summary: RunSummary, events: Sequence[Event], files: Sequence[tuple[str, int]]
    ) -> None:
        """One run in full; `files` are names relative to its folder, with their sizes in bytes."""
        self.select(summary.name)
        self.details.show_run(summary, events, files)
        self.details.show()

    def select(self, name: str) -> None:
        """Mark a run as chosen, without announcing it again if it already is."""
        if not name or name == self._chosen:
            return
        for row in range(self._order.rowCount()):
            if self._order.index(row, 0).data(NAME_ROLE) == name:
                self.table.selectRow(row)

    def chosen(self) -> str:
        """The name of the chosen run, or nothing."""
        return self._chosen

    def _add_buttons(self) -> None:
        self._reveal, self._delete = (
            IconButton("folder-open", "Show the run's folder", size=30),
            IconButton("trash-2", "Delete the run", size=30),
        )
        for icon_button in (self._reveal, self._delete):
            self.header.add_widget(icon_button)
        self._evaluate = self.header.add_button("Evaluate", icon="scale")
        self._resume = self.header.add_button("Resume", icon="rotate-ccw")
        self._play = self.header.add_button("Open in playground", "primary", "message-square")
        wishes: tuple[tuple[QAbstractButton, SignalInstance], ...] = (
            (self._reveal, self.reveal_requested),
            (self._evaluate, self.evaluate_requested),
            (self._resume, self.resume_requested),
            (self._play, self.playground_requested),
        )
        self._wishes = dict(wishes)
        for button, _ in wishes:
            button.clicked.connect(self._on_wish)
        self._delete.clicked.connect(self._ask_to_delete)

    def _set_up_table(self) -> None:
        self._order.setSourceModel(self._model)
        self._order.setSortRole(SORT_ROLE)
        table = self.table
        table.setModel(self._order)
        table.setSortingEnabled(True)
        table.sortByColumn(DATE, Qt.SortOrder.DescendingOrder)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setAccessibleName("Runs")
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        head = table.horizontalHeader()
        head.setHighlightSections(False)
        head.setMinimumSectionSize(60)
        for number, column in enumerate(COLUMNS):
            table.setColumnWidth(number, column.width)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().selectionChanged.connect(self._on_selected)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._show_menu)

    def _show_empty(self) -> None:
        empty = EmptyState(
            "history",
            "No runs yet",
            "Every training run is kept here with its curves, its files and what it scored.",
            "Try the sample",
        )
        empty.chosen.connect(self.sample_requested)
        self.show_state(empty)

    def _show_menu(self, place: QPoint) -> None:
        if not self._chosen:
            return
        menu = QMenu(self)
        for button in (self._play, self._evaluate, self._resume, self._reveal, self._delete):
            if not button.isHidden():
                menu.addAction(button.text() or button.toolTip(), button.click)
        menu.popup(self.table.viewport().mapToGlobal(place))

    def _on_selected(self, selected: QItemSelection, _before: QItemSelection) -> None:
        self._confirm.hide()
        rows = selected.indexes()
        self._chosen = rows[0].data(NAME_ROLE) if rows else ""
        self._show_buttons()
        if self._chosen:
            self.run_chosen.emit(self._chosen)

    def _show_buttons(self) -> None:
        run = self._model.run(self._chosen)
        for button in (*self._wishes, self._delete):
            button.setVisible(run is not None)
        self._resume.setVisible(run is not None and run.resumable)
        self._delete.setVisible(run is not None and run.state != "running")
        self.details.setVisible(run is not None)

    def _on_wish(self) -> None:
        for button, wish in self._wishes.items():
            if button is self.sender() and self._chosen:
                wish.emit(self._chosen)

    def _ask_to_delete(self) -> None:
        self._confirm.ask(f"Delete {self._chosen} with its adapter, checkpoints and evaluations?")

    def _on_confirmed(self) -> None:
        if self._chosen:
            self.delete_requested.emit(self._chosen)
