"""One question with the answers of all columns below it, which can be asked anew, edited and gone on from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from studio.catalogue import worded
from studio.events import AnswerEnded, AnswersBegin
from studio.generate.contestant import BASE
from studio.language import tr
from studio.ui.chat.answer_text import ShownAnswer
from studio.ui.chat.comparison import word_difference
from studio.ui.chat.conversation import ChatColumn, ColumnAnswer, Exchange
from studio.ui.chat.text import GrowingText, PromptField
from studio.ui.chat.votes import VoteBar
from studio.ui.form.model_picker import model_title
from studio.ui.plain import keyless, tip
from studio.ui.theme import Theme
from studio.ui.widgets.button import Button, IconButton
from studio.ui.widgets.label import Badge, PlainLabel, note
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.popup import Menu
from studio.ui.widgets.tabs import key_name
from studio.words import counted

COLUMN_GAP = 28
_UNBROKEN = "\u00a0"
FAILED = "failed"
_UNTOUCHED = tr("Verified: its weights are the untouched original's own copy.")
_VERIFIED = tr("✓\u00a0verified\u00a0base")
_ENDINGS = {
    "length": tr("cut at the maximum length"),
    "stopped": tr("stopped"),
    "refused": tr("refused by the server"),
}
TOKENS, TOKENS_KEY = "tokens", "Ctrl+T"
ANSWER_ACTIONS = (
    ("copy", tr("Copy answer")),
    ("continue", tr("Continue this answer")),
    (TOKENS, tr("Show tokens")),
    ("golden", tr("Add to a golden set…")),
    ("row", tr("Add to a dataset…")),
)


def foot_text(ended: AnswerEnded) -> str:
    """What an answer cost: "41 tokens · 116 tok/s · first after 0.09 s"."""
    if ended.finish_reason == FAILED:
        return tr("No answer")
    parts = [
        counted(ended.tokens, "token"),
        tr("{speed:,.0f} tok/s", speed=ended.tokens_per_second),
        tr("first after {seconds_to_first:.2f} s", seconds_to_first=ended.seconds_to_first),
    ]
    if ended.calls:
        parts.append(tr("calls {listed}", listed=", ".join(call.name for call in ended.calls)))
    if ending := _ENDINGS.get(ended.finish_reason):
        parts.append(ending)
    return " · ".join(parts)


def source_of(answer: ColumnAnswer) -> str:
    """What gave an answer: "capitals, step 120, at 0.5 of its strength"."""
    begin, contestant = answer.begin, answer.column.contestant
    if begin is None:
        return ""
    if contestant.kind in ("base", "parent", "model"):
        name = model_title(begin.model)
    elif contestant.kind == "server":
        name = begin.title or contestant.title
    else:
        name = begin.run + (tr(", step {step:,}", step=begin.step) if begin.step else "")
    part = contestant.strength
    strength = tr("at {strength:g} of its strength", strength=part) if part != 1 else ""
    return ", ".join(filter(None, (name, strength, worded(contestant.approach.name))))


def name_of(answer: ColumnAnswer) -> str:
    """Who gave an answer, with what it is of: "Tuned (capitals, step 120)"."""
    source = source_of(answer)
    return f"{answer.column.title} ({source})" if source else answer.column.title


class AnswerCell(QWidget):
    """One column's answer: its text, what it is of and what it cost, and what can be done with it."""

    acted = Signal(str)  # one of ANSWER_ACTIONS
    link_clicked = Signal(str)

    def __init__(self, theme: Theme, answer: ColumnAnswer) -> None:
        super().__init__()
        self.answer = answer
        self.is_blind = False
        self.text = ShownAnswer(theme, tr("Answer"))
        self.text.setObjectName("answerText")
        self.text.link_clicked.connect(self.link_clicked)
        self._foot = note(tr("Waiting…"))
        self.same = Badge(tr("Same answer"), "dim")
        self._copy = IconButton("copy", tr("Copy this answer"))
        self._more = IconButton("ellipsis", tr("More for this answer"))
        self._copy.clicked.connect(partial(self.acted.emit, "copy"))
        self._more.clicked.connect(self._open_menu)
        tokens = QShortcut(QKeySequence(TOKENS_KEY), self)
        tokens.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        tokens.activated.connect(self._show_tokens)
        top = Qt.AlignmentFlag.AlignTop
        foot = row((self._foot, 1), (self._copy, top), (self._more, top), gap=2)
        self.inside = column((self.text, top), foot, row(self.same, ...), ..., on=self, gap=6)
        self.same.hide()
        self.say()

    @property
    def foot(self) -> str:
        """What stands below the answer."""
        return self._foot.text().replace(_UNBROKEN, " ")

    def write(self, how: str) -> None:
        """Write the answer out anew."""
        key = self.answer.column.key
        self.text.setAccessibleName(tr("Answer") if self.is_blind else tr("Answer of {key}", key=key))
        self.text.show_answer(self.answer.text, how)
        self.say()

    def say(self, words: str = "") -> None:
        """Say below the answer what it is of, and how it stands; blind not what it is of, nor its speed."""
        answer = self.answer
        if not words and answer.ended is not None:
            empty = "" if answer.text.strip() else tr("Empty answer · ")
            words = empty + foot_text(answer.ended)
            if self.is_blind:
                words = empty + counted(answer.ended.tokens, "token")
        words = words or answer.why_open or (tr("Streaming…") if answer.text else tr("Waiting…"))
        parts = words.replace(" ", _UNBROKEN).replace(f"{_UNBROKEN}·{_UNBROKEN}", " · ")
        source = "" if self.is_blind else source_of(answer)
        self._foot.setText(" · ".join(filter(None, (source, parts, self._mark_verified()))))
        over = answer.ended is not None or bool(answer.why_open)
        for button in (self._copy, self._more):
            button.setVisible(over and bool(answer.text))

    def menu(self) -> Menu:
        """What can be done with the answer."""
        menu = Menu(self)
        for key, words in ANSWER_ACTIONS:
            action = menu.addAction(f"{words}\t{key_name(TOKENS_KEY)}" if key == TOKENS else words)
            action.triggered.connect(partial(self.acted.emit, key))
            action.setEnabled(bool(self.answer.text) and not (self.is_blind and key != "copy"))
        for address in self.text.links():
            link = menu.addAction(keyless(tr("Open {address}", address=address[:60])))
            link.triggered.connect(partial(self.link_clicked.emit, address))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.menu().popup(event.globalPos())

    def _open_menu(self) -> None:
        self.menu().popup(self._more.mapToGlobal(QPoint(0, self._more.height())))

    def _show_tokens(self) -> None:
        if self.answer.text and not self.is_blind:
            self.acted.emit(TOKENS)

    def _mark_verified(self) -> str:
        """Words that say whether the base's weights are the original ones; the tooltip has their mark."""
        begin, kind = self.answer.begin, self.answer.column.contestant.kind
        shown = begin is not None and begin.is_shared and kind == BASE and not self.is_blind
        told = f"{_UNTOUCHED}\n{tr('Fingerprint')} {begin.fingerprint}" if begin is not None else ""
        self._foot.setToolTip(tip(told if shown else ""))
        return _VERIFIED if shown else ""


