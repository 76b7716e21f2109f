"""What answers and questions have in common with the rows that a model was trained on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from studio.dataset.record import Record
from studio.evaluate.scorers.scorer import words

if TYPE_CHECKING:
    from studio.dataset.dataset import Dataset

SHARED = 13
"""Words in a row that are no chance: what published contamination checks look for (Brown et al., 2020)."""

FEWEST = 5
"""Words of a text that, found whole in a training row, are no chance either."""

MOST_CHARACTERS = 20_000_000
"""Of training text that is looked at: some 160 MB of index. Of more, rows at even distances are."""

_GRAM = 4
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class SharedRun:
    """The longest run of words that a text shares with a training row; `length` 0 where there is none.

    `text` is the run, `row` the place among the rows in which it was found first, and `whole` whether the
    run is all of the text that was looked for.
    """

    length: int = 0
    row: int = -1
    text: str = ""
    whole: bool = False

    @property
    def is_no_chance(self) -> bool:
        """Whether it is SHARED words or more, or a whole text of FEWEST or more."""
        return self.length >= SHARED or (self.whole and self.length >= FEWEST)


class TrainingRows:
    """An index of training texts in which the longest run of words shared with another text is found.

    `rows` are the texts of each row, `of` how many rows there are where only some are looked at. Case and
    punctuation make no difference; a character of a script that writes no spaces is a word.
    """

    def __init__(self, rows: Sequence[Iterable[str]], lines: Sequence[int] = ()) -> None:
        """`lines` says in which line of its file each row stands."""
        self.lines = lines or range(1, len(rows) + 1)
        self._numbers: dict[str, int] = {}
        ids, owners = [], []
        for row, texts in enumerate(rows):
            for text in texts:
                there = [self._numbers.setdefault(word, len(self._numbers)) for word in words(text)]
                ids += [*there, -1]
                owners += [row] * (len(there) + 1)
        self.rows = self.of = len(rows)
        self._ids = np.array(ids, dtype=np.int32)
        self._owners = np.array(owners, dtype=np.int32)
        grams = _grams(self._ids)
        self._order = np.argsort(grams, kind="stable")
        self._sorted = grams[self._order]

    def longest(self, text: str) -> SharedRun:
        """The longest run of four words or more; one of a shorter text only where it is the whole of it."""
        there = words(text)
        ids = np.array([self._numbers.get(word, -2) for word in there], dtype=np.int32)
        if len(ids) < _GRAM:
            return SharedRun()
        length, place, start = 0, -1, 0
        tried: set[bytes] = set()  # beginnings of no longer run: an answer may say one thing again and again
        for first, bound in self._stretches(_grams(ids)):
            for begin in range(first, first + bound - _GRAM + 1):
                if first + bound - begin <= length:
                    break
                beginning = ids[begin : begin + length + 1].tobytes()
                if beginning in tried:
                    continue
                tried.add(beginning)
                found, where = self._run(ids[begin:])
                if found > length:
                    length, place, start = found, where, begin
        if not length:
            return SharedRun()
        run = " ".join(there[start : start + length])
        return SharedRun(length, int(self._owners[place]), run, length == len(there))

    def _stretches(self, grams: NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
        """Where a run can be, as its first word and its most words; those that can be longest first."""
        at = np.searchsorted(self._sorted, grams)
        known = at < len(self._sorted)
        known[known] = self._sorted[at[known]] == grams[known]
        edges = np.flatnonzero(np.diff(np.concatenate(([0], known.view(np.int8), [0]))))
        found = [(int(a), int(b - a) + _GRAM - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        return iter(sorted(found, key=lambda each: -each[1]))

    def _run(self, ids: NDArray[np.int32]) -> tuple[int, int]:
        """How far the text goes on as a training row does, and where that is."""
        gram = _grams(ids[:_GRAM])[0]
        low, high = np.searchsorted(self._sorted, gram), np.searchsorted(self._sorted, gram, "right")
        places = self._order[low:high]
        length = 0
        while len(places) and length < len(ids):
            places_next = places[places + length < len(self._ids)]
            places_next = places_next[self._ids[places_next + length] == ids[length]]
            if not len(places_next):
                break
            places, length = places_next, length + 1
        return (length, int(places.min())) if length >= _GRAM else (0, -1)


def rows_of(data: Dataset) -> TrainingRows:
    """The index of a dataset's training rows; of very much text, of rows at even distances."""
    records = list({example.record.line: example.record for example in data.train}.values())
    total = sum(len(text) for record in records for text in _texts(record))
    most = len(records) if total <= MOST_CHARACTERS else int(len(records) * MOST_CHARACTERS / total)
    chosen = [records[place * len(records) // most] for place in range(most)]
    rows = TrainingRows([_texts(record) for record in chosen], [record.line for record in chosen])
    rows.of = len(records)
    return rows


def _texts(record: Record) -> list[str]:
    return [message.whole for message in record.messages] or [record.text]


def _grams(ids: NDArray[np.int32]) -> NDArray[np.uint64]:
    """A number for each run of four words; equal ones are equal, and others hardly ever."""
    count = max(len(ids) - _GRAM + 1, 0)
    found = np.zeros(count, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for place in range(_GRAM):
            part = (ids[place : place + count].astype(np.int64) + 3).astype(np.uint64)
            found = (found ^ part) * _FACTOR
            found ^= found >> np.uint64(29)
    return found


def overlapping(questions: Sequence[str], rows: TrainingRows) -> list[tuple[int, SharedRun]]:
    """The questions that a training row holds whole, or SHARED words of in a row, by their places."""
    runs = ((place, rows.longest(question)) for place, question in enumerate(questions))
    return [(place, run) for place, run in runs if run.is_no_chance]
