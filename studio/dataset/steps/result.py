"""What a dataset is between two steps, and what comes out of all of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.catalogue import Value, phrase
from studio.dataset.identity import content_fingerprint
from studio.dataset.record import Record
from studio.dataset.sequence import kept, lines_of
from studio.dataset.split import GOLDEN, PARTS
from studio.dataset.steps.steps import AnyStep
from studio.events import Problem, Progress, StepRows

CHUNK = 2000
"""How many rows a step looks at between two reports."""


@dataclass(frozen=True)
class StepContext:
    """What steps may ask of the world around the rows.

    `tokens` counts those of a record, `columns` gives a column of the source by line; None where nobody
    knows. `special` are the tokenizer's control tokens as text, `max_length` the longest that is trained,
    `golden` the rows of a golden set in another file. `check_memory` raises DataError where so many rows of a
    file that is not held cannot be.
    """

    tokens: Callable[[Record], int] | None = None
    columns: Callable[[str], Mapping[int, str]] | None = None
    format: str = ""
    special: Sequence[str] = ()
    max_length: int = 0
    golden: Sequence[Record] = ()
    check_memory: Callable[[int], None] | None = None


NO_CONTEXT = StepContext()
"""Where nobody knows anything but the rows."""


@dataclass(frozen=True)
class Rows:
    """Records in order, the part of each line that has one, and what could not be done as asked."""

    records: Sequence[Record]
    parts: Mapping[int, str] = field(default_factory=dict)
    remarks: tuple[Problem, ...] = ()

    @property
    def golden(self) -> NDArray[np.bool_]:
        """Which of the records never train."""
        golden = [line for line, part in self.parts.items() if part == GOLDEN]
        return np.isin(lines_of(self.records), golden) if golden else np.zeros(len(self.records), bool)

    def at(self, places: NDArray[Any]) -> Rows:
        """The records at these places, which ascend, with their parts."""
        if len(places) == len(self.records):
            return self
        records = kept(self.records, places)
        lines = set(lines_of(records).tolist()) if self.parts else ()
        return replace(self, records=records, parts={n: part for n, part in self.parts.items() if n in lines})

    def remarking(self, line: int, code: str, **values: Value) -> Rows:
        """The same rows, and one thing more to say, by its code in the catalogue."""
        return replace(self, remarks=(*self.remarks, Problem(line, phrase(code, **values), "warning")))


type Shaping = Generator[Progress, None, Rows]


@dataclass(frozen=True)
class Shaped:
    """A dataset after all its steps. Lines that `parts` does not name are not divided yet."""

    records: Sequence[Record]
    parts: Mapping[int, str]
    counts: tuple[StepRows, ...]
    remarks: tuple[Problem, ...]
    steps: tuple[AnyStep, ...] = ()
    """As they were done: each by hand with the digest of what its row held."""

    @property
    def fingerprint(self) -> str:
        """Equal for equal content and order of each part, on every machine."""
        return content_fingerprint({name: self.part(name) for name in PARTS})

    def part(self, name: str) -> Sequence[Record]:
        """The records of one part; those of "" are not divided yet."""
        if not self.parts:
            return () if name else self.records
        lines = enumerate(lines_of(self.records).tolist())
        return kept(self.records, np.array([n for n, line in lines if self.parts.get(line, "") == name], int))

    @property
    def golden(self) -> Sequence[Record]:
        return self.part(GOLDEN)


def remark_sentence(remark: Problem) -> str:
    """What could not be done as asked, with its row where it is about one."""
    return f"Row {remark.line:,} {remark.reason}." if remark.line else f"{remark.reason}."
