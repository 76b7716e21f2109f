"""What a dataset is between two steps, and what comes out of all of them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from studio.catalogue import Value, phrase
from studio.dataset.identity import content_fingerprint
from studio.dataset.record import Record
from studio.dataset.split import GOLDEN, PARTS
from studio.events import Problem, Progress

CHUNK = 2000
"""How many rows a step looks at between two reports."""


@dataclass(frozen=True)
class Around:
    """What steps may ask of the world around the rows.

    `tokens` counts those of a record, `columns` gives a column of the source by line; None where nobody
    knows. `special` are the tokenizer's control tokens as text, `max_length` the longest that is trained,
    `golden` the rows of a golden set in another file.
    """

    tokens: Callable[[Record], int] | None = None
    columns: Callable[[str], Mapping[int, str]] | None = None
    format: str = ""
    special: Sequence[str] = ()
    max_length: int = 0
    golden: Sequence[Record] = ()


NOWHERE = Around()
"""Where nobody knows anything but the rows."""


@dataclass(frozen=True)
class Rows:
    """Records in order, the part of each line that has one, and what could not be done as asked."""

    records: tuple[Record, ...]
    parts: Mapping[int, str] = field(default_factory=dict)
    remarks: tuple[Problem, ...] = ()

    def keeping(self, records: tuple[Record, ...]) -> Rows:
        """These of the records, in this order, with their parts."""
        if len(records) == len(self.records):
            return replace(self, records=records)
        kept = {record.line for record in records}
        return replace(
            self, records=records, parts={line: part for line, part in self.parts.items() if line in kept}
        )

    def remarking(self, line: int, code: str, **values: Value) -> Rows:
        """The same rows, and one thing more to say, by its code in the catalogue."""
        return replace(self, remarks=(*self.remarks, Problem(line, phrase(code, **values), "warning")))


type Shaping = Generator[Progress, None, Rows]


@dataclass(frozen=True)
class Count:
    """How many rows there were before a step and after it."""

    words: str
    before: int
    after: int


@dataclass(frozen=True)
class Shaped:
    """A dataset after all its steps. Lines that `parts` does not name are not divided yet."""

    records: tuple[Record, ...]
    parts: Mapping[int, str]
    counts: tuple[Count, ...]
    remarks: tuple[Problem, ...]

    @property
    def fingerprint(self) -> str:
        """Equal for equal content and order of each part, on every machine."""
        return content_fingerprint({name: self.part(name) for name in PARTS})

    def part(self, name: str) -> tuple[Record, ...]:
        """The records of one part; those of "" are not divided yet."""
        return tuple(record for record in self.records if self.parts.get(record.line, "") == name)

    @property
    def golden(self) -> tuple[Record, ...]:
        return self.part(GOLDEN)