class QuestionBar(QFrame):
    """The question over its answers, with its versions; it can be edited in place."""

    edited = Signal(str)
    again = Signal()
    turned = Signal(int)

    def __init__(self, prompt: str, versions: tuple[int, int]) -> None:
        super().__init__()
        self.setObjectName("turn")
        self.setProperty("who", "user")
        self.prompt = prompt
        self.text = GrowingText("questionText")
        self.text.append_text(prompt)
        self.text.setAccessibleName(tr("Question"))
        self.field = PromptField(tr("Ask this instead"))
        self.field.setAccessibleName(tr("The question, to be asked anew"))
        self.save, self._leave = Button(tr("Ask this instead"), "primary"), Button(tr("Cancel"))
        self.edit = IconButton("pencil", tr("Edit this question"))
        self.anew = IconButton("refresh-cw", tr("Answer anew"))
        self._lay_out(versions)
        self.edit.clicked.connect(self.begin_edit)
        self.anew.clicked.connect(self.again)
        self.save.clicked.connect(self._submit)
        self.field.submitted.connect(self._submit)
        self.field.left.connect(self.end_edit)
        self._leave.clicked.connect(self.end_edit)
        self.end_edit()

    def set_enabled(self, enabled: bool) -> None:
        """Whether it can be asked anew now."""
        for widget in (self.edit, self.anew, self.save, self.earlier, self.later):
            widget.setEnabled(enabled)

    def begin_edit(self) -> None:
        """Let the question be changed."""
        self._show(editing=True)
        self.field.setPlainText(self.prompt)
        self.field.selectAll()
        self.field.setFocus()

    def end_edit(self) -> None:
        """Leave the question as it is."""
        self._show(editing=False)

    def _lay_out(self, versions: tuple[int, int]) -> None:
        number, many = versions
        self.earlier = IconButton("chevron-left", tr("Earlier version"))
        self.later = IconButton("chevron-right", tr("Later version"))
        self.count = PlainLabel(tr("{number} of {many}", number=number, many=many))
        self.count.setProperty("role", "note")
        self.earlier.clicked.connect(partial(self.turned.emit, -1))
        self.later.clicked.connect(partial(self.turned.emit, 1))
        top = Qt.AlignmentFlag.AlignTop
        shown = row(
            (self.text, 1),
            *((each, top) for each in (self.earlier, self.count, self.later)),
            (self.edit, top),
            (self.anew, top),
            gap=4,
        )
        editing = row((self.field, 1), self._leave, self.save)
        column(shown, editing, on=self, inside=(11, 7, 6, 7), gap=0)
        for widget in (self.earlier, self.count, self.later):
            widget.setVisible(many > 1)

    def _show(self, *, editing: bool) -> None:
        fields: tuple[QWidget, ...] = (self.field, self.save, self._leave)
        others: tuple[QWidget, ...] = (self.text, self.edit, self.anew)
        for widget in (*fields, *others):
            widget.setVisible(editing == (widget in fields))

    def _submit(self) -> None:
        if prompt := self.field.toPlainText().strip():
            self.end_edit()
            self.edited.emit(prompt)


