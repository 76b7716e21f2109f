"""Two columns of answers, base and tuned, each exchange under the other."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from studio.events import AnswerEnded
from studio.ui.widgets.card import Card
from studio.ui.widgets.chat_exchange import COLUMNS, Exchange
from studio.ui.widgets.label import WrapLabel, note

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
        self._redraw = QTimer(self)
        self._redraw.setInterval(_REDRAW_MILLISECONDS)
        self._redraw.setSingleShot(True)
        self._redraw.timeout.connect(self._draw)
        self._lay_out()

    def _lay_out(self) -> None:
        inner = QWidget()
        inner.setProperty("role", "clear")
        self._list = QVBoxLayout(inner)
        self._list.setSpacing(28)
        self._list.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inner)
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

    def set_head(self, who: str, title: str, value: str) -> None:
        self._heads[who].set_title(title)
        self._heads[who].set_value(value, "dim")

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
        self._follows = True

    def append(self, who: str, text: str) -> None:
        self._waiting[who].append(text)
        if not self._redraw.isActive():
            self._redraw.start()

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
