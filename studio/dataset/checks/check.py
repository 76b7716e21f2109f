"""What a check is, what it looks at, and what it finds."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from studio.dataset.identity import equal_key
from studio.dataset.record import Message, Record
from studio.dataset.sequence import lines_of, records_at
from studio.events import Evidence, Problem, Progress
from studio.language import tr

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORDS = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+|[^\s\w.,;:!?¡¿…\"'“”„\u2018\u2019«»]")
_BETWEEN = b".,;:!?\"'_"
"""What stands between words, of ASCII."""

_LOWERED = bytes.maketrans(_BETWEEN, b" " * len(_BETWEEN)).translate(bytes(range(256)).lower())
"""Each byte of ASCII without case, and a space for what stands between words."""


class Normal(NamedTuple):
    """What a row asks and answers as words with single spaces: without case, punctuation and line ends."""

    asked: str
    answer: str


@dataclass(frozen=True, eq=False)
class Subject:
    """Rows with, by line, their part, their tokens, and how many tokens are cut.

    `golden` are the rows of a golden set in another file; their lines count down from -1, so that -5 is
    line 5 there. `special` are the tokenizer's control tokens as text. `memory` keeps what several
    checks need and is costly to find.
    """

    records: Sequence[Record]
    parts: Mapping[int, str] = field(default_factory=dict)  # train | validation | test | golden
    tokens: Mapping[int, int] = field(default_factory=dict)
    cut: Mapping[int, int] = field(default_factory=dict)
    rows: Mapping[int, int] = field(default_factory=dict)  # that a conversation trains as, where several
    longest: Mapping[int, int] = field(default_factory=dict)  # the tokens of the longest row of each
    context: int = 0
    problems: Collection[Problem] = ()
    format: str = ""
    special: Sequence[str] = ()
    max_length: int = 0
    golden: Sequence[Record] = ()
    memory: dict[Any, Any] = field(default_factory=dict, repr=False)

    def part(self, record: Record) -> str:
        """Where a row belongs; train where nothing is said."""
        return "golden" if record.line < 0 else self.parts.get(record.line, "train")

    @property
    def lines(self) -> NDArray[np.int64]:
        """The line of each row."""
        if "lines" not in self.memory:
            self.memory["lines"] = lines_of(self.records)
        found: NDArray[np.int64] = self.memory["lines"]
        return found

    def at(self, places: Iterable[int]) -> Iterator[Record]:
        """The rows at these places, in this order."""
        return records_at(self.records, places)

    def normal(self, record: Record) -> Normal:
        """A row's words, found once for all checks that look at it in the same pass."""
        known = self.memory.get("normal")
        if known is None or known[0] is not record:
            known = self.memory["normal"] = record, words_of(record)
        found: Normal = known[1]
        return found

    def equal(self, record: Record) -> int:
        """The same for equal rows, in this process; found once for all checks of the same pass."""
        known = self.memory.get("equal")
        if known is None or known[0] is not record:
            known = self.memory["equal"] = record, hash(equal_key(record))
        found: int = known[1]
        return found


def words_of(record: Record) -> Normal:
    """What a row asks and answers, as words."""
    return Normal(normalized(asked(record)), normalized(answered(record)))


def golden_rows(records: Sequence[Record]) -> tuple[Record, ...]:
    """The rows of a golden set's own file under lines that no dataset has: -5 is its line 5."""
    return tuple(replace(record, line=-record.line) for record in records)


def asked(record: Record) -> str:
    """All that stands before the last answer, without the system's words; of a plain text, nothing."""
    return "\n".join(message.whole for message in record.before_answer if message.role != "system")


def answered(record: Record) -> str:
    """The answer; of a pair, both."""
    return f"{record.answer}\n{record.rejected}" if record.rejected else record.answer


def context_of(record: Record) -> str:
    """What an answer depends on besides what is asked: the system's words, and the tools."""
    system = [message.content for message in record.messages if message.role == "system"]
    return "\n".join((*system, record.tools))


def normalized(text: str) -> str:
    """The text as words with single spaces between them; in Chinese, Japanese and Korean each character."""
    if text.isascii():
        words = text.encode().translate(_LOWERED).decode().split()
        if "".join(words).isalnum():  # no other signs: ten times as fast, and as most texts are
            return " ".join(words)
    return " ".join(_WORDS.findall(text.casefold()))


def texts(record: Record) -> Iterator[str]:
    """Every text of a row."""
    for message in record.messages:
        yield from filter(None, (message.content, message.input))
        yield from (call.arguments for call in message.calls)
    yield from filter(None, (record.text, record.rejected))


SHOWN = 20
_REPORT_EVERY = 250
_BEFORE, _AFTER = 40, 60

type Steps[Result] = Generator[Progress, None, Result]
type Look = Callable[[Record], None]
type Looking[Result] = Generator[Progress | Look, None, Result]
"""Steps that ask for a pass over all rows by yielding what is to look at each of them."""


@dataclass(frozen=True)
class Found:
    """The lines a check flags, a few quotes, and a sentence; `severity` where it is not the check's."""

    lines: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    summary: str = ""
    severity: str = ""


