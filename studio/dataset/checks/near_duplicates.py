"""Rows that say nearly the same as others, or the same as a row that is held out to test with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from studio.dataset.checks.alike import Pairs, Signatures
from studio.dataset.checks.check import (
    SHOWN,
    Check,
    Found,
    Looking,
    Normal,
    Steps,
    Subject,
    answered,
    asked,
    by_place,
    context_of,
    found,
    have,
    quoted,
    words_of,
)
from studio.dataset.groups import Links
from studio.dataset.number_column import NumberColumn, first_of_equal
from studio.dataset.record import Record
from studio.events import Evidence, Progress
from studio.language import tr

_MARKED = 60


class NearDuplicates(Check):
    name = "near duplicates"
    title = tr("Near duplicates")
    why = tr("Rows that differ in a word or two count several times, and the model learns them by heart.")

    def looking(self, subject: Subject) -> Looking[Found]:
        pairs = yield from alike(subject)
        golden = len(subject.golden)
        dropped, best = _dropped(pairs, golden, golden + len(subject.records))
        places = np.flatnonzero(dropped) - golden
        others = list(subject.at((pairs.first[best] - golden).tolist()))

        def look(record: Record, number: int) -> Evidence:
            return _differing(record, others[number])

        return found(
            by_place(subject, places, look),
            lambda count: tr("{have} nearly the same as an earlier one.", have=have(count, "says", "say")),
        )


def _dropped(pairs: Pairs, golden: int, rows: int) -> tuple[NDArray[np.bool_], list[int]]:
    """Which rows are alike to an earlier one that stays, and the pairs that say so best of the first."""
    dropped = np.zeros(rows, bool)
    best: dict[int, int] = {}
    own = np.flatnonzero(pairs.first >= golden)
    for number in own[np.argsort(pairs.second[own], kind="stable")].tolist():
        second = int(pairs.second[number])
        if dropped[pairs.first[number]]:
            continue
        dropped[second] = True
        known = best.get(second, number)
        if second in best or len(best) < SHOWN:
            best[second] = max(known, number, key=lambda pair: pairs.similarity[pair])
    return dropped, list(best.values())


def alike(subject: Subject) -> Looking[Pairs]:
    """The pairs of different rows that say nearly the same; found once for all checks.

    They are places among the golden rows of another file and, after them, the subject's own.
    """
    if "alike" not in subject.memory:
        search = _Search(subject)
        for record in subject.golden:
            search.add(record)
        yield search.add
        subject.memory["alike"] = yield from search.pairs()
    result: Pairs = subject.memory["alike"]
    return result


class _Search:
    """Collects of each row what is to be compared."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._signatures = Signatures()
        self._equal, self._normal = NumberColumn("q"), NumberColumn("q")

    def add(self, record: Record) -> None:
        normal = self._subject.normal(record)
        kind = hash((context_of(record), bool(record.rejected)))
        self._signatures.add(normal, kind)
        self._equal.append(self._subject.equal(record))
        self._normal.append(hash((kind, normal)) if any(normal) else 0)

    def pairs(self) -> Steps[Pairs]:
        """Those of rows that differ in nothing but case, spaces and punctuation, and those that are alike."""
        kept, same = self._same()
        near = yield from self._signatures.pairs(kept, self._words)
        joined = (np.concatenate(each) for each in zip(same, near, strict=True))
        return Pairs(*joined)

    def _same(self) -> tuple[NDArray[np.bool_], Pairs]:
        """The rows that repeat no other, and the pairs of them that differ in nothing but their writing."""
        golden = len(self._subject.golden)
        equal, normal = self._equal.numbers(), self._normal.numbers()
        kept = first_of_equal(equal[golden:]) == np.arange(len(equal) - golden)
        kept = np.concatenate((np.ones(golden, bool), kept))
        own = np.flatnonzero(kept & (normal != 0))
        first = own[first_of_equal(normal[own])]
        later = first != own
        return kept, Pairs(first[later], own[later], np.ones(int(later.sum())))

    def _words(self, places: list[int]) -> Iterator[Normal]:
        golden = self._subject.golden
        held = [golden[place] for place in places if place < len(golden)]
        own = self._subject.at(place - len(golden) for place in places if place >= len(golden))
        return map(words_of, chain(held, own))


