"""Rows that say nearly the same as others, also across the split: MinHash, verified word by word.

Broder 1997, "On the resemblance and containment of documents"; the banding of Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3. numpy does 100,000 rows of 60 words in seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.dataset.checks.check import (
    Check,
    Found,
    Normal,
    Steps,
    Subject,
    answered,
    asked,
    by_row,
    found,
    frame,
    have,
    quoted,
)
from studio.dataset.groups import grouped
from studio.dataset.identity import equal_key
from studio.dataset.record import Record
from studio.events import Evidence, Progress

ALIKE = 0.8
"""The share of three-word sequences that two rows have in common."""

SHORTEST = 16
"""Rows of fewer words are not compared: a single other word makes them different rows."""

_BANDS, _ROWS = 16, 5
_ESTIMATE = 0.65
_CHUNK = 2000
_NEIGHBOURS = 4
_EDIT = 3

type _Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Pair:
    """Two places in the list of rows, the earlier first, and their Jaccard similarity."""

    first: int
    second: int
    similarity: float


@dataclass
class _Vocabulary:
    ids: dict[str, int] = field(default_factory=dict)

    def numbers(self, words: Sequence[str]) -> list[int]:
        ids = self.ids
        return [ids.setdefault(word, len(ids)) for word in words]


def similar(rows: Sequence[Normal]) -> Steps[tuple[Pair, ...]]:
    """The pairs that are alike; in a large group of alike rows not all, but each row in one at least."""
    places = [place for place, row in enumerate(rows) if _count(row) >= SHORTEST]
    if len(places) < 2:
        return ()
    signatures = yield from _signatures([rows[place] for place in places])
    candidates: set[int] = set()
    for band in range(_BANDS):
        candidates.update(_candidates(signatures, band))
        yield Progress("rows compared", (band + 1) * len(rows) // _BANDS, len(rows))
    pairs = []
    for number, code in enumerate(sorted(candidates)):
        first, second = (places[index] for index in divmod(code, len(places)))
        if (alike := similarity(rows[first], rows[second])) >= ALIKE and same(rows[first], rows[second]):
            pairs.append(Pair(first, second, alike))
        if number % _CHUNK == 0:
            yield Progress("pairs verified", number, len(candidates))
    return tuple(pairs)


def similarity(one: Normal, other: Normal) -> float:
    """The Jaccard similarity of two rows' three-word sequences, 0 to 1."""
    left, right = _sequences(one), _sequences(other)
    shared = len(left & right)
    return shared / max(1, len(left) + len(right) - shared)


def same(one: Normal, other: Normal) -> bool:
    """Whether what differs is wording: no other number, subject, or question to the same long text."""
    if not (_same(one.asked, other.asked) and _same(one.answer, other.answer)):
        return False
    return not (_own_subject(one, other) and _own_subject(other, one))


def _own_subject(one: Normal, other: Normal) -> bool:
    """Whether a word is asked for and answered here, and unknown there: Italy here, Brazil there."""
    shared = set(one.asked.split()) & set(one.answer.split())
    return bool(shared.difference(other.asked.split(), other.answer.split()))


def _same(one: str, other: str) -> bool:
    left, right = _middles(one.split(), other.split())
    if _numbers(left) != _numbers(right):
        return False
    if not left or not right or max(len(left), len(right)) <= _EDIT:
        return True
    words, others = set(left), set(right)
    return 2 * len(words & others) >= len(words | others)


def _middles(one: list[str], other: list[str]) -> tuple[list[str], list[str]]:
    """The words without those with which both begin and end."""
    shortest = min(len(one), len(other))
    start = next((i for i in range(shortest) if one[i] != other[i]), shortest)
    left = shortest - start
    end = next((i for i in range(left) if one[-1 - i] != other[-1 - i]), left)
    return one[start : len(one) - end], other[start : len(other) - end]


def _numbers(words: Sequence[str]) -> list[str]:
    return sorted(word for word in words if any(letter.isdigit() for letter in word))


