"""The page of answers: filters, the list, and one question in whole; all of it by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLineEdit, QTableView, QWidget

from studio.events import Answered
from studio.language import tr
from studio.ui.panes.evaluation.answer import AnswerDetail, shuffled
from studio.ui.plain import keyless
from studio.ui.tables.answers import OUTCOMES, SPECIAL, AnswerFilter, AnswerRow, AnswersModel, failure_word
from studio.ui.tables.chips import FilterChips
from studio.ui.tables.delegates import dress_rows
from studio.ui.tables.model import ROW
from studio.ui.tables.score_words import title_of
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import dim
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Combo, Menu
from studio.ui.widgets.tabs import KeyHints, key_name

RULING = (
    ("right", "R", tr("Right")),
    ("wrong", "W", tr("Wrong")),
    ("note", "N", tr("Note")),
    ("playground", "P", tr("Playground")),
    ("vote", "V", tr("Vote blind")),
    ("golden", "G", tr("Golden set")),
    ("dataset", "D", tr("Dataset")),
)
"""What can be done with a row: the action, its key, and its words."""
VOTING = (
    ("a", "1", tr("A is better")),
    ("b", "2", tr("B is better")),
    ("tie", "3", tr("Tie")),
    ("bad", "4", tr("Both are bad")),
    ("vote", "V", tr("End voting")),
)
"""The same while one votes without knowing who answered."""
JUDGED_TASK = "golden"
ASKED_VOTES = 25
"""So many blind votes say how far a judge can be believed."""
_MENU = {
    "golden": tr("Add to a golden set…"),
    "dataset": tr("Add to a dataset…"),
    "playground": tr("Ask in the playground"),
}


class AnswerList(QTableView):
    """The questions; the arrows to the sides choose between the answers of one."""

    stepped = Signal(int)
    menu_wanted = Signal(QPoint)

    def __init__(self, theme: Theme, model: AnswersModel) -> None:
        super().__init__()
        dress_rows(self, theme, model, tr("Questions"))
        self.horizontalHeader().hide()
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self.menu_wanted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step:
            self.stepped.emit(step)
        else:
            super().keyPressEvent(event)


class AnswersPage(QWidget):
    """Filters over the list, and beside it one question; says what the person decides."""

    ruled = Signal(object, str, bool)  # key of the row, contestant, whether it is right
    voted = Signal(object, str, str, str)  # key, the two as they stood, the choice
    noted = Signal(object, str)
    playground_requested = Signal(str)
    golden_requested = Signal(object)  # AnswerRow
    dataset_requested = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.model = AnswersModel(self)
        labels = [("", tr("All")), *((key, word) for key, (word, _) in OUTCOMES.items()), *SPECIAL.items()]
        self.chips = FilterChips(labels)
        self.search, self.votes = QLineEdit(), dim("")
        self.search.setPlaceholderText(tr("Search questions and answers"))
        self.search.setAccessibleName(tr("Search questions and answers"))
        self.search.setClearButtonEnabled(True)
        self.choices = {
            "task": _choice(tr("All tasks"), tr("Task")),
            "category": _choice(tr("All categories"), tr("Category")),
            "failure": _choice(tr("All failures"), tr("Kind of failure")),
        }
        self.list, self.detail = AnswerList(theme, self.model), AnswerDetail(theme)
        self.hints, self.vote_hints = KeyHints(RULING), KeyHints(VOTING)
        self._lay_out()
        self._connect()
        self.show_row()

    @property
    def current(self) -> AnswerRow | None:
        """The row that is looked at."""
        index = self.list.currentIndex()
        return index.data(ROW) if index.isValid() else None

    def clear(self) -> None:
        """Show nothing of the evaluation before."""
        self.model.clear()
        self._end_voting()
        self._refresh()

    def set_contestants(self, contestants: Sequence[tuple[str, str]], compared: str) -> None:
        """Who answered, the baseline first, and between whom outcomes are told."""
        self.detail.set_titles(contestants)
        if contestants and compared:
            self._keep_place(partial(self.model.compare, contestants[0][0], compared))

    def add(self, answers: Iterable[Answered]) -> None:
        """Take in answers as they arrive."""
        self.model.add(answers)
        self._refresh()
        if self.current is None and self.model.rowCount():
            self.list.selectRow(0)
        else:
            self.show_row()

    def mark_fallen(self, items: Collection[str]) -> None:
        """Say which questions, by their ids, another evaluation answers better than this one."""
        for row_ in self.model.known():
            if row_.fallen != (row_.asked.id in items):
                self.model.change(row_.key, fallen=row_.asked.id in items)
        self._refresh()

    def settle(self) -> None:
        """Put the rows in the order of the questions."""
        self._keep_place(lambda: self.model.show(self.model.filter))

    def choose(self, kind: str) -> None:
        """Show the rows of an outcome, or of a special kind."""
        self.chips.choose(kind)

    def act(self, action: str) -> None:
        """Do what a key or a menu asks for with the row that is looked at."""
        row_ = self.current
        if action == "vote":
            self._end_voting() if self.model.blind else self._begin_voting()
        elif row_ is None:
            return
        elif self.model.blind:
            if action in ("a", "b", "tie", "bad"):
                self._vote(row_, action)
        elif action in ("right", "wrong"):
            self._rule(row_, right=action == "right")
        elif action == "note":
            self.detail.note.setFocus()
        elif action == "playground":
            self.playground_requested.emit(row_.asked.prompt)
        elif action in ("golden", "dataset"):
            {"golden": self.golden_requested, "dataset": self.dataset_requested}[action].emit(row_)

    def show_row(self) -> None:
        """Show the row that is looked at in whole."""
        row_ = self.current
        place = (
            tr(
                "{value:,} of {rowCount:,}",
                value=self.list.currentIndex().row() + 1,
                rowCount=self.model.rowCount(),
            )
            if row_
            else ""
        )
        if row_ is not None and len(self.model.values(lambda each: (each.asked.task,))) > 1:
            place = f"{title_of(row_.asked.task)} · {place}"
        self.detail.show_row(row_, place, blind=self.model.blind)

    def menu_for(self) -> Menu:
        """What can be done with the row that is looked at, each with its key."""
        menu = Menu(self)
        for action, key, words in VOTING if self.model.blind else RULING:
            entry = menu.addAction(keyless(_MENU.get(action, words)))
            entry.setShortcut(QKeySequence(key))
            entry.triggered.connect(partial(self.act, action))
        return menu

    def _lay_out(self) -> None:
        filters = row((self.search, 1), *self.choices.values(), self.votes, gap=8)
        card = Card()
        card.body.addWidget(self.list)
        body = row((card, 2), (self.detail, 3), gap=14)
        column(self.chips, filters, (body, 1), self.hints, self.vote_hints, on=self, gap=10)
        card.setMinimumWidth(230)
        self.vote_hints.hide()

    def _connect(self) -> None:
        self.chips.chosen.connect(self._filter)
        self.search.textChanged.connect(self._filter)
        for choice in self.choices.values():
            choice.activated.connect(self._filter)
        self.list.selectionModel().currentRowChanged.connect(self._on_moved)
        self.list.stepped.connect(self.detail.step)
        self.list.menu_wanted.connect(self._open_menu)
        self.list.doubleClicked.connect(partial(self.act, "playground"))
        self.model.modelReset.connect(self._on_reset)
        self.detail.noted.connect(self._note)
        self.detail.left.connect(self.list.setFocus)
        for hints in (self.hints, self.vote_hints):
            hints.chosen.connect(self.act)
        for action, key in {(action, key) for action, key, _ in (*RULING, *VOTING)}:
            shortcut = QShortcut(
                QKeySequence(key), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
            )
            shortcut.activated.connect(partial(self.act, action))
        leave = QShortcut(QKeySequence("Esc"), self.detail.note, context=Qt.ShortcutContext.WidgetShortcut)
        leave.activated.connect(self._leave_note)

    def _filter(self) -> None:
        kind = self.chips.current
        chosen: dict[str, Any] = {name: choice.currentData() or "" for name, choice in self.choices.items()}
        wanted = AnswerFilter(
            outcome=kind if kind in OUTCOMES else "",
            special=kind if kind in SPECIAL else "",
            search=self.search.text().strip(),
            **chosen,
        )
        self._keep_place(lambda: self.model.show(wanted))

    def _keep_place(self, change: Callable[[], object]) -> None:
        """Change what is listed, and go on looking at the same row where it is still there."""
        before = self.current
        change()
        self._refresh()
        place = self.model.place(before.key) if before is not None else -1
        if self.model.rowCount():
            self.list.selectRow(max(place, 0))
        self.show_row()

    def _refresh(self) -> None:
        counts = self.model.counts()
        self.chips.set_counts(counts)
        told = {"worse": counts["worse"] - counts["broken"]}  # else both chips show the same rows
        shown = [
            key
            for key in counts
            if key not in SPECIAL or told.get(key, counts[key]) or key == self.chips.current
        ]
        self.chips.set_offered(shown)
        self.chips.fit(self.width())
        _offer(
            self.choices["task"],
            [(key, title_of(key)) for key in self.model.values(lambda r: (r.asked.task,))],
        )
        _offer(
            self.choices["category"],
            [(key, key) for key in self.model.values(lambda r: (r.asked.category,))],
            1,
        )
        kinds = self.model.values(lambda r: r.failures)
        _offer(self.choices["failure"], [(key, failure_word(key)) for key in kinds], 1)
        given = sum(bool(each.vote) for each in self.model.known())
        self.votes.setText(
            tr("{given:,} of {ASKED_VOTES} votes", given=given, ASKED_VOTES=ASKED_VOTES)
            if self.model.blind
            else ""
        )
        self.votes.setVisible(self.model.blind)

    def _rule(self, row_: AnswerRow, *, right: bool) -> None:
        who = self.detail.chosen
        self.model.change(row_.key, rulings={**row_.rulings, who: right})
        self.ruled.emit(row_.key, who, right)
        self._refresh()
        self.show_row()

    def _vote(self, row_: AnswerRow, choice: str) -> None:
        first, second = shuffled(row_)
        self.model.change(row_.key, vote=choice)
        self.voted.emit(row_.key, first, second, choice)
        self._refresh()
        place = self.list.currentIndex().row()
        if place + 1 < self.model.rowCount():
            self.list.selectRow(place + 1)
        self.show_row()

    def _begin_voting(self) -> None:
        self.model.set_blind(True)
        tasks = self.choices["task"]
        tasks.setCurrentIndex(max(tasks.findData(JUDGED_TASK), 0))  # what a judge is asked, too
        self.chips.choose("")
        self._show_voting()
        fresh = next((place for place, each in enumerate(self.model.rows) if not each.vote), 0)
        if self.model.rowCount():
            self.list.selectRow(fresh)
        self.list.setFocus()

    def _end_voting(self) -> None:
        self.model.set_blind(False)
        self._show_voting()

    def _show_voting(self) -> None:
        blind = self.model.blind
        self.chips.setVisible(not blind)
        self.hints.setVisible(not blind)
        self.vote_hints.setVisible(blind)
        self.detail.note.setVisible(not blind)
        self.choices["failure"].setEnabled(not blind)
        self._refresh()
        self.show_row()

    def _note(self, text: str) -> None:
        if (row_ := self.detail.row) is not None:
            self.model.change(row_.key, note=text)
            self.noted.emit(row_.key, text)

    def _leave_note(self) -> None:
        self.detail.note.setText(self.detail.row.note if self.detail.row is not None else "")
        self.list.setFocus()

    def _open_menu(self, point: QPoint) -> None:
        self.menu_for().popup(self.list.viewport().mapToGlobal(point))

    def _on_moved(self, _: QModelIndex) -> None:
        self.show_row()
        self.list.scrollTo(self.list.currentIndex(), QAbstractItemView.ScrollHint.EnsureVisible)

    def _on_reset(self) -> None:
        self.show_row()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.chips.fit(event.size().width())


def _choice(everything: str, name: str) -> Combo:
    choice = Combo()
    choice.addItem(everything, "")
    choice.setAccessibleName(name)
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    choice.hide()
    return choice


def _offer(choice: Combo, values: Sequence[tuple[str, str]], least: int = 2) -> None:
    """Offer these beside everything; what is chosen stays. Hidden where there is nothing to choose."""
    if [choice.itemData(place) for place in range(1, choice.count())] != [key for key, _ in values]:
        chosen = choice.currentData()
        while choice.count() > 1:
            choice.removeItem(1)
        for key, words in values:
            choice.addItem(words, key)
        choice.setCurrentIndex(max(choice.findData(chosen), 0))
    choice.setVisible(len(values) >= least)


__all__ = ["RULING", "VOTING", "AnswersPage", "key_name"]
