"""Reviewing made rows: one after another, by single keys, each with what it was made from."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QStackedWidget, QWidget

from studio.catalogue import worded
from studio.events import GeneratedRow
from studio.language import plural, tr
from studio.synth.filter import grounds
from studio.ui.plain import keyless
from studio.ui.tables.chips import FilterChips
from studio.ui.tables.generated import FILTERS, GeneratedRowsTable, command_of
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button
from studio.ui.widgets.card import Card
from studio.ui.widgets.documents import PassageView
from studio.ui.widgets.label import ElidedLabel, PlainLabel, note
from studio.ui.widgets.layout import add, column, row
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.states import EmptyState
from studio.ui.widgets.style import empty_layout, hairline, set_property
from studio.ui.widgets.tabs import KeyHints

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_COMMAND = Qt.KeyboardModifier.ControlModifier


class GeneratedRowView(QWidget):
    """Emits the person's own words when they are kept, and that editing is over."""

    edited = Signal(int, str, str)  # number of the row, prompt, answer
    closed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.prompt, self.answer, self.passage = (
            _field(tr("Prompt")),
            _field(tr("Answer")),
            PassageView(theme),
        )
        self.setMinimumHeight(150)
        self._source, self._row = _caption(""), GeneratedRow(0, "", "", "pending", "", "", "", "", "")
        self._from = QWidget()
        texts = column(
            (_caption(tr("Prompt")), 0),
            (self.prompt, 2),
            (_caption(tr("Answer")), 0),
            (self.answer, 3),
            gap=4,
        )
        column(self._source, (self.passage, 1), on=self._from, gap=6)
        row((texts, 1), (self._from, 1), on=self, gap=16)
        for field in (self.prompt, self.answer):
            field.installEventFilter(self)

    @property
    def editing(self) -> bool:
        """Whether the person is changing the row."""
        return not self.answer.isReadOnly()

    def show_row(self, row: GeneratedRow) -> None:
        """Show a row to be read; what was typed in another one before is kept."""
        if self.editing and row.row != self._row.row:
            self.keep()
        if self.editing:
            return
        self._row = row
        self.prompt.setPlainText(row.prompt)
        self.answer.setPlainText(row.answer)
        self._from.setVisible(bool(row.passage))
        self._source.setText(tr("From {source}", source=row.source))
        self.passage.show_passage(row.passage, grounds(row.answer, row.passage))

    def edit(self) -> None:
        """Let the prompt and the answer be changed, the answer first."""
        self._set_open(True)
        self.answer.setFocus()
        self.answer.moveCursor(QTextCursor.MoveOperation.End)

    def keep(self) -> None:
        """Announce what was typed."""
        prompt, answer = self.prompt.toPlainText().strip(), self.answer.toPlainText().strip()
        self._close()
        if (prompt, answer) != (self._row.prompt, self._row.answer):
            self.edited.emit(self._row.row, prompt, answer)

    def leave(self) -> None:
        """Leave the row as it was."""
        self._close()
        self.show_row(self._row)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """With Command, Enter keeps what was typed; Esc leaves the row as it was."""
        if self.editing and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in _ENTER and event.modifiers() & _COMMAND:
                self.keep()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return super().eventFilter(watched, event)

    def _close(self) -> None:
        self._set_open(False)
        self.closed.emit()

    def _set_open(self, is_open: bool) -> None:
        for field in (self.prompt, self.answer):
            field.setReadOnly(not is_open)
            field.setFocusPolicy(Qt.FocusPolicy.StrongFocus if is_open else Qt.FocusPolicy.ClickFocus)
            set_property(field, "role", "field" if is_open else "said")


def _field(name: str) -> QPlainTextEdit:
    field = QPlainTextEdit()
    field.setProperty("role", "said")
    field.setReadOnly(True)
    field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    field.setTabChangesFocus(True)
    field.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    field.document().setDocumentMargin(0)
    field.setMinimumHeight(44)
    field.setAccessibleName(tr("{name} of the made row", name=name))
    return field


def _caption(text: str) -> ElidedLabel:
    label = ElidedLabel(text)
    label.setProperty("role", "caption")
    return label


