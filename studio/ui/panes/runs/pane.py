"""The runs pane: every run so far, and one of them in full."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QPoint,
    QSortFilterProxyModel,
    Qt,
    Signal,
    SignalInstance,
)
from PySide6.QtWidgets import QAbstractButton, QLineEdit

from studio import words
from studio.language import tr
from studio.runs.history import RunHistory
from studio.runs.store import RunCurves, RunSummary
from studio.runs.sweeps import UnfinishedSweep
from studio.ui.panes.runs.compare import RunsComparison
from studio.ui.panes.runs.details import RunDetails
from studio.ui.panes.runs.table import SOUGHT, RunsModel, RunsTable
from studio.ui.plain import keyless, tip
from studio.ui.tables.model import ROW, SORT
from studio.ui.theme import Theme
from studio.ui.widgets.button import IconButton
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import WrapLabel
from studio.ui.widgets.layout import add
from studio.ui.widgets.pane import Pane
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.states import ConfirmBar, EmptyState


class RunsPane(Pane):
    """Takes summaries in; announces which run is chosen, or which, and what is wished for it, by name."""

    run_chosen = Signal(str)
    runs_chosen = Signal(object)  # the names of several, oldest first
    chosen_changed = Signal()  # other runs are chosen, or other things can be done with them
    resume_requested = Signal(str)
    continue_requested = Signal(str)  # the sweep that the chosen run belongs to
    evaluate_requested = Signal(str)
    export_requested = Signal(str)
    playground_requested = Signal(str)
    serve_requested = Signal(str)
    reveal_requested = Signal(str)
    parent_requested = Signal(str)  # the run that another is to go on from
    recipe_requested = Signal(str)
    rename_requested = Signal(str, str)  # a run, and the name it is to have
    notes_written = Signal(str, str)  # a run, and what is to be kept about it
    delete_requested = Signal(str)
    delete_for_good_requested = Signal(str)
    sample_requested = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Runs"))
        self._names: list[str] = []
        self._unfinished: dict[str, UnfinishedSweep] = {}
        self._without_trash: list[str] = []
        self._model, self._order = RunsModel(theme), QSortFilterProxyModel()
        self.table, self.details, self.comparison = RunsTable(), RunDetails(theme), RunsComparison(theme)
        self._confirm, self._for_good = ConfirmBar(tr("Move to Trash")), ConfirmBar(tr("Delete for good"))
        self._add_buttons()
        self._order.setSourceModel(self._model)
        self._order.setSortRole(SORT)
        self._order.setFilterRole(SOUGHT)
        self._order.setFilterKeyColumn(0)
        self._order.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.table.show_model(self._order)
        self.setFocusProxy(self.table)
        self.table.selectionModel().selectionChanged.connect(self._on_selected)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.table.opened.connect(partial(self.perform, "play"))
        self.table.delete_wanted.connect(partial(self.perform, "delete"))
        self._model.renamed.connect(self.rename_requested)
        self.details.noted.connect(self.notes_written)
        self.search = QLineEdit()
        self._add_search()
        self._card = Card()
        self._damaged = WrapLabel(tone="warn")
        add(self._card.body, self.search, self._damaged, (self.table, 1))
        self.content.addWidget(self._confirm)
        self.content.addWidget(self._for_good)
        self.content.addWidget(self._card, 1)
        self.content.addWidget(self.details, 1)
        self.content.addWidget(self.comparison, 3)
        self._confirm.confirmed.connect(self._on_confirmed)
        self._for_good.confirmed.connect(self._on_confirmed_again)
        self.show_runs([])

    def show_runs(
        self,
        runs: Sequence[RunSummary],
        damaged_sweeps: Sequence[str] = (),
        unfinished: Sequence[UnfinishedSweep] = (),
    ) -> None:
        """All runs; the chosen ones stay chosen if they are still there.

        And why sweeps cannot be read, and which can be continued.
        """
        self._unfinished = {sweep.name: sweep for sweep in unfinished}
        kept = self._names
        self._model.set_rows(runs)
        self.table.show_sweeps(any(run.sweep for run in runs))
        self._names = []
        self.select_several(kept)
        self._damaged.setText("\n".join(damaged_sweeps))
        self._damaged.setVisible(bool(damaged_sweeps))
        if runs or damaged_sweeps:
            self.show_state(None)
        else:
            self._show_empty()
        self._show_buttons()

    def show_run(self, summary: RunSummary, history: RunHistory, files: Sequence[tuple[str, int]]) -> None:
        """One run in full; `files` are names relative to its folder, with their sizes in bytes."""
        self.select(summary.name)
        self.details.show_run(summary, history, files)
        self.details.show()

    def show_comparison(self, runs: Sequence[RunSummary], curves: Sequence[RunCurves]) -> None:
        """Several runs beside each other, if they still are the chosen ones."""
        if [run.name for run in runs] == self._names:
            self.comparison.show_runs(runs, curves)
            self.comparison.show()

    def select(self, name: str) -> None:
        """Mark a run as chosen, without announcing it again if it already is."""
        if name:
            self.select_several([name])

    def select_several(self, names: Sequence[str]) -> None:
        """Mark runs as chosen, those of them that are there."""
        if list(names) == self._names:
            return
        shown = {self._order.index(row, 0).data(ROW).name for row in range(self._order.rowCount())}
        if not shown.issuperset(names):
            self.search.clear()
        selection = QItemSelection()
        for row in range(self._order.rowCount()):
            index = self._order.index(row, 0)
            if index.data(ROW).name in names:
                selection.select(index, index)
        how = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.table.selectionModel().select(selection, how)
        if indexes := selection.indexes():
            self.table.scrollTo(indexes[0])

    def names_of_sweep(self, sweep: str) -> list[str]:
        """The runs that belong to a sweep."""
        return self._model.names_of_sweep(sweep)

    def chosen(self) -> str:
        """The name of the chosen run, or nothing where none or several are."""
        return self._names[0] if len(self._names) == 1 else ""

    def _add_search(self) -> None:
        self.search.setObjectName("search")
        self.search.setPlaceholderText(tr("Search runs"))
        self.search.setAccessibleName(tr("Search names, notes, models and datasets of runs"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._seek)

    def _seek(self, text: str) -> None:
        self._order.setFilterFixedString(text.strip())
        self._count(len(self._names))

    def offers(self, names: Sequence[str] | None = None) -> set[str]:
        """What can be done with these runs, else with the chosen ones, by the keys of the Run menu."""
        wanted = self._names if names is None else names
        runs = [run for run in self._model.rows if run.name in wanted]
        offered = {"delete"} if runs and all(run.state != "running" for run in runs) else set()
        if len(runs) != 1:
            return offered
        run = runs[0]
        offered.add("reveal")
        if run.state != "damaged":
            offered |= {"play", "evaluate", "recipe", "notes"}
        if run.can_answer:
            offered.add("export")
            offered.add("serve")
        if run.state in ("done", "stopped", "failed", "interrupted") and run.step > 0:
            offered.add("from")
        if not run.sweep and run.state != "running":
            offered.add("rename")
        if run.sweep in self._unfinished:
            offered.add("continue")
        elif run.resumable:
            offered.add("resume")
        if len(self._model.names_of_sweep(run.sweep)) > 1:
            offered.add("sweep")
        return offered

    def perform(self, key: str) -> None:
        """Do one of what is offered for the chosen runs, as its button does."""
        if key not in self.offers():
            return
        if key == "rename":
            self.table.rename()
        elif key == "notes":
            self.details.notes.setFocus()
        else:
            self._actions[key].click()

    def _add_buttons(self) -> None:
        self._reveal, self._delete = (
            IconButton("folder-open", tr("Show the run's folder"), size=30),
            IconButton("trash-2", tr("Delete the run"), size=30),
        )
        self._whole_sweep = IconButton("layers", tr("Compare all runs of its sweep"), size=30)
        self._from = IconButton("arrow-right", tr("Continue from this run"), size=30)
        self._recipe = IconButton("sliders-horizontal", tr("Use this recipe"), size=30)
        self._serve = IconButton("server", tr("Serve to programs on this Mac"), size=30)
        for icon_button in (
            *(self._whole_sweep, self._from, self._recipe),
            *(self._serve, self._reveal, self._delete),
        ):
            self.header.add_widget(icon_button)
        self._export = self.header.add_button(tr("Export"), icon="upload")
        self._evaluate = self.header.add_button(tr("Evaluate"), icon="scale")
        self._resume = self.header.add_button(tr("Resume"), icon="rotate-ccw")
        self._continue = self.header.add_button(tr("Continue sweep"), icon="rotate-ccw")
        self._play = self.header.add_button(tr("Open in playground"), "primary", "message-square")
        wishes: tuple[tuple[QAbstractButton, SignalInstance], ...] = (
            (self._reveal, self.reveal_requested),
            (self._evaluate, self.evaluate_requested),
            (self._export, self.export_requested),
            (self._resume, self.resume_requested),
            (self._play, self.playground_requested),
            (self._serve, self.serve_requested),
            (self._from, self.parent_requested),
            (self._recipe, self.recipe_requested),
        )
        self._wishes = dict(wishes)
        self._actions: dict[str, QAbstractButton] = {
            "play": self._play,
            "evaluate": self._evaluate,
            "export": self._export,
            "serve": self._serve,
            "resume": self._resume,
            "continue": self._continue,
            "from": self._from,
            "recipe": self._recipe,
            "sweep": self._whole_sweep,
            "reveal": self._reveal,
            "delete": self._delete,
        }
        for button, _ in wishes:
            button.clicked.connect(self._on_wish)
        self._delete.clicked.connect(self._ask_to_delete)
        self._whole_sweep.clicked.connect(self._choose_sweep)
        self._continue.clicked.connect(self._want_sweep)

    def _show_empty(self) -> None:
        empty = EmptyState(
            "history",
            tr("No runs yet"),
            tr("Every training run is kept here with its curves, its files and what it scored."),
            tr("Try the sample"),
        )
        empty.chosen.connect(self.sample_requested)
        self.show_state(empty)

    def _show_menu(self, place: QPoint) -> None:
        menu = Menu(self)
        for button in self._actions.values():
            if not button.isHidden():
                menu.addAction(keyless(button.text() or button.toolTip()), button.click)
        if "rename" in self.offers():
            menu.addAction(tr("Rename"), self.table.rename)
        if not menu.isEmpty():
            menu.popup(self.table.viewport().mapToGlobal(place))

    def _on_selected(self, _selected: QItemSelection, _before: QItemSelection) -> None:
        self._confirm.hide()
        self._for_good.hide()
        chosen = {index.data(ROW).name for index in self.table.selectionModel().selectedRows()}
        runs = sorted((run for run in self._model.rows if run.name in chosen), key=lambda run: run.created)
        self._names = [run.name for run in runs]
        self._show_buttons()
        if len(runs) == 1:
            self.run_chosen.emit(self._names[0])
        elif runs:
            self.runs_chosen.emit(self._names)

    def _show_buttons(self) -> None:
        offered, chosen = self.offers(), sum(run.name in self._names for run in self._model.rows)
        for key, button in self._actions.items():
            button.setVisible(key in offered)
        if run := self._model.run(self.chosen()):
            sweep = self._unfinished.get(run.sweep)
            self._continue.setToolTip(tip(sweep.words if sweep else ""))
            self._continue.setText(tr("Continue {sort}", sort=sweep.sort) if sweep else tr("Continue sweep"))
        self._delete.setToolTip(tip(tr("Delete the run") if chosen < 2 else tr("Delete the runs")))
        self.details.setVisible(chosen == 1)
        self._count(chosen)
        if chosen < 2:
            self.comparison.hide()
        self.chosen_changed.emit()

    def _count(self, chosen: int) -> None:
        there = len(self._model.rows)
        count = words.counted(there, "run") if there else ""
        if self.search.text().strip():
            count = tr("{rowCount:,} of {count}", rowCount=self._order.rowCount(), count=count)
        if chosen > 1:
            count = tr("{count}, {chosen} selected and overlaid", count=count, chosen=chosen)
        elif there > 1:
            count = tr("{count}. Select several to overlay them.", count=count)
        self.header.set_subtitle(count)

    def _on_wish(self) -> None:
        for button, wish in self._wishes.items():
            if button is self.sender() and self.chosen():
                wish.emit(self.chosen())

    def _choose_sweep(self) -> None:
        if run := self._model.run(self.chosen()):
            self.select_several(self._model.names_of_sweep(run.sweep))

    def _want_sweep(self) -> None:
        if run := self._model.run(self.chosen()):
            self.continue_requested.emit(run.sweep)

    def _ask_to_delete(self) -> None:
        what = (
            tr("{chosen} with its", chosen=self.chosen())
            if self.chosen()
            else tr("{count} runs with their", count=len(self._names))
        )
        self._confirm.ask(
            tr(
                "Move {what} adapter{words}, checkpoints and evaluations to the Trash?",
                what=what,
                words="" if self.chosen() else "s",
            )
        )

    def ask_to_delete_for_good(self, name: str, why: str) -> None:
        """Ask once more about a run that the Trash does not take; several are asked about together."""
        self._without_trash.append(name)
        self._for_good.ask(
            tr("{why} Delete {listed} for good?", why=why, listed=", ".join(self._without_trash))
        )

    def _on_confirmed(self) -> None:
        self._without_trash = []
        for name in list(self._names):
            self.delete_requested.emit(name)

    def _on_confirmed_again(self) -> None:
        for name in self._without_trash:
            self.delete_for_good_requested.emit(name)
