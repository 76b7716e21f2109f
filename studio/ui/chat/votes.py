"""Blind votes: which of two answers is better, asked before it is told whose they are; what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame

from studio.evaluate.statistics import wilson
from studio.evaluate.store import Vote
from studio.language import tr
from studio.ui.chat.conversation import Exchange
from studio.ui.widgets.button import Button
from studio.ui.widgets.label import WrapLabel, note
from studio.ui.widgets.layout import column, row
from studio.ui.widgets.tabs import KeyHints
from studio.words import counted, percent

LETTERS = "AB"
VOTED = {"a": tr("A is better"), "b": tr("B is better"), "tie": tr("Tie"), "bad": tr("Both are bad")}
_HINTS = [(choice, str(place), words) for place, (choice, words) in enumerate(VOTED.items(), 1)]
_BY_KEY = {key: choice for choice, key, _ in _HINTS}


def can_be_voted(exchange: Exchange) -> bool:
    """Whether both answers are there and hidden, and no vote was given yet."""
    answers = exchange.answers.values()
    whole = all(each.ended is not None and each.ended.finish_reason != "failed" for each in answers)
    return exchange.is_blind and not exchange.vote and len(answers) == 2 and whole


def vote_of(exchange: Exchange, names: tuple[str, str]) -> Vote:
    """The vote as it counts; `names` are those of the two answers as they stood."""
    return Vote(exchange.prompt, *names, exchange.vote)


def tally_words(votes: Iterable[Vote]) -> list[str]:
    """A sentence for each pair: who won how many of those decided, with the interval of that share."""
    pairs: dict[tuple[str, str], list[Vote]] = {}
    for vote in votes:
        first, second = sorted((vote.a, vote.b))
        pairs.setdefault((first, second), []).append(vote)
    return [_pair_words(*pair, found) for pair, found in pairs.items()]


def _pair_words(first: str, second: str, votes: list[Vote]) -> str:
    won = Counter(vote.a if vote.choice == "a" else vote.b for vote in votes if vote.choice in ("a", "b"))
    ties, bad = (sum(vote.choice == choice for vote in votes) for choice in ("tie", "bad"))
    decided = won.total()
    rest = [
        counted(ties, "tie") if ties else "",
        tr("{counted} both bad", counted=counted(bad, "pair")) if bad else "",
    ]
    undecided = "".join(f" · {each}" for each in rest if each)
    if not decided:
        return tr(
            "{first} and {second}: no vote decided{undecided}",
            first=first,
            second=second,
            undecided=undecided,
        )
    better, worse = (first, second) if won[first] >= won[second] else (second, first)
    low, high = wilson(won[better] / decided, decided)
    share = tr(
        "{percent}, 95 % interval {percent2} to {percent3}",
        percent=percent(won[better] / decided),
        percent2=percent(low),
        percent3=percent(high),
    )
    said = tr(
        "{better} beat {worse} in {won:,} of {decided:,} decided",
        better=better,
        worse=worse,
        won=won[better],
        decided=decided,
    )
    return f"{said} ({share}){undecided}"


class VoteBar(QFrame):
    """Below two answers whose names are hidden: asks for the better, by button or key, then says whose."""

    voted = Signal(str)  # a, b, tie or bad
    pair_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(tr("Which answer is better? 1: A, 2: B, 3: tie, 4: both are bad."))
        self.choices, self.said = KeyHints(_HINTS), WrapLabel()
        self.pair = Button(tr("Add as preference pair…"), "quiet")
        self._waits = note(tr("The names come after your vote."))
        self.choices.chosen.connect(self.voted)
        self.pair.clicked.connect(self.pair_wanted)
        said = row((self.said, 1), (self.pair, Qt.AlignmentFlag.AlignTop))
        column(self.choices, said, self._waits, on=self, gap=4)
        self._is_open = False

    def show_vote(self, exchange: Exchange, names: tuple[str, str] = ("", "")) -> None:
        """Ask while a vote is due; afterwards say what it was, and whose the two answers are."""
        self._is_open = can_be_voted(exchange)
        self.setVisible(exchange.is_blind)
        self.choices.setVisible(self._is_open)
        self._waits.setVisible(not exchange.vote)
        words = VOTED.get(exchange.vote, "")
        whose = " · ".join(f"{letter}: {name}" for letter, name in zip(LETTERS, names, strict=True))
        self.said.setText(tr("You voted “{words}”. {whose}", words=words, whose=whose))
        self.said.setVisible(bool(exchange.vote))
        self.pair.setVisible(exchange.vote in ("a", "b"))

    @property
    def is_open(self) -> bool:
        """Whether a vote is waited for."""
        return self._is_open

    def keyPressEvent(self, event: QKeyEvent) -> None:
        choice = _BY_KEY.get(event.text(), "")
        if choice and self._is_open:
            self.voted.emit(choice)
        else:
            super().keyPressEvent(event)


class BlindTally(QFrame):
    """Over the columns while names are hidden: what the votes come to, and a way to end it."""

    ended = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words, self._end = note(""), Button(tr("Show names"), "quiet")
        self._end.setToolTip(
            tr("Answers that were not voted on get their names, and cannot be voted on later")
        )
        self._end.clicked.connect(self.ended)
        row((self.words, 1), self._end, on=self, gap=10)

    def show_votes(self, votes: Sequence[Vote], *, blind: bool) -> None:
        """What was voted so far; nothing is shown when nothing was, and names are not hidden."""
        told = tr("Names are hidden, and the order changes with every question.")
        self.words.setText("\n".join(tally_words(votes)) or told)
        self.setVisible(blind or bool(votes))
        self._end.setVisible(blind)