class Check(Protocol):
    """One thing that may be wrong with rows.

    `severity` is bad or look, if anything is found. `fix` says what mends it: drop the flagged rows, mend
    them (`repair`, which gives None for a row that is better dropped), or nothing: a person must decide.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    why: ClassVar[str]
    severity: ClassVar[str] = "look"
    fix: ClassVar[str] = "drop"

    def looking(self, subject: Subject) -> Looking[Found]:
        """The flagged rows, found in as few passes as it takes."""
        ...

    def find(self, subject: Subject) -> Steps[Found]:
        """The flagged rows."""
        (found,) = yield from in_one_pass(subject, [self.looking(subject)])
        return found

    def repair(self, subject: Subject, record: Record) -> Record | None:
        """The row as it should be, or None to drop it."""
        return None


def in_one_pass[Result](subject: Subject, several: Sequence[Looking[Result]]) -> Steps[list[Result]]:
    """What each comes to: all that ask for a pass at the same time share it, so that rows are read once."""
    results: dict[int, Result] = {}
    left = dict(enumerate(several))
    while left:
        looks: list[Look] = []
        for number, steps in list(left.items()):
            look = yield from _up_to_a_pass(steps, results, number)
            if look is None:
                del left[number]
            else:
                looks.append(look)
        if looks:
            yield from _pass(subject, looks)
    return [results[number] for number in range(len(several))]


def _up_to_a_pass[Result](
    steps: Looking[Result], results: dict[int, Result], number: int
) -> Steps[Look | None]:
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            results[number] = end.value
            return None
        if not isinstance(event, Progress):
            return event
        yield event


def _pass(subject: Subject, looks: Sequence[Look]) -> Steps[None]:
    total = len(subject.records)
    for number, record in enumerate(subject.records, 1):
        for look in looks:
            look(record)
        if number % _REPORT_EVERY == 0:
            yield Progress(tr("rows checked"), number, total)


class Flagged:
    """The lines of the rows that a check does not like, and the evidence of the first of them."""

    def __init__(self, evidence: Iterable[Evidence] = ()) -> None:
        self.lines = array("q")
        self.evidence: list[Evidence] = []
        for item in evidence:
            self.add(item)

    def add(self, evidence: Evidence) -> None:
        self.lines.append(evidence.line)
        if len(self.evidence) < SHOWN:
            self.evidence.append(evidence)

    def with_others(self, others: Iterable[Evidence]) -> Flagged:
        """These and others by line: both are in the order of the file."""
        other = Flagged(others)
        both = Flagged(merge(self.evidence, other.evidence, key=lambda item: item.line))
        both.lines = self.lines + other.lines
        return both


def by_row(look: Callable[[Record], Evidence | None]) -> Looking[Flagged]:
    """What `look` says of each row that it does not like."""
    flagged = Flagged()

    def seen(record: Record) -> None:
        if evidence := look(record):
            flagged.add(evidence)

    yield seen
    return flagged


def by_place(
    subject: Subject, places: NDArray[Any], look: Callable[[Record, int], Evidence | None]
) -> Flagged:
    """The rows at these places flagged; `look`, which is also told which of them it is, shows the first."""
    flagged = Flagged()
    for number, record in enumerate(subject.at(places[:SHOWN].tolist())):
        if evidence := look(record, number):
            flagged.evidence.append(evidence)
    flagged.lines = array("q", subject.lines[places].astype(np.int64).tobytes())
    return flagged


def found(flagged: Flagged | Iterable[Evidence], summary: Callable[[int], str]) -> Found:
    """The lines that are flagged; the sentence is told how many rows there are."""
    flagged = flagged if isinstance(flagged, Flagged) else Flagged(flagged)
    if not flagged.lines:
        return Found()
    lines = np.unique(np.array(flagged.lines))
    lines = lines[lines > 0]
    return Found(tuple(lines.tolist()), tuple(flagged.evidence), summary(len(lines)))


def quoted(line: int, text: str, start: int = 0, end: int = 0, other: int | None = None) -> Evidence:
    """A short quote on one line of text[start:end], in its place where there is room."""
    begin = max(0, start - _BEFORE)
    words = text[begin : end + _AFTER].replace("\n", " ").replace("\r", " ")
    head = "…" if begin else ""
    tail = "…" if end + _AFTER < len(text) else ""
    moved = len(head) - begin
    return Evidence(line, other, f"{head}{words}{tail}", start + moved, end + moved)


def rows(count: int) -> str:
    """1 row, 1,200 rows."""
    return "1 row" if count == 1 else f"{count:,} rows"


def have(count: int, one: str, several: str) -> str:
    """The count with the verb that fits it: 1 row has, 3 rows have."""
    return f"{rows(count)} {one if count == 1 else several}"


def rewritten(record: Record, change: Callable[[str], str]) -> Record:
    """The row with every text changed."""
    return replace(
        record,
        messages=tuple(_rewritten(message, change) for message in record.messages),
        text=change(record.text),
        rejected=change(record.rejected),
    )


def _rewritten(message: Message, change: Callable[[str], str]) -> Message:
    return replace(
        message,
        content=change(message.content),
        input=change(message.input),
        calls=tuple(replace(call, arguments=change(call.arguments)) for call in message.calls),
    )


def is_whole(record: Record) -> bool:
    """Whether every turn still says something, and a pair still has two sides."""
    complete = all(message.whole.strip() for message in record.messages) and bool(record.answer.strip())
    return complete and record.rejected != record.answer
