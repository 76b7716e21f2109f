"""One question with what every contestant answered, word by word, or blind under letters."""

from __future__ import annotations

import random
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from studio.events import GivenAnswer
from studio.language import plural, tr
from studio.ui.chat.comparison import ComparedText, WordRun, word_difference
from studio.ui.tables.answers import OUTCOMES, VOTES, AnswerRow, failure_word
from studio.ui.theme import Theme
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import Badge, ElidedLabel, PlainLabel, WrapLabel
from studio.ui.widgets.layout import clear, column, row, scrolled
from studio.ui.widgets.style import empty_layout, hairline, set_property

_LETTERS = ("A", "B")
_ENDS = {"length": tr("cut off at the limit"), "stopped": "stopped", "refused": tr("refused by the server")}
NOTE_HINT = tr("Note on this row (N)")


def shuffled(row_: AnswerRow) -> tuple[str, str]:
    """The two contestants of a row in an order that says nothing, and is the same every time."""
    pair = [row_.baseline, row_.compared]
    random.Random(f"{row_.key} {sorted(pair)}").shuffle(pair)
    return pair[0], pair[1]


class AnswerBlock(QWidget):
    """One contestant's answer: its name, whether it is right, what is wrong with it, and its text."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.contestant = ""
        self.name, self.mark = ElidedLabel(), PlainLabel()
        self.name.setProperty("role", "title")
        self.badges = row(gap=4)
        self.text = ComparedText(theme, tr("Answer"))
        self.foot = PlainLabel()
        self.foot.setProperty("role", "note")
        head = row(self.name, self.mark, ..., gap=8)
        column(head, self.text, self.badges, self.foot, ..., on=self, inside=(10, 8, 10, 8), gap=6)
        self.setObjectName("answerBlock")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def show_answer(
        self,
        title: str,
        row_: AnswerRow,
        contestant: str,
        stretches: Sequence[WordRun],
        tone: str,
        blind: bool,
    ) -> None:
        """Show what a contestant answered; blind without what would tell who it is."""
        given = row_.answer(contestant) or GivenAnswer(contestant, "")
        self.contestant = contestant
        self.name.setText(title)
        self.text.setAccessibleName(tr("Answer of {title}", title=title))
        self.text.show_text(stretches or [("(nothing)", False)], tone)
        right = None if blind else row_.right(contestant)
        words = {None: "", True: "✓ right", False: "✗ wrong"}[right]
        if contestant in row_.rulings and not blind:
            words += tr(", as you say")
        self.mark.setText(words)
        set_property(self.mark, "tone", {None: "dim", True: "good", False: "bad"}[right])
        empty_layout(self.badges)
        for kind in () if blind else (each for each in given.failures if each != "wrong"):
            self.badges.addWidget(Badge(failure_word(kind), "warn"))
        self.badges.addStretch(1)
        self.foot.setText("" if blind else _foot(given))
        self.foot.setVisible(bool(self.foot.text()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        self.chosen.emit(self.contestant)


class AnswerDetail(Card):
    """A question, its ideal, and the answers, of which one is chosen to be ruled on."""

    noted = Signal(str)
    left = Signal()  # the field of the note is done with

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._titles: dict[str, str] = {}
        self.row: AnswerRow | None = None
        self.blind = False
        self.chosen = ""
        self.blocks: list[AnswerBlock] = []
        self._outcome, self._facts = Badge(), ElidedLabel()
        self._facts.setProperty("tone", "faint")
        self.prompt, self.ideal = WrapLabel(role="answer"), WrapLabel(tone="dim")
        self.judged = WrapLabel(tone="dim")
        for label in (self.prompt, self.ideal):
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid = QGridLayout()
        self._grid.setSpacing(10)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self.note = QLineEdit()
        self.note.setPlaceholderText(NOTE_HINT)
        self.note.setAccessibleName(tr("Note on this row"))
        self.note.setToolTip(tr("Return keeps the note, Esc leaves it as it was."))
        self.note.editingFinished.connect(self._keep_note)
        self.note.returnPressed.connect(self.left)
        inside = clear(
            row(self._outcome, (self._facts, 1), gap=10),
            self.prompt,
            self.ideal,
            hairline(),
            self._grid,
            self.judged,
            ...,
            inside=(0, 0, 8, 0),
            gap=10,
        )
        self.body.addWidget(scrolled(inside), 1)
        self.body.addWidget(self.note)

    def set_titles(self, titles: Sequence[tuple[str, str]]) -> None:
        """What the contestants are called."""
        self._titles = dict(titles)

    def show_row(self, row_: AnswerRow | None, place: str = "", *, blind: bool = False) -> None:
        """Show a question; blind, its two answers stand under letters, in an order that says nothing."""
        if row_ is not None and (self.row is None or row_.key != self.row.key):
            self.chosen = row_.compared
        self.row, self.blind = row_, blind
        self.setEnabled(row_ is not None)
        self._show_question(row_, place)
        self.note.setText(row_.note if row_ is not None else "")
        self._show_answers(row_)

    def choose(self, contestant: str) -> None:
        """Let the next ruling be on this answer."""
        if not self.blind:
            self.chosen = contestant
            self._mark_chosen()

    def step(self, by: int) -> None:
        """Choose the answer to the left or to the right."""
        order = [block.contestant for block in self.blocks]
        if self.chosen in order:
            self.choose(order[max(0, min(order.index(self.chosen) + by, len(order) - 1))])

    def title_of(self, contestant: str) -> str:
        return self._titles.get(contestant, contestant)

    def _show_question(self, row_: AnswerRow | None, place: str) -> None:
        word, tone = OUTCOMES.get(row_.outcome if row_ else "", ("", "dim"))
        if row_ is not None and self.blind:
            word, tone = VOTES.get(row_.vote, ""), "accent"
        self._outcome.setText(word)
        self._outcome.setVisible(bool(word))
        set_property(self._outcome, "tone", tone)
        facts = (
            (place, row_.asked.category, *(_said(row_) if not self.blind else ())) if row_ is not None else ()
        )
        self._facts.setText(" · ".join(filter(None, facts)))
        self.prompt.setText(row_.asked.prompt if row_ is not None else "")
        self.ideal.setText(
            tr("Ideal: {ideal}", ideal=row_.asked.ideal) if row_ is not None and row_.asked.ideal else ""
        )
        self.ideal.setVisible(bool(self.ideal.text()))
        says = row_ is not None and row_.judged and not self.blind
        self.judged.setText(
            tr("Judge on {title_of}: {judged}.", title_of=self.title_of(row_.compared), judged=row_.judged)
            if row_ and says
            else ""
        )
        self.judged.setVisible(bool(self.judged.text()))

    def _show_answers(self, row_: AnswerRow | None) -> None:
        shown = self._order(row_) if row_ is not None else []
        while len(self.blocks) < len(shown):
            block = AnswerBlock(self._theme)
            block.chosen.connect(self.choose)
            self._grid.addWidget(
                block, len(self.blocks) // 2, len(self.blocks) % 2, Qt.AlignmentFlag.AlignTop
            )
            self.blocks.append(block)
        for place, block in enumerate(self.blocks):
            block.setVisible(place < len(shown))
            if row_ is not None and place < len(shown):
                self._fill(block, row_, shown[place], place)
        self._mark_chosen()

    def _order(self, row_: AnswerRow) -> list[str]:
        if self.blind:
            return list(shuffled(row_))
        others = [each.contestant for each in row_.asked.answers]
        first = [who for who in (row_.baseline, row_.compared) if who in others]
        return list(dict.fromkeys((*first, *others)))

    def _fill(self, block: AnswerBlock, row_: AnswerRow, contestant: str, place: int) -> None:
        texts = {each.contestant: each.text for each in row_.asked.answers}
        other = row_.compared if contestant == row_.baseline else row_.baseline
        mine = texts.get(contestant, "")
        stretches = word_difference(mine, texts.get(other, mine))[0]
        tone = "second" if contestant == row_.baseline else "accent"
        if self.blind:
            stretches, tone = ([(mine, False)] if mine else []), "dim"
        title = _LETTERS[place] if self.blind else self.title_of(contestant)
        block.show_answer(title, row_, contestant, stretches, tone, self.blind)

    def _mark_chosen(self) -> None:
        for block in self.blocks:
            set_property(block, "chosen", not self.blind and block.contestant == self.chosen)

    def _keep_note(self) -> None:
        if self.row is not None and self.note.text().strip() != self.row.note:
            self.noted.emit(self.note.text().strip())


def _foot(given: GivenAnswer) -> str:
    parts = []
    if given.tokens:
        parts.append(plural(given.tokens, "{count:,} token", "{count:,} tokens"))
    if given.seconds:
        parts.append(f"{given.seconds:.2f} s")
    if given.finish_reason in _ENDS:
        parts.append(_ENDS[given.finish_reason])
    if given.score is not None and given.score not in (0.0, 1.0):
        parts.append(tr("score {score:.2f}", score=given.score))
    return " · ".join(parts)


def _said(row_: AnswerRow) -> tuple[str, ...]:
    """What else is known of a row, in words."""
    voted = tr("you voted: {lower}", lower=VOTES[row_.vote].lower()) if row_.vote in VOTES else ""
    return (voted, tr("judge and scorer disagree") if row_.disagrees else "")
