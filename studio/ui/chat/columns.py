"""The columns of a conversation: their heads, and every question over the answers of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from studio.events import AnswerEnded, AnswersBegin
from studio.language import tr
from studio.ui.chat.answer_text import MARKDOWN
from studio.ui.chat.column_head import ColumnHead
from studio.ui.chat.conversation import ChatColumn, Conversation, Exchange
from studio.ui.chat.exchange import COLUMN_GAP, ExchangeView
from studio.ui.theme import Theme
from studio.ui.widgets.layout import clear, scrolled
from studio.ui.widgets.layout import column as stacked
from studio.ui.widgets.style import empty_layout, hairline
from studio.ui.widgets.timing import Throttle

_REDRAW_MILLISECONDS = 50
_MOST_EXCHANGES = 50
_INSIDE, _NARROWEST = 16, 230
LETTERS = "ABCDEF"


class ChatColumns(QFrame):
    """One card for all columns, so that prompts and answers stay aligned across them.

    Pieces are collected as they arrive and drawn at most 20 times a second. Where there is no room for all
    columns the card scrolls sideways.
    """

    column_acted = Signal(str, str)  # what a column's menu offers, and the column's key
    strength_changed = Signal(str, float)  # a column's key
    answer_acted = Signal(str, int, str)  # what an answer's menu offers, its exchange's number, its column
    edited = Signal(int, str)  # an exchange's number, and what is to be asked instead
    again = Signal(int)
    turned = Signal(int, int)
    link_clicked = Signal(str)
    voted = Signal(int, str)  # an exchange's number, and which of its answers is better
    pair_wanted = Signal(int)

    def __init__(self, theme: Theme, conversation: Conversation) -> None:
        super().__init__()
        self.setObjectName("card")
        self._theme, self._conversation, self.how = theme, conversation, MARKDOWN
        self._columns: Sequence[ChatColumn] = ()
        self._facts: Mapping[str, str] = {}
        self._views: list[ExchangeView] = []
        self._answering: Exchange | None = None
        self._waiting: dict[str, list[str]] = {}
        self._is_busy, self.is_blind = False, False
        self._redraw = Throttle(self, _REDRAW_MILLISECONDS, self._draw)
        self._lay_out()

    def _lay_out(self) -> None:
        self._list = stacked(..., gap=26)
        self._scroll = scrolled(clear(self._list))
        self._scroll.setAccessibleName(tr("Conversation"))
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the arrow keys scroll
        self._scroll.verticalScrollBar().rangeChanged.connect(self._make_room)
        self._follows = True
        self._scroll.verticalScrollBar().valueChanged.connect(self._note_place)
        self._heads = QGridLayout()
        self._heads.setContentsMargins(_INSIDE, 0, _INSIDE, 8)
        self._heads.setHorizontalSpacing(COLUMN_GAP)
        self._board = clear(self._heads, hairline(), (self._scroll, 1), gap=0)
        wide = scrolled(self._board)
        wide.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        wide.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        stacked((wide, 1), on=self, inside=(1, 11, 1, 3))
        self._make_room(0, 0)

    @property
    def exchanges(self) -> tuple[ExchangeView, ...]:
        return tuple(self._views)

    @property
    def heads(self) -> list[ColumnHead]:
        """The heads from left to right."""
        found = (self._heads.itemAtPosition(0, place) for place in range(len(self._columns)))
        widgets = [item.widget() for item in found if item is not None]
        return [widget for widget in widgets if isinstance(widget, ColumnHead)]

    def set_columns(self, columns: Sequence[ChatColumn], facts: Mapping[str, str]) -> None:
        """Let these stand side by side; `facts` says what each is of, by its key."""
        rebuilt = [each.key for each in columns] != [each.key for each in self._columns]
        self._columns, self._facts = tuple(columns), facts
        self._board.setMinimumWidth(
            len(columns) * _NARROWEST + max(len(columns) - 1, 0) * COLUMN_GAP + 2 * _INSIDE
        )
        self._show_heads()
        if rebuilt:
            self.rebuild()

    def set_blind(self, blind: bool) -> None:
        """Show letters instead of names, over answers in an order that says nothing."""
        if blind != self.is_blind:
            self.is_blind = blind
            self._show_heads()
            self.rebuild()

    def set_busy(self, busy: bool) -> None:
        """Whether an answer is coming: meanwhile nothing is asked anew."""
        self._is_busy = busy
        for view in self._views:
            view.question.set_enabled(not busy)

    def show_as(self, how: str) -> None:
        """Show every answer as Markdown, plain, or with the words that differ marked."""
        self.how = how
        for view in self._views:
            view.show_as(how)

    def rebuild(self) -> None:
        """Show the conversation as it stands."""
        self._draw()
        while self._views:
            self._drop(0)
        for exchange in self._conversation.path()[-_MOST_EXCHANGES:]:
            self._put(exchange)
        self._settle()

    def show_last(self) -> ExchangeView:
        """Show the exchange that was just asked, at the end of what stays of those before."""
        self._draw()
        path = self._conversation.path()
        kept = 0
        for view, exchange in zip(self._views, path, strict=False):
            if view.exchange is not exchange:
                break
            kept += 1
        while len(self._views) > kept:
            self._drop(-1)
        if len(self._views) >= _MOST_EXCHANGES or kept < len(path) - 1:
            self.rebuild()
        else:
            self._put(path[-1])
            self._settle()
        self._follows = True
        return self._views[-1]

    def begin(self, who: str, begin: AnswersBegin) -> None:
        """Note who gives an answer that is coming."""
        if (view := self._open_view(who)) is not None:
            view.begin(who, begin)

    def append(self, who: str, text: str) -> None:
        self._waiting.setdefault(who, []).append(text)
        self._redraw.trigger()

    def finish(self, who: str, ended: AnswerEnded) -> None:
        self._draw()
        if (view := self._open_view(who)) is not None:
            view.finish(who, ended)

    def close_open(self, word: str) -> None:
        self._draw()
        if self.answering is not None:
            self.answering.close_open(word)

    @property
    def answering(self) -> ExchangeView | None:
        """The exchange that is answered, or was last."""
        return next((view for view in self._views if view.exchange is self._answering), None)

    def answer(self, exchange: Exchange) -> None:
        """What comes from now on belongs to this exchange."""
        self._draw()
        self._answering = exchange

    def _open_view(self, who: str) -> ExchangeView | None:
        view = self.answering
        return view if view is not None and who in view.cells else None

    def _put(self, exchange: Exchange) -> None:
        versions = self._conversation.versions(exchange)
        view = ExchangeView(exchange, self._in_order(exchange), versions, self._theme, self.how)
        number = exchange.number
        view.acted.connect(lambda action, who: self.answer_acted.emit(action, number, who))
        view.link_clicked.connect(self.link_clicked)
        view.votes.voted.connect(partial(self.voted.emit, number))
        view.votes.pair_wanted.connect(partial(self.pair_wanted.emit, number))
        view.question.edited.connect(partial(self.edited.emit, number))
        view.question.again.connect(partial(self.again.emit, number))
        view.question.turned.connect(partial(self.turned.emit, number))
        view.question.set_enabled(not self._is_busy)
        self._views.append(view)
        self._list.insertWidget(self._list.count() - 1, view)

    def _in_order(self, exchange: Exchange) -> Sequence[ChatColumn]:
        """The columns as they stand over an exchange: while names are hidden, as it was shuffled."""
        if not (self.is_blind and exchange.is_blind):
            return self._columns
        order = list(exchange.answers)
        return sorted(
            self._columns, key=lambda each: order.index(each.key) if each.key in order else len(order)
        )

    def _settle(self) -> None:
        last: QWidget = self._scroll
        for view in self._views:
            last = view.reach_after(last)

    def _show_heads(self) -> None:
        empty_layout(self._heads)
        many = len(self._columns)
        for place in range(self._heads.columnCount()):
            self._heads.setColumnStretch(place, 0)
        for place, each in enumerate(self._columns):
            letter = LETTERS[place] if self.is_blind else ""
            head = ColumnHead(each, self._facts.get(each.key, ""), place, many, letter)
            head.acted.connect(lambda action, key=each.key: self.column_acted.emit(action, key))
            head.strength_changed.connect(partial(self.strength_changed.emit, each.key))
            self._heads.addWidget(head, 0, place)
            self._heads.setColumnStretch(place, 1)

    def _drop(self, place: int) -> None:
        view = self._views.pop(place)
        self._list.removeWidget(view)
        view.hide()
        view.deleteLater()

    def _draw(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for who, pieces in waiting.items():
            if (view := self._open_view(who)) is not None:
                view.append(who, "".join(pieces))

    def _make_room(self, low: int, high: int) -> None:
        """Keep the texts under their heads beside a scroll bar or without; stay at the end."""
        bar = self._scroll.verticalScrollBar()
        width = bar.sizeHint().width() if high > 0 else 0
        self._list.setContentsMargins(_INSIDE, 12, max(_INSIDE - width, 0), 10)
        if self._follows:
            bar.setValue(high)

    def _note_place(self, value: int) -> None:
        self._follows = value >= self._scroll.verticalScrollBar().maximum() - 4
