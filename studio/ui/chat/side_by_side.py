"""Several contestants talked to at once: who they are, what was asked of them, and what comes next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import sample

from PySide6.QtCore import QObject, Signal

from studio.evaluate.store import Vote
from studio.events import AnswerEnded, AnswerPiece, AnswersBegin, Event
from studio.generate.contestant import BASE, PARENT, TUNED, Contestant, Talk, called
from studio.generate.sampling import Sampling
from studio.ui.chat.column_head import LEFT, REMOVE, RIGHT
from studio.ui.chat.columns import ChatColumns
from studio.ui.chat.contestant_menu import MOST
from studio.ui.chat.conversation import ChatColumn, ColumnAnswer, Conversation, Exchange
from studio.ui.chat.votes import can_be_voted, vote_of
from studio.ui.theme import Theme

DEFAULTS = (Contestant(kind=BASE), Contestant(kind=TUNED))


@dataclass(frozen=True)
class AskedHow:
    """How questions are asked just now."""

    sampling: Sampling
    system: str = ""
    is_raw: bool = False
    typed_tokens: bool = False
    is_blind: bool = False  # who answers is told after a vote
    begins: bool = False  # a question is a conversation of its own


@dataclass(frozen=True)
class AskedTalks:
    """What is to be asked: every talk, and how their tokens are drawn."""

    talks: tuple[Talk, ...]
    sampling: Sampling
    typed_tokens: bool


class SideBySideChat(QObject):
    """Keeps the columns and their conversation, and shows both; what is to be answered leaves by `asked`."""

    asked = Signal(object)  # AskedTalks
    changed = Signal()  # the columns, or what was said

    def __init__(self, theme: Theme, how: Callable[[], AskedHow], parent: QObject) -> None:
        super().__init__(parent)
        self._how = how
        self.conversation = Conversation()
        self.view = ChatColumns(theme, self.conversation)
        self.columns: tuple[ChatColumn, ...] = ()
        self.busy = False
        self.votes: list[Vote] = []
        self._facts: Mapping[str, str] = {}
        self.whos: dict[str, str] = {}
        self._last: AskedTalks | None = None
        self.view.column_acted.connect(self._act)
        self.view.strength_changed.connect(self.set_strength)
        self.view.edited.connect(self.ask_instead)
        self.view.again.connect(self.again)
        self.view.turned.connect(self.turn)
        self.view.voted.connect(self.vote)

    # columns

    def set_contestants(self, contestants: Sequence[Contestant]) -> None:
        """Let these stand side by side, in place of those before."""
        self._show(tuple(ChatColumn(each.key, each) for each in contestants))

    def add(self, contestant: Contestant) -> bool:
        """One more column; False where there is no room, or it is there."""
        if len(self.columns) >= MOST or contestant.key in {each.contestant.key for each in self.columns}:
            return False
        taken = {each.key for each in self.columns}
        key = contestant.key
        while key in taken:
            key += "'"
        self._show((*self.columns, ChatColumn(key, contestant)))
        return True

    def remove(self, key: str) -> None:
        """One column less; the last one stays."""
        if len(self.columns) > 1 and not self.busy:
            self._show(tuple(each for each in self.columns if each.key != key))

    def move(self, key: str, by: int) -> None:
        """Let a column stand further left or right."""
        if self.busy:
            return
        order = list(self.columns)
        place = next((place for place, each in enumerate(order) if each.key == key), -1)
        if place >= 0 and 0 <= place + by < len(order):
            order.insert(place + by, order.pop(place))
            self._show(tuple(order))

    def set_strength(self, key: str, strength: float) -> None:
        """Let a column's fine-tune act more or less strongly; what it said so far stays as it was."""
        self.columns = tuple(
            replace(each, contestant=each.contestant.model_copy(update={"strength": strength}))
            if each.key == key
            else each
            for each in self.columns
        )

    def set_facts(self, facts: Mapping[str, str]) -> None:
        """What each contestant is of, by its kind or its key."""
        if facts != self._facts:
            self._facts = facts
            self._show(self.columns)

    @property
    def needs_run(self) -> bool:
        """Whether a column is of the run that the pane is about."""
        return any(each.contestant.kind in (BASE, PARENT, TUNED) for each in self.columns)

    # questions

    def ask(self, prompt: str, *, begins: bool = False) -> None:
        """Ask every column, after what was said, or as the beginning of another conversation."""
        exchange = self.conversation.ask(prompt)
        exchange.begins = begins or self._how().begins
        self._ask(exchange)

    def ask_instead(self, number: int, prompt: str) -> None:
        """Ask something else in a question's place; what came of the old one stays as an earlier version."""
        exchange = self.conversation.find(number)
        if exchange is not None and not self.busy:
            version = self.conversation.ask_instead(exchange, prompt)
            version.begins = exchange.begins
            self._ask(version)

    def again(self, number: int) -> None:
        """Ask the same once more, with the next seed."""
        if (exchange := self.conversation.find(number)) is not None:
            self.ask_instead(number, exchange.prompt)

    def turn(self, number: int, by: int) -> None:
        """Show another version of a question, and what came of it."""
        exchange = self.conversation.find(number)
        if exchange is not None and not self.busy:
            self.conversation.turn(exchange, by)
            self.view.rebuild()
            self.changed.emit()

    def go_on(self, number: int, who: str, begun: str = "", ids: Sequence[int] = ()) -> None:
        """Let a column's answer go on where it ended, or from another beginning."""
        exchange, shown = self.conversation.find(number), self._column(who)
        answer = exchange.answers.get(who) if exchange is not None else None
        if exchange is None or answer is None or shown is None or self.busy:
            return
        if not begun and not ids:
            begun, ids = answer.text, answer.ended.ids if answer.ended is not None else ()
        exchange.answers[who] = ColumnAnswer(shown, begun, begun)
        exchange.is_blind = False  # what was voted on is another answer
        self._send(exchange, [shown], begun, ids)
        if self.view.answering is not None:
            self.view.answering.restart(who)

    def branch(self, number: int, who: str, begun: str, ids: Sequence[int]) -> None:
        """Let a column's answer begin with these tokens, in another version of it; the old one stays."""
        exchange = self.conversation.find(number)
        if exchange is None or self._column(who) is None or self.busy:
            return
        version = self.conversation.ask_instead(exchange, exchange.prompt)
        version.begins, version.answers = exchange.begins, dict(exchange.answers)
        version.system = exchange.system
        self.view.show_last()
        self.go_on(version.number, who, begun, ids)

    def repeat(self, asked: AskedTalks) -> None:
        """Wait once more for the answers to what was refused."""
        self._last = asked
        view = self.view.answering
        for who in dict.fromkeys(self.whos.values()):
            if view is not None and who in view.cells:
                old = view.exchange.answers[who]
                view.exchange.answers[who] = ColumnAnswer(
                    old.column, old.begun, old.begun, talk=old.talk, typed_tokens=old.typed_tokens
                )
                view.restart(who)

    def clear(self) -> None:
        """Begin a new conversation."""
        self.conversation.clear()
        self.view.rebuild()
        self.changed.emit()

    # blind votes

    def set_blind(self, blind: bool) -> None:
        """Whether names are hidden until a vote; when they are no more, nothing is left to be voted on."""
        if not blind:
            self.conversation.show_names()
        self.view.set_blind(blind)

    def vote(self, number: int, choice: str) -> None:
        """Take a vote on an exchange's two answers, and say whose they are."""
        view = next((each for each in self.view.exchanges if each.exchange.number == number), None)
        if view is not None and can_be_voted(view.exchange):
            view.exchange.vote = choice
            self.votes.append(vote_of(view.exchange, view.names()))
            view.reveal()
            self.changed.emit()

    # answers

    def take(self, event: Event) -> None:
        """Show what was heard of the answers."""
        match event:
            case AnswersBegin() if event.who in self.whos:
                self.view.begin(self.whos[event.who], event)
            case AnswerPiece() if event.who in self.whos:
                if event.text:
                    self.view.append(self.whos[event.who], event.text)
            case AnswerEnded() if event.who in self.whos:
                self.view.finish(self.whos[event.who], event)

    def set_busy(self, busy: bool) -> None:
        """Whether answers are coming."""
        self.busy = busy
        self.view.set_busy(busy)

    def _ask(self, exchange: Exchange) -> None:
        how = self._how()
        exchange.is_blind, exchange.system = how.is_blind, how.system
        order = sample(self.columns, len(self.columns)) if exchange.is_blind else self.columns
        exchange.answers = {each.key: ColumnAnswer(each) for each in order}
        self.view.show_last()
        self._send(exchange, self.columns)

    def _send(
        self, exchange: Exchange, columns: Sequence[ChatColumn], begun: str = "", ids: Sequence[int] = ()
    ) -> None:
        how = self._how()
        talks = tuple(self._talk(exchange, each, how, begun, ids) for each in columns)
        for each, talk in zip(columns, talks, strict=True):
            exchange.answers[each.key].talk = talk
            exchange.answers[each.key].typed_tokens = how.typed_tokens
        self.whos = dict(zip(called(talks), (each.key for each in columns), strict=True))
        self.view.answer(exchange)
        seed = (how.sampling.seed + exchange.version) % 2**31
        sampling = how.sampling.model_copy(update={"seed": seed})
        self._last = AskedTalks(talks, sampling, how.typed_tokens)
        self.changed.emit()
        self.asked.emit(self._last)

    def _talk(
        self, exchange: Exchange, asked: ChatColumn, how: AskedHow, begun: str, ids: Sequence[int]
    ) -> Talk:
        turns = self.conversation.turns(exchange, asked.key, how.system)
        return Talk(
            contestant=asked.contestant,
            turns=turns[-1:] if how.is_raw else turns,
            begun=begun,
            begun_ids=tuple(ids),
            is_raw=how.is_raw,
        )

    def _column(self, key: str) -> ChatColumn | None:
        return next((each for each in self.columns if each.key == key), None)

    def _act(self, action: str, key: str) -> None:
        if action == REMOVE:
            self.remove(key)
        elif action in (LEFT, RIGHT):
            self.move(key, -1 if action == LEFT else 1)

    def _show(self, columns: tuple[ChatColumn, ...]) -> None:
        self.columns = columns
        facts = {
            each.key: self._facts.get(each.contestant.key, self._facts.get(each.contestant.kind, ""))
            for each in columns
        }
        self.view.set_columns(columns, facts)
        self.changed.emit()