_READING = (
    ("accept", "A", tr("Accept")),
    ("edit", "E", tr("Edit")),
    ("reject", "R", tr("Reject")),
    ("undo", "U", tr("Undo")),
    ("accept_all", "Ctrl+Shift+A", tr("Accept all shown")),
)
_LINKS = 3
HEAD = 30
"""Pixels that the head of a card with buttons is high."""
_EDITING = (("keep", "Ctrl+Return", tr("Keep")), ("leave", "Esc", tr("Leave as it was")))
_TEACHING = tr(
    "Rows that a model makes wait here until you have looked at them. Only those that you accept, as they "
    "are or in your own words, come into the dataset."
)


class ReviewCard(Card):
    """Emits what the person says of rows; shows what it is told, and goes on to the next one to judge."""

    judged = Signal(object, str)  # numbers of rows, accepted or rejected
    edited = Signal(int, str, str)  # number, prompt, answer
    undo_requested = Signal()
    add_requested = Signal()
    earlier_chosen = Signal(str)  # the folder of a synthesis

    def __init__(self, theme: Theme) -> None:
        super().__init__(tr("Made rows"))
        self.table, self.row = GeneratedRowsTable(theme), GeneratedRowView(theme)
        self.chips = FilterChips([(kind, worded(kind).capitalize()) for kind in FILTERS])
        self.reading, self.editing = KeyHints(_READING), KeyHints(_EDITING)
        self.summary = note("")
        self.earlier, self.menu = Button("", "quiet", "history"), Menu()
        self.earlier.setMenu(self.menu)
        self.add = Button("", "primary")
        self.nothing = EmptyState("sparkles", tr("No rows made yet"), _TEACHING)
        self.links: list[Button] = []
        self._links = column(gap=2)
        self._earlier_words = PlainLabel(tr("Earlier"))
        self._earlier_words.setProperty("role", "section")
        centre = Qt.AlignmentFlag.AlignHCenter
        add(self.nothing.column, 18, (self._earlier_words, centre), self._links)
        self._none = note(tr("No row is in this state."))
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out()
        self._connect()
        self.show_earlier(())
        self.set_rows(())

    def _lay_out(self) -> None:
        self.head.addStrut(HEAD)
        add(self.head, self.earlier, self.add)
        self._tables, self._hints, self._stack = QStackedWidget(), QStackedWidget(), QStackedWidget()
        for stack, pages in (
            (self._tables, (self.table, self._none)),
            (self._hints, (self.reading, self.editing)),
        ):
            for page in pages:
                stack.addWidget(page)
        self._hints.setFixedHeight(self.reading.sizeHint().height())
        inside, left = QWidget(), Qt.AlignmentFlag.AlignLeft
        above = ((self.chips, left), (self._tables, 5), (self.row, 4))
        column(*above, hairline(), self._hints, on=inside, gap=10)
        self._stack.addWidget(self.nothing)
        self._stack.addWidget(inside)
        add(self.body, self.summary, (self._stack, 1))

    def _connect(self) -> None:
        self.table.made.counts_changed.connect(self._show_counts)
        self.table.row_chosen.connect(self._show_row)
        self.table.commanded.connect(self.do)
        self.table.doubleClicked.connect(self._edit)
        self.chips.chosen.connect(self._filter)
        self.reading.chosen.connect(self.do)
        self.editing.chosen.connect(self.do)
        self.row.edited.connect(self._keep)
        self.row.closed.connect(self._end_editing)
        self.add.clicked.connect(self.add_requested)

    def set_rows(self, rows: Sequence[GeneratedRow]) -> None:
        """Show these rows, and stand on the first one to judge."""
        self.table.made.show_rows(rows)
        self._show_page(1 if rows else 0)
        self._settle(self.table.made.next_pending(0))

    def put(self, row: GeneratedRow) -> None:
        """Show a row that is new, or of which something else is said now."""
        first = self._stack.currentIndex() == 0
        self._show_page(1)
        self.table.made.put(row)
        current = self.table.current()
        if current is None or self._tables.currentWidget() is self._none:
            self._settle(row.row)
        elif current.row == row.row:
            self.row.show_row(row)
        if first:
            self.take_focus()

    def go_to(self, number: int) -> None:
        """Stand on a row; a filter that hides it is taken back."""
        if self.table.made.place_of(number) is None:
            self.chips.choose("all")
        self.table.choose(number)

    def show_summary(self, sentence: str) -> None:
        """How many rows came of what, and what was refused."""
        self.summary.setText(sentence)
        self.summary.setVisible(bool(sentence))

    def show_earlier(self, folders: Sequence[tuple[str, str]]) -> None:
        """Offer these syntheses again, as (folder, words)."""
        self.menu.clear()
        empty_layout(self._links)
        self.links = []
        self.earlier.setText(tr("{count} earlier", count=len(folders)))
        self._earlier_words.setVisible(bool(folders))
        for folder, words in folders:
            action = self.menu.addAction(keyless(words))
            action.setData(folder)
            action.triggered.connect(self._choose_earlier)
            if len(self.links) < _LINKS:
                self.links.append(self._link(action))
        self._show_page(self._stack.currentIndex())

    def _link(self, action: QAction) -> Button:
        """The same in the middle of the empty card."""
        link = Button(action.text(), "link")
        link.clicked.connect(action.trigger)
        self._links.addWidget(link, 0, Qt.AlignmentFlag.AlignHCenter)
        return link

    def take_focus(self) -> None:
        """Let keys be commands at once."""
        if self.table.made.rowCount() and not self.row.editing:
            self.table.setFocus()

    def do(self, command: str) -> None:
        """What a key or a hint asks for."""
        match command:
            case "accept" | "reject" if (row := self.table.current()) is not None:
                self._judge(row.row, f"{command}ed")
            case "accept_all":
                pending = tuple(row.row for row in self.table.made.rows if row.state == "pending")
                if pending:
                    self.judged.emit(pending, "accepted")
                    self._settle(pending[-1])
            case "edit":
                self._edit()
            case "undo":
                self.undo_requested.emit()
            case "keep":
                self.row.keep()
            case "leave":
                self.row.leave()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys mean the same wherever in the card the focus is, unless something is being typed."""
        if not self.row.editing and (command := command_of(event)):
            self.do(command)
        else:
            super().keyPressEvent(event)

    def _judge(self, number: int, state: str) -> None:
        following = self.table.made.next_pending(number)
        self.judged.emit((number,), state)
        judged = self.table.made.by_number(number)
        if judged is not None and judged.state != "pending":
            self._settle(following)

    def _edit(self) -> None:
        row = self.table.current()
        if row is not None and row.state != "added":
            self._hints.setCurrentWidget(self.editing)
            self.row.edit()

    def _keep(self, number: int, prompt: str, answer: str) -> None:
        """Announce the person's words; who has gone to another row meanwhile stays there."""
        current, following = self.table.current(), self.table.made.next_pending(number)
        self.edited.emit(number, prompt, answer)
        if current is not None and current.row == number:
            self._settle(following)

    def _end_editing(self) -> None:
        self._hints.setCurrentWidget(self.reading)
        self.table.setFocus()

    def _filter(self) -> None:
        row = self.table.current()
        self.table.made.show(self.chips.current)
        self._settle(row.row if row else 0)

    def _settle(self, number: int) -> None:
        """Stand on a row, or say that none is shown."""
        there = self.table.made.rowCount() > 0
        self._tables.setCurrentWidget(self.table if there else self._none)
        self.row.setVisible(there)
        if there:
            self.table.choose(number)

    def _show_page(self, page: int) -> None:
        """Show that there is nothing yet (0) or the rows (1); the menu has what the empty page does not."""
        self._stack.setCurrentIndex(page)
        self.earlier.setVisible(len(self.menu.actions()) > (0 if page else _LINKS))

    def _show_row(self, row: GeneratedRow) -> None:
        self.row.show_row(row)

    def _show_counts(self) -> None:
        self.chips.set_counts(self.table.made.counts())
        count = self.table.made.accepted()
        self.add.setText(plural(count, "Add {count:,} accepted row", "Add {count:,} accepted rows"))
        self.add.setVisible(count > 0)

    def _choose_earlier(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.earlier_chosen.emit(action.data())