class ExchangeView(QWidget):
    """A question over the answers of all columns; rows stay aligned across the columns."""

    acted = Signal(str, str)  # one of ANSWER_ACTIONS, and the column's key
    link_clicked = Signal(str)

    def __init__(
        self,
        exchange: Exchange,
        columns: Sequence[ChatColumn],
        versions: tuple[int, int],
        theme: Theme,
        how: str,
    ) -> None:
        super().__init__()
        self.exchange, self._how = exchange, how
        self.question = QuestionBar(exchange.prompt, versions)
        self.cells: dict[str, AnswerCell] = {}
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(COLUMN_GAP)
        begins = note(tr("A new conversation"))
        self.votes = VoteBar()
        column(begins, self.question, self._grid, self.votes, on=self, gap=10)
        begins.setVisible(exchange.begins and exchange.before is not None and exchange.before.number > 0)
        self._theme = theme
        for place, each in enumerate(columns):
            self._add(place, each)
        self.show_vote()
        self.compare()

    def _add(self, place: int, each: ChatColumn) -> None:
        self._grid.setColumnStretch(place, 1)
        answer = self.exchange.answers.get(each.key)
        if answer is None:
            absent = note(tr("Not asked"))
            self._grid.addWidget(absent, 0, place, Qt.AlignmentFlag.AlignTop)
            return
        cell = AnswerCell(self._theme, answer)
        cell.is_blind = self.exchange.is_blind and not self.exchange.vote
        cell.write(self._how)
        cell.acted.connect(lambda action: self.acted.emit(action, each.key))
        cell.link_clicked.connect(self.link_clicked)
        self._grid.addWidget(cell, 0, place, Qt.AlignmentFlag.AlignTop)
        self.cells[each.key] = cell

    @property
    def prompt(self) -> str:
        return self.exchange.prompt

    def text(self, who: str) -> str:
        """What a column has answered, as far as it is shown."""
        return self.cells[who].text.written()

    def foot(self, who: str) -> str:
        return self.cells[who].foot

    @property
    def is_same(self) -> bool:
        """Whether all columns gave the same answer."""
        answers = self.exchange.answers.values()
        texts = {answer.text.strip() for answer in answers if answer.ended is not None}
        return len(texts) == 1 and len(answers) > 1 and all(answer.ended for answer in answers)

    def reach_after(self, before: QWidget) -> QWidget:
        """Let the Tab key come to the answers after `before`; returns the last of them."""
        for cell in self.cells.values():
            QWidget.setTabOrder(before, cell.text)
            before = cell.text
        return before

    def begin(self, who: str, begin: AnswersBegin) -> None:
        """Note who answers: it stays below the answers whatever is asked next, and whatever is learned."""
        self.cells[who].answer.begin = begin
        self.cells[who].say()

    def append(self, who: str, text: str) -> None:
        cell = self.cells[who]
        cell.text.add(cell.answer.take(text))
        cell.say()

    def restart(self, who: str) -> None:
        """Show a column's answer anew, as it begins."""
        cell = self.cells.get(who)
        if cell is not None:
            cell.answer = self.exchange.answers[who]
            cell.write(self._how)

    def finish(self, who: str, ended: AnswerEnded) -> None:
        """Close one column. Its whole text replaces the streamed one where they differ."""
        cell = self.cells[who]
        before = cell.answer.text
        cell.answer.finish(ended)
        if cell.answer.text != before or self._how != "plain":
            cell.text.show_answer(cell.answer.text, self._how)
        cell.say()
        self.compare()
        self.show_vote()

    def close_open(self, word: str) -> None:
        """Say in every column that has not ended why nothing more will come."""
        for cell in self.cells.values():
            if cell.answer.ended is None:
                cell.answer.why_open = word
            cell.say()

    def reveal(self) -> None:
        """Say who gave which answer, now that one has voted."""
        for cell in self.cells.values():
            cell.is_blind = False
            cell.write(self._how)
        self.compare()
        self.show_vote()

    def names(self) -> tuple[str, str]:
        """Who gave the two answers of a blind question, in the order in which they stood."""
        first, second = (name_of(each) for each in list(self.exchange.answers.values())[:2])
        return first, second

    def show_vote(self) -> None:
        """Ask for a vote where one is due, or say what came of it."""
        self.votes.show_vote(self.exchange, self.names() if self.exchange.vote else ("", ""))

    def show_as(self, how: str) -> None:
        """Write all answers anew: as Markdown, plain, or with their differences marked."""
        self._how = how
        for cell in self.cells.values():
            cell.write(how)
        self.compare()

    def compare(self) -> None:
        """Say which answers are the first one's, and mark the words that differ where that is asked for."""
        cells = list(self.cells.values())
        for cell in cells[1:]:
            same = cell.answer.text.strip() == cells[0].answer.text.strip()
            over = cell.answer.ended is not None and cells[0].answer.ended is not None
            cell.same.setVisible(same and over)
        if self._how == "difference" and len(cells) > 1:
            self._mark(cells)

    def _mark(self, cells: Sequence[AnswerCell]) -> None:
        """Each answer beside the first; the first beside the second."""
        for place, cell in enumerate(cells):
            other = cells[1 if place == 0 else 0].answer.text
            stretches = word_difference(cell.answer.text, other)[0]
            cell.text.show_text(stretches, "second" if place == 0 else "accent")