def _differing(one: Record, other: Record) -> Evidence:
    """Quotes the later row where it begins to differ from the earlier one."""
    side = answered if asked(one) == asked(other) else asked
    text, known = side(one), side(other)
    start = _shared(text, known)
    same = _shared(text[:start:-1], known[:start:-1])
    return quoted(one.line, text, start, min(len(text) - same, start + _MARKED), other=other.line)


def _shared(one: str, other: str) -> int:
    """How many characters are the same from the beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


class Leakage(Check):
    """Flags the rows in train that are asked in a test, nearly so, or belong to a row that is (`groups`).

    Golden rows of another file are named by negative lines.
    """

    name = "leakage"
    title = tr("Test questions in the training rows")
    why = tr("What was learned by heart is no test: the figures would be better than the model.")
    severity = "bad"

    def looking(self, subject: Subject) -> Looking[Found]:
        if not subject.golden and all(part == "train" for part in subject.parts.values()):
            return Found()
        rows = _Divided(subject)
        yield rows.add
        for record in subject.golden:
            rows.add(record)
        pairs = yield from alike(subject)
        yield Progress(tr("rows compared"), 0, len(subject.records))
        other = rows.asked_in_a_test()
        rows.join_pairs(other, pairs)
        rows.join_groups(other)
        places = np.flatnonzero(other >= 0)
        tests = list(rows.at(other[places[:SHOWN]].tolist()))

        def look(record: Record, number: int) -> Evidence:
            return _leaked(subject, record, tests[number])

        return found(
            by_place(subject, places, look),
            lambda count: tr(
                "{have} also held out to test with, or of a conversation or a document that is.",
                have=have(count, "to learn from is", "to learn from are"),
            ),
        )


class _Divided:
    """What rows ask and what links them; the golden ones of another file come after the subject's own."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._links = Links()
        self._questions, self._trains = NumberColumn("q"), NumberColumn("b")

    def add(self, record: Record) -> None:
        self._links.add(record)
        question = _question(self._subject, record)
        self._questions.append(hash(question) if question else 0)
        self._trains.append(self._subject.part(record) == "train")

    def at(self, places: Iterable[int]) -> Iterator[Record]:
        """The rows at these places."""
        own = len(self._subject.records)
        for place in places:
            yield self._subject.golden[place - own] if place >= own else next(self._subject.at([place]))

    def asked_in_a_test(self) -> NDArray[np.int64]:
        """For each row that trains the place of the first test row that asks the same; -1 for none."""
        questions = self._questions.numbers()
        other = np.full(len(questions), -1)
        tests = np.flatnonzero(~self._training() & (questions != 0))
        known, first = np.unique(questions[tests], return_index=True)
        if len(known):
            place = np.minimum(np.searchsorted(known, questions), len(known) - 1)
            hit = self._training() & (known[place] == questions)
            other[hit] = tests[first[place[hit]]]
        return other

    def join_pairs(self, other: NDArray[np.int64], pairs: Pairs) -> None:
        """Set in `other` the first test row that each row is alike to."""
        golden, own = len(self._subject.golden), len(self._subject.records)
        trains = self._training()
        sides = [np.where(each < golden, own + each, each - golden) for each in (pairs.first, pairs.second)]
        for one, two in zip(*(side.tolist() for side in sides), strict=True):
            train, test = (one, two) if trains[one] else (two, one)
            if trains[train] and not trains[test] and other[train] < 0:
                other[train] = test

    def join_groups(self, other: NDArray[np.int64]) -> None:
        """Set in `other` the first test row of the group of each row."""
        leaders, trains = self._links.leaders(), self._training()
        first = np.full(len(leaders), -1)
        tests = np.flatnonzero(~trains)[::-1]
        first[leaders[tests]] = tests
        unset = trains & (other < 0)
        other[unset] = first[leaders[unset]]

    def _training(self) -> NDArray[np.bool_]:
        return np.asarray(self._trains.numbers(), bool)


def _question(subject: Subject, record: Record) -> str:
    """The words of what is asked; where there are none, as of an emoji, what is asked to the letter."""
    normal = subject.normal(record)
    return (normal.asked if record.messages else normal.answer) or record.question


def _leaked(subject: Subject, record: Record, test: Record) -> Evidence:
    shown = f"{subject.part(test)}: {record.prompt or record.answer}"
    return quoted(record.line, shown, other=test.line)