def _count(row: Normal) -> int:
    return row.asked.count(" ") + row.answer.count(" ") + 2


def _sequences(row: Normal) -> set[tuple[str, ...]]:
    words = f"{row.asked} {row.answer}".split()
    return set(zip(words, words[1:], words[2:], strict=False))


def _signatures(rows: Sequence[Normal]) -> Steps[NDArray[np.uint32]]:
    """For each row the smallest hash of its sequences under each of _BANDS * _ROWS functions."""
    random = np.random.default_rng(0)
    factors = random.integers(1, 2**63, _BANDS * _ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    terms = random.integers(0, 2**63, _BANDS * _ROWS, dtype=np.uint64)
    signatures = np.empty((len(rows), len(factors)), np.uint32)
    vocabulary = _Vocabulary()
    for start in range(0, len(rows), _CHUNK):
        chunk = [
            vocabulary.numbers(f"{row.asked} {row.answer}".split()) for row in rows[start : start + _CHUNK]
        ]
        hashes, starts = _hashed(chunk)
        for place, (factor, term) in enumerate(zip(factors, terms, strict=True)):
            values = ((hashes * factor + term) >> np.uint64(32)).astype(np.uint32)
            signatures[start : start + len(chunk), place] = np.minimum.reduceat(values, starts)
        yield Progress("rows compared", start + len(chunk), len(rows))
    return signatures


def _hashed(rows: Sequence[Sequence[int]]) -> tuple[_Hashes, NDArray[np.intp]]:
    """The hashes of all three-word sequences in a row after row, and where each row starts."""
    lengths = np.array([len(row) for row in rows])
    words = _mixed(np.fromiter((word for row in rows for word in row), np.uint64, int(lengths.sum())))
    belongs = np.repeat(np.arange(len(rows)), lengths)
    factors = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
    sequences = words[:-2] * factors[0] + words[1:-1] * factors[1] + words[2:] * factors[2]
    starts = np.concatenate(([0], np.cumsum(lengths - 2)[:-1]))
    return _mixed(sequences[belongs[:-2] == belongs[2:]]), starts


def _mixed(values: _Hashes) -> _Hashes:
    """Each number scattered over 64 bits (the finalizer of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: _Hashes = values ^ (values >> np.uint64(31))
    return mixed


def _candidates(signatures: NDArray[np.uint32], band: int) -> Iterator[int]:
    """Pairs that agree in a band and mostly elsewhere, as first * rows + second."""
    part = signatures[:, band * _ROWS : (band + 1) * _ROWS].astype(np.uint64)
    keys = np.zeros(len(part), np.uint64)
    for column in part.T:
        keys = _mixed(keys + column + np.uint64(1))
    order = np.argsort(keys, kind="stable")
    for first, second in _neighbours(keys[order], order):
        near = (signatures[first] == signatures[second]).mean(axis=1) >= _ESTIMATE
        yield from (first[near] * len(part) + second[near]).tolist()


def _neighbours(keys: Any, order: Any) -> Iterator[tuple[Any, Any]]:
    """Rows with the same key: each with those shortly before it and with the first."""
    for apart in range(1, _NEIGHBOURS + 1):
        equal = keys[apart:] == keys[:-apart]
        yield order[:-apart][equal], order[apart:][equal]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    first = np.repeat(order[starts], [after - start for start, after in pairwise((*starts, len(keys)))])
    later = first != order
    yield first[later], order[later]


_MARKED = 60


class NearDuplicates(Check):
    name = "near duplicates"
    title = "Near duplicates"
    why = "Rows that differ in a word or two count several times, and the model learns them by heart."

    def find(self, subject: Subject) -> Steps[Found]:
        records, pairs = yield from alike(subject)
        earlier: dict[int, list[Pair]] = defaultdict(list)
        for pair in (pair for pair in pairs if records[pair.first].line > 0):
            earlier[pair.second].append(pair)
        dropped: set[int] = set()
        evidence: list[Evidence] = []
        for second in sorted(earlier):
            kept = [pair for pair in earlier[second] if pair.first not in dropped]
            if kept:
                dropped.add(second)
                best = max(kept, key=lambda pair: pair.similarity)
                evidence.append(_evidence(records, best))
        return found(
            evidence, lambda count: f"{have(count, 'says', 'say')} nearly the same as an earlier one."
        )


def alike(subject: Subject) -> Steps[tuple[list[Record], tuple[Pair, ...]]]:
    """The different rows, and the pairs of them that say nearly the same; found once for all checks."""
    if "alike" not in subject.memory:
        records = list({equal_key(record): record for record in reversed(subject.records)}.values())
        records = [*subject.golden, *reversed(records)]
        normals = [subject.normal(record) for record in records]
        pairs = yield from similar(normals)
        alike = [pair for pair in (*_equal(records, normals), *pairs) if _together(records, pair)]
        subject.memory["alike"] = records, tuple(dict.fromkeys(alike))
    result: tuple[list[Record], tuple[Pair, ...]] = subject.memory["alike"]
    return result


def _equal(records: list[Record], normals: list[Normal]) -> list[Pair]:
    """Rows that differ in nothing but case, spaces and punctuation, each with the first such row."""
    first: dict[tuple[str, Normal], int] = {}
    pairs = []
    for place, (record, normal) in enumerate(zip(records, normals, strict=True)):
        known = first.setdefault((frame(record), normal), place)
        if known != place and any(normal):
            pairs.append(Pair(known, place, 1.0))
    return pairs


def _together(records: list[Record], pair: Pair) -> bool:
    one, other = records[pair.first], records[pair.second]
    return frame(one) == frame(other) and bool(one.rejected) == bool(other.rejected)


def _evidence(records: list[Record], pair: Pair) -> Evidence:
    """Quotes the later row where it begins to differ from the earlier one."""
    one, other = records[pair.second], records[pair.first]
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
    title = "Test questions in the training rows"
    why = "What was learned by heart is no test: the figures would be better than the model."
    severity = "bad"

    def find(self, subject: Subject) -> Steps[Found]:
        held: dict[str, Record] = {}
        for record in (*subject.records, *subject.golden):
            if subject.part(record) != "train" and (question := _question(subject, record)):
                held.setdefault(question, record)

        def look(record: Record) -> Evidence | None:
            if not held or subject.part(record) != "train":
                return None
            other = held.get(_question(subject, record))
            return _leaked(subject, record, other) if other else None

        evidence = {item.line: item for item in (yield from by_row(subject, look))}
        records, pairs = yield from alike(subject)
        for pair in pairs:
            one, other = records[pair.first], records[pair.second]
            train, test = (one, other) if subject.part(one) == "train" else (other, one)
            if subject.part(train) == "train" and subject.part(test) != "train":
                evidence.setdefault(train.line, _leaked(subject, train, test))
        yield Progress("rows compared", 0, len(subject.records))
        for group in grouped((*subject.records, *subject.golden)):
            tests = [record for record in group if subject.part(record) != "train"]
            for record in group if tests else ():
                if subject.part(record) == "train":
                    evidence.setdefault(record.line, _leaked(subject, record, tests[0]))
        return found(
            (evidence[line] for line in sorted(evidence)),
            lambda count: (
                f"{have(count, 'to learn from is', 'to learn from are')} also held out to test with, or "
                "of a conversation or a document that is."
            ),
        )


def _question(subject: Subject, record: Record) -> str:
    """The words of what is asked; where there are none, as of an emoji, what is asked to the letter."""
    normal = subject.normal(record)
    return (normal.asked if record.messages else normal.answer) or record.question


def _leaked(subject: Subject, record: Record, test: Record) -> Evidence:
    shown = f"{subject.part(test)}: {record.prompt or record.answer}"
    return quoted(record.line, shown, other=test.line)
