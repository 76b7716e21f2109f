"""What every contestant answered to every question, as a list that can be filtered and searched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, Qt

from studio.events import Answered, GivenAnswer
from studio.language import tr
from studio.ui.tables.model import Mark, TableColumn, TableModel, one_line
from studio.ui.tables.score_words import title_of

OUTCOMES = {
    "fixed": (tr("Fixed"), "good"),
    "broken": (tr("Broken"), "bad"),
    "both_right": (tr("Both right"), "dim"),
    "both_wrong": (tr("Both wrong"), "warn"),
}
"""What training did to an answer: the word for it, and its tone."""
SPECIAL = {
    "worse": tr("Got worse"),
    "fallen": tr("Worse than beside"),
    "disagree": tr("Judge disagrees"),
    "overruled": tr("Overruled"),
    "voted": tr("Voted"),
}
"""Rows to be looked at by themselves, whatever came out."""

VOTES = {"a": tr("A is better"), "b": tr("B is better"), "tie": tr("Tie"), "bad": tr("Both are bad")}
type Key = tuple[str, str]
"""A question: its task, and its id there."""


@dataclass(frozen=True)
class AnswerRow:
    """A question with all answers, and what a person said of them."""

    asked: Answered
    baseline: str
    compared: str
    rulings: Mapping[str, bool] = field(default_factory=dict)
    """Whether a person calls a contestant's answer right, where one did."""
    vote: str = ""
    note: str = ""
    judged: str = ""
    """What a judge said of it, in words."""
    fallen: bool = False
    """Whether the evaluation that is laid beside does better on it."""
    disagrees: bool = False
    """Whether judge and scorer do not agree on it."""

    @property
    def key(self) -> Key:
        return self.asked.task, self.asked.id

    def answer(self, contestant: str) -> GivenAnswer | None:
        """What one contestant answered."""
        return next((each for each in self.asked.answers if each.contestant == contestant), None)

    def right(self, contestant: str) -> bool | None:
        """Whether an answer is right: a person's word stands over the scorer's; None where neither said."""
        if contestant in self.rulings:
            return self.rulings[contestant]
        given = self.answer(contestant)
        return given.right if given is not None else None

    @property
    def outcome(self) -> str:
        """One of OUTCOMES; nothing where an answer was not scored."""
        before, after = self.right(self.baseline), self.right(self.compared)
        if before is None or after is None:
            return ""
        if before == after:
            return "both_right" if after else "both_wrong"
        return "fixed" if after else "broken"

    @property
    def got_worse(self) -> bool:
        """Whether a right answer was broken, or one that is neither right nor wrong has a lower score now."""
        if self.outcome:
            return self.outcome == "broken"
        before, after = (self.answer(who) for who in (self.baseline, self.compared))
        scores = [each.score if each is not None else None for each in (before, after)]
        return scores[0] is not None and scores[1] is not None and scores[1] < scores[0]

    @property
    def failures(self) -> tuple[str, ...]:
        """The kinds of failures of any answer."""
        return tuple(dict.fromkeys(kind for each in self.asked.answers for kind in each.failures))

    @property
    def marks(self) -> tuple[str, ...]:
        """Which of SPECIAL the row is."""
        found = {
            "worse": self.got_worse,
            "fallen": self.fallen,
            "disagree": self.disagrees,
            "overruled": bool(self.rulings),
            "voted": bool(self.vote),
        }
        return tuple(key for key, is_so in found.items() if is_so)

    def holds(self, words: str) -> bool:
        """Whether a text stands in the question, an answer or the note, whatever its case."""
        texts = (self.asked.prompt, self.asked.ideal, self.note, *(each.text for each in self.asked.answers))
        return any(words in text.casefold() for text in texts)


@dataclass(frozen=True)
class AnswerFilter:
    """What is shown of all answers; empty lets all through."""

    outcome: str = ""
    special: str = ""
    task: str = ""
    category: str = ""
    failure: str = ""
    search: str = ""

    def passes(self, row: AnswerRow) -> bool:
        """Whether a row is shown."""
        return (
            (not self.outcome or row.outcome == self.outcome)
            and (not self.special or self.special in row.marks)
            and (not self.task or row.asked.task == self.task)
            and (not self.category or row.asked.category == self.category)
            and (not self.failure or self.failure in row.failures)
            and (not self.search or row.holds(self.search.casefold()))
        )


