"""What was asked and answered, with every version of it: a tree, of which one way down is on show."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count

from studio.dataset.record import Message
from studio.events import AnswerEnded, AnswersBegin
from studio.generate.contestant import Contestant, Talk

_numbers = count(1)


@dataclass(frozen=True)
class ChatColumn:
    """A column of the playground: who answers there. `key` stays while the contestant changes."""

    key: str
    contestant: Contestant

    @property
    def title(self) -> str:
        return self.contestant.title


@dataclass(eq=False)
class ColumnAnswer:
    """What one column answered to one question; `begun` is what it was to begin with, `talk` what it read."""

    column: ChatColumn
    text: str = ""
    begun: str = ""
    begin: AnswersBegin | None = None
    ended: AnswerEnded | None = None
    why_open: str = ""  # why nothing more will come, where it did not end
    talk: Talk | None = None
    typed_tokens: bool = False  # whether control tokens typed in the talk were read as such
    came: str = ""

    def take(self, piece: str) -> str:
        """Take over what was streamed, and return what is new of it: some tell the beginning anew."""
        self.came += piece
        before, told = self.text, self.came.startswith(self.begun)
        if told or not self.begun.startswith(self.came):
            self.text = self.came if told else self.begun + self.came
        return self.text[len(before) :]

    def finish(self, ended: AnswerEnded) -> None:
        """Take the whole text over: what was streamed may differ from it."""
        self.ended = ended
        self.text = ended.text if ended.text.startswith(self.begun) else self.begun + ended.text


@dataclass(eq=False)
class Exchange:
    """A question and its answers by their columns' keys; `version` counts the other ways of asking it.

    Where it `is_blind` the answers' order is that in which they stand, and says nothing.
    """

    prompt: str
    before: Exchange | None = None
    version: int = 0
    answers: dict[str, ColumnAnswer] = field(default_factory=dict)
    after: list[Exchange] = field(default_factory=list)
    shown: int = 0  # which of those after it is on show
    begins: bool = False  # a conversation of its own: nothing before it is told
    is_blind: bool = False  # who answers is told only after the vote
    vote: str = ""
    system: str = ""  # the system prompt that it was asked with
    number: int = field(default_factory=lambda: next(_numbers))


class Conversation:
    """Questions one after another, each of which can be asked anew without losing what came of it."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin again."""
        self._root = Exchange("", number=0)

    def path(self) -> list[Exchange]:
        """The questions on show, the first one first."""
        found, here = [], self._root
        while here.after:
            here = here.after[here.shown]
            found.append(here)
        return found

    def ask(self, prompt: str) -> Exchange:
        """Another question, after those on show."""
        return self._put(prompt, self._last())

    def ask_instead(self, exchange: Exchange, prompt: str) -> Exchange:
        """Another version of a question; those after the old one stay with it."""
        return self._put(prompt, self._before(exchange))

    def turn(self, exchange: Exchange, by: int) -> None:
        """Show an earlier or a later version of a question."""
        before = self._before(exchange)
        before.shown = max(0, min(before.after.index(exchange) + by, len(before.after) - 1))

    def show_names(self) -> None:
        """Hide nobody's name any more; what was not voted on cannot be any more."""
        waiting = [self._root]
        while waiting:
            here = waiting.pop()
            waiting += here.after
            here.is_blind = here.is_blind and bool(here.vote)

    def versions(self, exchange: Exchange) -> tuple[int, int]:
        """Which version of its question this is, counted from 1, and of how many."""
        siblings = self._before(exchange).after
        return siblings.index(exchange) + 1, len(siblings)

    def find(self, number: int) -> Exchange | None:
        """The exchange on show with this number."""
        return next((each for each in self.path() if each.number == number), None)

    def turns(self, exchange: Exchange, column: str, system: str) -> tuple[Message, ...]:
        """What a column is asked with: the system prompt, its own conversation so far, and the question."""
        said = [Message("system", system)] if system.strip() else []
        way = self._to(exchange)
        first = max((place for place, each in enumerate(way) if each.begins), default=0)
        for each in way[first:-1]:
            answer = each.answers.get(column)
            if answer is not None and answer.text.strip():
                said += [Message("user", each.prompt), Message("assistant", answer.text)]
        return (*said, Message("user", exchange.prompt))

    def _put(self, prompt: str, before: Exchange) -> Exchange:
        exchange = Exchange(prompt, before, len(before.after))
        before.after.append(exchange)
        before.shown = len(before.after) - 1
        return exchange

    def _last(self) -> Exchange:
        return (self.path() or [self._root])[-1]

    def _before(self, exchange: Exchange) -> Exchange:
        return exchange.before or self._root

    def _to(self, exchange: Exchange) -> list[Exchange]:
        way = [exchange]
        while (before := way[0].before) is not None and before is not self._root:
            way.insert(0, before)
        return way
