"""Two columns of answers, base and tuned, each exchange under the other."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from studio.events import AnswerEnded, AnswersBegin
from studio.ui.chat.text import GrowingText
from studio.ui.form.model_picker import model_title
from studio.ui.widgets.card import Card
from studio.ui.widgets.label import Badge, WrapLabel, note
from studio.ui.widgets.layout import clear, row, scrolled
from studio.ui.widgets.layout import column as stacked
from studio.ui.widgets.timing import Throttle

COLUMNS = ("base", "tuned")
COLUMN_GAP = 46
"""Between the texts of two columns: a card's inside, the space between cards, a card's inside."""
_ENDINGS = {"length": "cut at the maximum length", "stopped": "stopped"}


def foot_text(ended: AnswerEnded) -> str:
    """What an answer cost: "41 tokens · 116 tok/s · first after 0.09 s"."""
    parts = [
        f"{ended.tokens:,} token{'s' if ended.tokens != 1 else ''}",
        f"{ended.tokens_per_second:,.0f} tok/s",
        f"first after {ended.seconds_to_first:.2f} s",
    ]
    if ending := _ENDINGS.get(ended.finish_reason):
        parts.append(ending)
    return " · ".join(parts)


class Exchange(QWidget):
    """A prompt above each of two answers; rows stay aligned across the columns."""

    def __init__(self, prompt: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.prompt = prompt
        self._answers = {who: GrowingText("answerText") for who in COLUMNS}
        self._feet = {who: note("Waiting…") for who in COLUMNS}
        self._texts: dict[str, list[str]] = {who: [] for who in COLUMNS}
        self._ended: dict[str, AnswerEnded] = {}
        self._sources: dict[str, str] = {}
        self._same = Badge("Same answer", "dim")
        self._same.hide()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(COLUMN_GAP)
        grid.setVerticalSpacing(8)
        for column, who in enumerate(COLUMNS):
            asked = GrowingText("askedText")
            asked.append_text(prompt)
            self._answers[who].setAccessibleName(f"Answer of {who}")
            self._answers[who].setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # keys can select and copy it
            grid.addWidget(asked, 0, column, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._answers[who], 1, column, Qt.AlignmentFlag.AlignTop)
            same = ((self._same, Qt.AlignmentFlag.AlignRight),) if who == "tuned" else ()
            grid.addLayout(row((self._feet[who], 1), *same), 2, column)
            grid.setColumnStretch(column, 1)

    def text(self, who: str) -> str:
        return "".join(self._texts[who])

    def foot(self, who: str) -> str:
        return self._feet[who].text()

    @property
    def is_same(self) -> bool:
        return not self._same.isHidden()

    def reach_after(self, before: QWidget) -> QWidget:
        """Let the Tab key come to the answers after `before`; returns the last of them."""
        for answer in self._answers.values():
            QWidget.setTabOrder(before, answer)
            before = answer
        return before

    def begin(self, begin: AnswersBegin) -> None:
        """Note who answers: it stays below the answers whatever is asked next, and whatever is learned."""
        step = f", step {begin.step:,}" if begin.step else ""
        self._sources[begin.who] = f"{begin.run}{step}" if begin.run else model_title(begin.model)
        self._say(begin.who, "Waiting…")

    def append(self, who: str, text: str) -> None:
        if not self._texts[who]:
            self._say(who, "Streaming…")
        self._texts[who].append(text)
        self._answers[who].append_text(text)

    def finish(self, ended: AnswerEnded) -> None:
        """Close one column. Its whole text replaces the streamed one where they differ."""
        if self.text(ended.who) != ended.text:
            self._texts[ended.who] = [ended.text]
            self._answers[ended.who].clear()
            self._answers[ended.who].append_text(ended.text)
        self._ended[ended.who] = ended
        self._say(ended.who, f"{'' if ended.text.strip() else 'Empty answer · '}{foot_text(ended)}")
        texts = {answer.text.strip() for answer in self._ended.values()}
        self._same.setVisible(len(self._ended) == len(COLUMNS) and len(texts) == 1)

    def close_open(self, word: str) -> None:
        """Say in every column that has not ended why nothing more will come."""
        for who in COLUMNS:
            if who not in self._ended:
                self._say(who, word)

    def _say(self, who: str, words: str) -> None:
        self._feet[who].setText(" · ".join(filter(None, (self._sources.get(who), words))))


_REDRAW_MILLISECONDS = 50
_MOST_EXCHANGES = 50
_HEAD_HEIGHT = 48
_INSIDE = 16
_HINTS = {"base": "The model as it was before training.", "tuned": "The same model after training."}


class ChatColumns(QWidget):
    """Two cards under one scroll area, so that prompts and answers stay aligned across them.

    Pieces are collected as they arrive and drawn at most 20 times a second.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heads = {who: Card(who.capitalize()) for who in COLUMNS}
        self._hints: dict[str, WrapLabel] = {}
        self._exchanges: list[Exchange] = []
        self._waiting: dict[str, list[str]] = {who: [] for who in COLUMNS}
        self._redraw = Throttle(self, _REDRAW_MILLISECONDS, self._draw)
        self._lay_out()

    def _lay_out(self) -> None:
        self._list = stacked(..., gap=28)
        self._scroll = scrolled(clear(self._list))
        self._scroll.setAccessibleName("Conversation")
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the arrow keys scroll
        self._scroll.verticalScrollBar().rangeChanged.connect(self._make_room)
        self._follows = True
        self._scroll.verticalScrollBar().valueChanged.connect(self._note_place)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(0)
        grid.setRowMinimumHeight(0, _HEAD_HEIGHT)
        grid.setRowMinimumHeight(2, 8)
        grid.setRowStretch(1, 1)
        for column, who in enumerate(COLUMNS):
            self._hints[who] = note(_HINTS[who])
            self._heads[who].body.addWidget(self._hints[who])
            self._heads[who].body.addStretch(1)
            grid.addWidget(self._heads[who], 0, column, 3, 1)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self._scroll, 1, 0, 1, 2)
        self._make_room(0, 0)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(self._exchanges)

    def clear(self) -> None:
        self._redraw.stop()
        while self._exchanges:
            self._drop(0)
        self._show_hints(True)

    def _show_hints(self, shown: bool) -> None:
        for hint in self._hints.values():
            hint.setVisible(shown)

    def ask(self, prompt: str) -> None:
        """Begin a new exchange at the end."""
        self._draw()
        if len(self._exchanges) >= _MOST_EXCHANGES:
            self._drop(0)
        exchange = Exchange(prompt)
        self._exchanges.append(exchange)
        self._show_hints(False)
        self._list.insertWidget(self._list.count() - 1, exchange)
        last: QWidget = self._scroll
        for shown in self._exchanges:
            last = shown.reach_after(last)
        self._follows = True

    def begin(self, begin: AnswersBegin) -> None:
        """Note who gives the answers to the last prompt."""
        if self._exchanges:
            self._exchanges[-1].begin(begin)

    def append(self, who: str, text: str) -> None:
        self._waiting[who].append(text)
        self._redraw.trigger()

    def finish(self, ended: AnswerEnded) -> None:
        self._draw()
        if self._exchanges:
            self._exchanges[-1].finish(ended)

    def close_open(self, word: str) -> None:
        self._draw()
        if self._exchanges:
            self._exchanges[-1].close_open(word)

    def _drop(self, place: int) -> None:
        exchange = self._exchanges.pop(place)
        self._list.removeWidget(exchange)
        exchange.deleteLater()

    def _draw(self) -> None:
        for who, pieces in self._waiting.items():
            if pieces and self._exchanges:
                self._exchanges[-1].append(who, "".join(pieces))
            pieces.clear()

    def _make_room(self, low: int, high: int) -> None:
        """Keep the texts inside their cards beside a scroll bar or without; stay at the end."""
        bar = self._scroll.verticalScrollBar()
        width = bar.sizeHint().width() if high > 0 else 0
        self._list.setContentsMargins(_INSIDE, 0, max(_INSIDE - width, 0), 8)
        if self._follows:
            bar.setValue(high)

    def _note_place(self, value: int) -> None:
        self._follows = value >= self._scroll.verticalScrollBar().maximum() - 4