class AnswersModel(TableModel[AnswerRow]):
    """Holds the answers in the order of their questions, and shows those that pass its filter.

    With `blind` a row says nothing of what came out.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        self.blind = False
        super().__init__(
            (
                TableColumn(tr("Outcome"), badge=self._badge, width=98),
                TableColumn(
                    tr("Question"), lambda row: one_line(row.asked.prompt), tip=_tip, aside=self._aside
                ),
            ),
            parent=parent,
        )
        self.rows: list[AnswerRow] = []
        self.filter = AnswerFilter()
        self._known: dict[Key, AnswerRow] = {}
        self._baseline = self._compared = ""

    def clear(self) -> None:
        self._known = {}
        self.set_rows([])

    def compare(self, baseline: str, compared: str) -> None:
        """Between which two contestants outcomes are told."""
        self._baseline, self._compared = baseline, compared
        self._known = {
            key: replace(row, baseline=baseline, compared=compared) for key, row in self._known.items()
        }
        self.show(self.filter)

    def add(self, answers: Iterable[Answered]) -> None:
        """Take in answers as they arrive; those of a question that is known replace it."""
        fresh, are_new = [], True
        for asked in answers:
            row = AnswerRow(asked, self._baseline or _first(asked), self._compared or _last(asked))
            if (known := self._known.get(row.key)) is not None:
                row, are_new = replace(known, asked=asked), False
            self._known[row.key] = row
            if self.filter.passes(row):
                fresh.append(row)
        if not are_new:
            self.show(self.filter)
        elif fresh:
            first = len(self.rows)
            self.beginInsertRows(QModelIndex(), first, first + len(fresh) - 1)
            self.rows.extend(fresh)
            self.endInsertRows()

    def change(self, key: Key, **said: Any) -> None:
        """What a person said of a row; it stays in sight, even where it passes the filter no more."""
        if key not in self._known:
            return
        row = self._known[key] = replace(self._known[key], **said)
        for place, shown in enumerate(self.rows):
            if shown.key == key:
                self.rows[place] = row
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(self.columns) - 1))

    def show(self, filter: AnswerFilter) -> None:
        """Let through what passes, in the order of the questions."""
        self.filter = filter
        ordered = sorted(self._known.values(), key=lambda row: (row.asked.task, row.asked.index))
        self.set_rows([row for row in ordered if filter.passes(row)])

    def known(self) -> list[AnswerRow]:
        """Every row, whether it is shown or not."""
        return list(self._known.values())

    def row(self, key: Key) -> AnswerRow | None:
        return self._known.get(key)

    def place(self, key: Key) -> int:
        """Where a row stands among those shown; -1 where it does not."""
        return next((place for place, row in enumerate(self.rows) if row.key == key), -1)

    def counts(self) -> dict[str, int]:
        """How many rows there are of every outcome and of every special kind, within the other filters."""
        open_ = replace(self.filter, outcome="", special="")
        within = [row for row in self._known.values() if open_.passes(row)]
        outcomes = Counter(row.outcome for row in within)
        special = Counter(mark for row in within for mark in row.marks)
        return {
            "": len(within),
            **{key: outcomes[key] for key in OUTCOMES},
            **{key: special[key] for key in SPECIAL},
        }

    def values(self, of: Callable[[AnswerRow], Sequence[str]]) -> list[str]:
        """All that rows have of something, such as their categories, in order of first sight."""
        return list(dict.fromkeys(value for row in self._known.values() for value in of(row) if value))

    def set_blind(self, blind: bool) -> None:
        """Whether rows keep to themselves what came out."""
        self.blind = blind
        self.repaint()

    def cell(self, row: AnswerRow, place: int, role: int) -> Any:
        if role == Qt.ItemDataRole.AccessibleTextRole:
            word = "" if self.blind else OUTCOMES.get(row.outcome, (tr("Not scored"), ""))[0]
            return f"{word}: {row.asked.prompt}" if word else row.asked.prompt
        return super().cell(row, place, role)

    def _badge(self, row: AnswerRow) -> Mark | None:
        if self.blind:
            return (VOTES[row.vote], "accent") if row.vote in VOTES else None
        return OUTCOMES.get(row.outcome)

    def _aside(self, row: AnswerRow) -> str:
        told = (
            [] if self.blind else [*("✎" for _ in (row.note,) if row.note), *("⚖" for _ in row.rulings)][:2]
        )
        return " ".join(told)


def _tip(row: AnswerRow) -> str:
    parts = [(tr("Question"), row.asked.prompt), (tr("Ideal"), row.asked.ideal), (tr("Note"), row.note)]
    return "\n\n".join(f"{name}\n{text[:600]}" for name, text in parts if text)


def failure_word(kind: str) -> str:
    """A kind of failure as a person reads it."""
    return title_of(kind)


def _first(asked: Answered) -> str:
    return asked.answers[0].contestant if asked.answers else ""


def _last(asked: Answered) -> str:
    return asked.answers[-1].contestant if asked.answers else ""
