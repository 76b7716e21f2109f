"""The search for rows that say nearly the same: MinHash, verified word by word.

Broder 1997, "On the resemblance and containment of documents"; the banding of Leskovec, Rajaraman and
Ullman, "Mining of Massive Datasets", chapter 3. numpy does 100,000 rows of 60 words in seconds.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import chain, filterfalse
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from studio.dataset.checks.check import Normal, Steps
from studio.dataset.number_column import NumberColumn
from studio.events import Progress
from studio.language import tr

ALIKE = 0.8
"""The share of three-word sequences that two rows have in common."""

SHORTEST = 16
"""Rows of fewer words are not compared: a single other word makes them different rows."""

_BANDS, _ROWS = 16, 5
_ESTIMATE = 0.65
_CHUNK = 2000
_COMPARED = 2**15
_WORDS = 2**20
_NEIGHBOURS = 4
_EDIT = 3

type _Hashes = NDArray[np.uint64]


class Pairs(NamedTuple):
    """Pairs of places in the list of rows, the earlier first, with their Jaccard similarities."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float64]


class Signatures:
    """Collects rows one by one, and then finds the pairs that are alike: a few hundred bytes a row, on disk.

    Only rows with the same `kind` are compared, which is any hash.
    """

    def __init__(self) -> None:
        self._rows = self._words = 0
        self._places, self._smallest = NumberColumn("q"), NumberColumn("I")
        self._bands = [NumberColumn("Q") for _ in range(_BANDS)]
        self._waiting: list[tuple[list[int], int]] = []

    def add(self, row: Normal, kind: int = 0) -> None:
        """The next row."""
        asked, answer = row.asked.split(), row.answer.split()
        words = asked + answer
        if len(words) >= SHORTEST:
            numbers = hash((kind, *_numbers(asked), None, *_numbers(answer)))
            self._waiting.append(([*map(_number, words)], numbers))
            self._places.append(self._rows)
            self._words += len(words)
            if len(self._waiting) == _CHUNK or self._words > _WORDS:
                self._sign()
        self._rows += 1

    def pairs(
        self, kept: NDArray[np.bool_] | None, rows: Callable[[list[int]], Iterator[Normal]]
    ) -> Steps[Pairs]:
        """The pairs among the rows that are `kept`; in a large group of alike rows not all, but each row in
        one at least. `rows` gives those at some places again.
        """
        self._sign()
        places = self._places.numbers()
        signatures = self._smallest.numbers().reshape(len(places), _BANDS * _ROWS)
        codes = NumberColumn("q")
        among = np.arange(len(places)) if kept is None else np.flatnonzero(kept[places])
        among = among.astype(np.uint32)  # half the memory
        for number, band in enumerate(self._bands, 1):
            for found in _candidates(signatures, band.numbers()[among], among):
                codes.extend(found.tobytes())
            yield Progress(tr("rows compared"), number * self._rows // _BANDS, self._rows)
        first, second = np.divmod(np.unique(codes.numbers()), max(1, len(places)))
        return (yield from _verified(places[first], places[second], rows))

    def _sign(self) -> None:
        if not self._waiting:
            return
        rows, kinds = zip(*self._waiting, strict=True)
        signatures = _signed(rows)
        self._smallest.extend(signatures.tobytes())
        for number, band in enumerate(self._bands):
            keys = np.array(kinds, np.int64).view(np.uint64)
            for column in signatures[:, number * _ROWS : (number + 1) * _ROWS].T:
                keys = _mixed(keys + column + np.uint64(1))
            band.extend(keys.tobytes())
        self._waiting, self._words = [], 0


def _verified(
    first: NDArray[Any], second: NDArray[Any], rows: Callable[[list[int]], Iterator[Normal]]
) -> Steps[Pairs]:
    """Those of the candidates, sorted by their first row, that are alike word by word."""
    one, other, share = array("q"), array("q"), array("d")
    for start in range(0, len(first), _CHUNK):
        chunk = np.stack((first[start : start + _CHUNK], second[start : start + _CHUNK]))
        wanted = np.unique(chunk).tolist()
        known = dict(zip(wanted, rows(wanted), strict=True))
        for left, right in chunk.T.tolist():
            alike = similarity(known[left], known[right])
            if alike >= ALIKE and same(known[left], known[right]):
                one.append(left)
                other.append(right)
                share.append(alike)
        yield Progress(tr("pairs verified"), start + chunk.shape[1], len(first))
    return Pairs(np.array(one), np.array(other), np.array(share))


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
    others = filterfalse(str.isalpha, words)
    return sorted([word for word in others if any(map(str.isdigit, word))])


def _sequences(row: Normal) -> set[tuple[str, ...]]:
    words = f"{row.asked} {row.answer}".split()
    return set(zip(words, words[1:], words[2:], strict=False))


_random = np.random.default_rng(0)
_FACTORS = _random.integers(1, 2**63, _BANDS * _ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_TERMS = _random.integers(0, 2**63, _BANDS * _ROWS, dtype=np.uint64)


def _signed(rows: Sequence[Sequence[int]]) -> NDArray[np.uint32]:
    """For each row the smallest hash of its sequences under each of _BANDS * _ROWS functions."""
    signatures = np.empty((len(rows), len(_FACTORS)), np.uint32)
    hashes, starts = _hashed(rows)
    hashed = np.empty_like(hashes)
    for place, (factor, term) in enumerate(zip(_FACTORS, _TERMS, strict=True)):
        values = np.multiply(hashes, factor, out=hashed)
        values += term
        signatures[:, place] = np.minimum.reduceat(values, starts) >> np.uint64(32)
    return signatures


@lru_cache(2**16)
def _number(word: str) -> int:
    """The same on every machine, and for words that were forgotten meanwhile."""
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _hashed(rows: Sequence[Sequence[int]]) -> tuple[_Hashes, NDArray[np.intp]]:
    """The hashes of all three-word sequences in a row after row, and where each row starts."""
    lengths = np.array([len(row) for row in rows])
    words = _mixed(np.fromiter(chain.from_iterable(rows), np.uint64, int(lengths.sum())))
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


def _candidates(
    signatures: NDArray[np.uint32], keys: _Hashes, among: NDArray[Any]
) -> Iterator[NDArray[np.int64]]:
    """Pairs with the same key, of a band and a kind, that mostly agree elsewhere: first * rows + second."""
    order = np.argsort(keys, kind="stable").astype(np.uint32)
    keys = keys[order]
    for one, other in _neighbours(keys, order):
        for start in range(0, len(one), _COMPARED):
            first, second = (among[each[start : start + _COMPARED]] for each in (one, other))
            near = (signatures[first] == signatures[second]).mean(axis=1) >= _ESTIMATE
            yield first[near].astype(np.int64) * len(signatures) + second[near]


def _neighbours(keys: Any, order: Any) -> Iterator[tuple[Any, Any]]:
    """Rows with the same key: each with those shortly before it and with the first."""
    for apart in range(1, _NEIGHBOURS + 1):
        equal = keys[apart:] == keys[:-apart]
        yield order[:-apart][equal], order[apart:][equal]
    begins = np.concatenate(([True], keys[1:] != keys[:-1]))[: len(keys)]
    first = order[np.flatnonzero(begins)][np.cumsum(begins) - 1]
    later = first != order
    yield first[later], order[later]
